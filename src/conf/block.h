/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces that have lines of their own, whatever tables those lines are in. Knows no line.
 */
#ifndef CONF_BLOCK_H
#define CONF_BLOCK_H

#include "conf/store.h"

/* The first interface after that name that has a line of its own; NULL. "" begins. */
const char *block_next_ifname(const struct settings *s, const char *after);

#endif
