/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/assoc.h"

#include "base/defence.h"
#include "ntp/node_state.h"

#include <string.h>

#define PHI_PPT (15 * PPT_PER_PPM)   /* RFC 5905 figure 27 */
#define POLL_STEADY 8		     /* samples without a wish for more that lengthen a poll */
#define EXPENDABLE_AFTER SPAN_S(128) /* unheard: two intervals of most servers */
#define SELECTED_AFTER SPAN_S(2048)  /* two of its own, but not more, of whom we follow */
#define LENT_FOLD 4		     /* our own time is that much better known than by the source */

unsigned assoc_place(const struct node *n, const struct assoc *a)
{
	return (unsigned)(a - n->assocs);
}

/* ---- life ---- */

static unsigned dynamic_count(const struct node *n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n->assoc_used; i++) {
		if (n->assocs[i].used && n->assocs[i].origin != ASSOC_UNICAST)
			count++;
	}
	return count;
}

static span patience(const struct assoc *a)
{
	if (a->rank < RANK_SELECTED)
		return EXPENDABLE_AFTER;
	return span_max(EXPENDABLE_AFTER,
			span_min(span_from_log2s((int8_t)(a->poll_log2s + 1)), SELECTED_AFTER));
}

/* Of those that never answered nor proved anything, who has been silent for longest. */
static struct assoc *expendable(struct node *n, struct now now)
{
	struct assoc *oldest = NULL;

	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		if (a->used && a->origin == ASSOC_MULTICAST && !a->calibrated &&
		    !a->authenticated && a->rank != RANK_MASTER &&
		    !span_less(mono_sub(now.mono, a->heard), patience(a)) &&
		    (!oldest || mono_before(a->heard, oldest->heard)))
			oldest = a;
	}
	return oldest;
}

static struct assoc *free_place(struct node *n, struct now now, enum assoc_origin origin,
				struct actions *out)
{
	if (origin != ASSOC_UNICAST) {
		unsigned count = dynamic_count(n);

		if (count >= n->max_dynamic_sessions || count >= ASSOC_DYNAMIC_MAX) {
			/* One for one; where there are more than may be, nobody comes in. */
			bool full = count <= n->max_dynamic_sessions && count > 0;
			struct assoc *old = full ? expendable(n, now) : NULL;

			if (!old)
				return NULL;
			assoc_end(n, now, old, EVENT_UNREACHABLE, out);
		}
	}
	for (unsigned i = 0; i < ASSOC_MAX; i++) {
		if (!n->assocs[i].used)
			return &n->assocs[i];
	}
	return NULL;
}

void assoc_event(struct node *n, struct now now, const struct assoc *a, enum event_reason why)
{
	struct event_row row = {
		.when = now.wall,
		.reason = (uint8_t)why,
		.origin = a->origin,
		.peer = a->peer,
	};
	const struct iface *f = iface_by_index(&n->ifaces, a->ifindex);

	if (f)
		memcpy(row.ifname, f->link.name, sizeof row.ifname);
	ledger_add_event(&n->ledger, &row);
}

void assoc_set_polls(struct assoc *a, int8_t minpoll_log2s, int8_t maxpoll_log2s)
{
	a->minpoll_log2s = minpoll_log2s;
	a->maxpoll_log2s = maxpoll_log2s;
	a->poll_log2s = minpoll_log2s;
}

static enum assoc_phase first_phase(enum assoc_origin origin)
{
	switch (origin) {
	case ASSOC_MULTICAST:
		return ASSOC_WAITING;
	case ASSOC_MANYCAST:
		return ASSOC_QUARANTINE;
	case ASSOC_UNICAST:
		break;
	}
	return ASSOC_POLLING;
}

