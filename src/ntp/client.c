/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/client.h"

#include "base/defence.h"
#include "ntp/node_state.h"

#define INTERLEAVE_POLL_LOG2S 2
#define INTERLEAVE_AGE_MAX SPAN_S(9)
#define ROUND_TRIP_MAX SPAN_S(16)

/*
 * A server on the link is asked, and must answer, where it was heard; one beyond a router is
 * reached as routed.
 */
static uint32_t pinned_ifindex(struct node *n, const struct assoc *a)
{
	const struct iface *f = iface_by_index(&n->ifaces, a->ifindex);

	if (f && (addr_is_link_local(&a->peer.addr) || iface_is_on_link(f, &a->peer.addr)))
		return a->ifindex;
	return 0;
}

/*
 * Whether the next question will ask when the last answer really left, instead of taking the time
 * in the next answer. That one completes the exchange before it. So what was triggered, short and
 * needed, is basic, and so are slow polls: waiting for a poll costs more than exactness gains.
 */
static bool will_interleave(const struct assoc *a)
{
	if (a->origin == ASSOC_MULTICAST)
		return !a->volley.urgent && a->volley.left > (a->interleaves ? 0 : 1);
	return a->poll_log2s <= INTERLEAVE_POLL_LOG2S;
}

bool client_ask(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	struct packet p = {
		.version = a->version,
		.mode = MODE_CLIENT,
		.transmit = random_nonce(&n->random),
	};
	struct send_action s = {.to = a->peer, .want_stamp = true};

	if (!will_interleave(a) ||
	    span_less(INTERLEAVE_AGE_MAX, mono_sub(now.mono, a->prior.sample.arrived)))
		a->prior.open = false;
	if (a->prior.open) {
		p.origin = a->prior.sample.received;
		p.receive = random_nonce(&n->random);
	}
	if (a->ask == ASK_NONE)
		a->ask = ask_open(n, ASK_ASSOC, (uint16_t)assoc_place(n, a));
	if (a->ask == ASK_NONE || !node_pack(n, &p, a->key_id, &s))
		return false;
	s.ask = a->ask;
	s.ifindex = pinned_ifindex(n, a);
	s.id = node_send_id(n, SEND_ASSOC, assoc_place(n, a));
	node_push(out, ACT_SEND)->send = s;
	node_count_sent(n, &s);
	a->nonce = p.transmit;
	a->cookie = p.receive;
	a->asked = now.mono;
	a->send_id = s.id;
	return true;
}

void client_asked(struct node *n, struct now now, struct assoc *a, const struct outcome *o)
{
	(void)n;
	(void)now;
	if (o->stamped && o->error == 0 && a->volley.waiting && a->send_id == o->id)
		a->asked = o->at.mono;
}

static bool is_interleaved(const struct arrival *v, const struct assoc *a)
{
	return !stamp_is_zero(a->cookie) && stamp_equal(v->packet.origin, a->cookie);
}

/* Who may answer: the server that was asked, where it was asked. */
static enum verdict test_sender(struct node *n, const struct arrival *v, const struct assoc *a)
{
	const struct datagram *d = v->d;
	uint32_t ifindex = pinned_ifindex(n, a);

	if (!addr_equal(&d->from.addr, &a->peer.addr) || d->from.port != a->peer.port)
		return VERDICT_UNEXPECTED;
	if (ifindex != 0 && d->ifindex != 0 && ifindex != d->ifindex && defence(DEFENCE_IFACE))
		return VERDICT_WRONG_IFACE;
	/* RFC 5905 figure 22, packet test 2; both are random numbers. */
	if (!a->volley.waiting || (!stamp_equal(v->packet.origin, a->nonce) &&
				   !is_interleaved(v, a) && defence(DEFENCE_NONCE)))
		return VERDICT_BOGUS;
	return VERDICT_USED;
}

