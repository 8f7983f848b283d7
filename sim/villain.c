/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/villain.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/wire.h"
#include "sim/universe.h"

#define HEADER_OCTETS 48
#define TTL 16

struct villain *villain_new(void)
{
	return auto_new(1, sizeof(struct villain));
}

void villain_free(struct villain *v)
{
	if (!v)
		return;
	for (unsigned i = 0; i < v->count; i++)
		parcel_drop(v->kept[i]);
	free(v);
}

void villain_listen(struct villain *v)
{
	v->keeps = true;
}

void villain_overhear(struct villain *v, struct parcel *p)
{
	if (!v->keeps || v->count == VILLAIN_KEPT_MAX)
		return;
	p->shares++;
	v->kept[v->count++] = p;
}

static void plan_turn(struct host *h, int64_t at_ns)
{
	h->villain->next_ns = at_ns;
	calendar_enter(&h->universe->calendar, at_ns, EVENT_VILLAIN, h->number, NULL);
}

void villain_begin(struct host *h, const struct villain_plan *plan)
{
	h->villain->plan = *plan;
	h->villain->active = true;
	h->villain->turn = 0;
	plan_turn(h, h->universe->now_ns);
}

void villain_rest(struct villain *v)
{
	v->active = false;
}

static struct parcel *again(const struct villain *v)
{
	const struct parcel *kept = v->kept[v->turn % v->count];
	struct parcel *p = auto_new(1, sizeof *p);

	*p = *kept;
	p->shares = 0;
	return p;
}

/* Mode 5, version 3, stratum 1: what a client would like best (RFC 5905 7.3). */
static struct parcel *forge(const struct villain *v, int64_t true_unix_ns)
{
	struct parcel *p = auto_new(1, sizeof *p);
	int64_t ns = true_unix_ns + v->plan.offset_ns;
	stamp now = stamp_from_unix(ns / NS_PER_S, ns % NS_PER_S);
	struct wire_writer w = wire_write(p->octets, HEADER_OCTETS);

	p->from = (struct endpoint){v->plan.as, NTP_PORT};
	p->to = (struct endpoint){v->plan.group, NTP_PORT};
	p->len = HEADER_OCTETS;
	wire_put_u8(&w, 3 << 3 | 5);
	wire_put_u8(&w, 1);
	wire_put_u8(&w, 4);
	wire_put_u8(&w, (uint8_t)-20);
	wire_put_u32(&w, 0);
	wire_put_u32(&w, 0);
	wire_put(&w, "GPS", 4);
	wire_put_u64(&w, stamp_add(now, SPAN_S(-8)).frac);
	wire_put_u64(&w, 0);
	wire_put_u64(&w, 0);
	wire_put_u64(&w, now.frac);
	return p;
}

void villain_turn(struct host *h)
{
	struct villain *v = h->villain;
	const struct host_port *port = &h->ports[0];
	struct universe *u = h->universe;

	if (!v->active || v->next_ns != u->now_ns)
		return;
	plan_turn(h, u->now_ns + v->plan.every_ns);
	if (v->plan.replay && v->count == 0)
		return; /* it may hear something yet */
	struct parcel *p = v->plan.replay ? again(v) : forge(v, universe_unix_ns(u));

	v->turn++;
	h->counts.sent++;
	network_send(&u->network, u->now_ns, port->lan, port->member, TTL, p);
}
