/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/multicast.h"

#include "base/defence.h"
#include "ntp/node_state.h"

#define LEFT_LATE_MAX SPAN_S(1) /* no link keeps a packet longer (RFC 9769, section 4) */
#define COARSENESS_MEMORY 8	/* packets */
#define COARSE_FOLD 4		/* late by a quarter of the usual queueing is lost in it */
#define COARSE_FAR SPAN_MS(10)
#define SEND_LAG_MAX SPAN_MS(1)
#define SEND_LAG_RISE SPAN_US(64)

/* ---- server ---- */

void multicast_send(struct node *n, struct now now, uint16_t role, struct actions *out)
{
	struct role *r = &n->roles[role];
	const struct iface *f = &n->ifaces.list[r->iface];
	span interval = span_from_log2s(r->set.minpoll_log2s);
	struct server_snapshot snapshot;
	struct send_action s = {
		.ifindex = f->link.ifindex,
		.service_port = NTP_PORT,
		.to = {.addr = r->set.group, .port = r->set.port},
		.ttl = r->set.ttl,
	};

	/* Never early; up to 2 % late, so that servers that started together drift apart. */
	r->next = mono_add(now.mono, interval);
	r->next = mono_add(r->next, random_span(&n->random, (span){interval.ns / 50}));
	if (!iface_source(f, &r->set.group, &s.from))
		return;
	system_snapshot(n, now, &snapshot);
	struct packet p = server_header(&snapshot, r->set.version, MODE_BROADCAST,
					(int8_t)r->set.minpoll_log2s);
	p.transmit = stamp_add(now.wall, r->send_lag);
	/* The last one's exact time, unless so much was missed that nobody can use it. */
	if (span_less(mono_sub(now.mono, r->stamped), (span){2 * interval.ns + interval.ns / 2}))
		p.origin = r->left;
	if (!node_pack(n, &p, r->set.key_id, &s)) {
		node_count_failed(n, s.ifindex, &s.to.addr);
		return;
	}
	s.id = node_send_id(n, SEND_ROLE, role);
	s.want_stamp = true;
	r->beacon_id = s.id;
	r->left = (stamp){0};
	r->stamped = now.mono;
	node_push(out, ACT_SEND)->send = s;
	node_count_sent(n, &s);
	r->sent++;
}

/*
 * A beacon leaves after a long sleep, an answer does not: tens of microseconds that no volley can
 * tell from the path. The next beacon carries the time at which it will leave; the quickest ones
 * count most, because what is late is late by chance.
 */
void multicast_sent(struct node *n, uint16_t role, const struct outcome *o)
{
	struct role *r = &n->roles[role];
	span lag = mono_sub(o->at.mono, r->stamped);

	if (o->id != r->beacon_id || !o->stamped || o->error || lag.ns < 0)
		return;
	if (!span_less(LEFT_LATE_MAX, lag))
		r->left = o->at.wall;
	if (span_less(SEND_LAG_MAX, lag))
		return;
	int64_t by = lag.ns - r->send_lag.ns;

	r->send_lag.ns += by < 0 ? by / 2 : by < SEND_LAG_RISE.ns ? by / 4 : SEND_LAG_RISE.ns / 4;
}

void multicast_stepped(struct node *n)
{
	for (unsigned i = 0; i < n->role_used; i++)
		n->roles[i].left = (stamp){0};
}

/* ---- client ---- */

/* The client role that the packet came to; ROLE_NONE. */
static uint16_t group_of(const struct node *n, const struct arrival *v)
{
	const struct datagram *d = v->d;

	if (!v->iface)
		return ROLE_NONE;
	if (addr_is_multicast(&d->to))
		return role_find(n, v->iface, ROLE_MULTICAST_CLIENT, &d->to);
	/* Where the destination is not reported, the interface's own address stands for it. */
	if (n->options.static_ifaces &&
	    (d->to.family == ADDR_NONE || iface_has_addr(v->iface, &d->to)))
		return role_find_any(n, v->iface, ROLE_MULTICAST_CLIENT,
				     (enum addr_family)d->from.addr.family);
	return ROLE_NONE;
}

static struct sample one_way(const struct arrival *v)
{
	return (struct sample){
		.transmitted = v->packet.transmit,
		.arrived = v->d->at.mono,
		.precision_log2s = v->packet.precision_log2s,
	};
}

