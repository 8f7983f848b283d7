/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that describe a wire, for `lan` and for `at T lan`. */
#ifndef SIM_WIRE_WORDS_H
#define SIM_WIRE_WORDS_H

#include "sim/line.h"
#include "sim/universe.h"

bool wire_words_begin(const struct line *l);
/* All that follow; `from NAME` looks names up in u. */
MUST_CHECK int wire_words_read(struct line *l, struct universe *u, struct lan *lan);

#endif
