/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/manycast.h"

#include "base/defence.h"
#include "ntp/node_state.h"

#include <string.h>

#define PERIOD SPAN_S(2)
#define PERIOD_RINGS 8	   /* asked at PERIOD; then it doubles ... */
#define PERIOD_DOUBLINGS 5 /* ... to 64 s */
#define BEACON SPAN_S(1024)
#define IDLE_MAX 2   /* questions to a ring that brought nobody new: it holds no more */
#define CONTENDERS 2 /* candidates beyond ENOUGH that are looked at */
#define RESTART_WAIT SPAN_S(16)
#define MINPOLL_LOG2S 4
#define MAXPOLL_LOG2S 10
#define PRUNE_ROUNDS 3 /* evaluations in a row before one server replaces another */

static struct manycast_search *search_of(struct node *n, uint16_t role)
{
	return &n->manycast.searches[n->roles[role].manycast];
}

/* ---- a search's life ---- */

static void forget_nonces(struct node *n, struct now now, struct manycast_search *s)
{
	for (unsigned i = 0; i < MANYCAST_NONCES; i++)
		ask_close(n, now, s->nonces[i].ask);
	memset(s->nonces, 0, sizeof s->nonces);
}

static void start_over(struct manycast_search *s)
{
	s->ttl = 1;
	s->ring = 0;
	s->tries = 0;
	s->idle = 0;
	s->satisfied = false;
}

void manycast_begin(struct node *n, struct now now, uint16_t role)
{
	struct role *r = &n->roles[role];

	for (uint16_t i = 0; i < MANYCAST_SEARCHES_MAX; i++) {
		struct manycast_search *s = &n->manycast.searches[i];

		if (s->used)
			continue;
		memset(s, 0, sizeof *s);
		s->used = true;
		s->role = role;
		s->restarted = now.mono;
		start_over(s);
		r->manycast = i;
		r->next = now.mono;
		return;
	}
}

void manycast_finish(struct node *n, struct now now, uint16_t role)
{
	struct manycast_search *s = search_of(n, role);

	forget_nonces(n, now, s);
	s->used = false;
	n->roles[role].manycast = MANYCAST_NONE;
}

void manycast_lost(struct node *n, struct now now, uint16_t role)
{
	struct role *r = &n->roles[role];

	if (!r->wanted || r->manycast == MANYCAST_NONE)
		return;
	struct manycast_search *s = search_of(n, role);
	struct event_row row = {
		.when = now.wall, .reason = EVENT_DISCOVERY_RESTARTED, .origin = ASSOC_MANYCAST};
	mono soonest = mono_add(s->restarted, RESTART_WAIT);

	if (!s->satisfied && s->ring == 0)
		return; /* it is looking already */
	start_over(s);
	r->next = mono_add(now.mono, random_span(&n->random, SPAN_S(1)));
	if (mono_before(r->next, soonest))
		r->next = soonest;
	s->restarted = now.mono;
	row.peer.addr = r->set.group;
	memcpy(row.ifname, r->set.ifname, sizeof row.ifname);
	ledger_add_event(&n->ledger, &row);
	role_plan(n, now, role);
}

/* ---- solicitations ---- */

/* The row of that ring; the oldest makes room. */
static struct ring_row *ring_row(struct manycast_search *s, uint8_t ttl)
{
	for (unsigned i = 0; i < s->ring_count; i++) {
		if (s->rings[i].ttl == ttl)
			return &s->rings[i];
	}
	if (s->ring_count == STATE_TTL_ROWS) {
		memmove(s->rings, s->rings + 1, sizeof s->rings - sizeof s->rings[0]);
		s->ring_count--;
	}
	struct ring_row *row = &s->rings[s->ring_count++];

	*row = (struct ring_row){.ttl = ttl};
	return row;
}

static span period(const struct manycast_search *s)
{
	unsigned doublings = 0;

	if (s->tries >= PERIOD_RINGS)
		doublings = s->tries - PERIOD_RINGS + 1U;
	if (doublings > PERIOD_DOUBLINGS)
		doublings = PERIOD_DOUBLINGS;
	return (span){PERIOD.ns << doublings};
}

