/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/engine.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/membership.h"
#include "daemon/names.h"
#include "daemon/record.h"
#include "daemon/say.h"
#include "sys/clock.h"
#include "sys/hwstamp.h"
#include "sys/link.h"
#include "sys/loop.h"
#include "sys/process.h"

#define OUTCOMES_MAX 1024
/* Outcomes dealt with before the sockets are looked at again. */
#define OUTCOMES_A_TURN 256
#define KERNEL_CLOCK_INTERVAL SPAN_S(16)
/* Without an eventfd a signal is only seen at the end of a wait. */
#define WAIT_MAX_STATIC SPAN_S(1)
/* The outside judge's clock is true only after its first wait of 100 ms. */
#define WAIT_FIRST_STATIC SPAN_MS(150)

struct engine {
	void *block; /* the node lives in it */
	struct node *node;
	bool static_ifaces;
	struct mail *mail; /* borrowed; NULL: none */
	struct clock *clock;
	struct hwstamp *hwstamp;
	struct loop *loop;
	struct udp *udp;
	struct group *groups;
	struct link *link; /* NULL with static interfaces */
	struct record *record;
	struct say_limits limits;
	bool stamps_lost;	 /* the wall clock jumped in this turn */
	bool wants_kernel_clock; /* somebody is served from it */
	bool has_kernel_clock;
	bool has_news; /* a server was met that is worth remembering */
	bool vouches;  /* the kernel has our word for its clock */
	mono kernel_clock_due;
	struct names names;
	unsigned outcome_first;
	unsigned outcome_count;
	struct outcome outcomes[OUTCOMES_MAX];
	struct actions actions;
};

/* ---- outcomes wait their turn: the node is never called from within its own actions ---- */

static void push(struct engine *e, const struct outcome *o)
{
	assert(e->outcome_count < OUTCOMES_MAX);
	e->outcomes[(e->outcome_first + e->outcome_count) % OUTCOMES_MAX] = *o;
	e->outcome_count++;
}

static struct outcome pop(struct engine *e)
{
	struct outcome o = e->outcomes[e->outcome_first];

	e->outcome_first = (e->outcome_first + 1) % OUTCOMES_MAX;
	e->outcome_count--;
	return o;
}

/* ---- what the node asks for ---- */

static void perform_send(struct engine *e, const struct send_action *a)
{
	struct udp_send s = {
		.to = a->to,
		.from = a->from,
		.ifindex = a->ifindex,
		.ask = a->ask,
		.service_port = a->service_port,
		.ttl = a->ttl,
		.want_stamp = a->want_stamp && a->id != 0,
		.want_card_stamp = hwstamp_wants_card(e->hwstamp, a->ifindex),
		.id = a->id,
		.octets = a->octets,
		.len = a->len,
	};
	int r = udp_send(e->udp, &s);

	struct outcome o = {OUTCOME_SENT, a->id, .error = -r, .to = a->to, .ifindex = a->ifindex};

	/* A stamp brings the outcome with it. */
	if (r < 0 || (a->id != 0 && !s.want_stamp))
		push(e, &o);
}

static void perform_join(struct engine *e, const struct group_action *a)
{
	int r = membership_begin(e->groups, e->udp, a->ifindex, &a->group);

	push(e, &(struct outcome){.kind = OUTCOME_GROUP, .id = a->id, .error = -r});
}

static void perform_leave(struct engine *e, const struct group_action *a)
{
	int r = membership_end(e->groups, e->udp, a->ifindex, &a->group);

	push(e, &(struct outcome){.kind = OUTCOME_GROUP, .id = a->id, .error = -r});
}

static int listen_on(struct engine *e, uint16_t port)
{
	bool shared;
	int r = udp_listen(e->udp, port, &shared);

	if (r < 0 || !shared)
		return r;
	say(SAY_WARNING,
	    "port %u belongs to another program: it gets the questions, groups are heard here",
	    port);
	for (unsigned i = 0; i < group_count(e->groups) && r == 0; i++)
		r = udp_hear(e->udp, group_at(e->groups, i));
	return r;
}

static void perform_listen(struct engine *e, uint16_t port)
{
	int r = listen_on(e, port);

	push(e, &(struct outcome){.kind = OUTCOME_LISTEN, .port = port, .error = -r});
}

static void perform_step(struct engine *e, span by)
{
	struct outcome o = {.kind = OUTCOME_STEP};

	o.error = -clock_step(e->clock, by, &o.by);
	push(e, &o);
}

static void perform_rate(struct engine *e, freq rate)
{
	struct outcome o = {.kind = OUTCOME_RATE};

	o.error = -clock_set_rate(e->clock, rate, &o.rate);
	push(e, &o);
}