/* T1..T4 of RFC 5905 section 8 must fit together. */
static enum verdict test_times(const struct sample *s)
{
	span there_and_back = mono_sub(s->arrived, s->sent);
	span held = stamp_sub(s->transmitted, s->received);

	if (stamp_is_zero(s->received) || stamp_is_zero(s->transmitted))
		return VERDICT_TIME_ZERO;
	if (held.ns < 0 || there_and_back.ns < 0 || span_less(ROUND_TRIP_MAX, there_and_back))
		return VERDICT_TIMING;
	/* Clocks that run apart by 500 ppm, and the grain of stamps. */
	if (span_sub(there_and_back, held).ns < -(held.ns / 2000 + NS_PER_MS))
		return VERDICT_TIMING;
	return VERDICT_USED;
}

/*
 * The nonce makes this the truth about its clock, also when that went back. A beacon that left
 * after this answer and came before it is no step back.
 */
static void take_transmit(struct assoc *a, const struct sample *s)
{
	span overtaken = span_add(mono_sub(s->arrived, s->sent), SPAN_S(1));

	if (stamp_after(s->transmitted, a->newest) ||
	    span_less(overtaken, stamp_sub(a->newest, s->transmitted)))
		a->newest = s->transmitted;
}

static bool is_refusal(uint32_t code)
{
	return code == KISS_RATE || code == KISS_DENY || code == KISS_RSTR;
}

/*
 * The server says that it has no time. It said so with our nonce, so it is true: nothing of it
 * is believed until it says otherwise.
 */
static enum verdict hear_no_time(struct node *n, struct now now, struct assoc *a,
				 const struct arrival *v, struct actions *out)
{
	const struct packet *p = &v->packet;

	if (p->stratum == 0 && is_refusal(p->refid)) {
		/* Where answers are signed, so are refusals. */
		if (p->refid == KISS_RATE && (a->key_id == 0 || v->auth.result == AUTH_VALID))
			volley_slow_down(n, now, a, out);
		if (p->refid != KISS_RATE && a->refused != p->refid)
			node_note(out, NOTE_KISS, a->ifindex, &a->peer, &a->group, p->refid);
		if (p->refid != KISS_RATE)
			a->refused = p->refid;
		return VERDICT_KISS;
	}
	if (a->origin == ASSOC_MANYCAST) {
		assoc_end(n, now, a, EVENT_UNSYNCHRONISED_PEER, out); /* others can be found */
	} else if (a->sane) {
		a->sane = false;
		assoc_event(n, now, a, EVENT_UNSYNCHRONISED_PEER);
		system_update(n, now, out);
	}
	return p->stratum == 0 && p->refid != 0 ? VERDICT_KISS : VERDICT_UNSYNCHRONISED;
}

/*
 * The answer tells when the one before it left; this exchange waits for the next. The last one of a
 * volley has none: its answer is taken to have left as soon after its question as the quickest of
 * the volley. Too soon looks like queueing, of which there is enough; too late like a shorter path.
 */
static enum verdict take_interleaved(struct node *n, struct now now, struct assoc *a, stamp left,
				     const struct sample *s, struct actions *out)
{
	struct exchange before = a->prior;
	span held = stamp_sub(left, before.sample.received);
	enum verdict verdict = VERDICT_USED;

	if (before.held.ns > 0)
		held = span_min(held, before.held);
	if (before.taken) {
		assoc_correct(a, &before.sample, left);
		system_update(n, now, out);
	} else {
		before.sample.transmitted = left;
		verdict = assoc_sample(n, now, a, &before.sample, out);
	}
	a->prior = (struct exchange){.open = will_interleave(a), .sample = *s, .held = held};
	a->interleaves = true;
	if (a->used && verdict == VERDICT_USED && !a->prior.open) {
		struct sample last = *s;

		last.transmitted = stamp_add(s->received, held);
		if (test_times(&last) == VERDICT_USED)
			verdict = assoc_sample(n, now, a, &last, out);
	}
	return verdict;
}

