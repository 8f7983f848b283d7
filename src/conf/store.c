/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <assert.h>
#include <stddef.h>

#include "base/auto.h"
#include "conf/collate.h"

struct store {
	unsigned owners;
	char *sealed[SETTINGS_KEYS_MAX]; /* beside settings.keys, owned */
	struct settings settings;	 /* last: only what is used is copied */
};

_Static_assert(offsetof(struct settings, refclock_unit) == offsetof(struct settings, refclock) + 1,
	       "refclock, unit and stratum are copied as one value");
_Static_assert(offsetof(struct settings, refclock_stratum) ==
		       offsetof(struct settings, refclock) + 2,
	       "refclock, unit and stratum are copied as one value");

/* Where an object that is there once lies in the settings. */
struct single {
	size_t offset;
	size_t size;
	union edit_value otherwise;
};

static const struct single singles[] = {
	[EDIT_SYSNAME] = {offsetof(struct settings, sysname), SETTINGS_NAME_MAX, {{0}}},
	[EDIT_AUTHENTICATION] = {offsetof(struct settings, authentication), sizeof(bool), {{0}}},
	[EDIT_COMPLEXITY] = {offsetof(struct settings, complexity_check), sizeof(bool), {{0}}},
	[EDIT_REFCLOCK] = {offsetof(struct settings, refclock),
			   sizeof(struct refclock_value),
			   {.refclock = {.on = false, .unit = 0, .stratum = 8}}},
	[EDIT_MAX_DYNAMIC] = {offsetof(struct settings, max_dynamic_sessions), 1, {.u8 = 100}},
	[EDIT_MULTICAST_DELAY] = {offsetof(struct settings, multicast_delay_us), 4, {{0}}},
	[EDIT_VOLLEY] = {offsetof(struct settings, volley), 1, {.u8 = VOLLEY_PREFERRED}},
	[EDIT_KOD] = {offsetof(struct settings, kod), sizeof(bool), {{0}}},
	[EDIT_DISCARD] = {offsetof(struct settings, discard),
			  sizeof(struct discard_setting),
			  {.discard = {.min_log2s = 1, .avg_log2s = 5}}},
	[EDIT_MAX_DISTANCE] = {offsetof(struct settings, max_distance_s), 1, {.u8 = 1}},
	[EDIT_OFFSET_LIMIT] = {offsetof(struct settings, offset_limit_s), 2, {{0}}},
	[EDIT_MAX_SLEW] = {offsetof(struct settings, max_slew_ppm), 2, {.u16 = 500}},
	[EDIT_OFF4] = {offsetof(struct settings, off4), sizeof(bool), {{0}}},
	[EDIT_OFF6] = {offsetof(struct settings, off6), sizeof(bool), {{0}}},
	[EDIT_SERVER_OFF4] = {offsetof(struct settings, server_off4), sizeof(bool), {{0}}},
	[EDIT_SERVER_OFF6] = {offsetof(struct settings, server_off6), sizeof(bool), {{0}}},
};
#define SINGLES (sizeof singles / sizeof *singles)

/* A sorted table of settings. */
struct table {
	size_t offset, count_offset, size;
	unsigned max;
	int (*compare)(const void *a, const void *b);
	const char *what;
};

#define TABLE(array, count, limit, order, plural)                                                  \
	{                                                                                          \
		.offset = offsetof(struct settings, array),                                        \
		.count_offset = offsetof(struct settings, count),                                  \
		.size = sizeof(((struct settings *)NULL)->array[0]), .max = (limit),               \
		.compare = (order), .what = (plural),                                              \
	}

