/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a node remembers over a restart, as text: one fact a line. The reader takes what it
 * understands and leaves the rest, because a lost floor is better than a daemon that does not
 * start. Opens nothing.
 */
#ifndef DAEMON_MEMO_H
#define DAEMON_MEMO_H

#include "base/text.h"
#include "ntp/node.h"

#define MEMO_NAME "memory"

void memo_print(const struct memory *m, struct text *ret);
/* Returns how many lines were not understood. */
unsigned memo_parse(const char *chars, struct memory *ret);

#endif