/*
 * A server that answers interleaved questions so will tell the exact time of this answer as well: a
 * coarse sample among exact ones misleads, so it waits for that. One that did not is taken at its
 * word.
 */
static enum verdict take_basic(struct node *n, struct now now, struct assoc *a,
			       const struct sample *s, struct actions *out)
{
	bool open = will_interleave(a);
	enum verdict verdict = VERDICT_USED;

	if (!stamp_is_zero(a->cookie))
		a->interleaves = false;
	a->prior.open = false;
	if (!open || !a->interleaves) {
		verdict = assoc_sample(n, now, a, s, out);
		open = open && verdict == VERDICT_USED;
	}
	a->prior = (struct exchange){.open = open, .taken = !a->interleaves, .sample = *s};
	return verdict;
}

/* The exchange before, with its exact time, must fit together as well. */
static enum verdict test_prior(const struct assoc *a, stamp left)
{
	struct sample s = a->prior.sample;

	if (!a->prior.open)
		return VERDICT_BOGUS;
	s.transmitted = left;
	return test_times(&s);
}

/* It passed all tests. */
static enum verdict take(struct node *n, struct now now, struct arrival *v, const struct sample *s,
			 stamp left, struct actions *out)
{
	struct assoc *a = v->assoc;
	enum verdict verdict;

	a->nonce = (stamp){0}; /* used up */
	assoc_believe(n, now, a, v);
	a->authenticated = v->auth.result == AUTH_VALID;
	if (a->origin != ASSOC_MULTICAST)
		assoc_heard(n, now, a, s->arrived);
	else
		a->heard = s->arrived;
	take_transmit(a, s);
	a->has_aside = false;
	volley_answered(n, now, a, out);
	verdict = stamp_is_zero(left) ? take_basic(n, now, a, s, out)
				      : take_interleaved(n, now, a, left, s, out);
	a->cookie = (stamp){0};
	if (a->used && a->origin == ASSOC_MANYCAST)
		manycast_prune(n, now, a->role, out);
	return verdict;
}

enum verdict client_hear(struct node *n, struct now now, struct arrival *v, struct assoc *a,
			 struct actions *out)
{
	struct packet *p = &v->packet;
	struct sample s = {
		.two_way = true,
		.sent = a->asked,
		.received = p->receive,
		.arrived = v->d->at.mono,
		.precision_log2s = p->precision_log2s,
	};
	enum verdict verdict = test_sender(n, v, a);
	stamp left = {0};

	v->assoc = a;
	if (verdict == VERDICT_USED && defence(DEFENCE_PROOF))
		verdict = assoc_test_auth(n, &v->auth, a->key_id);
	/* Whose beacons must prove who sent them answers so, too. */
	if (verdict == VERDICT_USED && a->origin == ASSOC_MULTICAST && a->key_id != 0 &&
	    v->auth.result != AUTH_VALID && defence(DEFENCE_PROOF))
		verdict = VERDICT_KEY_OTHER;
	if (verdict != VERDICT_USED)
		return verdict;
	if (v->d->at_lost)
		return VERDICT_LATE;
	if (is_interleaved(v, a)) {
		/* Of this answer nothing more is known than that it left after the question came.
		 */
		if (stamp_is_zero(p->transmit))
			return VERDICT_TIME_ZERO;
		left = p->transmit;
		p->transmit = p->receive;
	}
	s.transmitted = p->transmit;
	verdict = assoc_test(n, p);
	if (verdict == VERDICT_UNSYNCHRONISED)
		return hear_no_time(n, now, a, v, out);
	if (verdict == VERDICT_USED)
		verdict = test_times(&s);
	if (verdict == VERDICT_USED && !stamp_is_zero(left))
		verdict = test_prior(a, left);
	return verdict == VERDICT_USED ? take(n, now, v, &s, left, out) : verdict;
}
