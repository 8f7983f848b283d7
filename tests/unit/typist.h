/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random but valid lines for tests: walks the tree of a command row and writes words and arguments
 * as its notation allows. The same seed writes the same lines.
 */
#ifndef TESTS_TYPIST_H
#define TESTS_TYPIST_H

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/rows.h"

struct typist {
	uint64_t state;
	char algorithm[80]; /* typed last: says how long a key must be */
};

static inline uint32_t typist_draw(struct typist *t, uint32_t below)
{
	assert(below > 0);
	t->state = t->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(t->state >> 33) % below;
}

static inline void typist_word(struct typist *t, const char *word, struct text *out)
{
	if (out->len > 0)
		text_add(out, " ");
	text_add(out, word);
	if (strcmp(word, "md5") == 0 || strchr(word, '-'))
		(void)snprintf(t->algorithm, sizeof t->algorithm, "%s", word);
}

static inline void typist_number(struct typist *t, const struct graph_node *n, char buf[80])
{
	uint64_t min = n->type.min;
	uint64_t width = n->type.max - min + 1;
	uint64_t value = min + typist_draw(t, width > 1000000 ? 1000000 : (uint32_t)width);

	if (typist_draw(t, 8) == 0)
		value = n->type.max;
	if (n->type.kind == VALUE_PORT && typist_draw(t, 4) == 0)
		value = 123;
	/* Keys 1 to 4 exist in these tests. */
	if (strcmp(n->text, "key-id") == 0)
		value = 1 + typist_draw(t, 4);
	(void)snprintf(buf, 80, "%" PRIu64, value);
}

static inline void typist_text(struct typist *t, const struct graph_node *n, char buf[80])
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = 1 + typist_draw(t, 20);

	if (strcmp(n->text, "password") == 0 && strcmp(t->algorithm, "aes-128-cmac") == 0)
		len = 16;
	if (strcmp(n->text, "password") == 0 && strcmp(t->algorithm, "aes-256-cmac") == 0)
		len = 32;
	for (size_t i = 0; i < len; i++)
		buf[i] = letters[typist_draw(t, sizeof letters - 1)];
	buf[len] = '\0';
}

static inline void typist_arg(struct typist *t, const struct graph_node *n, struct text *out)
{
	char buf[80] = "";
	unsigned a = typist_draw(t, 3);
	unsigned b = typist_draw(t, 256);

	switch ((enum value_kind)n->type.kind) {
	case VALUE_NUMBER:
	case VALUE_PORT:
		typist_number(t, n, buf);
		break;
	case VALUE_IP:
	case VALUE_IP4:
		(void)snprintf(buf, sizeof buf, "192.0.%u.%u", a, b);
		break;
	case VALUE_GROUP4:
		(void)snprintf(buf, sizeof buf, "224.0.%u.%u", a, a == 1 ? 1 : b);
		break;
	case VALUE_IP6:
		(void)snprintf(buf, sizeof buf, "2001:db8::%x", 1 + b);
		break;
	case VALUE_GROUP6:
		(void)snprintf(buf, sizeof buf, a == 1 ? "ff0e::101" : "FF0%u::%X", 2 + a, 1 + b);
		break;
	case VALUE_WILDCARD:
		(void)snprintf(buf, sizeof buf, a == 1 ? "0" : "0.0.%u.255", b);
		break;
	case VALUE_ACL_NAME:
		(void)snprintf(buf, sizeof buf, "list%u", a);
		break;
	case VALUE_REFCLOCK:
		(void)snprintf(buf, sizeof buf, "127.127.1.%u", b % 4);
		break;
	case VALUE_STRING:
	case VALUE_OCTETS:
	case VALUE_LABEL:
	case VALUE_SYSNAME:
	case VALUE_IFNAME:
	case VALUE_IFNUMBER:
	case VALUE_REST:
		typist_text(t, n, buf);
		break;
	}
	typist_word(t, buf, out);
}

static inline void typist_node(struct typist *t, const struct graph_node *n, struct text *out);

/* Children in a random order, each or none. */
static inline void typist_some(struct typist *t, const struct graph_node *n, struct text *out)
{
	const struct graph_node *all[16];
	unsigned count = 0;

	for (const struct graph_node *c = n->first; c && count < 16; c = c->next)
		all[count++] = c;
	for (unsigned i = count; i > 1; i--) {
		unsigned j = typist_draw(t, i);
		const struct graph_node *swap = all[i - 1];
		all[i - 1] = all[j];
		all[j] = swap;
	}
	for (unsigned i = 0; i < count; i++)
		if (typist_draw(t, 2) == 0)
			typist_node(t, all[i], out);
}

static inline void typist_choice(struct typist *t, const struct graph_node *n, struct text *out)
{
	unsigned count = 0;

	for (const struct graph_node *c = n->first; c; c = c->next)
		count++;
	const struct graph_node *c = n->first;
	for (unsigned i = typist_draw(t, count); c && i > 0; i--)
		c = c->next;
	if (c)
		typist_node(t, c, out);
}

static inline void typist_node(struct typist *t, const struct graph_node *n, struct text *out)
{
	switch ((enum graph_kind)n->kind) {
	case GRAPH_WORD:
		typist_word(t, n->alias && typist_draw(t, 4) == 0 ? n->alias : n->text, out);
		break;
	case GRAPH_ARG:
		typist_arg(t, n, out);
		break;
	case GRAPH_SEQUENCE:
		for (const struct graph_node *c = n->first; c; c = c->next)
			typist_node(t, c, out);
		break;
	case GRAPH_OPTION:
		if (typist_draw(t, 2) == 0)
			typist_choice(t, n, out);
		break;
	case GRAPH_CHOICE:
		typist_choice(t, n, out);
		break;
	case GRAPH_SUBSET:
	case GRAPH_SOME:
		typist_some(t, n, out);
		break;
	}
}

/* A line of commands[i]. */
static inline void typist_line(struct typist *t, const struct graph *g, unsigned i,
			       struct text *out)
{
	text_clear(out);
	typist_node(t, rows_tree(g, i, false), out);
}

#endif
