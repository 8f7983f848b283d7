/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/system.h"

#include "base/defence.h"
#include "ntp/multicast.h"
#include "ntp/node_state.h"

#include <string.h>

#define PHI_PPT (15 * PPT_PER_PPM) /* RFC 5905 figure 27 */
#define REFID_LOCL UINT32_C(0x4c4f434c)
#define REFID_LOCAL UINT32_C(0x7f7f0100) /* 127.127.1.0 */
#define REFCLOCK_DISPERSION SPAN_MS(1)	 /* of a clock that is right by decree */
#define REFERENCE_GRAIN SPAN_S(64)

void system_init(struct node *n)
{
	struct system *s = &n->system;

	servo_init(&s->servo, n->options.steer, (freq){0}, n->options.frequency_max);
	s->stratum = STRATUM_UNSYNCHRONISED;
	s->leap = LEAP_UNKNOWN;
}

/* ---- what the clock is worth ---- */

static span offset_at(const struct system *s, struct now now)
{
	span since = mono_sub(now.mono, s->belief.at);
	stamp remote =
		stamp_add(s->belief.remote, span_add(since, freq_over(s->belief.rate, since)));

	return stamp_sub(remote, now.wall);
}

/* Grows with the time since the last update (RFC 5905 section 11.1). */
static span dispersion_at(const struct system *s, mono at)
{
	span age = span_max(SPAN_ZERO, mono_sub(at, s->belief.at));

	return span_add(s->root_dispersion, freq_over((freq){PHI_PPT}, age));
}

static span distance_at(const struct system *s, mono at)
{
	return span_add(span_half(s->root_delay), dispersion_at(s, at));
}

/*
 * Grows while nothing is heard: the variance of a clock whose rate is known a little and wanders
 * goes with the square to the cube of the time. Between now and SYSTEM_AHEAD the power between.
 */
static span estimated_error_at(const struct system *s, mono at)
{
	double now = span_to_s(s->estimated_error);
	double grown = span_to_s(s->error_ahead);
	double r = span_to_s(mono_sub(at, s->belief.at)) / span_to_s(SYSTEM_AHEAD);

	if (r <= 0.0 || grown <= now)
		return s->estimated_error;
	double power = r < 1.0 ? r * r * sqrt(r) : r * r * r;

	return span_from_s(sqrt(now * now + (grown * grown - now * now) * power));
}

bool system_belief_at(const struct node *n, mono at, struct belief *ret)
{
	const struct system *s = &n->system;
	span since = mono_sub(at, s->belief.at);

	*ret = s->belief;
	ret->at = at;
	ret->remote = stamp_add(ret->remote, span_add(since, freq_over(ret->rate, since)));
	ret->error = estimated_error_at(s, at);
	return s->following && s->measured;
}

bool system_synchronised(const struct node *n)
{
	return n->system.source != SYSTEM_NOTHING;
}

/* A recent instant that stays the same for a while: our own clock needs no update. */
static stamp recent(struct now now)
{
	return stamp_add(now.wall, (span){-(now.mono.ns % REFERENCE_GRAIN.ns)});
}

static void snapshot_refclock(const struct node *n, struct now now, struct server_snapshot *ret)
{
	ret->leap = 0;
	ret->stratum = n->refclock_stratum;
	/* Stratum 1 has a name, the others an address (RFC 5905 7.3). */
	ret->refid = n->refclock_stratum == 1 ? REFID_LOCL : REFID_LOCAL + n->refclock_unit;
	ret->root_dispersion = REFCLOCK_DISPERSION;
	ret->reference = recent(now);
}

static void snapshot_kernel(const struct system *s, struct now now, struct server_snapshot *ret)
{
	span age = span_max(SPAN_ZERO, mono_sub(now.mono, s->kernel_at));

	ret->leap = s->kernel.leap;
	ret->stratum = SYSTEM_KERNEL_STRATUM;
	ret->refid = REFID_LOCAL;
	ret->root_dispersion = span_add(s->kernel.max_error, freq_over((freq){PHI_PPT}, age));
	ret->reference = recent(now);
}

