/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/report.h"

#include "ntp/node_state.h"

#include <string.h>

#define PHI_PPT (15 * PPT_PER_PPM) /* RFC 5905 figure 27 */
#define NEVER ((span){-1})

static span since(struct now now, mono at)
{
	if (at.ns == INT64_MIN)
		return NEVER;
	return span_max(SPAN_ZERO, mono_sub(now.mono, at));
}

void report_system(const struct node *n, struct now now, struct system_row *ret)
{
	system_row(n, now, ret);
	for (unsigned i = 0; i < n->assoc_used; i++)
		ret->assoc_count += n->assocs[i].used;
	ret->group_count = n->role_count;
	for (unsigned f = 0; f < LEDGER_FAMILIES; f++) {
		ret->sent += n->ledger.totals[f].sent;
		ret->send_failed += n->ledger.totals[f].send_failed;
	}
}

static void report_filter(struct now now, const struct assoc *a, struct assoc_row *ret)
{
	unsigned kept = a->filter_count < STATE_FILTER_LEN ? a->filter_count : STATE_FILTER_LEN;

	for (unsigned i = 0; i < kept; i++) {
		unsigned at = (unsigned)(a->filter_count - 1 - i) % STATE_FILTER_LEN;

		ret->filter_offset[i] = a->filter_offset[at];
		ret->filter_delay[i] = a->filter_delay[at];
		ret->filter_dispersion[i] =
			freq_over((freq){PHI_PPT}, mono_sub(now.mono, a->filter_at[at]));
	}
}

/* The origin of an answer is our nonce, no time; what is shown is when its question left. */
static stamp origin_time(struct now now, const struct assoc *a)
{
	if (a->last.mode != MODE_SERVER)
		return a->last.origin;
	return a->volley.waiting ? (stamp){0} : stamp_add(now.wall, mono_sub(a->asked, now.mono));
}

static void report_header(struct now now, const struct assoc *a, struct assoc_row *ret)
{
	const struct packet *p = &a->last;

	ret->leap = p->leap;
	ret->stratum = p->stratum;
	ret->refid = p->refid;
	ret->peer_poll_log2s = p->poll_log2s;
	ret->precision_log2s = p->precision_log2s;
	ret->root_delay = packet_short_to_span(p->root_delay);
	ret->root_dispersion = packet_short_to_span(p->root_dispersion);
	ret->reference = p->reference;
	ret->origin_time = origin_time(now, a);
	ret->receive = p->receive;
	ret->transmit = p->transmit;
}

static void report_belief(struct now now, const struct assoc *a, struct assoc_row *ret)
{
	struct belief b;

	estimate_at(&a->estimate, now.mono, &b);
	ret->valid = b.valid;
	if (!b.valid)
		return;
	ret->offset = stamp_sub(b.remote, now.wall);
	ret->delay = b.delay;
	ret->dispersion = b.dispersion;
	ret->jitter = b.jitter;
	ret->estimated_error = b.error;
	ret->root_distance = assoc_root_distance(a, &b, now.mono);
}

static const struct assoc *nth_assoc(const struct node *n, unsigned i)
{
	for (unsigned at = 0; at < n->assoc_used; at++) {
		if (n->assocs[at].used && i-- == 0)
			return &n->assocs[at];
	}
	return NULL;
}

bool report_assoc(const struct node *n, struct now now, unsigned i, struct assoc_row *ret)
{
	const struct assoc *a = nth_assoc(n, i);

	if (!a)
		return false;
	*ret = (struct assoc_row){
		.id = a->id,
		.peer = a->peer,
		.ifindex = a->ifindex,
		.group = a->group,
		.origin = a->origin,
		.phase = a->phase,
		.rank = a->rank,
		.authenticated = a->authenticated,
		.key_id = a->key_id,
		.sane = a->sane,
		.version = a->version,
		.reach = a->reach,
		.local_poll_log2s = a->poll_log2s,
		.since_heard = since(now, a->heard),
	};
	if (a->role != ROLE_NONE)
		memcpy(ret->ifname, n->roles[a->role].set.ifname, sizeof ret->ifname);
	memcpy(ret->verdicts, a->verdicts, sizeof ret->verdicts);
	report_header(now, a, ret);
	report_belief(now, a, ret);
	report_filter(now, a, ret);
	return true;
}

static void report_search(const struct node *n, const struct role *r, struct group_row *ret)
{
	if (r->manycast == MANYCAST_NONE)
		return;
	const struct manycast_search *s = &n->manycast.searches[r->manycast];

	ret->ring = s->ttl;
	ret->satisfied = s->satisfied;
}

bool report_group(const struct node *n, struct now now, unsigned i, struct group_row *ret)
{
	if (i >= n->role_count)
		return false;
	uint16_t place = n->role_order[i];
	const struct role *r = &n->roles[place];
	const struct iface *f = r->iface == IFACE_NONE ? NULL : &n->ifaces.list[r->iface];

	*ret = (struct group_row){
		.group = r->set.group,
		.kind = r->set.kind,
		.join = (uint8_t)role_join_state(n, place),
		.error = r->error,
		.off = (uint8_t)access_role(n, &r->set, f),
		.port = r->set.port,
		.version = r->set.version,
		.poll_log2s = r->set.minpoll_log2s,
		.key_id = r->set.key_id,
		.next = NEVER,
		.since_heard = since(now, r->heard),
		.sent = r->sent,
		.received = r->received,
		.sessions = r->sessions,
	};
	memcpy(ret->ifname, r->set.ifname, sizeof ret->ifname);
	memcpy(ret->verdicts, r->verdicts, sizeof ret->verdicts);
	if (f)
		ret->ifindex = f->link.ifindex;
	if (role_sends(r->set.kind))
		ret->ttl = r->set.ttl;
	if (role_sends(r->set.kind) && ret->join == GROUP_SENDING)
		ret->next = span_max(SPAN_ZERO, mono_sub(r->next, now.mono));
	report_search(n, r, ret);
	return true;
}

bool report_ring(const struct node *n, unsigned i, unsigned j, struct ring_row *ret)
{
	if (i >= n->role_count)
		return false;
	uint16_t search = n->roles[n->role_order[i]].manycast;

	if (search == MANYCAST_NONE || j >= n->manycast.searches[search].ring_count)
		return false;
	*ret = n->manycast.searches[search].rings[j];
	return true;
}

static const struct iface *nth_counted(const struct node *n, enum ledger_family family, unsigned i)
{
	for (unsigned at = 0; at < n->ifaces.count; at++) {
		const struct iface *f = &n->ifaces.list[at];
		const struct tally *t = &f->tallies[family];

		if (f->used && (t->received > 0 || t->sent > 0) && i-- == 0)
			return f;
	}
	return NULL;
}

bool report_counter(const struct node *n, enum addr_family family, unsigned i,
		    struct counter_row *ret)
{
	enum ledger_family which = family == ADDR_V6 ? LEDGER_V6 : LEDGER_V4;
	const struct iface *f = i == 0 ? NULL : nth_counted(n, which, i - 1);
	const struct tally *t = f ? &f->tallies[which] : &n->ledger.totals[which];

	if (i > 0 && !f)
		return false;
	memset(ret, 0, sizeof *ret);
	if (f)
		memcpy(ret->ifname, f->link.name, sizeof ret->ifname);
	ret->family = (uint8_t)family;
	ret->sent = t->sent;
	ret->send_failed = t->send_failed;
	ret->received = t->received;
	memcpy(ret->verdicts, t->verdicts, sizeof ret->verdicts);
	return true;
}
