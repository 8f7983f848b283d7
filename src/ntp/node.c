/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/node.h"

#include "base/defence.h"
#include "ntp/client.h"
#include "ntp/leap.h"
#include "ntp/multicast.h"
#include "ntp/node_state.h"
#include "ntp/report.h"

#include <assert.h>
#include <string.h>

#define NOTES_LEAVE_ROOM 12 /* places in an action list that notes do not take */

/* ---- life ---- */

size_t node_size(void)
{
	return sizeof(struct node);
}

struct node *node_new(void *block, const uint8_t seed[32], const struct node_options *options)
{
	struct node *n = block;

	n->options = *options;
	random_init(&n->random, seed);
	n->max_dynamic_sessions = 100;
	n->distance_max = ASSOC_DISTANCE_MAX;
	system_init(n);
	return n;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	auth_wipe(&n->auth);
	explicit_bzero(&n->random, sizeof n->random);
}

void node_keys(struct node *n, struct now now, const struct key *keys, unsigned count)
{
	(void)now;
	auth_set(&n->auth, keys, count);
}

/* ---- actions ---- */

struct action *node_push(struct actions *out, enum action_kind kind)
{
	assert(out->count < ACTIONS_MAX);
	struct action *a = &out->list[out->count++];

	memset(a, 0, sizeof *a);
	a->kind = kind;
	return a;
}

void node_note(struct actions *out, enum note note, uint32_t ifindex, const struct endpoint *peer,
	       const struct addr *group, int64_t value)
{
	if (out->count + NOTES_LEAVE_ROOM >= ACTIONS_MAX)
		return;
	struct note_action *a = &node_push(out, ACT_NOTE)->note;

	a->note = note;
	a->ifindex = ifindex;
	if (peer)
		a->peer = *peer;
	if (group)
		a->group = *group;
	a->value = value;
}

/* 16 bits of serial number, 2 of kind, 14 of place: enough to tell a late outcome. */
uint32_t node_send_id(struct node *n, enum send_kind kind, unsigned place)
{
	uint32_t id = (n->serial & 0xffff) << 16 | (uint32_t)kind << 14 | (place & 0x3fff);

	n->serial++;
	return id;
}

bool node_pack(const struct node *n, const struct packet *p, uint32_t key_id, struct send_action *s)
{
	size_t len = PACKET_HEADER_OCTETS;

	packet_write(p, s->octets);
	if (key_id != 0) {
		len = auth_append(&n->auth, key_id, s->octets, len, sizeof s->octets);
		if (len == 0)
			return false;
	}
	s->len = (uint16_t)len;
	return true;
}

static struct tally *iface_tally(struct node *n, uint32_t ifindex, const struct addr *to)
{
	struct iface *f = iface_by_index(&n->ifaces, ifindex);

	return f ? &f->tallies[ledger_family_of(to)] : NULL;
}

void node_count_sent(struct node *n, const struct send_action *s)
{
	struct tally *t = iface_tally(n, s->ifindex, &s->to.addr);

	n->ledger.totals[ledger_family_of(&s->to.addr)].sent++;
	if (t)
		t->sent++;
}

void node_count_failed(struct node *n, uint32_t ifindex, const struct addr *to)
{
	struct tally *t = iface_tally(n, ifindex, to);

	n->ledger.totals[ledger_family_of(to)].send_failed++;
	if (t)
		t->send_failed++;
}

/* ---- memory ---- */

void node_recall(struct node *n, struct now now, const struct memory *m)
{
	(void)now;
	n->system.has_memory = m->has_frequency;
	n->system.frequency = m->frequency;
	n->system.frequency_error = m->frequency_error;
	floor_recall(n, m);
	if (m->has_frequency)
		servo_init(&n->system.servo, n->options.steer, m->frequency,
			   n->options.frequency_max);
}

void node_memory(const struct node *n, struct memory *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->has_frequency = n->system.has_memory;
	ret->frequency = n->system.frequency;
	ret->frequency_error = n->system.frequency_error;
	floor_report(n, ret);
}

/* ---- configuration ---- */