void system_snapshot(const struct node *n, struct now now, struct server_snapshot *ret)
{
	const struct system *s = &n->system;

	*ret = (struct server_snapshot){
		.synchronised = system_synchronised(n),
		.leap = LEAP_UNKNOWN,
		.stratum = STRATUM_UNSYNCHRONISED,
		.precision_log2s = n->options.precision_log2s,
	};
	switch ((enum system_source)s->source) {
	case SYSTEM_NOTHING:
		break;
	case SYSTEM_REFCLOCK:
		snapshot_refclock(n, now, ret);
		break;
	case SYSTEM_KERNEL:
		snapshot_kernel(s, now, ret);
		break;
	case SYSTEM_PEERS:
		ret->leap = s->leap;
		ret->stratum = s->stratum;
		ret->refid = s->refid;
		ret->root_delay = s->root_delay;
		/* What is served is the wall clock: its distance to the estimate counts too. */
		ret->root_dispersion =
			span_add(dispersion_at(s, now.mono), span_abs(offset_at(s, now)));
		/* While an offset is slewed away our clock may be behind the time it was set by. */
		ret->reference = stamp_after(s->reference, now.wall) ? now.wall : s->reference;
		break;
	}
}

/* ---- what is done to the clock ---- */

/* Only ever of a clock that was steered: a host without a client role never touches it. */
static void tell_kernel(struct node *n, struct now now, struct actions *out)
{
	const struct system *s = &n->system;
	struct status_action status = {.max_error = SPAN_S(16), .estimated_error = SPAN_S(16)};

	if (!n->options.steer)
		return;
	if (s->source == SYSTEM_PEERS) {
		status.synchronised = true;
		status.leap = s->leap;
		/* What is being slewed away is still an error; what this turn steps over is not. */
		span left = span_abs(span_sub(offset_at(s, now), action_steps(out)));

		status.max_error = span_add(distance_at(s, now.mono), left);
		status.estimated_error = span_add(estimated_error_at(s, now.mono), left);
	}
	node_push(out, ACT_STATUS)->status = status;
}

static void perform(struct node *n, const struct servo_order *order, struct actions *out)
{
	struct system *s = &n->system;

	agenda_set(&n->agenda, ITEM_SERVO, servo_next_wake(&s->servo));
	if (order->verb == SERVO_REFUSE)
		node_note(out, NOTE_STEP_REFUSED, 0, NULL, NULL, order->step.ns);
	if (!n->options.steer)
		return;
	if (order->verb == SERVO_STEP) {
		node_push(out, ACT_STEP)->step = order->step;
		node_note(out, NOTE_STEPPED, 0, NULL, NULL, order->step.ns);
	}
	if (order->verb == SERVO_STEP || order->verb == SERVO_RATE)
		node_push(out, ACT_RATE)->rate = order->rate;
}

/* ---- where time comes from ---- */

static enum system_source decide(const struct node *n, struct now now)
{
	const struct system *s = &n->system;
	bool peers =
		s->following && !s->refused && span_less(distance_at(s, now.mono), n->distance_max);

	if (n->refclock) /* the external source wins if its stratum is the smaller one */
		return peers && s->selected && s->stratum - 1 < n->refclock_stratum
			       ? SYSTEM_PEERS
			       : SYSTEM_REFCLOCK;
	if (peers)
		return SYSTEM_PEERS;
	if (n->client_roles == 0 && n->unicast_count == 0 && s->kernel.synchronised)
		return SYSTEM_KERNEL;
	return SYSTEM_NOTHING;
}

static void set_source(struct node *n, struct now now, struct actions *out)
{
	struct system *s = &n->system;
	enum system_source before = (enum system_source)s->source, source = decide(n, now);
	bool peers = source == SYSTEM_PEERS || before == SYSTEM_PEERS;

	s->source = (uint8_t)source;
	if (!s->doubted)
		agenda_set(&n->agenda, ITEM_SYSTEM,
			   s->following ? mono_add(now.mono, SYSTEM_TICK) : MONO_NEVER);
	if (peers)
		tell_kernel(n, now, out);
	if (source == before)
		return;
	if (source == SYSTEM_PEERS)
		node_note(out, NOTE_SYNCHRONISED, 0, NULL, NULL, offset_at(s, now).ns);
	if (source == SYSTEM_NOTHING)
		node_note(out, NOTE_UNSYNCHRONISED, 0, NULL, NULL, 0);
	role_release(n, now); /* beacons begin, or stop */
}

/* The last client role is gone: the clock keeps the pace it was taught, and nobody steers it. */
static void let_go(struct node *n, struct actions *out)
{
	struct system *s = &n->system;
	struct servo_order order = servo_stop(&s->servo);

	s->following = false;
	/* What the kernel said last was our own word, not another program's. */
	s->kernel.synchronised = false;
	perform(n, &order, out);
}

