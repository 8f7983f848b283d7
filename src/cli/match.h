/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line against all rows of a graph at once: which row it is and what its arguments are, or where
 * and why it stops fitting. Completion and `?` step through the same states. Changes nothing.
 */
#ifndef CLI_MATCH_H
#define CLI_MATCH_H

#include <stddef.h>

#include "cli/args.h"
#include "cli/graph.h"

#define MATCH_LINE_MAX 3100
#define MATCH_TOKENS_MAX 128
#define MATCH_ARGS_MAX 48

struct arg {
	const struct graph_node *node;
	struct value value; /* of GRAPH_ARG; text lives as long as the match */
};

struct args {
	unsigned count;
	struct arg list[MATCH_ARGS_MAX];
};

/* The value of an argument, NULL if it was not given. */
const struct value *args_value(const struct args *a, const char *name);

enum match_result {
	MATCH_FOUND,
	MATCH_UNRECOGNIZED,
	MATCH_INCOMPLETE,
	MATCH_AMBIGUOUS,
	MATCH_WRONG,
	MATCH_TOO_MANY,
};

struct token {
	uint16_t at;	  /* offset in the line */
	bool quoted;	  /* never a keyword */
	const char *text; /* in match.chars, without quotes */
};

struct match {
	enum match_result result;
	size_t at;		     /* offset of the offending word, or of the end */
	struct err advice;	     /* one more sentence, "" none */
	const struct graph_row *row; /* if found */
	struct args args;
	unsigned token_count;
	struct token tokens[MATCH_TOKENS_MAX];
	char chars[MATCH_LINE_MAX + MATCH_TOKENS_MAX + 2];
	char line[MATCH_LINE_MAX + 1];
};

/* Rows are tried of which a view is among views; look: only those open to lookers. */
struct match_scope {
	const struct graph *graph;
	uint8_t views;
	bool look;
};

/* line at most MATCH_LINE_MAX long. */
void match_line(const struct match_scope *scope, const char *line, struct match *ret);

/* What may come next, after all but the last word of so_far. */
struct match_next {
	bool broken;	    /* the words before do not fit */
	bool may_end;	    /* <cr> */
	const char *prefix; /* the word begun, "" none; lives in match */
	unsigned count;
	const struct graph_node *nodes[256]; /* words and arguments, sorted, each once */
	const struct graph_row *rows[256];
};

/* m is scratch that ret points into. */
void match_what_next(const struct match_scope *scope, const char *so_far, struct match *m,
		     struct match_next *ret);

#endif