static bool same_unicast(const struct unicast_setting *a, const struct unicast_setting *b)
{
	return addr_equal(&a->addr, &b->addr) && a->port == b->port && a->version == b->version &&
	       a->minpoll_log2s == b->minpoll_log2s && a->maxpoll_log2s == b->maxpoll_log2s &&
	       a->iburst == b->iburst && a->key_id == b->key_id;
}

static const struct unicast_setting *find_unicast(const struct node *n, const struct settings *s,
						  const struct addr *a)
{
	for (unsigned i = 0; i < s->unicast_count; i++) {
		if (addr_equal(&s->unicasts[i].addr, a) && !access_family_is_off(n, a))
			return &s->unicasts[i];
	}
	return NULL;
}

static void begin_unicast(struct node *n, struct now now, unsigned i, struct actions *out)
{
	const struct unicast_setting *u = &n->unicasts[i];
	struct endpoint peer = {.addr = u->addr, .port = u->port};
	struct assoc *a = assoc_new(n, now, ASSOC_UNICAST, &peer, ROLE_NONE, out);

	if (!a)
		return;
	a->unicast = (uint16_t)i;
	a->version = u->version;
	a->key_id = u->key_id;
	assoc_set_polls(a, (int8_t)u->minpoll_log2s, (int8_t)u->maxpoll_log2s);
	volley_begin(n, now, a);
}

static void configure_unicasts(struct node *n, struct now now, const struct settings *s,
			       struct actions *out)
{
	bool known[SETTINGS_UNICASTS_MAX] = {false};

	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];
		const struct unicast_setting *u;

		if (!a->used || a->origin != ASSOC_UNICAST)
			continue;
		u = find_unicast(n, s, &a->peer.addr);
		if (u && same_unicast(u, &n->unicasts[a->unicast])) {
			a->unicast = (uint16_t)(u - s->unicasts);
			known[a->unicast] = true;
		} else {
			assoc_end(n, now, a,
				  u ? EVENT_CONFIGURATION_CHANGED : EVENT_CONFIGURATION_REMOVED,
				  out);
		}
	}
	n->unicast_count = s->unicast_count;
	memcpy(n->unicasts, s->unicasts, s->unicast_count * sizeof s->unicasts[0]);
	for (unsigned i = 0; i < s->unicast_count; i++) {
		if (!known[i] && !access_family_is_off(n, &s->unicasts[i].addr))
			begin_unicast(n, now, i, out);
	}
}

/* Whom today's keys and rules would not have let in does not stay because it came before them. */
static void review_trust(struct node *n, struct now now, struct actions *out)
{
	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		if (a->used && !assoc_is_trusted(n, a))
			assoc_end(n, now, a, EVENT_AUTHENTICATION_CHANGED, out);
	}
}

/* Who was not asked began by the old wish, and who was goes on asking. */
static void review_volleys(struct node *n, struct now now, const struct settings *s,
			   struct actions *out)
{
	if (n->volley == s->volley && n->multicast_delay_us == s->multicast_delay_us)
		return;
	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		if (a->used && a->origin == ASSOC_MULTICAST &&
		    (!a->calibrated || s->volley == VOLLEY_NEVER))
			assoc_end(n, now, a, EVENT_CONFIGURATION_CHANGED, out);
	}
}

void node_configure(struct node *n, struct now now, const struct settings *s, struct actions *out)
{
	review_volleys(n, now, s, out);
	n->authentication = s->authentication;
	n->refclock = s->refclock;
	n->refclock_unit = s->refclock_unit;
	n->refclock_stratum = s->refclock_stratum;
	n->max_dynamic_sessions = s->max_dynamic_sessions;
	n->volley = s->volley;
	n->multicast_delay_us = s->multicast_delay_us;
	n->kod = s->kod;
	n->discard = s->discard;
	n->offset_limit_s = s->offset_limit_s;
	n->distance_max =
		s->max_distance_s ? SPAN_S((int64_t)s->max_distance_s) : ASSOC_DISTANCE_MAX;
	servo_limit(&n->system.servo, s->max_slew_ppm);
	access_configure(n, s);
	review_trust(n, now, out);
	access_review(n, now, out);
	port_configure(n, now, s);
	role_configure(n, now, s, out);
	configure_unicasts(n, now, s, out);
	system_review(n, now, out);
}

