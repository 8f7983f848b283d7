/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const role_words[] = {
	[ROLE_MULTICAST_SERVER] = "multicast-server",
	[ROLE_MULTICAST_CLIENT] = "multicast-client",
	[ROLE_MANYCAST_SERVER] = "manycast-server",
	[ROLE_MANYCAST_CLIENT] = "manycast-client",
};

const char *compile_algorithm_name(enum key_algorithm a)
{
	switch (a) {
	case KEY_MD5:
		return "md5";
	case KEY_HMAC_SHA256:
		return "hmac-sha256";
	case KEY_AES_128_CMAC:
		return "aes-128-cmac";
	case KEY_AES_256_CMAC:
		return "aes-256-cmac";
	}
	return "?";
}

uint8_t compile_mac_octets(enum key_algorithm a)
{
	return a == KEY_HMAC_SHA256 ? 32 : 16;
}

/* "interface eth0, ntp multicast-server 224.0.1.1" */
static const char *role_line(const struct role_setting *r, char buf[160])
{
	char group[ADDR_TEXT_MAX];

	(void)snprintf(buf, 160, "interface %s, ntp %s%s %s", r->ifname, role_words[r->kind],
		       r->group.family == ADDR_V6 ? " ipv6" : "",
		       addr_print_upper(&r->group, group));
	return buf;
}

static int check_key_use(const struct settings *s, const char *line, uint32_t id, bool short_id,
			 struct err *err)
{
	if (id == 0)
		return 0;
	if (short_id && id > COMPILE_KEY_V4_MAX) {
		err_set(err,
			"%s: key ID %u is above %u, the highest for this command with NTP version "
			"4; use a lower key ID.",
			line, id, COMPILE_KEY_V4_MAX);
		return -EINVAL;
	}
	if (store_find_key(s, id) < 0) {
		err_set(err,
			"%s: authentication key %u does not exist; define it first with ntp "
			"authentication-keyid %u authentication-mode ...",
			line, id, id);
		return -EINVAL;
	}
	return 0;
}

static int check_role(const struct settings *s, const struct role_setting *r, struct err *err)
{
	char line[160];

	(void)role_line(r, line);
	if (!addr_is_multicast(&r->group)) {
		err_set(err, "%s: the address is not a multicast group.", line);
		return -EINVAL;
	}
	bool short_id = r->kind == ROLE_MANYCAST_CLIENT || r->version == 4;
	return check_key_use(s, line, r->key_id, short_id, err);
}

static int check_unicast(const struct settings *s, const struct unicast_setting *u, struct err *err)
{
	char line[160];
	char addr[ADDR_TEXT_MAX];

	(void)snprintf(line, sizeof line, "ntp unicast-server %s%s",
		       u->addr.family == ADDR_V6 ? "ipv6 " : "", addr_print_upper(&u->addr, addr));
	if (addr_is_multicast(&u->addr) || addr_is_unspecified(&u->addr) ||
	    addr_is_broadcast(&u->addr)) {
		err_set(err, "%s: the address of one host is needed.", line);
		return -EINVAL;
	}
	if (u->minpoll_log2s > u->maxpoll_log2s) {
		err_set(err, "%s: minpoll %u is above maxpoll %u.", line, u->minpoll_log2s,
			u->maxpoll_log2s);
		return -EINVAL;
	}
	return check_key_use(s, line, u->key_id, u->version == 4, err);
}

static int check_weak(uint32_t id, uint8_t algorithm, bool weakea, struct err *err)
{
	if (algorithm != KEY_MD5 || weakea)
		return 0;
	err_set(err,
		"Authentication key %u: md5 is weak and needs the feature package WEAKEA; run "
		"install feature-software WEAKEA in the user view, or choose another mode.",
		id);
	return -EINVAL;
}

static int check_bound(const struct key_setting *k, struct err *err)
{
	const struct prefix *p = &k->bound.source;

	if (p->addr.family == ADDR_NONE || p->bits <= (p->addr.family == ADDR_V6 ? 128 : 32))
		return 0;
	err_set(err, "An IPv4 prefix has at most 32 bits.");
	return -EINVAL;
}

static int check_access(const struct access_setting *a, struct err *err)
{
	if ((a->number4 == 0 || !*a->name4) && (a->number6 == 0 || !*a->name6))
		return 0;
	err_set(err, "Give one list for a family: its number or its name.");
	return -EINVAL;
}

