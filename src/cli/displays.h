/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every display of operational state, one row each. A display collects its data once, as JSON, and
 * prints text from just that: `| json` shows the data itself. Displays of configuration are in
 * transaction.c and render.c.
 */
#ifndef CLI_DISPLAYS_H
#define CLI_DISPLAYS_H

#include <jansson.h>

#include "base/text.h"
#include "cli/args.h"
#include "cli/world.h"

struct show {
	const struct world *world;
	const struct args *args;
	const char *sysname;
};

struct display_row {
	/* As in commands.c: words, <name:type>, [ optional ], { a | b }, [ a | b ]*. */
	const char *notation;
	const char *help;			     /* one line, for the last word */
	json_t *(*collect)(const struct show *show); /* caller owns the result; never NULL */
	void (*print)(const struct show *show, const json_t *data, struct text *out);
};

extern const struct display_row displays[];
extern const unsigned display_count;

/* The data as it is shown by `| json`, with a final newline. */
void displays_dump(const json_t *data, struct text *out);

#endif
