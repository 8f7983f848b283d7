/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sim/hands.h"
#include "sim/outlook.h"
#include "sim/universe.h"

/* More due things than this at one instant mean that a deadline never moves: our bug. */
#define WAKES_MAX 100000

static void seal_random(void *context, uint8_t *octets, size_t len)
{
	struct stream *luck = context;

	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)(stream_u64(luck) >> 56);
}

struct host *host_new(struct universe *u, uint32_t number, const char *name)
{
	struct host *h = auto_new(1, sizeof *h);

	h->universe = u;
	h->number = number;
	(void)snprintf(h->name, sizeof h->name, "%s", name);
	h->luck = stream_named(u->seed, "host", name);
	h->shelf = shelf_new();
	h->seal.random = seal_random;
	h->seal.context = &h->luck;
	seal_random(&h->luck, h->seal.master, sizeof h->seal.master);
	h->wake_ns = INT64_MAX;
	return h;
}

void host_free(struct host *h)
{
	host_kill(h);
	villain_free(h->villain);
	shelf_free(h->shelf);
	free(h->asks);
	free(h->memberships);
	free(h);
}

void host_set_clocks(struct host *h)
{
	struct stream luck = stream_named(h->universe->seed, "boot", h->name);
	int64_t up_ns = (int64_t)stream_between(&luck, 10e9, 1e13);

	oscillator_init(&h->oscillator, stream_named(h->universe->seed, "wander", h->name), up_ns,
			h->traits.rate, h->traits.wander);
	wallclock_init(&h->wallclock, (mono){up_ns},
		       h->universe->epoch_unix_ns - h->traits.offset_ns);
}

void host_plug(struct host *h, uint32_t lan)
{
	assert(h->port_count < HOST_PORTS_MAX);
	struct host_port *p = &h->ports[h->port_count++];
	struct lan *l = &h->universe->network.lans[lan];

	p->lan = lan;
	p->member = lan_add_member(l, false, h->number, h->port_count,
				   stream_hash(h->universe->seed, h->name));
	l->members[p->member].ear = h->villain;
	l->ears += h->villain ? 1 : 0;
}

struct now host_now(struct host *h)
{
	mono at = oscillator_read(&h->oscillator, h->universe->now_ns);

	return (struct now){at, wallclock_read(&h->wallclock, at)};
}

int64_t host_offset_ns(struct host *h)
{
	mono at = oscillator_read(&h->oscillator, h->universe->now_ns);

	return universe_unix_ns(h->universe) - wallclock_unix_ns(&h->wallclock, at);
}

/* ---- being woken ---- */

static void plan_wake(struct host *h)
{
	mono next = node_next_wake(h->node);

	if (h->office)
		next = mono_min(next, office_next_wake(h->office));
	if (next.ns == MONO_NEVER.ns)
		return;
	int64_t at = oscillator_foresee(&h->oscillator, h->universe->now_ns, next);

	if (at >= h->wake_ns)
		return;
	h->wake_ns = at;
	calendar_enter(&h->universe->calendar, at, EVENT_HOST_WAKE, h->number, NULL);
}

/* After every word with the node. */
static void settle(struct host *h, const struct actions *out)
{
	hands_perform(h, out);
	plan_wake(h);
}

void host_wake(struct host *h)
{
	if (h->universe->now_ns != h->wake_ns || !h->node)
		return; /* an earlier one came in between */
	h->wake_ns = INT64_MAX;
	struct now now = host_now(h);
	unsigned turns = 0;

	if (h->office && !mono_before(now.mono, office_next_wake(h->office)))
		office_wake(h->office);
	while (!mono_before(now.mono, node_next_wake(h->node))) {
		struct actions out = {.count = 0};

		node_wake(h->node, now, &out);
		hands_perform(h, &out);
		now = host_now(h);
		assert(++turns < WAKES_MAX);
	}
	plan_wake(h);
}

/* ---- links ---- */

static void describe_link(const struct host *h, uint32_t ifindex, struct iface_link *ret)
{
	const struct host_port *p = &h->ports[ifindex - 1];

	*ret = (struct iface_link){
		.ifindex = ifindex,
		.up = !p->down,
		.multicast = true,
		.addr_count = 3,
		.addrs = {{network_addr_v4(p->lan, p->member), 16},
			  {network_addr_v6(p->lan, p->member), 64},
			  {network_addr_link_local(p->lan, p->member), 64}},
	};
	(void)snprintf(ret->name, sizeof ret->name, "eth%u", ifindex - 1);
}

static void tell_link(struct host *h, uint32_t ifindex)
{
	struct actions out = {.count = 0};
	struct iface_link link;

	describe_link(h, ifindex, &link);
	node_link(h->node, host_now(h), &link, &out);
	settle(h, &out);
}

void host_set_link(struct host *h, uint32_t ifindex, bool down)
{
	h->ports[ifindex - 1].down = down;
	if (h->node)
		tell_link(h, ifindex);
}

/* ---- power ---- */

