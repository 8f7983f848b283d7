/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/server.h"

#include "ntp/node_state.h"

struct packet server_header(const struct server_snapshot *s, uint8_t version, enum packet_mode mode,
			    int8_t poll_log2s)
{
	struct packet p = {
		.leap = LEAP_UNKNOWN,
		.version = version,
		.mode = (uint8_t)mode,
		.poll_log2s = poll_log2s,
		.precision_log2s = s->precision_log2s,
	};

	if (!s->synchronised)
		return p; /* stratum 0 outside is 16 inside (RFC 5905 7.3) */
	p.leap = s->leap;
	p.stratum = s->stratum;
	p.root_delay = packet_short_from_span(s->root_delay);
	p.root_dispersion = packet_short_from_span(s->root_dispersion);
	p.refid = s->refid;
	p.reference = s->reference;
	return p;
}

struct packet server_answer(const struct server_snapshot *s, const struct packet *request,
			    stamp received, stamp transmitted)
{
	struct packet p = server_header(s, request->version, MODE_SERVER, request->poll_log2s);

	p.origin = request->transmit;
	p.receive = received;
	p.transmit = transmitted;
	return p;
}

enum verdict server_test_auth(const struct auth_found *found, bool demand, uint32_t *key_id)
{
	*key_id = 0;
	switch (found->result) {
	case AUTH_VALID:
		*key_id = found->key_id; /* trust plays no part on a server */
		return VERDICT_USED;
	case AUTH_BAD:
		return VERDICT_MAC_BAD;
	case AUTH_NAK:
		return VERDICT_CRYPTO_NAK;
	case AUTH_FORMAT:
		return VERDICT_FORMAT;
	case AUTH_UNKNOWN:
		return demand ? VERDICT_KEY_UNKNOWN : VERDICT_USED;
	case AUTH_NONE:
		return demand ? VERDICT_MAC_MISSING : VERDICT_USED;
	}
	return VERDICT_FORMAT;
}

/*
 * RFC 9769 section 2: the question returns the receive time of our last answer, and carries a
 * cookie of its own in its receive field. Then it is told when that answer really left.
 */
static void interleave(struct node *n, const struct arrival *v, struct packet *p)
{
	const struct packet *q = &v->packet;
	stamp left;

	if (stamp_is_zero(q->origin) || stamp_is_zero(q->receive) ||
	    stamp_equal(q->receive, q->transmit) ||
	    !pairs_take(&n->pairs, &v->d->from.addr, q->origin, &left))
		return;
	p->origin = q->receive;
	p->transmit = left;
}

/* So that the next answer can tell when this one left. */
static void keep_pair(struct node *n, struct now now, const struct packet *p, struct send_action *s)
{
	/* The outside judge's kernel has one stamp at a time, and that is for questions. */
	if (p->stratum == 0 || n->options.static_ifaces || !pairs_afford(&n->pairs, now.mono))
		return;
	s->want_stamp = true;
	s->id = node_send_id(n, SEND_ANSWER, pairs_place(&s->to.addr, p->receive));
	pairs_keep(&n->pairs, &s->to.addr, p->receive, s->id);
}

void server_answered(struct node *n, const struct outcome *o, unsigned place)
{
	if (o->error == 0 && o->stamped)
		pairs_sent(&n->pairs, place, o->id, o->at.wall);
}

enum verdict server_asked(struct node *n, struct now now, struct arrival *v, struct actions *out)
{
	const struct datagram *d = v->d;
	struct server_snapshot snapshot;
	struct send_action s = {.to = d->from, .from = d->to};
	uint32_t key_id;
	/*
	 * A question without a MAC changes nothing here, so authentication does not forbid it an
	 * answer; one by a key that nobody knows asks for proof that we cannot give.
	 */
	enum verdict verdict = server_test_auth(&v->auth, false, &key_id);

	if (verdict == VERDICT_USED && v->auth.result == AUTH_UNKNOWN && n->authentication)
		verdict = VERDICT_KEY_UNKNOWN;
	if (verdict == VERDICT_USED)
		verdict = limit_asked(n, now, v, key_id, out);
	if (verdict != VERDICT_USED)
		return verdict;
	system_snapshot(n, now, &snapshot);
	stamp received = d->at_lost ? now.wall : d->at.wall;
	received = pairs_unique(&n->pairs, &d->from.addr, received);
	struct packet p = server_answer(&snapshot, &v->packet, received, now.wall);

	interleave(n, v, &p);
	if (stamp_equal(p.transmit, p.receive))
		p.transmit.frac++; /* else nobody could tell the two modes apart */
	if (!node_pack(n, &p, key_id, &s))
		return VERDICT_KEY_UNKNOWN;
	keep_pair(n, now, &p, &s);
	s.service_port = d->service_port;
	/* Static interfaces have a socket each, and the answer must leave by the right one. */
	if (addr_is_link_local(&d->from.addr) || n->options.static_ifaces)
		s.ifindex = d->ifindex;
	node_push(out, ACT_SEND)->send = s;
	node_count_sent(n, &s);
	return VERDICT_ANSWERED;
}
