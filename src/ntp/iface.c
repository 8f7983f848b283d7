/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/iface.h"

#include <assert.h>
#include <nettle/md5.h>
#include <string.h>

_Static_assert(IFACES_MAX *LINK_ADDRS_MAX < IFACE_OWN_SLOTS, "own addresses fit their table");

/* FNV-1a: short, and good enough for names that the host chose. */
static uint32_t hash_octets(const void *octets, size_t len)
{
	const uint8_t *p = octets;
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT32_C(16777619);
	return h ^ h >> 15;
}

static uint32_t hash_u32(uint32_t v)
{
	v *= UINT32_C(2654435769);
	return v ^ v >> 16;
}

static void insert(uint16_t *table, uint32_t slots, uint32_t hash, uint16_t entry)
{
	uint32_t at = hash & (slots - 1);

	while (table[at])
		at = (at + 1) & (slots - 1);
	table[at] = entry;
}

static void insert_refid(struct ifaces *t, uint32_t refid)
{
	uint32_t at = hash_u32(refid) & (IFACE_OWN_SLOTS - 1);

	while (t->own_refids[at] && t->own_refids[at] != refid)
		at = (at + 1) & (IFACE_OWN_SLOTS - 1);
	t->own_refids[at] = refid;
}

static void insert_addrs(struct ifaces *t, unsigned place)
{
	const struct iface_link *l = &t->list[place].link;

	for (unsigned i = 0; i < l->addr_count; i++) {
		const struct addr *a = &l->addrs[i].addr;

		insert(t->own, IFACE_OWN_SLOTS, hash_octets(a, sizeof *a),
		       (uint16_t)(place * LINK_ADDRS_MAX + i + 1));
		/* Everybody has 127.0.0.1: as a reference id it does not mean us. */
		if (!addr_is_loopback(a))
			insert_refid(t, iface_refid_of(a));
	}
}

/* Zeros that were never written cost no memory: none is written over another. */
static void clear(uint16_t *slots, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (slots[i])
			slots[i] = 0;
	}
}

static void refresh(struct ifaces *t)
{
	if (!t->stale)
		return;
	clear(t->by_index, IFACE_SLOTS);
	clear(t->by_name, IFACE_SLOTS);
	clear(t->own, IFACE_OWN_SLOTS);
	for (unsigned i = 0; i < IFACE_OWN_SLOTS; i++) {
		if (t->own_refids[i])
			t->own_refids[i] = 0;
	}
	for (unsigned i = 0; i < t->count; i++) {
		const struct iface *f = &t->list[i];

		if (!f->used)
			continue;
		insert(t->by_name, IFACE_SLOTS, hash_octets(f->link.name, strlen(f->link.name)),
		       (uint16_t)(i + 1));
		if (f->link.ifindex == 0)
			continue;
		insert(t->by_index, IFACE_SLOTS, hash_u32(f->link.ifindex), (uint16_t)(i + 1));
		insert_addrs(t, i);
	}
	t->stale = false;
}

struct iface *iface_by_index(struct ifaces *t, uint32_t ifindex)
{
	refresh(t);
	if (ifindex == 0)
		return NULL;
	for (uint32_t at = hash_u32(ifindex) & (IFACE_SLOTS - 1); t->by_index[at];
	     at = (at + 1) & (IFACE_SLOTS - 1)) {
		struct iface *f = &t->list[t->by_index[at] - 1];

		if (f->link.ifindex == ifindex)
			return f;
	}
	return NULL;
}

struct iface *iface_by_name(struct ifaces *t, const char *name)
{
	refresh(t);
	for (uint32_t at = hash_octets(name, strlen(name)) & (IFACE_SLOTS - 1); t->by_name[at];
	     at = (at + 1) & (IFACE_SLOTS - 1)) {
		struct iface *f = &t->list[t->by_name[at] - 1];

		if (strcmp(f->link.name, name) == 0)
			return f;
	}
	return NULL;
}

/* A place that was given up, or a new one; IFACES_MAX when there is none. */
static unsigned free_place(struct ifaces *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (!t->list[i].used)
			return i;
	}
	if (t->count < IFACES_MAX)
		t->count++;
	else
		return IFACES_MAX;
	return t->count - 1;
}

struct iface *iface_make(struct ifaces *t, const char *name)
{
	struct iface *f = iface_by_name(t, name);

