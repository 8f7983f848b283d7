/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/edit.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "conf/compile.h"

#define RULE_STEP 5

/* ---- arguments and defaults ---- */

static void set_number(const struct command_field *f, union edit_value *v, uint64_t n)
{
	memcpy((char *)v + f->offset, &n, f->size);
}

/* What the line says; false if it says nothing of this field. */
static bool fill_given(const struct command_field *f, const struct args *args, union edit_value *v)
{
	const struct value *given = f->name ? args_value(args, f->name) : NULL;

	switch ((enum field_kind)f->kind) {
	case FIELD_END:
	case FIELD_SEALED:
		return true;
	case FIELD_FIXED:
		set_number(f, v, f->number);
		return true;
	case FIELD_WORD:
		if (!args_has(args, f->name))
			return false;
		set_number(f, v, f->number);
		return true;
	case FIELD_NUMBER:
	case FIELD_WILDCARD:
	case FIELD_REFCLOCK:
		if (given)
			set_number(f, v, given->number);
		return given;
	case FIELD_ADDR:
		if (given)
			memcpy((char *)v + f->offset, &given->addr, sizeof given->addr);
		return given;
	case FIELD_TEXT:
		if (given)
			memcpy((char *)v + f->offset, given->text, strlen(given->text) + 1);
		return given;
	}
	return false;
}

static void fill_default(const struct command_field *f, union edit_value *v)
{
	struct addr a;

	if (f->kind == FIELD_ADDR && f->address) {
		bool parsed = addr_parse(f->address, &a);
		assert(parsed);
		memcpy((char *)v + f->offset, &a, sizeof a);
	} else if (f->kind == FIELD_NUMBER) {
		set_number(f, v, command_default(f, v));
	}
}

static void fill(const struct command_field *fields, const struct args *args, union edit_value *v)
{
	for (const struct command_field *f = fields; f->kind != FIELD_END; f++)
		(void)fill_given(f, args, v);
	for (const struct command_field *f = fields; f->kind != FIELD_END; f++) {
		union edit_value probe = *v;
		if (f->kind != FIELD_FIXED && f->kind != FIELD_WORD && !fill_given(f, args, &probe))
			fill_default(f, v);
	}
}

/* ---- keys ---- */

/* Stands for a key where only the grammar is wanted. */
#define UNSEALED "%^%#unsealed%^%#"

static int open_sealed(const struct key_setting *k, const struct edit_context *context,
		       const char *text, struct err *err)
{
	uint8_t octets[255];

	if (!context->seal)
		return 0;
	int len = seal_open(context->seal, k->id, k->algorithm, text, octets, err);
	int r = len < 0 ? len : compile_check_key(k->algorithm, octets, (size_t)len, false, err);
	explicit_bzero(octets, sizeof octets);
	return r;
}

/* The same key typed again keeps its seal, and so is no change. */
static bool reuse_seal(struct edit_context *context, const struct key_setting *k,
		       const uint8_t *octets, size_t len)
{
	const struct settings *settings = store_settings(context->store);
	int i = store_find_key(settings, k->id);
	uint8_t now[255];

	if (i < 0 || !context->seal)
		return false;
	const char *sealed = store_sealed(context->store, (unsigned)i);
	int now_len = seal_open(context->seal, k->id, k->algorithm, sealed, now, NULL);
	bool same = now_len > 0 && (size_t)now_len == len && memcmp(now, octets, len) == 0;
	explicit_bzero(now, sizeof now);
	if (same)
		memcpy(context->sealed, sealed, strlen(sealed) + 1);
	return same;
}

static int seal_key(const struct args *args, struct edit_context *context, struct key_setting *k,
		    struct err *err)
{
	const char *text = args_text(args, "password");
	const uint8_t *octets = (const uint8_t *)text;
	size_t len = strlen(text);

	if (k->mac_octets == 0)
		k->mac_octets = compile_mac_octets(k->algorithm);
	if (k->mac_octets != 16 && k->algorithm != KEY_HMAC_SHA256) {
		err_set(err, "The MAC of %s is always 16 octets; leave mac-length out.",
			compile_algorithm_name(k->algorithm));
		return -EINVAL;
	}
	if (seal_is_sealed(text)) {
		if (len >= SEAL_TEXT_MAX) {
			err_set(err, "A sealed key has at most %d characters.", SEAL_TEXT_MAX - 1);
			return -EINVAL;
		}
		memcpy(context->sealed, text, len + 1);
		return open_sealed(k, context, text, err);
	}
	int r = compile_check_key(k->algorithm, octets, len,
				  store_settings(context->store)->complexity_check, err);
	if (r < 0)
		return r;
	if (reuse_seal(context, k, octets, len))
		return 0;
	if (context->seal)
		seal_close(context->seal, k->id, k->algorithm, octets, len, context->sealed);
	else
		memcpy(context->sealed, UNSEALED, sizeof UNSEALED);
	return 0;
}