static const struct table tables[] = {
	[EDIT_PORT] = TABLE(ports, port_count, SETTINGS_PORTS_MAX, collate_port, "listen ports"),
	[EDIT_KEY] = TABLE(keys, key_count, SETTINGS_KEYS_MAX, collate_key, "authentication keys"),
	[EDIT_TRUST] =
		TABLE(keys, key_count, SETTINGS_KEYS_MAX, collate_key, "authentication keys"),
	[EDIT_UNICAST] = TABLE(unicasts, unicast_count, SETTINGS_UNICASTS_MAX, collate_unicast,
			       "unicast servers"),
	[EDIT_ACL] = TABLE(acls, acl_count, SETTINGS_ACLS_MAX, collate_acl, "access lists"),
	[EDIT_RULE] =
		TABLE(rules, rule_count, SETTINGS_RULES_MAX, collate_rule, "rules of access lists"),
	[EDIT_ACCESS] = TABLE(access, access_count, ACCESS_RIGHTS, collate_access, "access rights"),
	[EDIT_RECEIVE] = TABLE(receives, receive_count, SETTINGS_RECEIVES_MAX, collate_receive,
			       "interfaces where receiving is disabled"),
	[EDIT_ROLE] = TABLE(roles, role_count, SETTINGS_ROLES_MAX, collate_role,
			    "multicast and manycast lines"),
};

static char *table_at(struct settings *s, const struct table *t, unsigned i)
{
	return (char *)s + t->offset + i * t->size;
}

static const char *table_row(const struct settings *s, const struct table *t, unsigned i)
{
	return (const char *)s + t->offset + i * t->size;
}

static unsigned table_count(const struct settings *s, const struct table *t)
{
	return *(const unsigned *)((const char *)s + t->count_offset);
}

static void table_set_count(struct settings *s, const struct table *t, unsigned count)
{
	memcpy((char *)s + t->count_offset, &count, sizeof count);
}