static void perform_status(struct engine *e, const struct status_action *a)
{
	struct clock_status s = {a->synchronised, a->leap, a->max_error, a->estimated_error};

	/* Whoever may not set the clock may not vouch for it; that has been said at the start. */
	if (clock_set_status(e->clock, &s) == 0)
		e->vouches = s.synchronised;
}

static void perform(struct engine *e, const struct action *a)
{
	switch (a->kind) {
	case ACT_SEND:
		perform_send(e, &a->send);
		break;
	case ACT_CLOSE:
		udp_close_ask(e->udp, a->port);
		break;
	case ACT_JOIN:
		perform_join(e, &a->group);
		break;
	case ACT_LEAVE:
		perform_leave(e, &a->group);
		break;
	case ACT_LISTEN:
		perform_listen(e, a->port);
		break;
	case ACT_UNLISTEN:
		udp_unlisten(e->udp, a->port);
		break;
	case ACT_STEP:
		perform_step(e, a->step);
		break;
	case ACT_RATE:
		perform_rate(e, a->rate);
		break;
	case ACT_STATUS:
		perform_status(e, &a->status);
		break;
	case ACT_NOTE:
		e->has_news |= a->note.note == NOTE_CALIBRATED || a->note.note == NOTE_DEGRADED;
		say_note(&e->limits, clock_now(e->clock).mono, &a->note,
			 names_find(&e->names, a->note.ifindex));
		break;
	}
}

/* Carries out the list that the last event left behind. */
static void engine_perform(struct engine *e)
{
	for (unsigned i = 0; i < e->actions.count; i++)
		perform(e, &e->actions.list[i]);
	e->actions.count = 0;
}

/* ---- events ---- */

/* Both clocks, once it is known that nobody moved them and that we are awake. */
static struct now look(struct engine *e)
{
	struct now now = clock_now(e->clock);
	span slept = clock_take_slept(e->clock);
	span moved = clock_take_moved(e->clock);

	e->stamps_lost = e->stamps_lost || slept.ns != 0 || moved.ns != 0;
	if (slept.ns != 0) {
		record_slept(e->record, now, slept);
		node_slept(e->node, now, slept, &e->actions);
		engine_perform(e);
	}
	if (moved.ns != 0) {
		record_stepped(e->record, now, moved);
		node_stepped(e->node, now, moved, &e->actions);
		engine_perform(e);
	}
	return now;
}

/* The kernel's opinion of its clock is refreshed when it is old and something goes on anyway. */
static void look_at_kernel_clock(struct engine *e)
{
	struct now now = clock_now(e->clock);
	struct clock_status s;
	struct kernel_clock k;

	if (e->has_kernel_clock && mono_before(now.mono, e->kernel_clock_due))
		return;
	e->has_kernel_clock = true;
	e->kernel_clock_due = mono_add(now.mono, KERNEL_CLOCK_INTERVAL);
	if (clock_status(e->clock, &s) < 0)
		return;
	k = (struct kernel_clock){s.synchronised, s.leap, s.max_error, s.estimated_error};
	now = look(e);
	record_kernel_clock(e->record, now, &k);
	node_kernel_clock(e->node, now, &k, &e->actions);
	engine_perform(e);
}

static void deal_with_outcomes(struct engine *e)
{
	for (unsigned i = 0; i < OUTCOMES_A_TURN && e->outcome_count > 0; i++) {
		struct outcome o = pop(e);
		struct now now = look(e);

		record_outcome(e->record, now, &o);
		node_outcome(e->node, now, &o, &e->actions);
		engine_perform(e);
	}
}

static void received(void *context, const struct udp_packet *p)
{
	struct engine *e = context;
	struct datagram d = {
		.octets = p->octets,
		.len = p->len,
		.from = p->from,
		.to = p->to,
		.ifindex = p->ifindex,
		.ask = p->ask,
		.service_port = p->service_port,
		.ttl = p->ttl,
	};
	struct now at, now;
	bool good = hwstamp_received(e->hwstamp, p->ifindex, &p->stamp, &at) != HWSTAMP_NONE;

	/* When the question left is to be known before its answer is looked at. */
	deal_with_outcomes(e);
	now = look(e);
	d.at = good ? at : now;
	d.at_lost = e->stamps_lost || (p->stamp.kernel_ns != 0 && !good);
	look_at_kernel_clock(e);
	record_datagram(e->record, now, &d);
	node_receive(e->node, now, &d, &e->actions);
	engine_perform(e);
	deal_with_outcomes(e);
}