int compile_check(const struct settings *s, bool weakea, struct err *err)
{
	int r = 0;

	for (unsigned i = 0; i < s->key_count && r == 0; i++)
		r = check_weak(s->keys[i].id, s->keys[i].algorithm, weakea, err);
	for (unsigned i = 0; i < s->unicast_count && r == 0; i++)
		r = check_unicast(s, &s->unicasts[i], err);
	for (unsigned i = 0; i < s->role_count && r == 0; i++)
		r = check_role(s, &s->roles[i], err);
	return r;
}

static int check_key_unused(const struct settings *s, uint32_t id, struct err *err)
{
	char line[160];

	for (unsigned i = 0; i < s->role_count; i++) {
		if (s->roles[i].key_id != id)
			continue;
		err_set(err,
			"Authentication key %u is in use (%s); change or undo that line first.", id,
			role_line(&s->roles[i], line));
		return -EBUSY;
	}
	for (unsigned i = 0; i < s->unicast_count; i++) {
		if (s->unicasts[i].key_id != id)
			continue;
		err_set(err,
			"Authentication key %u is in use (ntp unicast-server %s%s); change or "
			"undo that line first.",
			id, s->unicasts[i].addr.family == ADDR_V6 ? "ipv6 " : "",
			addr_print_upper(&s->unicasts[i].addr, line));
		return -EBUSY;
	}
	return 0;
}

int compile_check_edit(const struct settings *s, const struct edit *e, bool weakea, struct err *err)
{
	if (e->undo)
		return e->object == EDIT_KEY ? check_key_unused(s, e->value.key.id, err) : 0;
	if (e->object == EDIT_KEY)
		return check_weak(e->value.key.id, e->value.key.algorithm, weakea, err);
	if (e->object == EDIT_UNICAST)
		return check_unicast(s, &e->value.unicast, err);
	if (e->object == EDIT_ROLE)
		return check_role(s, &e->value.role, err);
	if (e->object == EDIT_TRUST)
		return check_bound(&e->value.key, err);
	if (e->object == EDIT_ACCESS)
		return check_access(&e->value.access, err);
	return 0;
}

static bool is_complex(const uint8_t *octets, size_t len)
{
	bool upper = false, lower = false, digit = false, special = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = octets[i];
		bool is_upper = c >= 'A' && c <= 'Z';
		bool is_lower = c >= 'a' && c <= 'z';
		bool is_digit = c >= '0' && c <= '9';
		upper |= is_upper;
		lower |= is_lower;
		digit |= is_digit;
		special |= !is_upper && !is_lower && !is_digit;
	}
	return upper && lower && digit && special;
}

int compile_check_key(enum key_algorithm algorithm, const uint8_t *octets, size_t len,
		      bool complexity, struct err *err)
{
	size_t exact = algorithm == KEY_AES_128_CMAC ? 16 : algorithm == KEY_AES_256_CMAC ? 32 : 0;

	if (exact != 0 && len != exact) {
		err_set(err, "A key for %s has exactly %zu characters; this one has %zu.",
			compile_algorithm_name(algorithm), exact, len);
		return -EINVAL;
	}
	if (len < 1 || len > 255) {
		err_set(err, "A key has 1 to 255 characters; this one has %zu.", len);
		return -EINVAL;
	}
	if (complexity && ((exact == 0 && len < 12) || !is_complex(octets, len))) {
		err_set(err, "The complexity check is on: a key needs at least 12 characters with "
			     "upper case, lower case, digits and special characters.");
		return -EINVAL;
	}
	return 0;
}

int compile_keys(const struct store *s, const struct seal *seal, struct key **ret, struct err *err)
{
	const struct settings *settings = store_settings(s);
	unsigned count = settings->key_count;
	struct key *keys = auto_new(count, sizeof *keys);

	for (unsigned i = 0; i < count; i++) {
		const struct key_setting *k = &settings->keys[i];
		int len = seal_open(seal, k->id, k->algorithm, store_sealed(s, i), keys[i].octets,
				    err);
		int r = len < 0 ? len
				: compile_check_key(k->algorithm, keys[i].octets, (size_t)len,
						    false, err);
		if (r < 0) {
			compile_keys_free(keys, count);
			return r;
		}
		keys[i].id = k->id;
		keys[i].algorithm = k->algorithm;
		keys[i].mac_octets = k->mac_octets;
		keys[i].trusted = k->trusted;
		keys[i].bound = k->bound;
		keys[i].len = (uint8_t)len;
	}
	*ret = keys;
	return 0;
}

void compile_keys_free(struct key *keys, unsigned count)
{
	if (!keys)
		return;
	explicit_bzero(keys, count * sizeof *keys);
	free(keys);
}