static void make_node(struct host *h)
{
	struct node_options options = {
		.steer = !h->traits.observe && !h->traits.reference,
		.precision_log2s = -25,
		.frequency_max = WALLCLOCK_RATE_MAX,
	};
	uint8_t seed[32];

	seal_random(&h->luck, seed, sizeof seed);
	h->block = auto_new(1, node_size());
	h->node = node_new(h->block, seed, &options);
	if (h->has_memory)
		node_recall(h->node, host_now(h), &h->memory);
}

int host_start(struct host *h, struct err *err)
{
	assert(!h->node);
	h->world = outlook_of(h);
	h->life++;
	make_node(h);
	int r = office_new(&h->world, h->shelf, &h->seal, &h->office, err);

	if (r < 0) {
		node_free(h->node);
		free(h->block);
		h->node = NULL;
		return r;
	}
	for (uint32_t i = 1; i <= h->port_count; i++)
		tell_link(h, i);
	r = office_load_startup(h->office, err);
	if (h->traits.reference)
		host_look_at_kernel(h);
	plan_wake(h);
	return r;
}

void host_kill(struct host *h)
{
	if (!h->node)
		return;
	node_memory(h->node, &h->memory);
	h->has_memory = true;
	host_close_office(h);
	node_free(h->node);
	free(h->block);
	h->node = NULL;
	h->block = NULL;
	h->listen_count = 0;
	h->ask_count = 0;
	h->membership_count = 0;
	h->wake_ns = INT64_MAX;
}

/* ---- what is typed ---- */

struct session *host_session(struct host *h)
{
	return session_new(h->office, "sim", "vty0", SESSION_CONFIGURE, false);
}

bool host_type(struct host *h, struct session *s, const char *line, struct text *reply)
{
	session_run(s, line, reply);
	plan_wake(h);
	return !session_failed(s);
}

void host_close_office(struct host *h)
{
	office_free(h->office);
	h->office = NULL;
}

void host_apply(struct host *h, const struct settings *s, const struct key *keys,
		unsigned key_count)
{
	struct actions out = {.count = 0};
	struct now now = host_now(h);

	node_keys(h->node, now, keys, key_count);
	node_configure(h->node, now, s, &out);
	hands_perform(h, &out); /* the caller plans the next wake: the office is not done yet */
}

void host_step(struct host *h, span by)
{
	struct actions out = {.count = 0};

	wallclock_step(&h->wallclock, by);
	if (!h->node)
		return;
	node_stepped(h->node, host_now(h), by, &out);
	settle(h, &out);
}

/* ---- what comes in ---- */

bool host_has_joined(const struct host *h, uint32_t ifindex, const struct addr *group)
{
	for (unsigned i = 0; i < h->membership_count; i++) {
		if (h->memberships[i].ifindex == ifindex &&
		    addr_equal(&h->memberships[i].group, group))
			return true;
	}
	return false;
}

void host_receive(struct host *h, const struct host_arrival *a)
{
	const struct parcel *p = a->parcel;

	if (!h->node || h->silent || h->ports[a->ifindex - 1].down)
		return;
	uint16_t ask = hands_ask_of(h, p->to.port);

	h->counts.received++;
	if (ask == 0 && !hands_listen(h, p->to.port))
		return;
	struct now now = host_now(h);
	span before = span_sub(hands_stamp_error(h), (span){h->traits.latency_ns});
	mono at = mono_add(now.mono, before);
	struct datagram d = {
		.octets = p->octets,
		.len = p->len,
		.from = p->from,
		.to = p->to.addr,
		.ifindex = a->ifindex,
		.ask = ask,
		.service_port = ask ? 0 : p->to.port,
		.ttl = a->ttl,
		.at = {at, wallclock_read(&h->wallclock, at)},
	};
	struct actions out = {.count = 0};

	node_receive(h->node, now, &d, &out);
	settle(h, &out);
}

void host_hear_outcome(struct host *h, const struct host_outcome *o)
{
	struct actions out = {.count = 0};
	struct outcome told = o->outcome;

	if (!h->node || o->life != h->life)
		return;
	struct now now = host_now(h);

	if (told.stamped) {
		mono at = mono_add(now.mono, span_neg(span_abs(hands_stamp_error(h))));

		told.at = (struct now){at, wallclock_read(&h->wallclock, at)};
	}
	node_outcome(h->node, now, &told, &out);
	settle(h, &out);
}

/* A true clock, as another program on this host vouches for it. */
void host_look_at_kernel(struct host *h)
{
	struct kernel_clock k = {
		.synchronised = true,
		.max_error = SPAN_US(1),
		.estimated_error = {100},
	};
	struct actions out = {.count = 0};

	if (!h->node)
		return;
	node_kernel_clock(h->node, host_now(h), &k, &out);
	settle(h, &out);
	calendar_enter(&h->universe->calendar, h->universe->now_ns + HOST_KERNEL_NS,
		       EVENT_HOST_KERNEL, h->number, NULL);
}