/* ---- lines that speak of others ---- */

static bool same_rule(const struct rule_setting *a, const struct rule_setting *b)
{
	return a->permit == b->permit && a->any == b->any && a->bits == b->bits &&
	       a->wildcard == b->wildcard && addr_equal(&a->source, &b->source);
}

/* A rule without a number is the one that says the same, or else comes last, in steps of five. */
static void number_rule(const struct settings *s, struct rule_setting *r)
{
	unsigned first, count = store_rules(s, &r->acl, &first);
	uint32_t last = 0;

	for (unsigned i = first; r->id == COMMAND_NO_RULE && i < first + count; i++) {
		if (same_rule(&s->rules[i], r))
			r->id = s->rules[i].id;
		last = s->rules[i].id;
	}
	if (r->id == COMMAND_NO_RULE && last < COMMAND_NO_RULE - RULE_STEP)
		r->id = last / RULE_STEP * RULE_STEP + RULE_STEP;
}

/* One family of a line of access: what is there, and what the line says of it. */
struct side {
	uint16_t *number;
	char *name;
	uint16_t said_number;
	const char *said_name;
};

static bool side_is_empty(uint16_t number, const char *name)
{
	return number == 0 && *name == '\0';
}

/* False if a list is to be taken away that is not there. */
static bool merge_side(const struct side *s, bool undo)
{
	if (side_is_empty(s->said_number, s->said_name))
		return true;
	if (undo && (*s->number != s->said_number || strcmp(s->name, s->said_name) != 0))
		return false;
	*s->number = undo ? 0 : s->said_number;
	memset(s->name, 0, SETTINGS_ACL_NAME_MAX);
	if (!undo)
		memcpy(s->name, s->said_name, strlen(s->said_name));
	return true;
}

/* A line says something of one family; what was said of the other stays. */
static void merge_access(const struct settings *s, bool undo, struct edit *e)
{
	struct access_setting *a = &e->value.access;
	bool whole = side_is_empty(a->number4, a->name4) && side_is_empty(a->number6, a->name6);
	int at = undo && whole ? -1 : store_find_access(s, a->right);

	if (at < 0)
		return;
	struct access_setting now;

	memcpy(&now, &s->access[at], sizeof now);
	const struct side v4 = {&now.number4, now.name4, a->number4, a->name4};
	const struct side v6 = {&now.number6, now.name6, a->number6, a->name6};

	if (!merge_side(&v4, undo) || !merge_side(&v6, undo)) {
		a->right = ACCESS_RIGHTS + 1; /* no such line */
		return;
	}
	memcpy(a, &now, sizeof now);
	if (!side_is_empty(now.number4, now.name4) || !side_is_empty(now.number6, now.name6))
		e->undo = false;
}

/* An undo that names another clock than the one that is there changes nothing. */
static void keep_other_clock(const struct settings *s, struct edit *e)
{
	if (!s->refclock || e->value.refclock.unit == s->refclock_unit)
		return;
	e->undo = false;
	e->value.refclock.on = s->refclock;
	e->value.refclock.unit = s->refclock_unit;
	e->value.refclock.stratum = s->refclock_stratum;
}

static void finish(struct edit_context *context, bool undo, struct edit *e)
{
	const struct settings *s = store_settings(context->store);
	size_t len = strlen(context->ifname) + 1;

	if (e->object == EDIT_ROLE)
		memcpy(e->value.role.ifname, context->ifname, len);
	if (e->object == EDIT_RECEIVE)
		memcpy(e->value.receive.ifname, context->ifname, len);
	if (e->object == EDIT_ACCESS)
		merge_access(s, undo, e);
	if (e->object != EDIT_RULE)
		return;
	memcpy(&e->value.rule.acl, context->acl, sizeof *context->acl);
	number_rule(s, &e->value.rule);
}

int edit_read(const struct command_row *row, const struct args *args, bool undo,
	      struct edit_context *context, struct edit *ret, struct err *err)
{
	memset(ret, 0, sizeof *ret);
	ret->object = row->object;
	ret->undo = undo;
	fill(row->fields, args, &ret->value);
	finish(context, undo, ret);
	if (row->object == EDIT_REFCLOCK && undo && args_value(args, "clock-address"))
		keep_other_clock(store_settings(context->store), ret);
	if (row->object == EDIT_RULE && !undo && ret->value.rule.id == COMMAND_NO_RULE) {
		err_set(err, "No number is left behind the last rule; give this one a number.");
		return -ENOSPC;
	}
	if (row->object != EDIT_KEY || undo)
		return 0;
	ret->sealed = context->sealed;
	return seal_key(args, context, &ret->value.key, err);
}
