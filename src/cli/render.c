/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/render.h"

#include <inttypes.h>
#include <string.h>

#include <assert.h>

#include "cli/rows.h"
#include "conf/block.h"

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
	case FIELD_WILDCARD:
		return true;
	case FIELD_NUMBER:
	case FIELD_REFCLOCK:
		return number != command_default(f, l->value) ||
		       (l->with_defaults && strcmp(n->text, "key-id") != 0);
	case FIELD_ADDR:
		if (*((const uint8_t *)l->value + f->offset) == ADDR_NONE)
			return false;
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
	} else if (f->kind == FIELD_WILDCARD) {
		uint32_t w = (uint32_t)command_number(f, l->value);
		struct addr a = addr_v4((uint8_t)(w >> 24), (uint8_t)(w >> 16), (uint8_t)(w >> 8),
					(uint8_t)w);
		put(l->out, w == 0 ? "0" : addr_print(&a, buf));
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

	memcpy(&v, at, store_single_size(c->object));
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
	case EDIT_KOD:
	case EDIT_DISCARD:
	case EDIT_MAX_DISTANCE:
	case EDIT_OFFSET_LIMIT:
	case EDIT_MAX_SLEW:
	case EDIT_OFF4:
	case EDIT_OFF6:
	case EDIT_SERVER_OFF4:
	case EDIT_SERVER_OFF6:
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
	case EDIT_ACCESS:
		for (unsigned j = 0; j < s->access_count; j++)
			print_value(p, i, &s->access[j], sizeof s->access[j], NULL);
		break;
	case EDIT_ACL:
	case EDIT_RULE:
	case EDIT_RECEIVE:
	case EDIT_ROLE:
	case EDIT_OBJECT_COUNT:
		break;
	}
}

/* An object of a block, by the row that fits it. */
static void print_fitting(const struct page *p, enum edit_object object, const void *value,
			  size_t size)
{
	for (unsigned i = 0; i < command_count; i++)
		if (commands[i].object == object)
			print_value(p, i, value, size, NULL);
}

const char *render_acl_name(const struct acl_setting *acl, char buf[SETTINGS_ACL_NAME_MAX])
{
	(void)snprintf(buf, SETTINGS_ACL_NAME_MAX, "%u", acl->number);
	return acl->named ? acl->name : buf;
}

void render_lists(const struct graph *g, const struct store *store, struct text *out)
{
	const struct settings *s = store_settings(store);
	struct page head = {g, store, false, "", out}, body = {g, store, false, " ", out};

	for (unsigned i = 0; i < s->acl_count; i++) {
		unsigned first, count = store_rules(s, &s->acls[i], &first);

		print_fitting(&head, EDIT_ACL, &s->acls[i], sizeof s->acls[i]);
		for (unsigned j = first; j < first + count; j++)
			print_fitting(&body, EDIT_RULE, &s->rules[j], sizeof s->rules[j]);
		text_add(out, "#\n");
	}
}

static void print_interface(const struct page *p, const char *ifname)
{
	const struct settings *s = store_settings(p->store);
	unsigned j = store_first_role(s, ifname);

	text_addf(p->out, "interface %s\n", ifname);
	for (unsigned i = 0; i < s->receive_count; i++)
		if (strcmp(s->receives[i].ifname, ifname) == 0)
			print_fitting(p, EDIT_RECEIVE, &s->receives[i], sizeof s->receives[i]);
	for (; j < s->role_count && strcmp(s->roles[j].ifname, ifname) == 0; j++)
		print_fitting(p, EDIT_ROLE, &s->roles[j], sizeof s->roles[j]);
}

void render_interface(const struct graph *g, const struct store *s, const char *ifname,
		      bool with_defaults, struct text *out)
{
	struct page p = {g, s, with_defaults, " ", out};
	const char *at = block_next_ifname(store_settings(s), "");

	while (at && strcmp(at, ifname) != 0)
		at = block_next_ifname(store_settings(s), at);
	if (at)
		print_interface(&p, at);
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
	render_lists(g, s, out);
	print_section(&p, false);
}

void render_config(const struct graph *g, const struct store *s, bool with_defaults,
		   struct text *out)
{
	struct page p = {g, s, with_defaults, " ", out};
	const struct settings *settings = store_settings(s);

	text_add(out, "#\n");
	render_global(g, s, with_defaults, out);
	for (const char *at = block_next_ifname(settings, ""); at;
	     at = block_next_ifname(settings, at)) {
		print_interface(&p, at);
		text_add(out, "#\n");
	}
	text_add(out, "return\n");
}

/* ---- changes ---- */

struct changes {
	const struct graph *g;
	char block[SETTINGS_IFNAME_MAX + 16]; /* whose header was printed last, "" none */
	struct text *out;
};

/* The header of the block that the edit belongs to, "" for none. */
static void block_of(const struct edit *e, char ret[SETTINGS_IFNAME_MAX + 16])
{
	char buf[SETTINGS_ACL_NAME_MAX];
	const struct acl_setting *acl = &e->value.rule.acl;

	ret[0] = '\0';
	if (e->object == EDIT_ROLE || e->object == EDIT_RECEIVE)
		(void)snprintf(ret, SETTINGS_IFNAME_MAX + 16, "interface %s",
			       e->object == EDIT_ROLE ? e->value.role.ifname
						      : e->value.receive.ifname);
	if (e->object == EDIT_RULE)
		(void)snprintf(ret, SETTINGS_IFNAME_MAX + 16, "acl %s%s%s",
			       acl->family == ADDR_V6 ? "ipv6 " : "", acl->named ? "name " : "",
			       render_acl_name(acl, buf));
}

static void print_change(void *context, const struct edit *e)
{
	struct changes *c = context;
	char block[sizeof c->block];

	block_of(e, block);
	if (*block && strcmp(c->block, block) != 0)
		text_addf(c->out, "%s\n", block);
	if (*block)
		text_add(c->out, " ");
	memcpy(c->block, block, sizeof block);
	render_edit(c->g, e, c->out);
	text_add(c->out, "\n");
}

void render_changes(const struct graph *g, const struct store *from, const struct store *to,
		    struct text *out)
{
	struct changes c = {.g = g, .out = out};

	store_diff(from, to, print_change, &c);
}
