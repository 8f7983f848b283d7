/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration as a document of yang/timecast-ntp.yang: leaves named by the rows' fields. */
#include <string.h>

#include <assert.h>

#include "cli/render.h"
#include "cli/rows.h"
#include "conf/block.h"

#define MODULE "timecast-ntp:"

/* Sets value (taken over) at a path like "a/b" below root. */
static void set_at(json_t *root, const char *path, json_t *value)
{
	char name[64];
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		(void)snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
		json_t *below = json_object_get(root, name);
		if (!below) {
			below = json_object();
			json_object_set_new(root, name, below);
		}
		root = below;
		path = slash + 1;
	}
	json_object_set_new(root, path, value);
}

/* The list at a path, made if need be. */
static json_t *list_at(json_t *root, const char *path)
{
	const char *slash = strchr(path, '/');
	char name[64];

	if (slash) {
		(void)snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
		json_t *below = json_object_get(root, name);
		if (!below)
			json_object_set_new(root, name, below = json_object());
		return list_at(below, slash + 1);
	}
	json_t *list = json_object_get(root, path);
	if (!list)
		json_object_set_new(root, path, list = json_array());
	return list;
}

static json_t *addr_value(const struct command_field *f, const union edit_value *v)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	memcpy(&a, (const char *)v + f->offset, sizeof a);
	return a.family == ADDR_NONE ? NULL : json_string(addr_print(&a, buf));
}

