/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/rows.h"

#include <assert.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/auto.h"
#include "cli/displays.h"
#include "cli/verbs.h"

/* Each command gives three rows: itself, its undo, and undo before the whole line, unoffered. */
#define ROWS_PER_COMMAND 3

static void add_command(struct graph *g, const struct command_row *c)
{
	struct graph_row row = {.views = c->views, .kind = ROW_SET, .owner = c};

	graph_add(g, &row, NULL, c->notation);
	row.kind = ROW_UNDO;
	graph_add(g, &row, "undo", c->undo);
	row.hidden = true;
	graph_add(g, &row, "undo", c->notation);
}

static struct graph *build_all(void)
{
	struct graph *g = graph_new();

	for (unsigned i = 0; i < command_count; i++)
		add_command(g, &commands[i]);
	for (unsigned i = 0; i < verb_count; i++) {
		const struct verb_row *v = &verbs[i];
		graph_add(g,
			  &(struct graph_row){.views = v->views,
					      .kind = ROW_VERB,
					      .hidden = v->flags & VERB_HIDDEN,
					      .look = v->flags & VERB_LOOK,
					      .owner = v},
			  NULL, v->notation);
	}
	for (unsigned i = 0; i < display_count; i++)
		graph_add(g,
			  &(struct graph_row){.views = VIEW_ALL,
					      .kind = ROW_DISPLAY,
					      .look = true,
					      .owner = &displays[i]},
			  NULL, displays[i].notation);
	return g;
}

/* Built from constant tables only, so that whoever comes first builds what all would. */
static struct graph *shared;
static unsigned holders;

const struct graph *rows_hold(void)
{
	if (holders++ == 0) {
		/* What cannot be made would be missing from what is shown. */
		json_set_alloc_funcs(auto_take, free);
		shared = build_all();
	}
	return shared;
}

void rows_release(void)
{
	assert(holders > 0);
	if (--holders > 0)
		return;
	graph_free(shared);
	shared = NULL;
}

const struct graph_node *rows_tree(const struct graph *g, unsigned i, bool undo)
{
	assert(i < command_count);
	return g->rows[ROWS_PER_COMMAND * i + undo].tree;
}