void system_review(struct node *n, struct now now, struct actions *out)
{
	struct system *s = &n->system;
	bool follows = n->client_roles > 0 || n->unicast_count > 0;

	if (!follows && s->following)
		let_go(n, out);
	/* What was learned before a restart keeps the clock in pace until there is news. */
	if (follows && n->options.steer && s->has_memory && !s->recalled) {
		s->recalled = true;
		node_push(out, ACT_RATE)->rate = s->servo.frequency;
	}
	set_source(n, now, out);
}

/* ---- selection ---- */

/*
 * One key makes any number of sources. Where sources of a key have kept the clock for a while, a
 * later one by that key that contradicts them is not counted: fifty of them would be the majority.
 */
static bool is_odd_newcomer(const struct node *n, struct now now, const struct assoc *a,
			    const struct candidate *c)
{
	const struct system *s = &n->system;

	if (a->settled || a->key_id == 0 || s->company_key != a->key_id || !s->selected ||
	    span_less(mono_sub(now.mono, s->company_since), SYSTEM_COMPANY_AFTER))
		return false;
	span apart = span_abs(span_sub(c->offset, offset_at(s, now)));

	return span_less(span_add(c->root_distance, distance_at(s, now.mono)), apart);
}

static unsigned gather(struct node *n, struct now now)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];
		struct candidate *c = &n->candidates[count];

		if (!a->used)
			continue; /* and never written to: see node_state.h */
		if (!assoc_is_fit(a)) {
			a->rank = RANK_NONE;
			continue;
		}
		estimate_at(&a->estimate, now.mono, &c->belief);
		if (c->belief.valid)
			c->root_distance = assoc_root_distance(a, &c->belief, now.mono);
		if (!c->belief.valid || !span_less(c->root_distance, n->distance_max)) {
			a->rank = RANK_NONE;
			continue;
		}
		c->offset = stamp_sub(c->belief.remote, now.wall);
		if (defence(DEFENCE_COMPANY) && is_odd_newcomer(n, now, a, c)) {
			a->rank = RANK_FALSETICKER;
			continue;
		}
		c->stratum = a->last.stratum;
		c->was_master = a->rank == RANK_MASTER;
		c->ahead = a->ahead ? mono_sub(now.mono, a->ahead_since) : SPAN_ZERO;
		c->rank = RANK_NONE;
		n->candidate_assocs[count++] = (uint16_t)i;
	}
	return count;
}

static bool is_same_server(const struct assoc *a, const struct assoc *b)
{
	return a->peer.port == b->peer.port && addr_equal(&a->peer.addr, &b->peer.addr) &&
	       (a->ifindex == b->ifindex || !addr_is_link_local(&a->peer.addr));
}

/*
 * One server met in several ways, on a group and by address, say, has one voice: that of its
 * answers, which only it can give, before that of what it sends to all; then the older one.
 */
static bool speaks_for(const struct assoc *a, const struct assoc *b)
{
	bool asked = a->origin != ASSOC_MULTICAST, b_asked = b->origin != ASSOC_MULTICAST;

	return is_same_server(a, b) && (asked == b_asked ? a->id < b->id : asked);
}

static unsigned leave_out_twins(struct node *n, unsigned count)
{
	uint16_t all[ASSOC_MAX];
	unsigned kept = 0;

	memcpy(all, n->candidate_assocs, count * sizeof *all);
	for (unsigned i = 0; i < count; i++) {
		struct assoc *a = &n->assocs[all[i]];
		bool twin = false;

		for (unsigned j = 0; j < count && !twin; j++)
			twin = speaks_for(&n->assocs[all[j]], a);
		if (twin) {
			a->rank = RANK_CANDIDATE;
			continue;
		}
		n->candidates[kept] = n->candidates[i];
		n->candidate_assocs[kept++] = all[i];
	}
	return kept;
}

static void take_ranks(struct node *n, struct now now, unsigned count, struct actions *out)
{
	for (unsigned i = 0; i < count; i++) {
		struct assoc *a = &n->assocs[n->candidate_assocs[i]];
		const struct candidate *c = &n->candidates[i];

		if (c->rank == RANK_FALSETICKER && a->rank != RANK_FALSETICKER)
			node_note(out, NOTE_FALSETICKER, a->ifindex, &a->peer, &a->group,
				  c->offset.ns);
		if (c->rank < RANK_SELECTED && a->rank >= RANK_SELECTED)
			assoc_event(n, now, a, EVENT_NOT_SELECTED);
		a->rank = c->rank;
		a->settled |= c->rank >= RANK_SELECTED;
		if (c->is_ahead && !a->ahead)
			a->ahead_since = now.mono;
		a->ahead = c->is_ahead;
	}
}

