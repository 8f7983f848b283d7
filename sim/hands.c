/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/hands.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "ntp/note.h"
#include "sim/universe.h"

static void tell_later(struct host *h, int64_t at_ns, const struct outcome *o)
{
	struct host_outcome *copy = auto_new(1, sizeof *copy);

	*copy = (struct host_outcome){h->life, *o};
	calendar_enter(&h->universe->calendar, at_ns, EVENT_HOST_OUTCOME, h->number, copy);
}

static void tell(struct host *h, const struct outcome *o)
{
	tell_later(h, h->universe->now_ns, o);
}

uint16_t hands_ask_of(const struct host *h, uint16_t port)
{
	for (unsigned i = 0; i < h->ask_count; i++) {
		if (h->asks[i].port == port)
			return h->asks[i].ask;
	}
	return 0;
}

bool hands_listen(const struct host *h, uint16_t port)
{
	for (unsigned i = 0; i < h->listen_count; i++) {
		if (h->listens[i] == port)
			return true;
	}
	return port == NTP_PORT;
}

span hands_stamp_error(struct host *h)
{
	double e = h->traits.stamps_ns;
	double latest = (double)h->traits.latency_ns;

	if (e <= 0.0)
		return SPAN_ZERO;
	e *= stream_normal(&h->luck);
	if (e > latest)
		e = latest;
	return (span){(int64_t)floor(e + 0.5)};
}

/* ---- sending ---- */

static uint16_t port_of_ask(struct host *h, uint16_t ask)
{
	uint16_t port;

	for (unsigned i = 0; i < h->ask_count; i++) {
		if (h->asks[i].ask == ask)
			return h->asks[i].port;
	}
	do {
		port = (uint16_t)(1024 + stream_u64(&h->luck) % (65536 - 1024));
	} while (hands_ask_of(h, port) != 0 || hands_listen(h, port));
	h->asks = auto_resize(h->asks, h->ask_count + 1, sizeof *h->asks);
	h->asks[h->ask_count++] = (struct host_ask){ask, port};
	return port;
}

static void close_ask(struct host *h, uint16_t ask)
{
	for (unsigned i = 0; i < h->ask_count; i++) {
		if (h->asks[i].ask == ask) {
			h->asks[i] = h->asks[--h->ask_count];
			return;
		}
	}
}

/* The interface whose network holds the address, else the first that is up. */
static uint32_t route(const struct host *h, const struct addr *to)
{
	uint32_t otherwise = 0;

	for (uint32_t i = 0; i < h->port_count; i++) {
		const struct host_port *p = &h->ports[i];
		struct addr own = to->family == ADDR_V4 ? network_addr_v4(p->lan, p->member)
							: network_addr_v6(p->lan, p->member);
		struct prefix net = {own, to->family == ADDR_V4 ? 16 : 64};

		if (p->down)
			continue;
		if (prefix_contains(&net, to))
			return i + 1;
		if (otherwise == 0)
			otherwise = i + 1;
	}
	return otherwise;
}

static struct addr source_addr(const struct host_port *p, const struct addr *to)
{
	if (to->family == ADDR_V4)
		return network_addr_v4(p->lan, p->member);
	if (addr_is_link_local(to) || addr_is_link_group(to))
		return network_addr_link_local(p->lan, p->member);
	return network_addr_v6(p->lan, p->member);
}

static void send(struct host *h, const struct send_action *s)
{
	struct universe *u = h->universe;
	struct outcome o = {OUTCOME_SENT, s->id, .to = s->to, .ifindex = s->ifindex};
	uint32_t ifindex = s->ifindex ? s->ifindex : route(h, &s->to.addr);
	int64_t leaves_ns = u->now_ns + h->traits.transmit_ns;

	if (h->traits.transmit_jitter_ns > 0.0)
		leaves_ns += (int64_t)stream_exponential(&h->luck, h->traits.transmit_jitter_ns);
	if (ifindex == 0 || ifindex > h->port_count)
		o.error = ENODEV;
	else if (h->ports[ifindex - 1].down)
		o.error = ENETDOWN;
	o.stamped = s->want_stamp && !o.error;
	if (s->id != 0 || o.error)
		tell_later(h, leaves_ns, &o);
	if (o.error)
		return;

	const struct host_port *port = &h->ports[ifindex - 1];
	struct parcel *p = auto_new(1, sizeof *p);

	p->from.addr = s->from.family == ADDR_NONE ? source_addr(port, &s->to.addr) : s->from;
	p->from.port = s->ask ? port_of_ask(h, s->ask) : s->service_port;
	if (p->from.port == 0)
		p->from.port = NTP_PORT;
	p->to = s->to;
	p->len = s->len;
	memcpy(p->octets, s->octets, s->len);
	h->counts.sent++;
	if (h->silent) {
		free(p);
		return;
	}
	network_send(&u->network, leaves_ns, port->lan, port->member, s->ttl, p);
}

