/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/limit.h"

#include "base/defence.h"
#include "ntp/node_state.h"

#define BURST 8 /* questions at once before the average counts */
/*
 * Who shows a MAC is not slowed down, because nobody can ask in his name; but a client that runs
 * wild is (B14).
 */
#define KEYED_COST SPAN_MS(62)
#define KEYED_BURST SPAN_S(4)

/* ---- buckets ---- */

static struct limit_bucket *bucket_of(struct node *n, mono now, const struct addr *source,
				      uint32_t key_id, span full)
{
	struct limit *l = &n->limit;

	if (l->salt == 0)
		l->salt = random_nonce(&n->random).frac | 1;
	struct limit_bucket *b = &l->buckets[addr_hash(source, l->salt ^ key_id) % LIMIT_SOURCES];
	bool same = b->used && b->key_id == key_id && addr_equal(&b->source, source);

	/* Another's place is taken over: who is not remembered is not held up. */
	if (!same)
		*b = (struct limit_bucket){true, *source, key_id, {full, now}, {INT64_MIN}};
	return b;
}

static span min_gap(const struct node *n)
{
	return span_from_log2s((int8_t)(n->discard.min_log2s ? n->discard.min_log2s : 1));
}

static span avg_gap(const struct node *n)
{
	return span_from_log2s((int8_t)(n->discard.avg_log2s ? n->discard.avg_log2s : 5));
}

/*
 * A bucket an address, whatever the port: clients take a new one for each question. Those behind
 * one address share it, and who borrows an address empties it: a key has a bucket of its own.
 */
static bool may_ask(struct node *n, mono now, const struct arrival *v)
{
	bool keyed = v->auth.result == AUTH_VALID && defence(DEFENCE_SHARE);
	span full = keyed ? KEYED_BURST : (span){BURST * avg_gap(n).ns};
	struct limit_bucket *b =
		bucket_of(n, now, &v->d->from.addr, keyed ? v->auth.key_id : 0, full);
	bool is_new = b->budget.left.ns == full.ns;
	span since = mono_sub(now, b->budget.at);

	if (keyed)
		return budget_pay(&b->budget, now, KEYED_COST, full);
	bool paid = budget_pay(&b->budget, now, avg_gap(n), full);

	/* A gap counts from the question before, answered or not; the network may shorten it. */
	return paid && (is_new || !span_less(since, (span){min_gap(n).ns / 8 * 7}));
}

/* ---- kisses ---- */

/*
 * Not longer than the question, not more often than questions may come, signed if the question
 * was: of no use against a third.
 */
static void kiss(struct node *n, struct now now, const struct arrival *v, uint32_t key_id,
		 uint32_t code, struct actions *out)
{
	const struct datagram *d = v->d;
	const struct server_snapshot nothing = {.precision_log2s = n->options.precision_log2s};
	struct send_action s = {.to = d->from, .from = d->to, .service_port = d->service_port};

	if (!n->kod || v->packet.version != 4)
		return;
	struct limit_bucket *b =
		bucket_of(n, now.mono, &d->from.addr, key_id, (span){BURST * avg_gap(n).ns});

	if (b->kissed.ns != INT64_MIN && span_less(mono_sub(now.mono, b->kissed), min_gap(n)))
		return;
	b->kissed = now.mono;
	struct packet p = server_answer(&nothing, &v->packet, now.wall, now.wall);

	p.refid = code;
	if (!node_pack(n, &p, key_id, &s))
		return;
	if (addr_is_link_local(&d->from.addr) || n->options.static_ifaces)
		s.ifindex = d->ifindex;
	node_push(out, ACT_SEND)->send = s;
	node_count_sent(n, &s);
}

enum verdict limit_asked(struct node *n, struct now now, const struct arrival *v, uint32_t key_id,
			 struct actions *out)
{
	struct access_grant grant = access_of(n, &v->d->from.addr);

	if (!grant.ask) {
		kiss(n, now, v, key_id, KISS_DENY, out);
		return VERDICT_ACCESS;
	}
	if (!grant.limited || may_ask(n, now.mono, v))
		return VERDICT_USED;
	kiss(n, now, v, key_id, KISS_RATE, out);
	return VERDICT_RATE;
}