/* Where value stands or would stand; *found says which. */
static unsigned table_find(const struct settings *s, const struct table *t, const void *value,
			   bool *found)
{
	unsigned low = 0;
	unsigned high = table_count(s, t);

	*found = false;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int c = t->compare(table_row(s, t, mid), value);
		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct store *store_new(void)
{
	struct store *s = auto_new(1, sizeof *s);

	s->owners = 1;
	for (unsigned i = 0; i < SINGLES; i++)
		memcpy((char *)&s->settings + singles[i].offset, &singles[i].otherwise,
		       singles[i].size);
	return s;
}

struct store *store_dup(const struct store *from)
{
	struct store *s = auto_new(1, sizeof *s);
	const struct settings *f = &from->settings;

	s->owners = 1;
	memcpy(&s->settings, f, offsetof(struct settings, keys));
	memcpy(s->settings.keys, f->keys, f->key_count * sizeof f->keys[0]);
	s->settings.role_count = f->role_count;
	memcpy(s->settings.roles, f->roles, f->role_count * sizeof f->roles[0]);
	s->settings.rule_count = f->rule_count;
	memcpy(s->settings.rules, f->rules, f->rule_count * sizeof f->rules[0]);
	s->settings.receive_count = f->receive_count;
	memcpy(s->settings.receives, f->receives, f->receive_count * sizeof f->receives[0]);
	for (unsigned i = 0; i < f->key_count; i++)
		s->sealed[i] = auto_copy(from->sealed[i], strlen(from->sealed[i]));
	return s;
}

struct store *store_hold(struct store *s)
{
	s->owners++;
	return s;
}

void store_free(struct store *s)
{
	if (!s || --s->owners > 0)
		return;
	for (unsigned i = 0; i < s->settings.key_count; i++)
		free(s->sealed[i]);
	free(s);
}

const struct settings *store_settings(const struct store *s)
{
	return &s->settings;
}

const char *store_sealed(const struct store *s, unsigned i)
{
	assert(i < s->settings.key_count);
	return s->sealed[i];
}

const union edit_value *store_single(const struct settings *s, enum edit_object object)
{
	if (object >= SINGLES)
		return NULL;
	return (const union edit_value *)(const void *)((const char *)s + singles[object].offset);
}

size_t store_single_size(enum edit_object object)
{
	return object < SINGLES ? singles[object].size : 0;
}

static int insert(struct store *s, const struct table *t, unsigned at, const void *row,
		  struct err *err)
{
	unsigned count = table_count(&s->settings, t);

	if (count == t->max) {
		err_set(err, "At most %u %s can be configured; remove one first.", t->max, t->what);
		return -ENOSPC;
	}
	char *p = table_at(&s->settings, t, at);
	memmove(p + t->size, p, (count - at) * t->size);
	memcpy(p, row, t->size);
	table_set_count(&s->settings, t, count + 1);
	return 1;
}

static void take_out(struct store *s, const struct table *t, unsigned at)
{
	unsigned count = table_count(&s->settings, t);
	char *p = table_at(&s->settings, t, at);

	memmove(p, p + t->size, (count - at - 1) * t->size);
	memset(table_at(&s->settings, t, count - 1), 0, t->size);
	table_set_count(&s->settings, t, count - 1);
}

static int edit_single(struct store *s, const struct edit *e)
{
	const struct single *single = &singles[e->object];
	char *at = (char *)&s->settings + single->offset;
	const void *value = e->undo ? &single->otherwise : &e->value;

	if (memcmp(at, value, single->size) == 0)
		return 0;
	memcpy(at, value, single->size);
	return 1;
}

static int edit_trust(struct store *s, const struct edit *e, struct err *err)
{
	int i = store_find_key(&s->settings, e->value.key.id);

	if (i < 0 && e->undo)
		return 0;
	if (i < 0) {
		err_set(err,
			"ntp trusted authentication-keyid %u: authentication key %u does not "
			"exist; define it first with ntp authentication-keyid %u "
			"authentication-mode ...",
			e->value.key.id, e->value.key.id, e->value.key.id);
		return -ENOENT;
	}
	struct key_setting *k = &s->settings.keys[i];
	static const struct key_bound everywhere;
	const struct key_bound *bound = e->undo ? &everywhere : &e->value.key.bound;

	if (k->trusted == !e->undo && memcmp(&k->bound, bound, sizeof *bound) == 0)
		return 0;
	k->trusted = !e->undo;
	memcpy(&k->bound, bound, sizeof *bound);
	return 1;
}

static void drop_key(struct store *s, unsigned at)
{
	unsigned after = s->settings.key_count - at;

	free(s->sealed[at]);
	memmove(&s->sealed[at], &s->sealed[at + 1], (after - 1) * sizeof s->sealed[0]);
	take_out(s, &tables[EDIT_KEY], at);
	s->sealed[s->settings.key_count] = NULL;
}

static int change_key(struct store *s, const struct edit *e, unsigned at)
{
	struct key_setting *k = &s->settings.keys[at];

	if (k->algorithm == e->value.key.algorithm && k->mac_octets == e->value.key.mac_octets &&
	    strcmp(s->sealed[at], e->sealed) == 0)
		return 0;
	k->algorithm = e->value.key.algorithm;
	k->mac_octets = e->value.key.mac_octets;
	free(s->sealed[at]);
	s->sealed[at] = auto_copy(e->sealed, strlen(e->sealed));
	return 1;
}

static int edit_key(struct store *s, const struct edit *e, struct err *err)
{
	const struct table *t = &tables[EDIT_KEY];
	bool found;
	unsigned at = table_find(&s->settings, t, &e->value, &found);
	unsigned after = s->settings.key_count - at;

	if (e->undo) {
		if (found)
			drop_key(s, at);
		return found;
	}
	if (found)
		return change_key(s, e, at);
	int r = insert(s, t, at, &e->value, err);
	if (r < 0)
		return r;
	/* Rows are compared as memory: no copy by value, which would lose the padding. */
	s->settings.keys[at].trusted = false;
	memset(&s->settings.keys[at].bound, 0, sizeof s->settings.keys[at].bound);
	memmove(&s->sealed[at + 1], &s->sealed[at], after * sizeof s->sealed[0]);
	s->sealed[at] = auto_copy(e->sealed, strlen(e->sealed));
	return 1;
}

static bool has_list(const struct settings *s, const struct acl_setting *acl)
{
	bool found;

	(void)table_find(s, &tables[EDIT_ACL], acl, &found);
	return found;
}

static void drop_rules(struct store *s, const struct acl_setting *acl)
{
	unsigned first, count = store_rules(&s->settings, acl, &first);

	while (count-- > 0)
		take_out(s, &tables[EDIT_RULE], first);
}

static int edit_row(struct store *s, const struct edit *e, struct err *err)
{
	const struct table *t = &tables[e->object];
	bool found;
	unsigned at = table_find(&s->settings, t, &e->value, &found);

	if (e->undo && found && e->object == EDIT_ACL)
		drop_rules(s, &e->value.acl);
	if (e->undo) {
		bool any = found;
		for (; found; at = table_find(&s->settings, t, &e->value, &found))
			take_out(s, t, at);
		return any;
	}
	if (e->object == EDIT_RULE && !has_list(&s->settings, &e->value.acl)) {
		err_set(err, "The access list of this rule is gone; enter it again with acl.");
		return -ENOENT;
	}
	if (!found)
		return insert(s, t, at, &e->value, err);
	char *row = table_at(&s->settings, t, at);
	if (memcmp(row, &e->value, t->size) == 0)
		return 0;
	memcpy(row, &e->value, t->size);
	return 1;
}

int store_edit(struct store *s, const struct edit *e, struct err *err)
{
	assert(s->owners == 1 && e->object < EDIT_OBJECT_COUNT);
	if (e->object < SINGLES)
		return edit_single(s, e);
	if (e->object == EDIT_KEY)
		return edit_key(s, e, err);
	if (e->object == EDIT_TRUST)
		return edit_trust(s, e, err);
	return edit_row(s, e, err);
}

bool store_differs(const struct store *a, const struct store *b)
{
	const struct settings *x = &a->settings;
	const struct settings *y = &b->settings;

	if (a == b)
		return false;
	for (unsigned i = 0; i < SINGLES; i++)
		if (memcmp((const char *)x + singles[i].offset, (const char *)y + singles[i].offset,
			   singles[i].size) != 0)
			return true;
	for (unsigned i = SINGLES; i < EDIT_OBJECT_COUNT; i++) {
		const struct table *t = &tables[i];
		unsigned count = table_count(x, t);
		if (count != table_count(y, t) ||
		    memcmp(table_row(x, t, 0), table_row(y, t, 0), count * t->size) != 0)
			return true;
	}
	for (unsigned i = 0; i < x->key_count; i++)
		if (strcmp(a->sealed[i], b->sealed[i]) != 0)
			return true;
	return false;
}

/* ---- differences ---- */

struct walk {
	const struct store *from, *to;
	enum edit_object object;
	void (*each)(void *context, const struct edit *e);
	void *context;
};

static void tell(const struct walk *w, bool undo, const void *value, size_t size,
		 const char *sealed)
{
	struct edit e = {.object = (uint8_t)w->object, .undo = undo, .sealed = sealed};

	memcpy(&e.value, value, size);
	w->each(w->context, &e);
}

static bool row_is_same(const struct walk *w, unsigned i, unsigned j)
{
	const struct settings *from = &w->from->settings;
	const struct settings *to = &w->to->settings;
	const struct table *t = &tables[w->object];

	if (w->object == EDIT_TRUST)
		return from->keys[i].trusted == to->keys[j].trusted &&
		       memcmp(&from->keys[i].bound, &to->keys[j].bound,
			      sizeof from->keys[i].bound) == 0;
	if (w->object == EDIT_KEY)
		return from->keys[i].algorithm == to->keys[j].algorithm &&
		       from->keys[i].mac_octets == to->keys[j].mac_octets &&
		       strcmp(w->from->sealed[i], w->to->sealed[j]) == 0;
	return memcmp(table_row(from, t, i), table_row(to, t, j), t->size) == 0;
}

/* A row only in from: i, only in to: j, in both: both; the other is -1. */
static void tell_row(const struct walk *w, bool undo, int i, int j)
{
	const struct table *t = &tables[w->object];
	bool key = w->object == EDIT_KEY;

	if (undo && j < 0) {
		const char *row = table_row(&w->from->settings, t, (unsigned)i);
		if (w->object != EDIT_TRUST || ((const struct key_setting *)row)->trusted)
			tell(w, true, row, t->size, key ? w->from->sealed[i] : NULL);
		return;
	}
	if (j < 0)
		return;
	const char *row = table_row(&w->to->settings, t, (unsigned)j);
	bool is_undo = w->object == EDIT_TRUST && !((const struct key_setting *)row)->trusted;
	if (is_undo != undo || (i < 0 && is_undo))
		return;
	if (i < 0 || !row_is_same(w, (unsigned)i, (unsigned)j))
		tell(w, is_undo, row, t->size, key ? w->to->sealed[j] : NULL);
}

static void walk_table(const struct walk *w, bool undo)
{
	const struct table *t = &tables[w->object];
	const struct settings *a = &w->from->settings;
	const struct settings *b = &w->to->settings;
	unsigned i = 0;
	unsigned j = 0;

	while (i < table_count(a, t) || j < table_count(b, t)) {
		int c = i == table_count(a, t) ? 1
			: j == table_count(b, t)
				? -1
				: t->compare(table_row(a, t, i), table_row(b, t, j));
		tell_row(w, undo, c <= 0 ? (int)i : -1, c >= 0 ? (int)j : -1);
		i += c <= 0;
		j += c >= 0;
	}
}

static void walk_single(const struct walk *w)
{
	const struct single *single = &singles[w->object];
	const char *a = (const char *)&w->from->settings + single->offset;
	const char *b = (const char *)&w->to->settings + single->offset;

	if (memcmp(a, b, single->size) == 0)
		return;
	bool undo = memcmp(b, &single->otherwise, single->size) == 0;
	tell(w, undo, undo ? a : b, single->size, NULL);
}

void store_diff(const struct store *from, const struct store *to,
		void (*each)(void *context, const struct edit *e), void *context)
{
	struct walk w = {.from = from, .to = to, .each = each, .context = context};

	/* Users go before what they use, and come after it. */
	for (unsigned i = EDIT_OBJECT_COUNT; i-- > SINGLES;) {
		w.object = i;
		walk_table(&w, true);
	}
	for (unsigned i = 0; i < EDIT_OBJECT_COUNT; i++) {
		w.object = i;
		if (i < SINGLES)
			walk_single(&w);
		else
			walk_table(&w, false);
	}
}

struct rebase {
	struct store *next;
	struct err *err;
	int failed;
};

static void rebase_one(void *context, const struct edit *e)
{
	struct rebase *r = context;

	if (r->failed < 0)
		return;
	int done = store_edit(r->next, e, r->err);
	if (done < 0)
		r->failed = done;
}

int store_rebase(struct store *next, const struct store *base, const struct store *mine,
		 struct err *err)
{
	struct rebase r = {.next = next, .err = err};

	store_diff(base, mine, rebase_one, &r);
	return r.failed;
}

bool store_same_item(const struct edit *a, const struct edit *b)
{
	if (a->object != b->object)
		return false;
	return a->object < SINGLES || tables[a->object].compare(&a->value, &b->value) == 0;
}

int store_find_key(const struct settings *s, uint32_t id)
{
	struct key_setting k = {.id = id};
	bool found;
	unsigned at = table_find(s, &tables[EDIT_KEY], &k, &found);

	return found ? (int)at : -1;
}

int store_find_access(const struct settings *s, enum access_right right)
{
	struct access_setting a = {.right = (uint8_t)right};
	bool found;
	unsigned at = table_find(s, &tables[EDIT_ACCESS], &a, &found);

	return found ? (int)at : -1;
}

unsigned store_rules(const struct settings *s, const struct acl_setting *acl, unsigned *ret_first)
{
	struct rule_setting rule = {.acl = *acl};
	bool found;
	unsigned first = table_find(s, &tables[EDIT_RULE], &rule, &found), count = 0;

	while (first + count < s->rule_count && collate_acl(&s->rules[first + count].acl, acl) == 0)
		count++;
	*ret_first = first;
	return count;
}

unsigned store_first_role(const struct settings *s, const char *ifname)
{
	unsigned low = 0;
	unsigned high = s->role_count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		if (strcmp(s->roles[mid].ifname, ifname) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