/* ---- groups and ports ---- */

static void join(struct host *h, const struct group_action *g)
{
	struct outcome o = {.kind = OUTCOME_GROUP, .id = g->id};

	if (g->ifindex == 0 || g->ifindex > h->port_count) {
		o.error = ENODEV;
	} else if (host_has_joined(h, g->ifindex, &g->group)) {
		o.error = EADDRINUSE;
	} else {
		h->memberships = auto_resize(h->memberships, h->membership_count + 1,
					     sizeof *h->memberships);
		h->memberships[h->membership_count++] =
			(struct host_membership){g->ifindex, g->group};
	}
	tell(h, &o);
}

static void leave(struct host *h, const struct group_action *g)
{
	struct outcome o = {.kind = OUTCOME_GROUP, .id = g->id, .error = EADDRNOTAVAIL};

	for (unsigned i = 0; i < h->membership_count && o.error; i++) {
		struct host_membership *m = &h->memberships[i];

		if (m->ifindex == g->ifindex && addr_equal(&m->group, &g->group)) {
			*m = h->memberships[--h->membership_count];
			o.error = 0;
		}
	}
	tell(h, &o);
}

static void listen(struct host *h, uint16_t port)
{
	struct outcome o = {.kind = OUTCOME_LISTEN, .port = port};

	if (h->listen_count == HOST_LISTENS_MAX)
		o.error = EMFILE;
	else if (!hands_listen(h, port))
		h->listens[h->listen_count++] = port;
	tell(h, &o);
}

static void unlisten(struct host *h, uint16_t port)
{
	for (unsigned i = 0; i < h->listen_count; i++) {
		if (h->listens[i] == port)
			h->listens[i] = h->listens[--h->listen_count];
	}
}

/* ---- the clock ---- */

static void step(struct host *h, span by)
{
	struct outcome o = {.kind = OUTCOME_STEP, .by = by};

	wallclock_step(&h->wallclock, by);
	h->counts.steps++;
	tell(h, &o);
}

static void set_rate(struct host *h, freq rate)
{
	struct outcome o = {.kind = OUTCOME_RATE};
	mono at = oscillator_read(&h->oscillator, h->universe->now_ns);

	o.rate = wallclock_set_rate(&h->wallclock, at, rate);
	tell(h, &o);
}

static void say(struct host *h, const struct note_action *n)
{
	const struct note_row *row = note_of(n->note);
	char peer[ADDR_TEXT_MAX] = "-";

	if (!h->universe->notes)
		return;
	if (n->peer.addr.family != ADDR_NONE)
		(void)addr_print(&n->peer.addr, peer);
	int64_t us = h->universe->now_ns / 1000;

	(void)fprintf(h->universe->notes, "%lld.%06lld %s %s peer=%s value=%lld\n",
		      (long long)(us / 1000000), (long long)(us % 1000000), h->name, row->name,
		      peer, (long long)n->value);
}

static void perform(struct host *h, const struct action *a)
{
	assert(!h->traits.observe || (a->kind != ACT_STEP && a->kind != ACT_RATE));
	switch (a->kind) {
	case ACT_SEND:
		send(h, &a->send);
		break;
	case ACT_CLOSE:
		close_ask(h, a->port);
		break;
	case ACT_JOIN:
		join(h, &a->group);
		break;
	case ACT_LEAVE:
		leave(h, &a->group);
		break;
	case ACT_LISTEN:
		listen(h, a->port);
		break;
	case ACT_UNLISTEN:
		unlisten(h, a->port);
		break;
	case ACT_STEP:
		step(h, a->step);
		break;
	case ACT_RATE:
		set_rate(h, a->rate);
		break;
	case ACT_STATUS:
		h->status = a->status;
		break;
	case ACT_NOTE:
		say(h, &a->note);
		break;
	}
}

void hands_perform(struct host *h, const struct actions *list)
{
	assert(list->count <= ACTIONS_MAX);
	for (unsigned i = 0; i < list->count; i++)
		perform(h, &list->list[i]);
}
