/* SPDX-License-Identifier: BSD-2-Clause */
/* The modes of the terminal, which who is killed must give back, too. Knows nothing of lines. */
#ifndef CLIENT_TTY_H
#define CLIENT_TTY_H

/* From now on a signal that ends the program leaves the terminal as it is now. */
void tty_keep(void);

#endif