static int8_t clamp_poll(int8_t poll_log2s)
{
	if (!defence(DEFENCE_RANGE))
		return poll_log2s;
	if (poll_log2s < 0)
		return 0;
	return poll_log2s > SETTINGS_POLL_LOG2S_MAX ? SETTINGS_POLL_LOG2S_MAX : poll_log2s;
}

static void take_header(struct node *n, struct now now, struct assoc *a, const struct arrival *v)
{
	assoc_believe(n, now, a, v);
	a->version = v->packet.version;
	a->poll_log2s = clamp_poll(v->packet.poll_log2s);
}

/* Held back until a volley was answered, or is known not to be. */
static enum verdict put_aside(struct assoc *a, const struct arrival *v)
{
	struct sample s = one_way(v);

	if (a->has_aside && !stamp_after(s.transmitted, a->aside.transmitted))
		return VERDICT_NOT_LATER;
	a->aside = s;
	a->has_aside = true;
	return VERDICT_HEARD;
}

static enum verdict meet(struct node *n, struct now now, struct arrival *v, struct actions *out)
{
	/* No MAC covers the source port: whoever sends again what he heard would choose whom we
	 * ask. */
	struct endpoint peer = {.addr = v->d->from.addr, .port = NTP_PORT};
	struct assoc *a = assoc_new(n, now, ASSOC_MULTICAST, &peer, v->role, out);
	enum verdict verdict = VERDICT_HEARD;

	if (!a)
		return VERDICT_DYNAMIC_MAX;
	v->assoc = a;
	a->authenticated = v->auth.result == AUTH_VALID;
	a->key_id = a->authenticated ? v->auth.key_id : 0;
	take_header(n, now, a, v);
	assoc_heard(n, now, a, v->d->at.mono);
	/* This one may be a replay, and then the server's own is not early, whenever it comes. */
	a->early.left = span_half(span_from_log2s(a->poll_log2s));
	/* Not later than what was once believed: only an answer can tell whether it is true. */
	if (defence(DEFENCE_FLOOR) &&
	    floor_find(n, &a->peer.addr, &a->group, a->key_id, &a->newest) &&
	    !stamp_after(v->packet.transmit, a->newest))
		verdict = VERDICT_NOT_LATER;
	else
		(void)put_aside(a, v);
	volley_begin(n, now, a);
	if (n->volley == VOLLEY_NEVER)
		volley_go_without(n, now, a, out);
	return verdict;
}

/* Packets may come before their time, but not for ever (CVE-2016-7428). */
static bool is_early(struct assoc *a, mono at, int8_t said_log2s)
{
	/* One packet that names a long interval does not make those after it early. */
	int8_t poll_log2s = said_log2s < a->poll_log2s ? said_log2s : a->poll_log2s;
	span cost = span_half(span_from_log2s(poll_log2s));
	/* ... and one that names a short interval takes nothing from what was saved. */
	span most = {span_half(span_from_log2s(a->poll_log2s)).ns * ASSOC_EARLY_BUDGET};

	return !budget_pay(&a->early, at, cost, most);
}

/* What no packet may be older than; what is put aside counts as well. */
static stamp newest_heard(const struct assoc *a)
{
	bool aside = a->has_aside &&
		     (stamp_is_zero(a->newest) || stamp_after(a->aside.transmitted, a->newest));

	return aside ? a->aside.transmitted : a->newest;
}

/* What an association already knows against the packet. */
static enum verdict test_known(struct node *n, struct now now, struct arrival *v, struct assoc *a)
{
	stamp transmit = v->packet.transmit, newest = newest_heard(a);

	if (a->key_id != 0 && v->auth.result != AUTH_VALID && defence(DEFENCE_MAC))
		return VERDICT_KEY_OTHER;
	if (stamp_equal(transmit, newest) && defence(DEFENCE_ORDER))
		return VERDICT_DUPLICATE;
	if (!stamp_is_zero(newest) && !stamp_after(transmit, newest) && defence(DEFENCE_ORDER)) {
		volley_suspect(n, now, a); /* a replay, or the server's clock went back */
		return VERDICT_NOT_LATER;
	}
	return defence(DEFENCE_EARLY) &&
			       is_early(a, v->d->at.mono, clamp_poll(v->packet.poll_log2s))
		       ? VERDICT_EARLY
		       : VERDICT_USED;
}

