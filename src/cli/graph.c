/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/graph.h"

#include <stdlib.h>
#include <string.h>

#include <assert.h>

#include "base/auto.h"

static struct graph_node *node_new(enum graph_kind kind)
{
	struct graph_node *n = auto_new(1, sizeof *n);

	n->kind = kind;
	return n;
}

static void node_free(struct graph_node *n)
{
	while (n) {
		struct graph_node *next = n->next;
		node_free(n->first);
		free(n->text);
		free(n->alias);
		free(n);
		n = next;
	}
}

/* ---- notation to tree ---- */

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " ");
}

static struct graph_node *read_word(const char **at)
{
	struct graph_node *n = node_new(GRAPH_WORD);
	size_t len = 1 + strcspn(*at + 1, " /"); /* a word may start with a slash */

	n->text = auto_copy(*at, len);
	*at += len;
	if (**at == '/') {
		len = strcspn(*at + 1, " ");
		n->alias = auto_copy(*at + 1, len);
		*at += len + 1;
	}
	return n;
}

static struct graph_node *read_arg(const char **at)
{
	struct graph_node *n = node_new(GRAPH_ARG);
	const char *colon = strchr(*at, ':');
	const char *end = strchr(*at, '>');

	assert(colon && end && colon < end);
	n->text = auto_copy(*at + 1, (size_t)(colon - *at) - 1);
	char *spec = auto_copy(colon + 1, (size_t)(end - colon) - 1);
	bool known = value_type_read(spec, &n->type);
	assert(known);
	free(spec);
	*at = end + 1;
	return n;
}

static struct graph_node *read_sequence(const char **at);

static struct graph_node *read_group(const char **at)
{
	char close = **at == '[' ? ']' : '}';
	struct graph_node *n = node_new(close == ']' ? GRAPH_OPTION : GRAPH_CHOICE);
	struct graph_node **last = &n->first;

	do {
		++*at;
		*last = read_sequence(at);
		last = &(*last)->next;
	} while (**at == '|');
	assert(**at == close);
	++*at;
	if (**at == '*') {
		++*at;
		n->kind = close == ']' ? GRAPH_SUBSET : GRAPH_SOME;
	}
	return n;
}

/* Up to the end or to | ] } of the group that it stands in. */
static struct graph_node *read_sequence(const char **at)
{
	struct graph_node *n = node_new(GRAPH_SEQUENCE);
	struct graph_node **last = &n->first;

	for (;;) {
		skip_blanks(at);
		if (**at == '\0' || strchr("|]}", **at))
			break;
		*last = **at == '<'	     ? read_arg(at)
			: strchr("[{", **at) ? read_group(at)
					     : read_word(at);
		last = &(*last)->next;
	}
	assert(n->first);
	return n;
}

/* ---- tree to states ---- */

static uint16_t add_state(struct graph *g, enum graph_op op, const struct graph_node *node,
			  uint16_t out)
{
	if (g->state_count == g->state_room) {
		g->state_room = g->state_room ? 2 * g->state_room : 256;
		g->states = auto_resize(g->states, g->state_room, sizeof *g->states);
	}
	assert(g->state_count < UINT16_MAX);
	g->states[g->state_count] =
		(struct graph_state){.op = (uint8_t)op, .out = out, .out2 = out, .node = node};
	return (uint16_t)g->state_count++;
}

static uint16_t build(struct graph *g, const struct graph_node *n, uint16_t next, unsigned *bits);

/* A chain of splits over the children; the last one may also skip to other. */
static uint16_t build_choice(struct graph *g, const struct graph_node *first, uint16_t next,
			     unsigned *bits)
{
	uint16_t head = build(g, first, next, bits);

	if (!first->next)
		return head;
	uint16_t split = add_state(g, OP_SPLIT, NULL, head);
	uint16_t rest = build_choice(g, first->next, next, bits);
	g->states[split].out2 = rest;
	return split;
}

/* A loop: each child guarded by a bit of its own, back to the head after it. */
static uint16_t build_loop(struct graph *g, const struct graph_node *n, uint16_t next,
			   unsigned *bits)
{
	uint16_t head = add_state(g, OP_SPLIT, NULL, 0);
	uint16_t split = head;
	uint32_t all = 0;

	for (const struct graph_node *c = n->first; c; c = c->next) {
		assert(*bits < 32);
		uint32_t mask = UINT32_C(1) << (*bits)++;
		uint16_t body = build(g, c, head, bits);
		uint16_t more = c->next ? add_state(g, OP_SPLIT, NULL, 0) : 0;
		all |= mask;
		g->states[split].mask = mask;
		g->states[split].out = body;
		g->states[split].out2 = more;
		if (!c->next)
			break;
		split = more;
	}
	uint16_t leave = next;
	if (n->kind == GRAPH_SOME) {
		leave = add_state(g, OP_NEED, NULL, next);
		g->states[leave].mask = all;
	}
	g->states[split].out2 = leave;
	return head;
}

/* From the back, so that each child knows where to go on. */
static uint16_t build_sequence(struct graph *g, const struct graph_node *c, uint16_t next,
			       unsigned *bits)
{
	if (c->next)
		next = build_sequence(g, c->next, next, bits);
	return build(g, c, next, bits);
}

static uint16_t build(struct graph *g, const struct graph_node *n, uint16_t next, unsigned *bits)
{
	uint16_t split;

	switch ((enum graph_kind)n->kind) {
	case GRAPH_WORD:
		return add_state(g, OP_WORD, n, next);
	case GRAPH_ARG:
		return add_state(g, OP_ARG, n, next);
	case GRAPH_SEQUENCE:
		return build_sequence(g, n->first, next, bits);
	case GRAPH_CHOICE:
		return build_choice(g, n->first, next, bits);
	case GRAPH_OPTION:
		split = add_state(g, OP_SPLIT, NULL, build_choice(g, n->first, next, bits));
		g->states[split].out2 = next;
		return split;
	case GRAPH_SUBSET:
	case GRAPH_SOME:
		return build_loop(g, n, next, bits);
	}
	abort();
}

struct graph *graph_new(void)
{
	return auto_new(1, sizeof(struct graph));
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->row_count; i++)
		node_free(g->rows[i].tree);
	free(g->states);
	free(g);
}

void graph_add(struct graph *g, const struct graph_row *like, const char *before,
	       const char *notation)
{
	unsigned bits = 0;

	assert(g->row_count < GRAPH_ROWS_MAX);
	struct graph_row *row = &g->rows[g->row_count++];
	*row = *like;
	row->tree = read_sequence(&notation);
	assert(*notation == '\0');
	if (before) {
		struct graph_node *n = read_word(&before);
		n->next = row->tree->first;
		row->tree->first = n;
	}
	row->start = build(g, row->tree, add_state(g, OP_END, NULL, 0), &bits);
}