/* ---- links ---- */

static void link_lost(struct node *n, struct now now, struct iface *f, struct actions *out)
{
	uint32_t ifindex = f->link.ifindex;
	struct iface_link gone = {.ifindex = 0};

	if (ifindex == 0)
		return;
	iface_set_link(&n->ifaces, f, &gone);
	for (unsigned i = 0; i < n->assoc_used; i++) {
		if (n->assocs[i].used && n->assocs[i].ifindex == ifindex)
			assoc_end(n, now, &n->assocs[i], EVENT_IFACE_GONE, out);
	}
	role_link_changed(n, now, f);
	if (f->first_role == ROLE_NONE)
		iface_forget(&n->ifaces, f);
}

void node_link(struct node *n, struct now now, const struct iface_link *l, struct actions *out)
{
	struct iface *f = iface_by_name(&n->ifaces, l->name);
	struct iface *before = iface_by_index(&n->ifaces, l->ifindex);

	if (before && before != f) /* it was renamed */
		link_lost(n, now, before, out);
	if (f && f->link.ifindex != l->ifindex) /* gone, or made anew under the same name */
		link_lost(n, now, f, out);
	if (l->ifindex == 0)
		return;
	f = iface_make(&n->ifaces, l->name);
	if (!f)
		return;
	iface_set_link(&n->ifaces, f, l);
	access_mark(n, f);
	role_link_changed(n, now, f);
}

/* ---- packets ---- */

/* Addresses that no server or asker of ours can have (CVE-2016-1551). */
static bool is_impossible_source(struct node *n, const struct datagram *d, const struct iface *f,
				 bool may_be_own)
{
	const struct addr *a = &d->from.addr;

	if (d->from.port == 0 || addr_is_multicast(a) || addr_is_unspecified(a) ||
	    addr_is_broadcast(a))
		return true;
	if (addr_is_loopback(a))
		return !may_be_own || (f && !f->link.loopback);
	return !may_be_own && iface_owns(&n->ifaces, a);
}

static enum verdict hear_answer(struct node *n, struct now now, struct arrival *v,
				struct actions *out)
{
	const struct ask *k = ask_find(n, v->d->ask);

	if (!k)
		return VERDICT_UNEXPECTED;
	if (k->owner == ASK_SEARCH)
		return manycast_hear(n, now, v, k->whose, out);
	return client_hear(n, now, v, &n->assocs[k->whose], out);
}

static enum verdict hear_question(struct node *n, struct now now, struct arrival *v,
				  struct actions *out)
{
	if (addr_is_multicast(&v->d->to))
		return usher_asked(n, now, v);
	if (addr_is_broadcast(&v->d->to) || (v->iface && iface_is_broadcast(v->iface, &v->d->to)))
		return VERDICT_NOT_LISTENING;
	return server_asked(n, now, v, out);
}

static enum verdict dispatch(struct node *n, struct now now, struct arrival *v, struct actions *out)
{
	const struct datagram *d = v->d;

	if (d->len < PACKET_HEADER_OCTETS || !packet_read(d->octets, d->len, &v->packet))
		return VERDICT_SHORT;
	if (d->len % 4 != 0 || d->len > PACKET_OCTETS_MAX)
		return VERDICT_FORMAT;
	if (v->packet.version < 1 || v->packet.version > 4)
		return VERDICT_VERSION;
	bool is_question = v->packet.mode == MODE_CLIENT && !addr_is_multicast(&d->to);

	if (defence(DEFENCE_SOURCE) && is_impossible_source(n, d, v->iface, is_question))
		return VERDICT_SOURCE;
	/* RFC 5905 figure 20; symmetric modes are never answered, nor are 6 and 7. */
	if (v->packet.mode != MODE_CLIENT && v->packet.mode != MODE_SERVER &&
	    v->packet.mode != MODE_BROADCAST && defence(DEFENCE_MODES))
		return VERDICT_MODE;
	enum verdict verdict = access_test(n, v);