struct assoc *assoc_new(struct node *n, struct now now, enum assoc_origin origin,
			const struct endpoint *peer, uint16_t role, struct actions *out)
{
	struct assoc *a = free_place(n, now, origin, out);

	if (!a)
		return NULL;
	memset(a, 0, sizeof *a);
	a->used = true;
	if (n->assoc_used <= assoc_place(n, a))
		n->assoc_used = assoc_place(n, a) + 1;
	a->origin = (uint8_t)origin;
	a->id = ++n->serial;
	a->peer = *peer;
	a->role = role;
	a->version = 4;
	a->heard = (mono){INT64_MIN};
	a->arrived = (mono){INT64_MIN};
	a->expect = MONO_NEVER;
	a->early.at = now.mono;
	a->volley.next = MONO_NEVER;
	if (role != ROLE_NONE) {
		struct role *r = &n->roles[role];

		r->sessions++;
		a->group = r->set.group;
		if (r->iface != IFACE_NONE)
			a->ifindex = n->ifaces.list[r->iface].link.ifindex;
	}
	a->phase = (uint8_t)first_phase(origin);
	estimate_init(&a->estimate, n->system.has_memory, n->system.frequency,
		      n->system.frequency_error);
	assoc_event(n, now, a, EVENT_NEW);
	node_note(out, NOTE_ASSOCIATION_NEW, a->ifindex, &a->peer, &a->group, 0);
	return a;
}

void assoc_end(struct node *n, struct now now, struct assoc *a, enum event_reason why,
	       struct actions *out)
{
	uint16_t role = a->role;

	floor_keep(n, a);
	ask_close(n, now, a->ask);
	agenda_set(&n->agenda, ITEM_ASSOCS + assoc_place(n, a), MONO_NEVER);
	a->used = false;
	while (n->assoc_used > 0 && !n->assocs[n->assoc_used - 1].used)
		n->assoc_used--;
	assoc_event(n, now, a, why);
	node_note(out, NOTE_ASSOCIATION_ENDED, a->ifindex, &a->peer, &a->group, why);
	if (role != ROLE_NONE) {
		n->roles[role].sessions--;
		if (a->origin == ASSOC_MANYCAST && why != EVENT_BETTER_FOUND)
			manycast_lost(n, now, role);
	}
	if (a->rank >= RANK_SELECTED)
		system_doubt(n, now);
}

struct assoc *assoc_find(struct node *n, const struct addr *peer, uint32_t ifindex, uint16_t role)
{
	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		if (a->used && a->ifindex == ifindex && a->role == role &&
		    addr_equal(&a->peer.addr, peer))
			return a;
	}
	return NULL;
}

void assoc_plan(struct node *n, struct assoc *a)
{
	if (a->used)
		agenda_set(&n->agenda, ITEM_ASSOCS + assoc_place(n, a),
			   mono_min(a->expect, a->volley.next));
}

void assoc_wake(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	if (mono_before(now.mono, a->expect)) {
		volley_wake(n, now, a, out);
		return;
	}
	a->expect = mono_add(a->expect, span_from_log2s(a->poll_log2s));
	assoc_missed(n, now, a, out);
	assoc_plan(n, a);
}

/* ---- tests ---- */

enum verdict assoc_test(struct node *n, const struct packet *p)
{
	if (stamp_is_zero(p->transmit))
		return VERDICT_TIME_ZERO;
	if (p->leap == LEAP_UNKNOWN || p->stratum == 0)
		return VERDICT_UNSYNCHRONISED;
	if (p->stratum >= STRATUM_UNSYNCHRONISED)
		return VERDICT_STRATUM;
	/* RFC 5905 figure 22, packet test 7. */
	if (!span_less(packet_root_distance(p), SPAN_S(16)) ||
	    (!stamp_is_zero(p->reference) && stamp_after(p->reference, p->transmit)))
		return VERDICT_DISTANCE;
	if (p->stratum > 1 && iface_owns_refid(&n->ifaces, p->refid))
		return VERDICT_LOOP;
	return VERDICT_USED;
}

