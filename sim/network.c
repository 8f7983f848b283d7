/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/network.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

void parcel_drop(struct parcel *p)
{
	assert(p->shares > 0);
	if (--p->shares == 0)
		free(p);
}

struct lan *network_add_lan(struct network *n, const char *name)
{
	assert(n->lan_count < NETWORK_LANS_MAX);
	struct lan *l = &n->lans[n->lan_count++];

	(void)snprintf(l->name, sizeof l->name, "%s", name);
	l->luck = stream_hash(stream_hash(n->seed, "lan"), name);
	free(n->hops);
	n->hops = NULL;
	return l;
}

struct lan *network_find_lan(struct network *n, const char *name)
{
	for (unsigned i = 0; i < n->lan_count; i++) {
		if (strcmp(n->lans[i].name, name) == 0)
			return &n->lans[i];
	}
	return NULL;
}

struct router *network_find_router(struct network *n, const char *name)
{
	for (unsigned i = 0; i < n->router_count; i++) {
		if (strcmp(n->routers[i].name, name) == 0)
			return &n->routers[i];
	}
	return NULL;
}

/* ---- addresses ---- */

struct addr network_addr_v4(uint32_t lan, uint32_t member)
{
	uint32_t number = member + 1;

	return addr_v4(10, (uint8_t)(lan + 1), (uint8_t)(number >> 8), (uint8_t)number);
}

static struct addr v6(const uint8_t prefix[4], uint32_t lan, uint32_t member)
{
	struct addr a = {.family = ADDR_V6};
	uint32_t number = member + 1;

	memcpy(a.octets, prefix, 4);
	a.octets[7] = (uint8_t)(lan + 1);
	a.octets[14] = (uint8_t)(number >> 8);
	a.octets[15] = (uint8_t)number;
	return a;
}

struct addr network_addr_v6(uint32_t lan, uint32_t member)
{
	return v6((const uint8_t[4]){0x20, 0x01, 0x0d, 0xb8}, lan, member);
}

/* fe80::k:n, so that it names its LAN as well. */
struct addr network_addr_link_local(uint32_t lan, uint32_t member)
{
	struct addr a = v6((const uint8_t[4]){0xfe, 0x80, 0, 0}, 0, member);

	a.octets[7] = 0;
	a.octets[13] = (uint8_t)(lan + 1);
	return a;
}

/* False if nobody has that address. */
static bool find_owner(const struct network *n, const struct addr *a, uint32_t *lan,
		       uint32_t *member)
{
	uint32_t k = 0, number = 0;
	struct addr again;

	switch ((enum addr_family)a->family) {
	case ADDR_V4:
		k = a->octets[1];
		number = (uint32_t)a->octets[2] << 8 | a->octets[3];
		break;
	case ADDR_V6:
		k = addr_is_link_local(a) ? a->octets[13] : a->octets[7];
		number = (uint32_t)a->octets[14] << 8 | a->octets[15];
		break;
	case ADDR_NONE:
		return false;
	}
	if (k == 0 || k > n->lan_count || number == 0 || number > n->lans[k - 1].member_count)
		return false;
	if (a->family == ADDR_V4)
		again = network_addr_v4(k - 1, number - 1);
	else if (addr_is_link_local(a))
		again = network_addr_link_local(k - 1, number - 1);
	else
		again = network_addr_v6(k - 1, number - 1);
	*lan = k - 1;
	*member = number - 1;
	return addr_equal(&again, a);
}

/* ---- the way ---- */

/* Breadth first from one LAN, all others learn their first hop. */
static void learn_hops_from(struct network *n, uint32_t start)
{
	uint32_t queue[NETWORK_LANS_MAX];
	unsigned head = 0, tail = 0;
	bool seen[NETWORK_LANS_MAX] = {false};
	struct network_hop *hops = n->hops + (size_t)start * n->lan_count;

	seen[start] = true;
	queue[tail++] = start;
	while (head < tail) {
		uint32_t here = queue[head++];

		for (unsigned m = 0; m < n->lans[here].member_count; m++) {
			const struct lan_member *member = &n->lans[here].members[m];

			if (!member->router)
				continue;
			const struct router *r = &n->routers[member->who];

			for (unsigned p = 0; p < r->port_count; p++) {
				uint32_t there = r->ports[p].lan;

				if (seen[there])
					continue;
				seen[there] = true;
				queue[tail++] = there;
				hops[there] = here == start
						      ? (struct network_hop){true, m, there,
									     r->ports[p].member}
						      : hops[here];
			}
		}
	}
}

static const struct network_hop *first_hop(struct network *n, uint32_t from, uint32_t to)
{
	if (!n->hops) {
		n->hops = auto_new((size_t)n->lan_count * n->lan_count, sizeof *n->hops);
		for (uint32_t i = 0; i < n->lan_count; i++)
			learn_hops_from(n, i);
	}
	return &n->hops[(size_t)from * n->lan_count + to];
}