/* A step needs an exchange with a fresh nonce, agreeing sources, or that nobody can be asked. */
static bool is_confirmed(const struct node *n, const struct selection *sel, unsigned count)
{
	if (sel->survivors > 1)
		return true;
	for (unsigned i = 0; i < count; i++) {
		const struct assoc *a = &n->assocs[n->candidate_assocs[i]];

		if (n->candidates[i].rank >= RANK_SELECTED &&
		    (a->calibrated || a->phase == ASSOC_DEGRADED))
			return true;
	}
	return false;
}

/* Whether somebody whose path was measured is among those that are selected. */
static bool is_measured(const struct node *n, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (n->candidates[i].rank >= RANK_SELECTED &&
		    n->assocs[n->candidate_assocs[i]].calibrated)
			return true;
	}
	return false;
}

/*
 * All that is left are sources whose path nobody could measure, and the clock knows better by what
 * it was told before: they are not followed.
 */
static void hold_over(struct node *n, struct now now, unsigned count, struct selection *sel)
{
	const struct system *s = &n->system;

	if (!sel->valid || !s->following || !s->measured || is_measured(n, count) ||
	    !span_less(estimated_error_at(s, now.mono), sel->error))
		return;
	sel->valid = false;
	for (unsigned i = 0; i < count; i++) {
		if (n->candidates[i].rank >= RANK_SELECTED)
			n->candidates[i].rank = RANK_CANDIDATE;
	}
}

/* A leap second is announced when most of those that are followed say so. */
static uint8_t leap_of(const struct node *n, unsigned count)
{
	unsigned votes[4] = {0}, selected = 0;

	for (unsigned i = 0; i < count; i++) {
		if (n->candidates[i].rank < RANK_SELECTED)
			continue;
		votes[n->assocs[n->candidate_assocs[i]].last.leap & 3]++;
		selected++;
	}
	for (uint8_t leap = 1; leap <= 2; leap++) {
		if (2 * votes[leap] > selected)
			return leap;
	}
	return 0;
}

/* RFC 5905 section 11.2.3: the system variables are those of the leading source, one hop on. */
static void follow(struct node *n, struct now now, const struct selection *sel, unsigned count,
		   struct actions *out)
{
	struct system *s = &n->system;
	const struct assoc *m = &n->assocs[n->candidate_assocs[sel->master]];
	const struct belief *b = &n->candidates[sel->master].belief;
	struct belief later;

	if (!addr_equal(&s->master, &m->peer.addr)) {
		node_note(out, NOTE_SOURCE_CHANGED, m->ifindex, &m->peer, &m->group, 0);
		assoc_event(n, now, m, EVENT_SYNCHRONISED);
	}
	if (!s->following || s->company_key != m->key_id) {
		s->company_key = m->key_id;
		s->company_since = now.mono;
	}
	s->following = true;
	s->measured = is_measured(n, count);
	s->master = m->peer.addr;
	s->leader = m->peer.addr;
	s->leap = leap_of(n, count);
	s->stratum = (uint8_t)(m->last.stratum + 1);
	s->refid = iface_refid_of(&m->peer.addr);
	s->belief = sel->combined;
	s->root_delay =
		span_add(packet_short_to_span(m->last.root_delay), span_max(SPAN_ZERO, b->delay));
	s->peer_dispersion = b->dispersion;
	s->root_dispersion = span_add(packet_short_to_span(m->last.root_dispersion),
				      span_add(sel->combined.dispersion, b->jitter));
	s->estimated_error = sel->error;
	estimate_at(&m->estimate, mono_add(now.mono, SYSTEM_AHEAD), &later);
	s->error_ahead = later.error;
	s->reference = sel->combined.remote;
}

void system_doubt(struct node *n, struct now now)
{
	n->system.doubted = true;
	agenda_set(&n->agenda, ITEM_SYSTEM, now.mono);
}