	if (f)
		return f;
	unsigned place = free_place(t);
	if (place == IFACES_MAX)
		return NULL;
	f = &t->list[place];
	memset(f, 0, sizeof *f);
	f->used = true;
	f->first_role = UINT16_MAX;
	memcpy(f->link.name, name, strnlen(name, sizeof f->link.name - 1));
	insert(t->by_name, IFACE_SLOTS, hash_octets(f->link.name, strlen(f->link.name)),
	       (uint16_t)(place + 1));
	return f;
}

unsigned iface_place(const struct ifaces *t, const struct iface *f)
{
	return (unsigned)(f - t->list);
}

void iface_set_link(struct ifaces *t, struct iface *f, const struct iface_link *l)
{
	struct iface_link fresh = *l;

	assert(fresh.addr_count <= LINK_ADDRS_MAX);
	memcpy(fresh.name, f->link.name, sizeof fresh.name);
	if (fresh.ifindex == 0)
		fresh.addr_count = 0;
	f->link = fresh;
	t->stale = true;
}

void iface_forget(struct ifaces *t, struct iface *f)
{
	assert(f->link.ifindex == 0 && f->first_role == UINT16_MAX);
	f->used = false;
	t->stale = true;
}

bool iface_owns(struct ifaces *t, const struct addr *a)
{
	refresh(t);
	for (uint32_t at = hash_octets(a, sizeof *a) & (IFACE_OWN_SLOTS - 1); t->own[at];
	     at = (at + 1) & (IFACE_OWN_SLOTS - 1)) {
		unsigned entry = t->own[at] - 1U;
		const struct iface_link *l = &t->list[entry / LINK_ADDRS_MAX].link;

		if (addr_equal(&l->addrs[entry % LINK_ADDRS_MAX].addr, a))
			return true;
	}
	return false;
}

bool iface_owns_refid(struct ifaces *t, uint32_t refid)
{
	refresh(t);
	if (refid == 0)
		return false;
	for (uint32_t at = hash_u32(refid) & (IFACE_OWN_SLOTS - 1); t->own_refids[at];
	     at = (at + 1) & (IFACE_OWN_SLOTS - 1)) {
		if (t->own_refids[at] == refid)
			return true;
	}
	return false;
}

static uint32_t first_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t iface_refid_of(const struct addr *a)
{
	struct md5_ctx ctx;
	uint8_t digest[4];

	if (a->family != ADDR_V6)
		return first_u32(a->octets);
	/* Not a use of MD5 for security: the reference id is only a name (RFC 5905 7.3). */
	md5_init(&ctx);
	md5_update(&ctx, sizeof a->octets, a->octets);
	md5_digest(&ctx, sizeof digest, digest);
	return first_u32(digest);
}

bool iface_source(const struct iface *f, const struct addr *to, struct addr *ret)
{
	bool want_local = addr_is_link_group(to) || addr_is_link_local(to);
	const struct addr *second = NULL;

	for (unsigned i = 0; i < f->link.addr_count; i++) {
		const struct addr *a = &f->link.addrs[i].addr;

		if (a->family != to->family)
			continue;
		if (a->family == ADDR_V4 || addr_is_link_local(a) == want_local) {
			*ret = *a;
			return true;
		}
		if (!second)
			second = a;
	}
	if (!second)
		return false;
	*ret = *second;
	return true;
}

bool iface_has_addr(const struct iface *f, const struct addr *a)
{
	for (unsigned i = 0; i < f->link.addr_count; i++) {
		if (addr_equal(&f->link.addrs[i].addr, a))
			return true;
	}
	return false;
}

static bool ends_in_ones(const struct addr *a, unsigned bits)
{
	uint32_t host = bits == 0 ? UINT32_MAX : (UINT32_C(1) << (32 - bits)) - 1;

	return (first_u32(a->octets) & host) == host;
}

bool iface_is_broadcast(const struct iface *f, const struct addr *a)
{
	for (unsigned i = 0; i < f->link.addr_count; i++) {
		const struct prefix *p = &f->link.addrs[i];

		/* RFC 3021: a prefix of 31 bits has no broadcast address. */
		if (a->family == ADDR_V4 && p->addr.family == ADDR_V4 && p->bits < 31 &&
		    prefix_contains(p, a) && ends_in_ones(a, p->bits))
			return true;
	}
	return false;
}

bool iface_is_on_link(const struct iface *f, const struct addr *a)
{
	for (unsigned i = 0; i < f->link.addr_count; i++) {
		if (prefix_contains(&f->link.addrs[i], a))
			return true;
	}
	return false;
}
