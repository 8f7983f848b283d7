/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every command that is neither configuration nor a display of state, one row each: views,
 * transactions, displays of configuration, terminal.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "base/text.h"
#include "cli/args.h"
#include "cli/graph.h"
#include "cli/session.h"

enum verb_flag {
	VERB_LOOK = 1,	 /* open to those who may only look */
	VERB_HIDDEN = 2, /* accepted, not offered */
	VERB_LOAD = 4,	 /* also in a file that is loaded */
	VERB_SHOW = 8,	 /* its output may go through filters */
	VERB_JSON = 16,	 /* and it can be JSON */
};

struct verb_row {
	uint8_t views;
	uint8_t flags;
	const char *notation;
	void (*run)(struct session *s, const struct args *args, struct text *out);
};

extern const struct verb_row verbs[];
extern const unsigned verb_count;

#endif
