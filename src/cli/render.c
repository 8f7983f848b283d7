/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/render.h"

#include <inttypes.h>
#include <string.h>

#include <assert.h>

#include "cli/rows.h"

/* One object on its way to a line. */
struct line {
	const struct command_row *row;
	const union edit_value *value;
	const char *sealed;
	bool with_defaults; /* options that are at their defaults too */
	struct text *out;
};

static bool addr_is_default(const struct command_field *f, const union edit_value *v)
{
	struct addr a;
	const void *at = (const char *)v + f->offset;

	return f->address && addr_parse(f->address, &a) && memcmp(at, &a, sizeof a) == 0;
}

/* True if the field of this word or argument is not what it would be without it. */
static bool says_something(const struct line *l, const struct graph_node *n)
{
	const struct command_field *f = command_field(l->row, n->text);

	if (!f)
		return false;
	uint64_t number = f->size <= 8 ? command_number(f, l->value) : 0;
	switch ((enum field_kind)f->kind) {
	case FIELD_WORD:
		return number == f->number &&
		       (number != command_default(f, l->value) || l->with_defaults);
	case FIELD_NUMBER:
	case FIELD_REFCLOCK:
		return number != command_default(f, l->value) ||
		       (l->with_defaults && strcmp(n->text, "key-id") != 0);
	case FIELD_ADDR:
		return !addr_is_default(f, l->value) || l->with_defaults;
	case FIELD_TEXT:
		return *((const char *)l->value + f->offset) != '\0';
	case FIELD_SEALED:
		return true;
	case FIELD_END:
	case FIELD_FIXED:
		break;
	}
	return false;
}

static bool is_wanted(const struct line *l, const struct graph_node *n)
{
	if (n->kind == GRAPH_WORD || n->kind == GRAPH_ARG)
		return says_something(l, n);
	for (const struct graph_node *c = n->first; c; c = c->next)
		if (is_wanted(l, c))
			return true;
	return false;
}

/* For one of several: its words are the values that the fields have. */
static bool is_true(const struct line *l, const struct graph_node *n)
{
	const struct command_field *f;

	if (n->kind == GRAPH_WORD) {
		f = command_field(l->row, n->text);
		return !f || command_number(f, l->value) == f->number;
	}
	for (const struct graph_node *c = n->first; c; c = c->next)
		if (!is_true(l, c))
			return false;
	return true;
}

static void put(struct text *out, const char *word)
{
	if (out->len > 0 && !strchr(" \n~", out->chars[out->len - 1]))
		text_add(out, " ");
	text_add(out, word);
}

static void put_arg(const struct line *l, const struct graph_node *n)
{
	const struct command_field *f = command_field(l->row, n->text);
	char buf[64];

	assert(f);
	const void *at = (const char *)l->value + f->offset;
	if (f->kind == FIELD_ADDR) {
		struct addr a;
		memcpy(&a, at, sizeof a);
		put(l->out, addr_print_upper(&a, buf));
	} else if (f->kind == FIELD_TEXT) {
		put(l->out, at);
	} else if (f->kind == FIELD_SEALED) {
		put(l->out, l->sealed);
	} else {
		(void)snprintf(buf, sizeof buf, "%s%" PRIu64,
			       f->kind == FIELD_REFCLOCK ? "127.127.1." : "",
			       command_number(f, l->value));
		put(l->out, buf);
	}
}

static void put_node(const struct line *l, const struct graph_node *n)
{
	const struct graph_node *c = n->first;

	switch ((enum graph_kind)n->kind) {
	case GRAPH_WORD:
		put(l->out, n->text);
		return;
	case GRAPH_ARG:
		put_arg(l, n);
		return;
	case GRAPH_CHOICE:
		while (c && !is_true(l, c))
			c = c->next;
		if (c)
			put_node(l, c);
		return;
	case GRAPH_SEQUENCE:
		for (; c; c = c->next)
			put_node(l, c);
		return;
	case GRAPH_OPTION:
	case GRAPH_SUBSET:
	case GRAPH_SOME:
		for (; c; c = c->next)
			if (is_wanted(l, c))
				put_node(l, c);
		return;
	}
}

/* The row that prints an object. */
static unsigned find_row(const struct edit *e)
{
	for (unsigned i = 0; i < command_count; i++)
		if (commands[i].object == e->object &&
		    (e->object < EDIT_PORT || command_fits(&commands[i], &e->value)))
			return i;
	/* A trust that is taken away is not fixed at trusted any more. */
	for (unsigned i = 0; i < command_count; i++)
		if (commands[i].object == e->object)
			return i;
	assert(!"every object has a row");
	return 0;
}

void render_edit(const struct graph *g, const struct edit *e, struct text *out)
{
	unsigned i = find_row(e);
	struct line l = {.row = &commands[i], .value = &e->value, .sealed = e->sealed, .out = out};

	put_node(&l, rows_tree(g, i, e->undo));
}

/* ---- whole configurations ---- */

struct page {
	const struct graph *g;
	const struct store *store;
	bool with_defaults;
	const char *indent;
	struct text *out;
};

static void print_value(const struct page *p, unsigned i, const void *value, size_t size,
			const char *sealed)
{
	union edit_value v = {0};
	struct line l = {&commands[i], &v, sealed, p->with_defaults, p->out};

	memcpy(&v, value, size);
	if (!command_fits(&commands[i], &v))
		return;
	text_add(p->out, p->indent);
	put_node(&l, rows_tree(p->g, i, false));
	text_add(p->out, "\n");
}