/* May be called from within udp_send. */
static void stamped(void *context, uint32_t id, const struct cmsg_stamp *s)
{
	struct engine *e = context;
	struct outcome o = {.kind = OUTCOME_SENT, .id = id};
	enum hwstamp_kind kind = hwstamp_sent(e->hwstamp, s, &o.at);

	o.stamped = kind != HWSTAMP_NONE && !e->stamps_lost;
	o.hardware = kind == HWSTAMP_CARD;
	push(e, &o);
}

static void changed(void *context, const struct link_state *l)
{
	struct engine *e = context;
	struct iface_link i = {
		.ifindex = l->gone ? 0 : l->ifindex,
		.up = l->up,
		.multicast = l->multicast,
		.loopback = l->loopback,
	};
	struct now now;

	static_assert(LINK_PREFIXES_MAX == LINK_ADDRS_MAX, "one table");
	static_assert(LINK_NAME_MAX <= SETTINGS_IFNAME_MAX, "names fit");
	memcpy(i.name, l->name, sizeof l->name);
	i.addr_count = l->prefix_count;
	memcpy(i.addrs, l->prefixes, sizeof l->prefixes);
	if (l->gone)
		names_drop(&e->names, l->ifindex);
	else
		names_set(&e->names, l->ifindex, l->name);
	hwstamp_link(e->hwstamp, l);
	if (hwstamp_has_cards(e->hwstamp))
		udp_use_cards(e->udp);
	if (e->static_ifaces)
		udp_add_iface(e->udp, l);
	now = look(e);
	record_link(e->record, now, &i);
	node_link(e->node, now, &i, &e->actions);
	engine_perform(e);
	deal_with_outcomes(e);
	/* After the node's own leaving, so that a new interface never finds old memberships. */
	if (l->gone)
		group_forget(e->groups, l->ifindex);
}

static void link_ready(void *context, int fd, short events)
{
	struct engine *e = context;

	(void)fd;
	(void)events;
	link_readable(e->link);
}

/* ---- letters ---- */

/* True if the host's clock, as the kernel sees it, may be what is served. */
static bool serves_kernel_clock(const struct settings *s)
{
	for (unsigned i = 0; i < s->role_count; i++) {
		if (!s->refclock && (s->roles[i].kind == ROLE_MULTICAST_SERVER ||
				     s->roles[i].kind == ROLE_MANYCAST_SERVER))
			return true;
	}
	return false;
}

void engine_apply(struct engine *e, const struct settings *s, const struct key *keys,
		  unsigned key_count)
{
	struct now now = look(e);

	e->wants_kernel_clock = !clock_is_virtual(e->clock) && serves_kernel_clock(s);
	e->has_kernel_clock = false;
	record_keys(e->record, now, keys, key_count);
	record_settings(e->record, now, s);
	node_keys(e->node, now, keys, key_count);
	node_configure(e->node, now, s, &e->actions);
	engine_perform(e);
	deal_with_outcomes(e);
}

static void mail_ready(void *context, int fd, short events)
{
	struct engine *e = context;
	struct answer_sources of = {e->node, e->hwstamp, &e->names};
	struct letter *l = mail_take(e->mail);
	struct now now;

	(void)fd;
	(void)events;
	if (!l)
		return;
	now = look(e);
	if (l->kind == LETTER_APPLY) {
		engine_apply(e, l->settings, l->keys, l->key_count);
	} else if (l->kind == LETTER_RESET) {
		record_reset(e->record, now);
		node_reset_counters(e->node);
	} else {
		(void)answer_letter(&of, now, l);
	}
	mail_answer(e->mail);
}

/* ---- life ---- */

static int open_clock(struct engine *e, const char *text, struct err *err)
{
	struct err warning;
	int r = clock_new(text, &e->clock, &warning, err);

	if (r == 0 && warning.text[0])
		say(SAY_WARNING, "%s", warning.text);
	return r;
}

static int make_node(struct engine *e, struct err *err)
{
	struct node_options options = {
		.steer = clock_steers(e->clock),
		.static_ifaces = e->static_ifaces,
		.precision_log2s = clock_precision_log2s(e->clock),
		.frequency_max = clock_frequency_max(e->clock),
	};
	uint8_t seed[32];
	int r = process_random(seed, sizeof seed, err);

	if (r < 0)
		return r;
	e->block = process_map(node_size());
	if (!e->block) {
		err_set(err, "no memory for the protocol: %s", strerror(errno));
		return -ENOMEM;
	}
	e->node = node_new(e->block, seed, &options);
	record_start(e->record, clock_now(e->clock), seed, &options);
	explicit_bzero(seed, sizeof seed);
	return 0;
}