void system_update(struct node *n, struct now now, struct actions *out)
{
	struct system *s = &n->system;
	struct selection sel = {.valid = false};
	unsigned count = leave_out_twins(n, gather(n, now));

	s->doubted = false;
	if (count > 0)
		select_run(n->candidates, count, &sel);
	hold_over(n, now, count, &sel);
	take_ranks(n, now, count, out);
	s->selected = sel.valid;
	bool ours = sel.valid && n->refclock &&
		    n->candidates[sel.master].stratum >= n->refclock_stratum;

	if (!sel.valid)
		s->company_since = now.mono; /* the clock runs on, its bounds grow */
	if (ours)
		s->following = false;
	if (!sel.valid || ours) {
		s->master = ADDR_ANY;
		set_source(n, now, out);
		return;
	}
	follow(n, now, &sel, count, out);
	/* A step that was asked for in this turn is not in now.wall yet: no second one. */
	if (action_steps(out).ns == 0) {
		struct servo_order order =
			servo_update(&s->servo, now, &sel.combined, offset_at(s, now),
				     is_confirmed(n, &sel, count));

		/* Steps have failed: the clock is not good before one is done. */
		s->refused = order.verb == SERVO_REFUSE || (order.verb == SERVO_STEP && s->refused);
		perform(n, &order, out);
	}
	set_source(n, now, out);
	if (s->source == SYSTEM_PEERS) {
		s->was_set = true;
		s->has_memory = true;
		s->recalled = true;
		s->frequency = sel.combined.rate;
		s->frequency_error = sel.combined.rate_error;
	}
}

void system_wake(struct node *n, struct now now, struct actions *out)
{
	if (n->system.doubted)
		system_update(n, now, out);
	else
		set_source(n, now, out);
}

void system_slewed(struct node *n, struct now now, struct actions *out)
{
	struct servo_order order = servo_wake(&n->system.servo, now);

	perform(n, &order, out);
}

void system_stepped(struct node *n, struct now now, const struct outcome *o, struct actions *out)
{
	n->system.refused = o->error != 0; /* then the clock is not what we meant it to be */
	if (o->error == 0) {
		servo_corrected(&n->system.servo);
		assoc_stepped(n, o->by);
		multicast_stepped(n);
		pairs_forget(&n->pairs);
		return;
	}
	node_note(out, NOTE_STEP_REFUSED, 0, NULL, NULL, o->by.ns);
	set_source(n, now, out);
}

void system_rated(struct node *n, const struct outcome *o, struct actions *out)
{
	if (o->error) {
		node_note(out, NOTE_RATE_LIMITED, 0, NULL, NULL, n->system.servo.rate.ppt);
		servo_applied(&n->system.servo, n->system.rate_in_force);
		return;
	}
	n->system.rate_in_force = o->rate;
	servo_applied(&n->system.servo, o->rate);
}

/* ---- what is shown ---- */

static enum sync_state sync_state(const struct system *s)
{
	if (s->source != SYSTEM_NOTHING)
		return SYNC_SYNCHRONISED;
	if (s->was_set)
		return SYNC_SET;
	return s->has_memory ? SYNC_FREQ_SET : SYNC_NOT_SET;
}

static enum silence silence(const struct node *n)
{
	if (n->server_roles == 0 || system_synchronised(n))
		return SILENCE_NONE;
	return n->client_roles > 0 || n->unicast_count > 0 ? SILENCE_WAITING : SILENCE_NO_SOURCE;
}

void system_row(const struct node *n, struct now now, struct system_row *ret)
{
	const struct system *s = &n->system;
	struct server_snapshot snapshot;

	system_snapshot(n, now, &snapshot);
	*ret = (struct system_row){
		.synchronised = snapshot.synchronised,
		.leap = snapshot.leap,
		.stratum = snapshot.stratum,
		.refclock = s->source == SYSTEM_REFCLOCK,
		.refclock_unit = n->refclock_unit,
		.kernel = s->source == SYSTEM_KERNEL,
		.refid = snapshot.refid,
		.precision_log2s = n->options.precision_log2s,
		.root_delay = snapshot.root_delay,
		.root_dispersion = snapshot.root_dispersion,
		.frequency = s->rate_in_force,
		.reference_time = snapshot.reference,
		.sync = (uint8_t)sync_state(s),
		.silence = (uint8_t)silence(n),
	};
	if (s->source == SYSTEM_KERNEL)
		ret->estimated_error = s->kernel.estimated_error;
	if (s->source != SYSTEM_PEERS)
		return;
	ret->source = s->master;
	ret->leader = s->leader;
	ret->offset = offset_at(s, now);
	ret->peer_dispersion = s->peer_dispersion;
	ret->estimated_error = span_add(estimated_error_at(s, now.mono), span_abs(ret->offset));
}
