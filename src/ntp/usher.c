/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/usher.h"

#include "base/defence.h"
#include "ntp/node_state.h"

/* No answer waits longer than this: half of the shortest period that anybody asks at. */
#define DELAY_MAX SPAN_S(1)
#define SOURCE_COST SPAN_S(1) /* one answer a second, four at once */
#define SOURCE_BURST SPAN_S(4)
#define ALL_COST SPAN_MS(20) /* fifty a second, a hundred at once */
#define ALL_BURST SPAN_S(2)

static struct usher_bucket *bucket_of(struct node *n, mono now, const struct addr *source,
				      bool keyed)
{
	struct usher *u = &n->usher;
	struct usher_bucket *b = &u->sources[keyed][addr_hash(source, u->salt) % USHER_SOURCES];

	/* A full bucket has no memory worth keeping; another's is shared until it is full. */
	if (!b->used || !span_less(mono_sub(now, b->budget.at), SOURCE_BURST))
		*b = (struct usher_bucket){true, *source, {SOURCE_BURST, now}};
	return b;
}

static bool may_answer(struct node *n, struct now now, const struct arrival *v)
{
	struct usher *u = &n->usher;

	if (u->salt == 0) {
		u->salt = random_nonce(&n->random).frac;
		u->all = (struct budget){ALL_BURST, now.mono};
	}
	/* Who shows a valid MAC is not held up by those who show none. */
	bool keyed = v->auth.result == AUTH_VALID;
	struct usher_bucket *own = bucket_of(n, now.mono, &v->d->from.addr, keyed);

	if (!defence(DEFENCE_BUDGET))
		return true;
	if (!budget_pay(&own->budget, now.mono, SOURCE_COST, SOURCE_BURST))
		return false;
	return keyed || budget_pay(&u->all, now.mono, ALL_COST, ALL_BURST);
}

/* The better we are the sooner we answer: half rank, half chance. */
static span delay_of(struct node *n, const struct server_snapshot *s)
{
	span distance = span_add(span_half(s->root_delay), s->root_dispersion);
	int64_t rank =
		DELAY_MAX.ns / 4 * (s->stratum - 1) / 14 + span_min(distance, DELAY_MAX).ns / 4;

	return span_add((span){rank}, random_span(&n->random, span_half(DELAY_MAX)));
}

static void plan(struct node *n)
{
	mono due = MONO_NEVER;

	for (unsigned i = 0; i < USHER_PENDING_MAX; i++) {
		if (n->usher.pending[i].used)
			due = mono_min(due, n->usher.pending[i].due);
	}
	agenda_set(&n->agenda, ITEM_USHER, due);
}

static struct usher_pending *free_pending(struct node *n)
{
	for (unsigned i = 0; i < USHER_PENDING_MAX; i++) {
		if (!n->usher.pending[i].used)
			return &n->usher.pending[i];
	}
	return NULL;
}

/* RFC 5905 section 9.2: only who has better time than the asker is of use to him. */
static bool is_useful(const struct server_snapshot *s, const struct packet *request)
{
	uint8_t his = request->stratum == 0 ? STRATUM_UNSYNCHRONISED : request->stratum;

	return s->stratum < his;
}

static enum verdict test(struct node *n, struct now now, const struct arrival *v,
			 const struct role *r, struct server_snapshot *snapshot)
{
	if (defence(DEFENCE_ON_LINK) && r->set.on_link_only &&
	    !iface_is_on_link(v->iface, &v->d->from.addr))
		return VERDICT_OFF_LINK;
	if (!system_synchronised(n))
		return VERDICT_SERVER_UNSYNCHRONISED;
	system_snapshot(n, now, snapshot);
	if (!is_useful(snapshot, &v->packet))
		return VERDICT_STRATUM;
	return may_answer(n, now, v) ? VERDICT_ANSWERED : VERDICT_RATE;
}

enum verdict usher_asked(struct node *n, struct now now, struct arrival *v)
{
	const struct datagram *d = v->d;
	struct server_snapshot snapshot;
	struct addr from;
	uint32_t key_id;
	uint16_t place =
		v->iface ? role_find(n, v->iface, ROLE_MANYCAST_SERVER, &d->to) : ROLE_NONE;

	if (place == ROLE_NONE)
		return VERDICT_NOT_LISTENING;
	struct role *r = &n->roles[place];
	enum verdict verdict = server_test_auth(&v->auth, n->authentication, &key_id);

	v->role = place;
	if (verdict != VERDICT_USED && defence(DEFENCE_ASKER))
		return verdict;
	verdict = test(n, now, v, r, &snapshot);
	if (verdict != VERDICT_ANSWERED)
		return verdict;
	struct usher_pending *p = free_pending(n);

	if (!p || !iface_source(v->iface, &d->from.addr, &from))
		return VERDICT_RATE;
	r->heard = d->at.mono;
	*p = (struct usher_pending){
		.used = true,
		.role = v->role,
		.service_port = d->service_port,
		.ifindex = addr_is_link_local(&d->from.addr) ? d->ifindex : 0,
		.key_id = key_id,
		.to = d->from,
		.from = from,
		.request = v->packet,
		.arrived = d->at_lost ? now.mono : d->at.mono,
		.due = mono_add(now.mono, delay_of(n, &snapshot)),
	};
	plan(n);
	return VERDICT_ANSWERED;
}

static void answer(struct node *n, struct now now, const struct usher_pending *p,
		   struct actions *out)
{
	struct send_action s = {
		.ifindex = p->ifindex,
		.service_port = p->service_port,
		.to = p->to,
		.from = p->from,
	};
	struct server_snapshot snapshot;
	struct role *r = &n->roles[p->role];

	/* In the meantime the role may have gone, or the time. */
	if (!r->used || !r->wanted || r->set.kind != ROLE_MANYCAST_SERVER ||
	    !system_synchronised(n))
		return;
	system_snapshot(n, now, &snapshot);
	struct packet a =
		server_answer(&snapshot, &p->request, node_wall_at(now, p->arrived), now.wall);

	/* Signed exactly if the question was, so never longer than it. */
	if (!node_pack(n, &a, p->key_id, &s))
		return;
	node_push(out, ACT_SEND)->send = s;
	node_count_sent(n, &s);
	r->sent++;
}

void usher_wake(struct node *n, struct now now, struct actions *out)
{
	for (unsigned i = 0; i < USHER_PENDING_MAX; i++) {
		struct usher_pending *p = &n->usher.pending[i];

		if (!p->used || mono_before(now.mono, p->due))
			continue;
		p->used = false;
		answer(n, now, p, out);
		break;
	}
	plan(n);
}