	if (verdict != VERDICT_USED)
		return verdict;
	if ((v->packet.mode == MODE_SERVER) != (d->ask != ASK_NONE))
		return VERDICT_UNEXPECTED;
	v->auth = auth_check(&n->auth, d->octets, d->len, v->packet.version);
	if (!access_key_fits(n, v) && defence(DEFENCE_BOUND))
		return VERDICT_KEY_BOUND;
	if (v->packet.mode == MODE_SERVER)
		return hear_answer(n, now, v, out);
	if (v->packet.mode == MODE_CLIENT)
		return hear_question(n, now, v, out);
	return multicast_hear(n, now, v, out);
}

static void count(struct node *n, const struct arrival *v, enum verdict verdict)
{
	const struct datagram *d = v->d;
	enum ledger_family family = ledger_family_of(&d->from.addr);

	n->ledger.totals[family].received++;
	n->ledger.totals[family].verdicts[verdict]++;
	if (v->iface) {
		v->iface->tallies[family].received++;
		v->iface->tallies[family].verdicts[verdict]++;
	}
	if (v->role != ROLE_NONE) {
		n->roles[v->role].received++;
		n->roles[v->role].verdicts[verdict]++;
	}
	if (v->assoc)
		v->assoc->verdicts[verdict]++;
	if (!ledger_is_drop(verdict))
		return;
	struct drop_row row = {
		.verdict = (uint8_t)verdict,
		.when = d->at.wall,
		.ifindex = d->ifindex,
		.from = d->from,
		.to = d->to,
	};
	ledger_add_drop(&n->ledger, &row);
}

/* Whose group it, or what it answers, was sent to; whatever becomes of it. */
static uint16_t role_of(const struct node *n, const struct datagram *d, const struct iface *f)
{
	const struct ask *k = ask_find(n, d->ask);

	if (k && k->owner == ASK_SEARCH)
		return n->manycast.searches[k->whose].role;
	if (!f || !addr_is_multicast(&d->to))
		return ROLE_NONE;
	return role_hearing(n, f, &d->to, d->len > 0 && (d->octets[0] & 7) == MODE_CLIENT);
}

void node_receive(struct node *n, struct now now, const struct datagram *d, struct actions *out)
{
	struct iface *f = iface_by_index(&n->ifaces, d->ifindex);
	struct arrival v = {.d = d, .iface = f, .role = role_of(n, d, f)};

	count(n, &v, dispatch(n, now, &v, out));
}

/* ---- outcomes ---- */

static void sent(struct node *n, struct now now, const struct outcome *o, struct actions *out)
{
	enum send_kind kind = (enum send_kind)(o->id >> 14 & 3);
	unsigned place = o->id & 0x3fff;

	if (kind == SEND_ANSWER)
		server_answered(n, o, place);
	else if (kind == SEND_ASSOC && place < ASSOC_MAX && n->assocs[place].used)
		client_asked(n, now, &n->assocs[place], o);
	else if (kind == SEND_ROLE && place < n->role_used && n->roles[place].used &&
		 n->roles[place].set.kind == ROLE_MULTICAST_SERVER)
		multicast_sent(n, (uint16_t)place, o);
	if (o->error == 0)
		return;
	node_count_failed(n, o->ifindex, &o->to.addr);
	/* An answer that could not leave is only counted: anybody can ask with a false address. */
	if (kind == SEND_ASSOC || kind == SEND_ROLE)
		node_note(out, NOTE_SEND_FAILED, o->ifindex, &o->to, NULL, o->error);
}

void node_outcome(struct node *n, struct now now, const struct outcome *o, struct actions *out)
{
	switch (o->kind) {
	case OUTCOME_SENT:
		sent(n, now, o, out);
		break;
	case OUTCOME_GROUP:
		role_joined(n, now, o, out);
		break;
	case OUTCOME_LISTEN:
		port_opened(n, now, o, out);
		break;
	case OUTCOME_STEP:
		system_stepped(n, now, o, out);
		break;
	case OUTCOME_RATE:
		system_rated(n, o, out);
		break;
	}
}