static int open_means(struct engine *e, const struct engine_options *o, struct err *err)
{
	struct udp_events udp = {e, received, stamped};
	int r = open_clock(e, o->clock, err);

	if (r < 0)
		return r;
	e->hwstamp = hwstamp_new(o->static_ifaces ? HWSTAMP_OFF : o->hardware_stamps, e->clock);
	e->loop = loop_new();
	e->udp = udp_new(e->loop, &udp);
	e->groups = group_new();
	if (e->mail)
		loop_add(e->loop, mail_fd(e->mail), POLLIN, (struct loop_handler){mail_ready, e});
	return make_node(e, err);
}

int engine_new(const struct engine_options *options, struct engine **ret, struct err *err)
{
	struct engine *e = auto_new(1, sizeof *e);
	int r;

	e->static_ifaces = options->static_ifaces;
	e->mail = options->mail;
	e->record = options->record;
	r = open_means(e, options, err);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	if (e->node)
		node_free(e->node);
	process_unmap(e->block, node_size());
	link_free(e->link);
	group_free(e->groups);
	udp_free(e->udp);
	loop_free(e->loop);
	hwstamp_free(e->hwstamp);
	clock_free(e->clock);
	names_fini(&e->names);
	free(e);
}

/* A clock that nobody corrects any more: at the rate learnt, not that of a slew, and unvouched. */
void engine_let_go(struct engine *e)
{
	struct clock_status s = {.max_error = SPAN_S(16), .estimated_error = SPAN_S(16)};
	struct memory m;
	freq rate;

	if (!e->vouches)
		return;
	engine_memory(e, &m);
	if (m.has_frequency)
		(void)!clock_set_rate(e->clock, m.frequency, &rate);
	(void)!clock_set_status(e->clock, &s);
	e->vouches = false;
}

bool engine_has_cards(const struct engine *e)
{
	return hwstamp_has_cards(e->hwstamp);
}

struct now engine_now(struct engine *e)
{
	return clock_now(e->clock);
}

void engine_recall(struct engine *e, const struct memory *m)
{
	struct now now = look(e);

	record_memory(e->record, now, m);
	node_recall(e->node, now, m);
}

bool engine_has_news(struct engine *e)
{
	bool news = e->has_news;

	e->has_news = false;
	return news;
}

void engine_memory(const struct engine *e, struct memory *ret)
{
	node_memory(e->node, ret);
}

static int follow_links(struct engine *e, const struct link_events *events, struct err *err)
{
	int r = link_new(events, &e->link, err);

	if (r == 0)
		loop_add(e->loop, link_fd(e->link), POLLIN, (struct loop_handler){link_ready, e});
	return r;
}

int engine_start(struct engine *e, struct err *err)
{
	struct link_events events = {e, changed};
	int r = e->static_ifaces ? 0 : follow_links(e, &events, err);

	if (r < 0)
		return r;
	r = e->static_ifaces ? link_read_static(&events) : link_refresh(e->link);
	if (r < 0) {
		err_set(err, "interfaces cannot be read: %s", strerror(-r));
		return r;
	}
	hwstamp_seal(e->hwstamp);
	r = listen_on(e, NTP_PORT);
	if (r < 0) {
		err_set(err, "UDP port %d cannot be opened: %s", NTP_PORT, strerror(-r));
		return r;
	}
	if (e->static_ifaces)
		loop_wait(e->loop, WAIT_FIRST_STATIC);
	return 0;
}

static span time_to_wait(struct engine *e)
{
	mono due = node_next_wake(e->node);
	span wait;

	if (e->outcome_count > 0)
		return SPAN_ZERO;
	if (e->wants_kernel_clock)
		due = mono_min(due, e->kernel_clock_due);
	if (due.ns == MONO_NEVER.ns)
		return e->mail ? (span){-1} : WAIT_MAX_STATIC;
	wait = span_max(mono_sub(due, clock_now(e->clock).mono), SPAN_ZERO);
	return e->mail ? wait : span_min(wait, WAIT_MAX_STATIC);
}

void engine_turn(struct engine *e)
{
	struct now now;

	loop_wait(e->loop, time_to_wait(e));
	deal_with_outcomes(e);
	look_at_kernel_clock(e);
	now = look(e);
	if (!mono_before(now.mono, node_next_wake(e->node))) {
		record_wake(e->record, now);
		node_wake(e->node, now, &e->actions);
		engine_perform(e);
		deal_with_outcomes(e);
	}
	e->stamps_lost = false;
	if (record_take_failure(e->record))
		say(SAY_ERROR, "the recording cannot be written any more and has ended");
}