static json_t *wildcard_value(uint32_t n)
{
	struct addr a =
		addr_v4((uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n);
	char buf[ADDR_TEXT_MAX];

	return n == 0 ? NULL : json_string(addr_print(&a, buf));
}

/* The JSON of one field, NULL if it says nothing. */
static json_t *field_value(const struct command_field *f, const union edit_value *v,
			   const char *sealed)
{
	uint64_t n = f->size <= 8 ? command_number(f, v) : 0;

	switch ((enum field_kind)f->kind) {
	case FIELD_END:
		break;
	case FIELD_FIXED:
		return json_true();
	case FIELD_WORD:
		if (n != f->number)
			return NULL;
		if (!f->says)
			return json_true();
		return *f->says ? json_string(f->says) : json_integer((json_int_t)n);
	case FIELD_NUMBER:
	case FIELD_REFCLOCK:
		return n != 0 || f->number != 0 ? json_integer((json_int_t)n) : NULL;
	case FIELD_ADDR:
		return addr_value(f, v);
	case FIELD_WILDCARD:
		return wildcard_value((uint32_t)n);
	case FIELD_TEXT:
		return *((const char *)v + f->offset) ? json_string((const char *)v + f->offset)
						      : NULL;
	case FIELD_SEALED:
		return json_string(sealed);
	}
	return NULL;
}

static void put_fields(json_t *object, const struct command_row *row, const union edit_value *v,
		       const char *sealed)
{
	for (const struct command_field *f = row->fields; f->kind != FIELD_END; f++) {
		json_t *value = f->leaf ? field_value(f, v, sealed) : NULL;
		if (value)
			set_at(object, f->leaf, value);
	}
}

/* The row that an object of a table belongs to. */
static const struct command_row *row_of(enum edit_object object, const union edit_value *v)
{
	for (unsigned i = 0; i < command_count; i++)
		if (commands[i].object == object && command_fits(&commands[i], v))
			return &commands[i];
	return NULL;
}

static void put_single(json_t *ntp, const struct settings *s, const struct command_row *row)
{
	const union edit_value *at = store_single(s, row->object);
	const struct command_field *f = row->fields;
	union edit_value v = {0};

	memcpy(&v, at, store_single_size(row->object));
	bool on = f->kind == FIELD_FIXED && command_fits(row, &v);
	bool set = f->kind == FIELD_WORD;
	for (; f->kind == FIELD_NUMBER; f++)
		set |= command_number(f, &v) != f->number;
	if (on || set)
		put_fields(ntp, row, &v, NULL);
}

static void put_keys(json_t *ntp, const struct store *s)
{
	const struct settings *settings = store_settings(s);

	for (unsigned i = 0; i < settings->key_count; i++) {
		json_t *entry = json_object();
		union edit_value v = {0};
		memcpy(&v.key, &settings->keys[i], sizeof v.key);
		for (unsigned j = 0; j < command_count; j++)
			if ((commands[j].object == EDIT_KEY || commands[j].object == EDIT_TRUST) &&
			    command_fits(&commands[j], &v))
				put_fields(entry, &commands[j], &v, store_sealed(s, i));
		json_array_append_new(list_at(ntp, "authentication/authentication-keys"), entry);
	}
}

static void put_unicasts(json_t *ntp, const struct settings *s)
{
	for (unsigned i = 0; i < s->unicast_count; i++) {
		union edit_value v = {0};
		memcpy(&v.unicast, &s->unicasts[i], sizeof v.unicast);
		const struct command_row *row = row_of(EDIT_UNICAST, &v);
		json_t *entry = json_pack("{s:s}", "type", "uc-server");
		put_fields(entry, row, &v, NULL);
		json_array_append_new(list_at(ntp, row->json), entry);
	}
}

static void put_interface(json_t *entry, const struct settings *s, const char *ifname)
{
	union edit_value v = {0};

	for (unsigned i = 0; i < s->receive_count; i++) {
		if (strcmp(s->receives[i].ifname, ifname) != 0)
			continue;
		memcpy(&v.receive, &s->receives[i], sizeof v.receive);
		put_fields(entry, row_of(EDIT_RECEIVE, &v), &v, NULL);
	}
	for (unsigned i = store_first_role(s, ifname);
	     i < s->role_count && strcmp(s->roles[i].ifname, ifname) == 0; i++) {
		memcpy(&v.role, &s->roles[i], sizeof v.role);
		const struct command_row *row = row_of(EDIT_ROLE, &v);
		assert(row);
		json_t *role = json_object();
		put_fields(role, row, &v, NULL);
		json_array_append_new(list_at(entry, row->json), role);
	}
}

static void put_interfaces(json_t *ntp, const struct settings *s)
{
	for (const char *at = block_next_ifname(s, ""); at; at = block_next_ifname(s, at)) {
		json_t *entry = json_pack("{s:s}", "name", at);
		put_interface(entry, s, at);
		json_array_append_new(list_at(ntp, "interfaces/interface"), entry);
	}
}

/* ---- access ---- */

const char *render_json_right(enum access_right right)
{
	switch (right) {
	case ACCESS_PEER:
		return "peer";
	case ACCESS_SERVER:
		return "server";
	case ACCESS_SYNCHRONIZATION:
		return "synchronization";
	case ACCESS_QUERY:
		return "query";
	case ACCESS_LIMITED:
	case ACCESS_RIGHTS:
		break;
	}
	return "limited";
}

json_t *render_json_lists(const struct settings *s)
{
	json_t *lists = json_array();
	char buf[SETTINGS_ACL_NAME_MAX];

	for (unsigned i = 0; i < s->acl_count; i++) {
		const struct acl_setting *a = &s->acls[i];
		unsigned first, count = store_rules(s, a, &first);
		json_t *list =
			json_pack("{s:s, s:s}", "family", a->family == ADDR_V6 ? "ipv6" : "ipv4",
				  "name", render_acl_name(a, buf));
		for (unsigned j = first; j < first + count; j++) {
			union edit_value v = {0};
			json_t *rule = json_object();
			memcpy(&v.rule, &s->rules[j], sizeof v.rule);
			put_fields(rule, row_of(EDIT_RULE, &v), &v, NULL);
			if (!json_object_get(rule, "id"))
				json_object_set_new(rule, "id", json_integer(0));
			json_array_append_new(list_at(list, "rule"), rule);
		}
		json_array_append_new(lists, list);
	}
	return lists;
}

static void put_list_name(json_t *entry, const char *key, uint16_t number, const char *name)
{
	char buf[8];

	(void)snprintf(buf, sizeof buf, "%u", number);
	if (number != 0 || *name)
		json_object_set_new(entry, key, json_string(*name ? name : buf));
}

static void put_access(json_t *ntp, const struct settings *s)
{
	if (s->acl_count > 0)
		set_at(ntp, "access-lists/acl", render_json_lists(s));
	for (unsigned i = 0; i < s->access_count; i++) {
		const struct access_setting *a = &s->access[i];
		json_t *entry = json_pack("{s:s}", "access-mode", render_json_right(a->right));
		put_list_name(entry, "acl", a->number4, a->name4);
		put_list_name(entry, "acl6", a->number6, a->name6);
		json_array_append_new(list_at(ntp, "access-rules/access-rule"), entry);
	}
}

json_t *render_json(const struct store *s)
{
	const struct settings *settings = store_settings(s);
	json_t *root = json_object();
	json_t *ntp = json_object();

	if (*settings->sysname)
		set_at(root, MODULE "system/hostname", json_string(settings->sysname));
	for (unsigned i = 0; i < command_count; i++)
		if (commands[i].object < EDIT_PORT && commands[i].object != EDIT_SYSNAME)
			put_single(ntp, settings, &commands[i]);
	for (unsigned i = 0; i < settings->port_count; i++)
		json_array_append_new(list_at(ntp, "listen-port"),
				      json_integer(settings->ports[i]));
	put_keys(ntp, s);
	put_unicasts(ntp, settings);
	put_access(ntp, settings);
	put_interfaces(ntp, settings);
	if (json_object_size(ntp) > 0)
		json_object_set_new(root, MODULE "ntp", ntp);
	else
		json_decref(ntp);
	return root;
}