enum verdict assoc_test_auth(const struct node *n, const struct auth_found *found, uint32_t key_id)
{
	switch (found->result) {
	case AUTH_BAD:
		return VERDICT_MAC_BAD;
	case AUTH_NAK:
		return VERDICT_CRYPTO_NAK;
	case AUTH_FORMAT:
		return VERDICT_FORMAT;
	case AUTH_NONE:
		return n->authentication ? VERDICT_MAC_MISSING : VERDICT_USED;
	case AUTH_UNKNOWN:
		return n->authentication ? VERDICT_KEY_UNKNOWN : VERDICT_USED;
	case AUTH_VALID:
		break;
	}
	if (key_id != 0 && found->key_id != key_id)
		return VERDICT_KEY_OTHER;
	return n->authentication && !found->trusted ? VERDICT_KEY_UNTRUSTED : VERDICT_USED;
}

bool assoc_is_trusted(const struct node *n, const struct assoc *a)
{
	const struct key *key = a->key_id != 0 ? auth_key(&n->auth, a->key_id) : NULL;

	if (a->key_id != 0 && !key)
		return false;
	return !n->authentication || (key && key->trusted && (a->authenticated || a->fresh == 0));
}

bool assoc_is_fit(const struct assoc *a)
{
	if (!a->used || !a->sane || a->reach == 0)
		return false;
	if (a->last.stratum >= STRATUM_UNSYNCHRONISED - 1)
		return false; /* we would be at 16 */
	return a->phase != ASSOC_WAITING && a->phase != ASSOC_QUARANTINE;
}

span assoc_root_distance(const struct assoc *a, const struct belief *b, mono now)
{
	span delays = span_add(packet_short_to_span(a->last.root_delay), b->delay);
	span age = span_max(SPAN_ZERO, mono_sub(now, a->heard));
	span lambda = span_half(delays);

	lambda = span_add(lambda, packet_short_to_span(a->last.root_dispersion));
	lambda = span_add(lambda, freq_over((freq){PHI_PPT}, age));
	lambda = span_add(lambda, b->dispersion);
	return span_add(lambda, b->jitter);
}

/* ---- reach ---- */

void assoc_expect(struct node *n, struct assoc *a, mono at)
{
	if (a->origin == ASSOC_MULTICAST) {
		span interval = span_from_log2s(a->poll_log2s);

		a->expect = mono_add(at, span_add(interval, span_half(interval)));
	}
	assoc_plan(n, a);
}

void assoc_heard(struct node *n, struct now now, struct assoc *a, mono at)
{
	(void)now;
	a->reach = (uint8_t)(a->reach << 1 | 1);
	a->silent = 0;
	a->heard = at;
	assoc_expect(n, a, at);
}

void assoc_missed(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	bool was_reachable = a->reach != 0;

	a->reach = (uint8_t)(a->reach << 1);
	if (a->silent < UINT8_MAX)
		a->silent++;
	if (a->origin != ASSOC_UNICAST && a->silent >= ASSOC_SILENT_MAX) {
		assoc_end(n, now, a, EVENT_UNREACHABLE, out);
		return;
	}
	if (was_reachable && a->reach == 0) {
		assoc_event(n, now, a, EVENT_UNREACHABLE);
		system_update(n, now, out);
	}
}

/* ---- samples ---- */

void assoc_believe(struct node *n, struct now now, struct assoc *a, const struct arrival *v)
{
	if (a->sane && v->packet.stratum > a->last.stratum)
		assoc_event(n, now, a, EVENT_STRATUM_INCREASED);
	a->last = v->packet;
	a->sane = true;
}

void assoc_stepped(struct node *n, span by)
{
	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		for (unsigned j = 0; a->used && j < STATE_FILTER_LEN; j++)
			a->filter_offset[j] = span_sub(a->filter_offset[j], by);
	}
}

void assoc_slept(struct node *n, struct now now, struct assoc *a)
{
	estimate_restart(&a->estimate);
	hindsight_clear(&a->hindsight);
	a->filter_count = 0;
	a->jumps = 0;
	a->beacon_open = false;
	a->prior.open = false;
	a->cookie = (stamp){0};
	a->silent = 0; /* nobody listened, so nothing was missed */
	assoc_expect(n, a, now.mono);
	if (a->phase == ASSOC_DEGRADED)
		return;
	if (a->origin == ASSOC_MULTICAST) { /* the path is not known: as when it was met */
		a->calibrated = false;
		a->phase = ASSOC_VOLLEY;
	}
	volley_resume(n, now, a);
}