static void print_default(const struct page *p, unsigned i, const union edit_value *v)
{
	const struct command_row *c = &commands[i];
	/* A number shows its default, a switch that it is undone. */
	bool number = c->fields->kind == FIELD_NUMBER && command_default(c->fields, v) != 0;
	struct line l = {c, v, NULL, number, p->out};

	text_add(p->out, p->indent);
	text_add(p->out, "~");
	put_node(&l, rows_tree(p->g, i, !number));
	text_add(p->out, "\n");
}

static void print_single(const struct page *p, unsigned i)
{
	const struct settings *s = store_settings(p->store);
	const struct command_row *c = &commands[i];
	const union edit_value *at = store_single(s, c->object);
	union edit_value v = {0};

	memcpy(&v, at, c->object == EDIT_SYSNAME ? sizeof v.sysname : sizeof v.refclock);
	if (c->object == EDIT_MULTICAST_DELAY)
		memcpy(&v, at, sizeof v.u32);
	struct line l = {c, &v, NULL, false, p->out};
	bool on = c->fields->kind == FIELD_FIXED;
	bool set = on ? command_fits(c, &v) : is_wanted(&l, rows_tree(p->g, i, false));
	if (!set && p->with_defaults && c->object != EDIT_SYSNAME)
		print_default(p, i, &v);
	if (!set)
		return;
	text_add(p->out, p->indent);
	put_node(&l, rows_tree(p->g, i, false));
	text_add(p->out, "\n");
}

static void print_command(const struct page *p, unsigned i)
{
	const struct settings *s = store_settings(p->store);

	switch ((enum edit_object)commands[i].object) {
	case EDIT_SYSNAME:
	case EDIT_AUTHENTICATION:
	case EDIT_COMPLEXITY:
	case EDIT_REFCLOCK:
	case EDIT_MAX_DYNAMIC:
	case EDIT_MULTICAST_DELAY:
	case EDIT_VOLLEY:
		print_single(p, i);
		break;
	case EDIT_PORT:
		for (unsigned j = 0; j < s->port_count; j++)
			print_value(p, i, &s->ports[j], sizeof s->ports[j], NULL);
		break;
	case EDIT_KEY:
	case EDIT_TRUST:
		for (unsigned j = 0; j < s->key_count; j++)
			print_value(p, i, &s->keys[j], sizeof s->keys[j],
				    store_sealed(p->store, j));
		break;
	case EDIT_UNICAST:
		for (unsigned j = 0; j < s->unicast_count; j++)
			print_value(p, i, &s->unicasts[j], sizeof s->unicasts[j], NULL);
		break;
	case EDIT_ROLE:
	case EDIT_OBJECT_COUNT:
		break;
	}
}

/* Roles from first on, while the interface is the same; returns where the next one starts. */
static unsigned print_roles(const struct page *p, unsigned first)
{
	const struct settings *s = store_settings(p->store);
	const char *ifname = s->roles[first].ifname;
	unsigned j = first;

	text_addf(p->out, "interface %s\n", ifname);
	for (; j < s->role_count && strcmp(s->roles[j].ifname, ifname) == 0; j++)
		for (unsigned i = 0; i < command_count; i++)
			if (commands[i].object == EDIT_ROLE)
				print_value(p, i, &s->roles[j], sizeof s->roles[j], NULL);
	return j;
}

void render_interface(const struct graph *g, const struct store *s, const char *ifname,
		      bool with_defaults, struct text *out)
{
	struct page p = {g, s, with_defaults, " ", out};
	const struct settings *settings = store_settings(s);
	unsigned first = store_first_role(settings, ifname);

	if (first < settings->role_count && strcmp(settings->roles[first].ifname, ifname) == 0)
		(void)print_roles(&p, first);
}

static void print_section(const struct page *p, bool sysname)
{
	size_t before = p->out->len;

	for (unsigned i = 0; i < command_count; i++)
		if (commands[i].object != EDIT_ROLE &&
		    (commands[i].object == EDIT_SYSNAME) == sysname)
			print_command(p, i);
	if (p->out->len > before)
		text_add(p->out, "#\n");
}

void render_global(const struct graph *g, const struct store *s, bool with_defaults,
		   struct text *out)
{
	struct page p = {g, s, with_defaults, "", out};

	print_section(&p, true);
	print_section(&p, false);
}

void render_config(const struct graph *g, const struct store *s, bool with_defaults,
		   struct text *out)
{
	struct page p = {g, s, with_defaults, " ", out};
	const struct settings *settings = store_settings(s);

	text_add(out, "#\n");
	render_global(g, s, with_defaults, out);
	for (unsigned j = 0; j < settings->role_count;) {
		j = print_roles(&p, j);
		text_add(out, "#\n");
	}
	text_add(out, "return\n");
}

/* ---- changes ---- */

struct changes {
	const struct graph *g;
	char ifname[SETTINGS_IFNAME_MAX];
	struct text *out;
};

static void print_change(void *context, const struct edit *e)
{
	struct changes *c = context;

	if (e->object == EDIT_ROLE) {
		if (strcmp(c->ifname, e->value.role.ifname) != 0) {
			memcpy(c->ifname, e->value.role.ifname, sizeof c->ifname);
			text_addf(c->out, "interface %s\n", c->ifname);
		}
		text_add(c->out, " ");
	} else {
		c->ifname[0] = '\0';
	}
	render_edit(c->g, e, c->out);
	text_add(c->out, "\n");
}

void render_changes(const struct graph *g, const struct store *from, const struct store *to,
		    struct text *out)
{
	struct changes c = {.g = g, .out = out};

	store_diff(from, to, print_change, &c);
}