/* The nonce of the next question takes the place of the oldest of three. */
static struct manycast_nonce *next_nonce(struct node *n, struct now now, struct manycast_search *s,
					 uint16_t place)
{
	uint16_t ask = ask_open(n, ASK_SEARCH, place);

	if (ask == ASK_NONE) {
		forget_nonces(n, now, s); /* who holds on to old ones blocks all, himself too */
		return NULL;
	}
	ask_close(n, now, s->nonces[MANYCAST_NONCES - 1].ask);
	memmove(s->nonces + 1, s->nonces, sizeof s->nonces - sizeof s->nonces[0]);
	s->nonces[0] = (struct manycast_nonce){
		.ask = ask,
		.ttl = s->ttl,
		.nonce = random_nonce(&n->random),
		.sent = now.mono,
	};
	return &s->nonces[0];
}

static bool solicit(struct node *n, struct now now, uint16_t role, struct actions *out)
{
	struct role *r = &n->roles[role];
	struct manycast_search *s = search_of(n, role);
	struct send_action a = {
		.ifindex = n->ifaces.list[r->iface].link.ifindex,
		.to = {.addr = r->set.group, .port = r->set.port},
		.ttl = s->ttl,
	};
	struct packet p = {.version = 4, .mode = MODE_CLIENT};
	struct server_snapshot snapshot;

	if (!iface_source(&n->ifaces.list[r->iface], &r->set.group, &a.from))
		return false;
	struct manycast_nonce *nonce = next_nonce(n, now, s, r->manycast);

	if (!nonce)
		return false;
	system_snapshot(n, now, &snapshot);
	/* What a server needs to know whether it can help; 0 on the wire is 16. */
	p.stratum = snapshot.synchronised ? snapshot.stratum : 0;
	p.transmit = nonce->nonce;
	if (!node_pack(n, &p, r->set.key_id, &a)) {
		node_count_failed(n, a.ifindex, &a.to.addr);
		return false;
	}
	a.ask = nonce->ask;
	a.id = node_send_id(n, SEND_ROLE, role);
	node_push(out, ACT_SEND)->send = a;
	node_count_sent(n, &a);
	r->sent++;
	ring_row(s, s->ttl)->solicitations++;
	return true;
}

/*
 *   ring 1 -> 2 -> 3 ... widest -> silence -> ring 1
 *        \____ an answer ____ the same ring, until it holds nobody new -> beacon
 */
void manycast_send(struct node *n, struct now now, uint16_t role, struct actions *out)
{
	struct role *r = &n->roles[role];
	struct manycast_search *s = search_of(n, role);
	span wait = period(s);

	if (s->ttl == 0) {
		start_over(s);
		r->next = mono_add(now.mono, wait);
		return;
	}
	if (s->ring != 0 && !s->satisfied &&
	    (r->sessions >= MANYCAST_ENOUGH || s->idle >= IDLE_MAX)) {
		s->satisfied = true;
		forget_nonces(n, now, s);
		r->next = mono_add(now.mono, span_add(BEACON, random_span(&n->random, PERIOD)));
		return;
	}
	if (s->ring != 0)
		s->ttl = s->ring;
	if (solicit(n, now, role, out)) {
		if (s->tries < UINT8_MAX)
			s->tries++;
		if (s->ring != 0)
			s->idle++;
		else
			s->ttl = s->ttl < r->set.ttl ? (uint8_t)(s->ttl + 1) : 0;
	}
	r->next = mono_add(now.mono, s->satisfied ? BEACON : wait);
}

/* ---- answers ---- */

static unsigned contenders(const struct node *n, uint16_t role)
{
	return n->roles[role].sessions;
}

static enum verdict take_server(struct node *n, struct now now, struct arrival *v, uint16_t role,
				struct actions *out)
{
	struct role *r = &n->roles[role];
	uint32_t ifindex = n->ifaces.list[r->iface].link.ifindex;
	struct assoc *a = assoc_find(n, &v->d->from.addr, ifindex, role);

	if (ifindex == 0)
		return VERDICT_NOT_LISTENING; /* the interface went in the meantime */
	if (a) {
		v->assoc = a;
		return VERDICT_HEARD;
	}
	if (contenders(n, role) >= MANYCAST_ENOUGH + CONTENDERS)
		return VERDICT_DYNAMIC_MAX;
	a = assoc_new(n, now, ASSOC_MANYCAST, &v->d->from, role, out);
	if (!a)
		return VERDICT_DYNAMIC_MAX;
	v->assoc = a;
	a->key_id = r->set.key_id;
	a->last = v->packet;
	assoc_set_polls(a, MINPOLL_LOG2S, MAXPOLL_LOG2S);
	volley_begin(n, now, a);
	return VERDICT_USED;
}