/* The luck of a packet depends on where and when it travels, on nothing else. */
static unsigned carry(const struct lan *l, uint32_t from, uint32_t to, int64_t true_ns,
		      int64_t ret[LAN_COPIES_MAX])
{
	struct stream luck = stream_mixed(l->luck ^ l->members[from].name, l->members[to].name * 3,
					  (uint64_t)true_ns);

	if (l->cut)
		return 0;
	return profile_carry(lan_profile_from(l, from), &luck, true_ns, ret);
}

static void hand_over(struct network *n, const struct lan_member *m, int64_t at_ns, uint8_t ttl,
		      struct parcel *p)
{
	p->shares++;
	n->deliver(n->context, at_ns, m->who, m->ifindex, ttl, p);
}

/* A packet is put on a LAN by one of its members. */
static void put_on(struct network *n, struct lan *l, uint32_t from, struct parcel *p)
{
	l->packets++;
	for (uint32_t i = 0; l->ears > 0 && !l->cut && i < l->member_count; i++) {
		if (l->members[i].ear && i != from)
			n->overhear(n->context, l->members[i].who, p);
	}
}

static void send_unicast(struct network *n, int64_t true_ns, uint32_t lan, uint32_t member,
			 uint8_t ttl, struct parcel *p)
{
	uint32_t to_lan, to_member;
	int64_t delays[LAN_COPIES_MAX];

	if (!find_owner(n, &p->to.addr, &to_lan, &to_member))
		return;
	put_on(n, &n->lans[lan], member, p);
	while (lan != to_lan) {
		const struct network_hop *hop = first_hop(n, lan, to_lan);

		if (!hop->known || addr_is_link_local(&p->to.addr))
			return;
		if (carry(&n->lans[lan], member, hop->near, true_ns, delays) == 0 || ttl <= 1)
			return;
		true_ns += delays[0];
		ttl--;
		lan = hop->lan;
		member = hop->far;
		put_on(n, &n->lans[lan], member, p);
	}
	const struct lan_member *m = &n->lans[lan].members[to_member];
	unsigned copies = carry(&n->lans[lan], member, to_member, true_ns, delays);

	for (unsigned i = 0; i < copies && !m->router; i++)
		hand_over(n, m, true_ns + delays[i], ttl, p);
}

/* A group packet on its way through one LAN. */
struct wave {
	uint32_t lan;
	uint32_t member;
	int64_t true_ns;
	uint8_t ttl;
};

static void flood_lan(struct network *n, const struct wave *w, struct parcel *p)
{
	struct lan *l = &n->lans[w->lan];
	int64_t delays[LAN_COPIES_MAX];

	put_on(n, l, w->member, p);
	l->multicasts++;
	for (uint32_t i = 0; i < l->member_count; i++) {
		const struct lan_member *m = &l->members[i];

		if (i == w->member || m->router ||
		    !n->joined(n->context, m->who, m->ifindex, &p->to.addr))
			continue;
		unsigned copies = carry(l, w->member, i, w->true_ns, delays);

		for (unsigned j = 0; j < copies; j++)
			hand_over(n, m, w->true_ns + delays[j], w->ttl, p);
	}
}

static void send_group(struct network *n, int64_t true_ns, uint32_t lan, uint32_t member,
		       uint8_t ttl, struct parcel *p)
{
	struct wave queue[NETWORK_LANS_MAX];
	unsigned head = 0, tail = 0;
	bool seen[NETWORK_LANS_MAX] = {false};
	int64_t delays[LAN_COPIES_MAX];

	seen[lan] = true;
	queue[tail++] = (struct wave){lan, member, true_ns, ttl};
	while (head < tail) {
		struct wave w = queue[head++];
		const struct lan *l = &n->lans[w.lan];

		flood_lan(n, &w, p);
		if (w.ttl <= 1 || addr_is_link_group(&p->to.addr))
			continue;
		for (uint32_t i = 0; i < l->member_count; i++) {
			if (!l->members[i].router || i == w.member ||
			    carry(l, w.member, i, w.true_ns, delays) == 0)
				continue;
			const struct router *r = &n->routers[l->members[i].who];

			for (unsigned j = 0; j < r->port_count; j++) {
				if (seen[r->ports[j].lan])
					continue;
				seen[r->ports[j].lan] = true;
				queue[tail++] =
					(struct wave){r->ports[j].lan, r->ports[j].member,
						      w.true_ns + delays[0], (uint8_t)(w.ttl - 1)};
			}
		}
	}
}

void network_send(struct network *n, int64_t true_ns, uint32_t lan, uint32_t member, uint8_t ttl,
		  struct parcel *p)
{
	p->shares++;
	if (addr_is_multicast(&p->to.addr))
		send_group(n, true_ns, lan, member, ttl ? ttl : 1, p);
	else
		send_unicast(n, true_ns, lan, member, ttl ? ttl : NETWORK_TTL, p);
	parcel_drop(p);
}

void network_fini(struct network *n)
{
	for (unsigned i = 0; i < n->lan_count; i++)
		lan_fini(&n->lans[i]);
	free(n->hops);
	n->hops = NULL;
	n->lan_count = 0;
}
