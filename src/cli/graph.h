/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of commands as trees (to print them) and as states (to match a line against all of them at
 * once). Knows nothing of what a row does.
 *
 * Notation: word, word/alias, <name:type>, [ optional ], { a | b } exactly one, [ a | b ]* any of
 * them in any order, each once, { a | b }* the same and at least one.
 */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/value.h"

enum graph_view {
	VIEW_USER = 1,
	VIEW_SYSTEM = 2,
	VIEW_INTERFACE = 4,
	VIEW_ACL4 = 8,
	VIEW_ACL6 = 16,
	VIEW_ACL = VIEW_ACL4 | VIEW_ACL6,
	VIEW_INNER = VIEW_INTERFACE | VIEW_ACL, /* below the system view */
	VIEW_CONFIGURE = VIEW_SYSTEM | VIEW_INNER,
	VIEW_ALL = VIEW_USER | VIEW_CONFIGURE,
};

enum graph_kind {
	GRAPH_WORD,
	GRAPH_ARG,
	GRAPH_SEQUENCE,
	GRAPH_CHOICE, /* one child */
	GRAPH_OPTION, /* none or one child */
	GRAPH_SUBSET, /* any children, any order */
	GRAPH_SOME,   /* the same, at least one */
};

struct graph_node {
	uint8_t kind; /* enum graph_kind */
	char *text;   /* word, or name of the argument */
	char *alias;  /* of a word, NULL none */
	struct value_type type;
	struct graph_node *first, *next;
};

enum graph_op {
	OP_WORD, /* takes a token */
	OP_ARG,	 /* takes a token */
	OP_SPLIT,
	OP_NEED, /* passes once one of mask is used */
	OP_END,
};

struct graph_state {
	uint8_t op; /* enum graph_op */
	uint16_t out, out2;
	uint32_t mask; /* OP_SPLIT: out only if unused, and then used; 0: free */
	const struct graph_node *node;
};

/* What kind of row it is, and whose; the graph only carries it. */
struct graph_row {
	uint8_t views;
	uint8_t kind;
	bool hidden; /* accepted, but not offered by `?` and Tab */
	bool look;   /* open to those who may only look */
	const void *owner;
	struct graph_node *tree;
	uint16_t start;
};

#define GRAPH_ROWS_MAX 256

struct graph {
	struct graph_row rows[GRAPH_ROWS_MAX];
	unsigned row_count;
	struct graph_state *states;
	unsigned state_count, state_room;
};

struct graph *graph_new(void);
void graph_free(struct graph *g);
/* Stops the program if the notation is wrong: rows are ours. before ("undo") may be NULL. */
void graph_add(struct graph *g, const struct graph_row *like, const char *before,
	       const char *notation);

#endif