/*
 * What the packet's origin says of the one before: its exact transmit time, if nothing was lost in
 * between; false if it says nothing. Decided anew for every packet, and only after its MAC: nothing
 * here can stick. A beacon may leave a little before the time it carries (SEND_LAG_MAX).
 */
static bool look_back(struct node *n, struct now now, struct assoc *a, stamp origin,
		      struct actions *out)
{
	struct sample s = a->beacon;
	span late = stamp_sub(origin, s.transmitted);
	bool told = a->beacon_open && !stamp_is_zero(origin) &&
		    !span_less(late, span_neg(SEND_LAG_MAX)) && !span_less(LEFT_LATE_MAX, late);

	if (told && span_less(span_abs(late), COARSE_FAR)) {
		a->coarseness.ns += (span_abs(late).ns - a->coarseness.ns) / COARSENESS_MEMORY;
		s.transmitted = origin;
	}
	if (a->beacon_open && a->beacon_held)
		(void)assoc_sample(n, now, a, &s, out); /* not told: as it is, late */
	else if (told)
		assoc_correct(a, &a->beacon, origin);
	a->beacon_open = false;
	return told;
}

/*
 * Whether the packet had better wait until the next one tells when it left: where transmit fields
 * are about as far off as packets queue. Elsewhere it is worth more now. What is far from all that
 * is known does not wait.
 */
static bool is_coarse(const struct assoc *a, const struct sample *s)
{
	struct belief b;

	estimate_at(&a->estimate, s->arrived, &b);
	return b.valid && b.jitter.ns < COARSE_FOLD * a->coarseness.ns &&
	       span_less(span_abs(stamp_sub(b.remote, s->transmitted)), COARSE_FAR);
}

static enum verdict follow(struct node *n, struct now now, struct arrival *v, struct assoc *a,
			   struct actions *out)
{
	enum verdict verdict = test_known(n, now, v, a);

	if (verdict != VERDICT_USED)
		return verdict;
	const struct packet before = a->last;
	int8_t interval = a->poll_log2s;

	take_header(n, now, a, v);
	assoc_heard(n, now, a, v->d->at.mono);
	if (!a->calibrated && a->phase != ASSOC_DEGRADED)
		return put_aside(a, v);
	struct sample s = one_way(v);
	bool held = look_back(n, now, a, v->packet.origin, out) && is_coarse(a, &s);

	if (!held)
		verdict = assoc_sample(n, now, a, &s, out);
	if (verdict == VERDICT_USED) {
		a->newest = s.transmitted;
		a->beacon = s;
		a->beacon_open = true;
		a->beacon_held = held;
	} else { /* its leap, stratum and interval count no more than its time */
		a->last = before;
		a->poll_log2s = interval;
		assoc_expect(n, a, v->d->at.mono);
	}
	return verdict;
}

/* A server that lost its time says so, if it says anything. */
static void lose_time(struct node *n, struct now now, struct arrival *v, struct assoc *a,
		      struct actions *out)
{
	if (test_known(n, now, v, a) != VERDICT_USED || !a->sane)
		return;
	a->sane = false;
	assoc_event(n, now, a, EVENT_UNSYNCHRONISED_PEER);
	system_update(n, now, out);
}

enum verdict multicast_hear(struct node *n, struct now now, struct arrival *v, struct actions *out)
{
	uint16_t place = group_of(n, v);
	if (place == ROLE_NONE)
		return VERDICT_NOT_LISTENING;
	struct role *r = &n->roles[place];
	struct assoc *a = assoc_find(n, &v->d->from.addr, v->iface->link.ifindex, place);
	enum verdict verdict = assoc_test_auth(n, &v->auth, a ? a->key_id : 0);

	v->role = place;
	v->assoc = a;
	if (verdict != VERDICT_USED && defence(DEFENCE_MAC))
		return verdict;
	if (v->d->at_lost)
		return VERDICT_LATE;
	verdict = assoc_test(n, &v->packet);
	if (verdict == VERDICT_UNSYNCHRONISED && a)
		lose_time(n, now, v, a, out);
	if (verdict != VERDICT_USED)
		return verdict;
	r->heard = v->d->at.mono;
	if (a && a->key_id == 0 && v->auth.result == AUTH_VALID) {
		/* From now on it proves who it is: begin again, by its key. */
		assoc_end(n, now, a, EVENT_AUTHENTICATION_CHANGED, out);
		v->assoc = a = NULL;
	}
	return a ? follow(n, now, v, a, out) : meet(n, now, v, out);
}