static void keep_in_filter(struct now now, struct assoc *a, const struct sample *s)
{
	unsigned at = a->filter_count % STATE_FILTER_LEN;
	span down = stamp_sub(s->transmitted, node_wall_at(now, s->arrived)); /* T3 - T4 */

	if (s->two_way) {
		span up = stamp_sub(s->received, node_wall_at(now, s->sent)); /* T2 - T1 */

		a->filter_offset[at] = span_half(span_add(up, down));
		a->filter_delay[at] = span_sub(up, down);
	} else {
		struct belief b;

		estimate_at(&a->estimate, s->arrived, &b);
		a->filter_offset[at] = span_add(down, span_half(b.delay));
		a->filter_delay[at] = b.delay;
	}
	a->filter_at[at] = s->arrived;
	/* Keeps its place in the ring when it comes round. */
	a->filter_count = a->filter_count == UINT8_MAX ? UINT8_MAX - STATE_FILTER_LEN + 1
						       : (uint8_t)(a->filter_count + 1);
}

/*
 * The sample is far from what was believed. With answers the estimate settles it by itself: two
 * exchanges that agree; so ask. Where nobody answers, several packets in a row must say so, and
 * their transmit times only go forward (decision 6).
 */
static bool jump_is_confirmed(struct node *n, struct now now, struct assoc *a,
			      const struct sample *s)
{
	if (a->phase != ASSOC_DEGRADED && defence(DEFENCE_JUMP)) {
		if (s->two_way)
			(void)volley_trigger(n, now, a, 2); /* nobody can send an answer again */
		else
			volley_suspect(n, now, a);
		return false;
	}
	if (a->jumps > 0 && !stamp_after(s->transmitted, a->jumped) && defence(DEFENCE_ORDER)) {
		/* One packet that is sent again says so only once. */
		if (stamp_equal(s->transmitted, a->jumped))
			return false;
		a->jumps = 0; /* time went back: what came before does not confirm this */
	}
	a->jumped = s->transmitted;
	if (++a->jumps < ASSOC_JUMPS_MAX)
		return false;
	a->jumps = 0;
	estimate_restart(&a->estimate);
	hindsight_clear(&a->hindsight);
	assoc_event(n, now, a, EVENT_CLOCK_CHANGED);
	return hindsight_add(&a->hindsight, &a->estimate, s, MONO_NEVER) != ESTIMATE_JUMP;
}

static void adapt_poll(struct node *n, struct now now, struct assoc *a)
{
	if (estimate_wants_exchange(&a->estimate)) {
		a->steady = 0;
		if (a->origin == ASSOC_MULTICAST && !a->calibrated)
			return; /* nobody answers: the retries grow rare */
		if (a->origin == ASSOC_MULTICAST)
			(void)volley_trigger(n, now, a, 1);
		else if (a->poll_log2s > a->minpoll_log2s)
			a->poll_log2s--;
		return;
	}
	if (a->origin == ASSOC_MULTICAST || a->poll_log2s >= a->maxpoll_log2s)
		return;
	if (++a->steady >= POLL_STEADY) {
		a->steady = 0;
		a->poll_log2s++;
	}
}

/*
 * The nonce bounds the way of an answer, and no beacon needs longer than a question and its answer
 * together unless somebody holds up what goes to the group. While he does, only answers count; what
 * was learned from him is forgotten.
 */
static void watch_for_delay(struct node *n, struct now now, struct assoc *a, const struct sample *s,
			    struct actions *out)
{
	struct belief b;

	if (a->origin != ASSOC_MULTICAST || !a->calibrated)
		return;
	estimate_at(&a->estimate, s->arrived, &b);
	span way = stamp_sub(b.remote, s->transmitted);