static const struct manycast_nonce *find_nonce(const struct manycast_search *s,
					       const struct arrival *v)
{
	for (unsigned i = 0; i < MANYCAST_NONCES; i++) {
		const struct manycast_nonce *o = &s->nonces[i];

		if (o->ask == v->d->ask && !stamp_is_zero(o->nonce) &&
		    stamp_equal(o->nonce, v->packet.origin))
			return o;
	}
	return NULL;
}

static enum verdict judge(struct node *n, struct now now, struct arrival *v,
			  struct manycast_search *s, uint8_t ttl, struct actions *out)
{
	struct role *r = &n->roles[s->role];
	enum verdict verdict = VERDICT_USED;

	if (defence(DEFENCE_PROOF))
		verdict = assoc_test_auth(n, &v->auth, r->set.key_id);
	if (verdict == VERDICT_USED)
		verdict = assoc_test(n, &v->packet);
	if (verdict != VERDICT_USED)
		return verdict;
	if (s->ring != 0 && ttl > s->ring)
		return VERDICT_UNEXPECTED; /* a nearer ring has answered since */
	verdict = take_server(n, now, v, s->role, out);
	if (s->ring != ttl) {
		s->ring = ttl; /* the search stops growing here */
		s->ttl = ttl;
		s->idle = 0;
		s->tries = 0;
	}
	if (verdict == VERDICT_USED)
		s->idle = 0;
	r->heard = v->d->at.mono;
	return verdict;
}

static void count_answer(struct ring_row *row, const struct addr *from, enum verdict verdict)
{
	row->answers++;
	row->taken += verdict == VERDICT_USED;
	memmove(row->last + 1, row->last, sizeof row->last - sizeof row->last[0]);
	row->last[0] = (struct ring_answer){*from, (uint8_t)verdict};
	if (row->last_count < STATE_ANSWERS_MAX)
		row->last_count++;
}

enum verdict manycast_hear(struct node *n, struct now now, struct arrival *v, uint16_t search,
			   struct actions *out)
{
	struct manycast_search *s = &n->manycast.searches[search];
	const struct manycast_nonce *nonce = find_nonce(s, v);

	if (!nonce)
		return VERDICT_BOGUS;
	uint8_t ttl = nonce->ttl;
	enum verdict verdict = judge(n, now, v, s, ttl, out);
	struct ring_row *row = ring_row(s, ttl);

	count_answer(row, &v->d->from.addr, verdict);
	role_plan(n, now, s->role);
	return verdict;
}

/* ---- keeping the best ---- */

static span distance_of(const struct assoc *a, mono now)
{
	struct belief b;

	estimate_at(&a->estimate, now, &b);
	return b.valid ? assoc_root_distance(a, &b, now) : SPAN_S(16);
}

/* The farthest of those that are kept, or the nearest of those that are not. */
static struct assoc *extreme(struct node *n, mono now, uint16_t role, bool kept, unsigned *count)
{
	struct assoc *best = NULL;
	span distance = SPAN_ZERO;

	*count = 0;
	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		if (!a->used || a->role != role || a->phase != ASSOC_POLLING || a->kept != kept)
			continue;
		span d = distance_of(a, now);

		(*count)++;
		if (!best || (kept ? span_less(distance, d) : span_less(d, distance))) {
			best = a;
			distance = d;
		}
	}
	return best;
}

void manycast_prune(struct node *n, struct now now, uint16_t role, struct actions *out)
{
	unsigned kept, others;
	struct assoc *worst = extreme(n, now.mono, role, true, &kept);
	struct assoc *contender = extreme(n, now.mono, role, false, &others);

	if (!contender)
		return;
	if (kept < MANYCAST_ENOUGH) {
		contender->kept = true;
		return;
	}
	/* A good deal nearer, and not just once: otherwise two servers would change places for
	 * ever. */
	span a_good_deal = {distance_of(worst, now.mono).ns / 4 * 3};

	contender->rounds++;
	if (span_less(distance_of(contender, now.mono), a_good_deal))
		contender->better++;
	if (contender->rounds < PRUNE_ROUNDS)
		return;
	if (contender->better == contender->rounds) {
		contender->kept = true;
		assoc_end(n, now, worst, EVENT_BETTER_FOUND, out);
	} else {
		assoc_end(n, now, contender, EVENT_BETTER_FOUND, out);
	}
}