/* ---- time ---- */

void node_wake(struct node *n, struct now now, struct actions *out)
{
	unsigned item = 0;
	mono due = agenda_first(&n->agenda, &item);

	if (mono_before(now.mono, due))
		return;
	if (item < ITEM_ASSOCS)
		role_wake(n, now, (uint16_t)item, out);
	else if (item < ITEM_ASKS)
		assoc_wake(n, now, &n->assocs[item - ITEM_ASSOCS], out);
	else if (item == ITEM_ASKS)
		ask_wake(n, out);
	else if (item == ITEM_PORTS)
		port_wake(n, now, out);
	else if (item == ITEM_SERVO)
		system_slewed(n, now, out);
	else if (item == ITEM_SYSTEM)
		system_wake(n, now, out);
	else
		usher_wake(n, now, out);
}

mono node_next_wake(const struct node *n)
{
	unsigned item = 0;

	return agenda_first(&n->agenda, &item);
}

void node_stepped(struct node *n, struct now now, span by, struct actions *out)
{
	bool leap = leap_explains(n, now, by);

	node_note(out, leap ? NOTE_LEAPED : NOTE_CLOCK_MOVED, 0, NULL, NULL, by.ns);
	if (leap)
		leap_pass(n, by);
	else
		assoc_stepped(n, by);
	multicast_stepped(n);
	pairs_forget(&n->pairs);
	system_update(n, now, out);
}

void node_slept(struct node *n, struct now now, span by, struct actions *out)
{
	node_note(out, NOTE_SLEPT, 0, NULL, NULL, by.ns);
	for (unsigned i = 0; i < n->assoc_used; i++) {
		if (n->assocs[i].used)
			assoc_slept(n, now, &n->assocs[i]);
	}
	multicast_stepped(n);
	n->system.following = false;
	servo_rouse(&n->system.servo);
	system_update(n, now, out);
}

void node_kernel_clock(struct node *n, struct now now, const struct kernel_clock *k,
		       struct actions *out)
{
	n->system.kernel = *k;
	n->system.kernel_at = now.mono;
	system_review(n, now, out);
}

void node_reset_counters(struct node *n)
{
	memset(n->ledger.totals, 0, sizeof n->ledger.totals);
	for (unsigned i = 0; i < n->ifaces.count; i++) {
		struct iface *f = &n->ifaces.list[i];

		if (f->used)
			memset(f->tallies, 0, sizeof f->tallies);
	}
	for (unsigned r = 0; r < n->role_used; r++) {
		n->roles[r].sent = n->roles[r].received = 0;
		memset(n->roles[r].verdicts, 0, sizeof n->roles[r].verdicts);
	}
	for (unsigned i = 0; i < n->assoc_used; i++)
		memset(n->assocs[i].verdicts, 0, sizeof n->assocs[i].verdicts);
	n->ledger.drop_count = 0;
}

/* ---- rows ---- */

void node_system(const struct node *n, struct now now, struct system_row *ret)
{
	report_system(n, now, ret);
}

bool node_assoc(const struct node *n, struct now now, unsigned i, struct assoc_row *ret)
{
	return report_assoc(n, now, i, ret);
}

bool node_group(const struct node *n, struct now now, unsigned i, struct group_row *ret)
{
	return report_group(n, now, i, ret);
}

bool node_ring(const struct node *n, unsigned i, unsigned j, struct ring_row *ret)
{
	return report_ring(n, i, j, ret);
}

bool node_counter(const struct node *n, enum addr_family family, unsigned i,
		  struct counter_row *ret)
{
	return report_counter(n, family, i, ret);
}

bool node_drop(const struct node *n, unsigned i, struct drop_row *ret)
{
	return ledger_drop(&n->ledger, i, ret);
}

bool node_event(const struct node *n, unsigned i, struct event_row *ret)
{
	return ledger_event(&n->ledger, i, ret);
}
