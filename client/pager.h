/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A long reply, one screen at a time: Space a page, Enter a line, q or Ctrl+C ends it; /R goes on
 * at the next line that matches R, +R with such lines only, -R without them.
 */
#ifndef CLIENT_PAGER_H
#define CLIENT_PAGER_H

#include "base/text.h"

/* lines a page, 0: all at once. The terminal is in a mode that gives single keys without echo. */
void pager_show(const struct text *out, unsigned lines);

#endif
