/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration is judged by the daemon's own grammar and rules, without a daemon. */
#ifndef CLIENT_CHECK_H
#define CLIENT_CHECK_H

/*
 * Prints FILE:LINE: reason on stderr; returns the exit status. Sealed keys are taken as they are,
 * because only the host that sealed them can open them. A file that is good once the package
 * WEAKEA is installed passes with a warning.
 */
int check_file(const char *path);

#endif
