/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All rows of the command language in one graph: configuration commands with their undo forms,
 * the verbs of sessions, and displays.
 */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli/commands.h"
#include "cli/graph.h"

enum rows_kind {
	ROW_SET,     /* owner: struct command_row */
	ROW_UNDO,    /* owner: struct command_row */
	ROW_VERB,    /* owner: struct verb_row */
	ROW_DISPLAY, /* owner: struct display_row */
};

/* One graph is shared by all who hold it; it never changes. */
const struct graph *rows_hold(void);
void rows_release(void);
/* The tree that prints commands[i], or undoes it. */
const struct graph_node *rows_tree(const struct graph *g, unsigned i, bool undo);

#endif