	if (!s->two_way) {
		a->quickest = a->beacons == 0 ? way : span_min(a->quickest, way);
		a->beacons = a->beacons == UINT8_MAX ? a->beacons : (uint8_t)(a->beacons + 1);
		return;
	}
	span trip = span_sub(mono_sub(s->arrived, s->sent), stamp_sub(s->transmitted, s->received));
	span late = span_sub(span_sub(a->quickest, way), span_add(trip, ASSOC_HELD_UP_MIN));
	bool held_up = a->beacons >= 2 && late.ns > 0;

	a->beacons = 0;
	if (held_up && !a->held_up) {
		node_note(out, NOTE_HELD_UP, a->ifindex, &a->peer, &a->group, late.ns);
		estimate_restart(&a->estimate);
		hindsight_clear(&a->hindsight);
		(void)volley_trigger(n, now, a, 4);
	}
	a->held_up = held_up;
}

/* Since when something may still be told about what arrived. */
static mono open_since(const struct assoc *a)
{
	return mono_min(a->beacon_open ? a->beacon.arrived : MONO_NEVER,
			a->prior.open ? a->prior.sample.arrived : MONO_NEVER);
}

/*
 * Where nobody answers, but others have told the time, their time tells the path: the source then
 * carries on what is known, instead of pulling it by what its path is not known to be.
 */
static bool begin_by_others(struct node *n, struct assoc *a, const struct sample *s)
{
	struct belief known, b;

	if (s->two_way || a->phase != ASSOC_DEGRADED || !system_belief_at(n, s->arrived, &known))
		return false;
	estimate_at(&a->estimate, s->arrived, &b);
	if (b.valid && b.error.ns < LENT_FOLD * known.error.ns)
		return false;
	return estimate_begin_by(&a->estimate, s, &known);
}

static enum estimate_verdict add_sample(struct node *n, struct assoc *a, const struct sample *s)
{
	if (!begin_by_others(n, a, s))
		return hindsight_add(&a->hindsight, &a->estimate, s, open_since(a));
	hindsight_clear(&a->hindsight);
	return ESTIMATE_USED;
}

enum verdict assoc_sample(struct node *n, struct now now, struct assoc *a, const struct sample *s,
			  struct actions *out)
{
	/* What is complete later than it arrived may still be taken by hindsight. */
	if (mono_before(s->arrived, a->arrived) && !a->prior.open && !a->beacon_open)
		return VERDICT_STALE;
	if (mono_before(a->arrived, s->arrived))
		a->arrived = s->arrived;
	if (access_is_too_far(n, now, s)) {
		a->sane = false;
		system_update(n, now, out);
		return VERDICT_OFFSET_LIMIT;
	}
	if (defence(DEFENCE_DELAY))
		watch_for_delay(n, now, a, s, out);
	if (a->held_up && !s->two_way)
		return VERDICT_UNCONFIRMED;
	switch (add_sample(n, a, s)) {
	case ESTIMATE_USED:
		a->jumps = 0;
		break;
	case ESTIMATE_OUTLIER:
		break;
	case ESTIMATE_JUMP:
		if (!jump_is_confirmed(n, now, a, s))
			return VERDICT_UNCONFIRMED;
		break;
	}
	if (a->fresh < UINT8_MAX)
		a->fresh++;
	keep_in_filter(now, a, s);
	if (a->phase == ASSOC_QUARANTINE && a->fresh >= ASSOC_QUARANTINE_SAMPLES)
		a->phase = ASSOC_POLLING;
	adapt_poll(n, now, a);
	system_update(n, now, out);
	return VERDICT_USED;
}

void assoc_correct(struct assoc *a, const struct sample *s, stamp left)
{
	span late = stamp_sub(left, s->transmitted);

	if (!hindsight_correct(&a->hindsight, &a->estimate, s->arrived, left))
		return;
	for (unsigned i = 0; i < STATE_FILTER_LEN; i++) {
		if (a->filter_at[i].ns != s->arrived.ns)
			continue;
		a->filter_offset[i] =
			span_add(a->filter_offset[i], s->two_way ? span_half(late) : late);
		if (s->two_way)
			a->filter_delay[i] = span_sub(a->filter_delay[i], late);
	}
}
