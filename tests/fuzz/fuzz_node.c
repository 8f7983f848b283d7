/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Octets as a stream of events into a whole node: commits, links, packets, outcomes, time. What
 * must hold whatever comes is asserted after each.
 */
#include "base/wire.h"
#include "ntp/auth.h"
#include "ntp/node.h"
#include "ntp/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define EVENTS_MAX 400
#define WAKES_MAX 4096 /* a node that is not done by then never will be */
#define RATE_MAX (500 * PPT_PER_PPM)
#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

struct player {
	struct node *node;
	struct settings settings;
	struct now now;
	struct wire_reader in;
	struct actions out; /* of the event that plays */
	bool steer;
	bool open;   /* somebody without a key may have been believed */
	bool proved; /* somebody has shown a MAC */
	/* what the node asked for last, so that answers can fit */
	uint32_t send_id, join_id;
	uint16_t ask;
	struct endpoint asked;
	uint8_t question[PACKET_HEADER_OCTETS];
};

static void *block; /* of the one node */
static struct auth keyring;

static struct addr pick_group(uint8_t v)
{
	if (v & 1)
		return (struct addr){.family = ADDR_V6, .octets = {0xff, 0x0e, [15] = v}};
	return addr_v4(224, 0, 1, v);
}

static struct addr pick_addr(uint8_t v)
{
	if (v & 1)
		return (struct addr){.family = ADDR_V6, .octets = {0xfe, 0x80, [15] = v}};
	return addr_v4(10, 0, 0, v);
}

static void look_at_send(struct player *p, const struct send_action *s)
{
	MUST(s->len >= PACKET_HEADER_OCTETS && s->len <= ACTION_OCTETS_MAX);
	MUST(s->to.port != 0 && s->to.addr.family != ADDR_NONE);
	p->send_id = s->id;
	if (s->ask != 0) {
		p->ask = s->ask;
		p->asked = s->to;
		memcpy(p->question, s->octets, sizeof p->question);
	}
}

/* Nobody is believed who must prove himself and has not. */
static bool is_sure(const struct player *p)
{
	return !p->open && !p->proved;
}

/* What the node asked for; the list is empty again. */
static void look(struct player *p)
{
	MUST(p->out.count <= ACTIONS_MAX);
	for (unsigned i = 0; i < p->out.count; i++) {
		const struct action *a = &p->out.list[i];

		if (a->kind == ACT_JOIN || a->kind == ACT_LEAVE) {
			MUST(addr_is_multicast(&a->group.group));
			p->join_id = a->group.id;
		}
		MUST(p->steer || (a->kind != ACT_STEP && a->kind != ACT_RATE));
		if (a->kind == ACT_STEP)
			MUST(!is_sure(p));
		if (a->kind == ACT_RATE)
			MUST(a->rate.ppt <= RATE_MAX && a->rate.ppt >= -RATE_MAX);
		if (a->kind == ACT_SEND)
			look_at_send(p, &a->send);
	}
	p->out.count = 0;
}

/* A new node in the one block, which is mapped once: a fuzzer has little time. */
static void begin(struct player *p, uint8_t seed)
{
	static const uint8_t lengths[] = {16, 32, 16, 16};
	struct node_options options = {
		.steer = seed & 1, .precision_log2s = -20, .frequency_max = {RATE_MAX}};
	uint8_t seeds[32] = {seed};
	struct key keys[4] = {0};

	if (!block)
		block = calloc(1, node_size());
	if (!block)
		abort();
	memset(block, 0, node_size());
	for (unsigned i = 0; i < 4; i++) {
		keys[i] = (struct key){.id = i + 1,
				       .algorithm = (uint8_t)i,
				       .mac_octets = lengths[i],
				       .trusted = i != 2,
				       .len = lengths[i]};
	}
	keys[3].bound.role = KEY_ROLE_MANYCAST;
	auth_set(&keyring, keys, 4);
	p->steer = options.steer;
	p->node = node_new(block, seeds, &options);
	node_keys(p->node, p->now, keys, 4);
}

/* Rows that anybody may ask for at any time. */
static void check_rows(const struct player *p)
{
	struct system_row system;
	struct assoc_row assoc;
	struct group_row group;
	struct ring_row ring;
	struct counter_row counter;
	struct drop_row drop;
	struct event_row event;

	node_system(p->node, p->now, &system);
	MUST(system.stratum >= 1 && system.stratum <= 16);
	MUST(system.synchronised == (system.leap != LEAP_UNKNOWN));
	MUST(system.root_dispersion.ns >= 0 && system.root_delay.ns >= 0);
	MUST(!is_sure(p) || system.source.family == ADDR_NONE);
	for (unsigned i = 0; node_assoc(p->node, p->now, i, &assoc); i++)
		MUST(assoc.peer.port != 0 && assoc.phase <= ASSOC_QUARANTINE);
	for (unsigned i = 0; node_group(p->node, p->now, i, &group); i++)
		for (unsigned j = 0; node_ring(p->node, i, j, &ring); j++)
			MUST(ring.last_count <= STATE_ANSWERS_MAX);
	for (unsigned i = 0; node_counter(p->node, i % 2 ? ADDR_V4 : ADDR_V6, i / 2, &counter); i++)
		MUST(counter.verdicts[VERDICT_USED] <= counter.received);
	for (unsigned i = 0; node_drop(p->node, i, &drop); i++)
		MUST(drop.verdict < VERDICT_COUNT);
	for (unsigned i = 0; node_event(p->node, i, &event); i++)
		MUST(event.reason <= EVENT_IFACE_GONE);
}

static void commit(struct player *p)
{
	p->open |= !p->settings.authentication;
	node_configure(p->node, p->now, &p->settings, &p->out);
	look(p);
}

static void play_commit(struct player *p)
{
	struct settings *s = &p->settings;
	uint8_t flags = wire_get_u8(&p->in);

	*s = (struct settings){.max_dynamic_sessions = 20, .refclock_stratum = 3};
	s->authentication = flags & 1;
	s->refclock = flags >> 1 & 1;
	s->volley = (uint8_t)(flags >> 2 & 3) % 3;
	s->role_count = flags >> 4 & 7;
	for (unsigned i = 0; i < s->role_count; i++) {
		uint8_t v = wire_get_u8(&p->in);
		struct role_setting *r = &s->roles[i];

		r->ifname[0] = (char)('a' + i);
		r->kind = v & 3;
		r->group = pick_group(v >> 5);
		r->ttl = 5;
		r->version = (uint8_t)(v >> 2 & 3) + 1;
		r->port = NTP_PORT;
		r->key_id = v & 16 ? 1 : 0;
	}
	if (flags & 128) {
		s->unicast_count = 1;
		s->unicasts[0] = (struct unicast_setting){.addr = addr_v4(10, 0, 0, 8),
							  .port = NTP_PORT,
							  .version = 4,
							  .maxpoll_log2s = 4,
							  .iburst = true};
		s->port_count = 1;
		s->ports[0] = 4000;
	}
	commit(p);
}

/* Every place of the role table, all kinds on each interface; what is switched is octets, too. */
static void play_crowd(struct player *p)
{
	struct settings *s = &p->settings;
	uint8_t flags = wire_get_u8(&p->in), groups = wire_get_u8(&p->in);

	*s = (struct settings){.max_dynamic_sessions = (uint8_t)(flags & 15),
			       .refclock_stratum = 8};
	s->authentication = flags >> 4 & 1;
	s->kod = flags >> 5 & 1;
	s->offset_limit_s = flags & 64 ? 5 : 0;
	s->server_off4 = groups == 1;
	s->off6 = groups == 3;
	s->role_count = 8 + flags % 17;
	for (unsigned i = 0; i < s->role_count; i++) {
		struct role_setting *r = &s->roles[i];

		r->ifname[0] = (char)('a' + i / 4);
		r->kind = i % 4;
		r->group = pick_group((uint8_t)(groups >> i % 4));
		r->ttl = (uint8_t)(1 << i % 7);
		r->version = 4;
		r->minpoll_log2s = groups & 7;
		r->port = NTP_PORT;
		r->key_id = (groups + i) % 5;
		r->on_link_only = flags >> 7;
	}
	commit(p);
}

static void set_list(struct settings *s, uint8_t right, uint16_t number, uint8_t rules)
{
	struct rule_setting *r = &s->rules[s->rule_count++];

	s->acls[s->acl_count++] = (struct acl_setting){.family = ADDR_V4, .number = number};
	s->access[s->access_count++] = (struct access_setting){.right = right, .number4 = number};
	r->acl = s->acls[s->acl_count - 1];
	r->id = 5;
	r->permit = rules & 1;
	r->any = rules >> 1 & 1;
	r->source = addr_v4(10, 0, 0, rules & 12);
	r->wildcard = rules >> 4;
}

/* Lists for some rights, on top of what runs. */
static void play_access(struct player *p)
{
	struct settings *s = &p->settings;
	uint8_t rights = wire_get_u8(&p->in), rules = wire_get_u8(&p->in);

	s->acl_count = s->rule_count = s->access_count = 0;
	for (uint8_t i = 0; i < ACCESS_RIGHTS; i++) {
		if (rights >> i & 1)
			set_list(s, i, (uint16_t)(2000 + i), (uint8_t)(rules + 13 * i));
	}
	s->receive_count = rights >> 7;
	s->receives[0] = (struct receive_setting){.ifname = "b", .family = ADDR_V4};
	s->discard.min_log2s = rights >> 5 & 3;
	commit(p);
}

static void play_link(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in);
	struct iface_link l = {.name = {(char)('a' + (v & 7))}, .up = v >> 3 & 1};

	l.ifindex = v >> 4;
	l.addr_count = 2;
	l.addrs[0] = (struct prefix){pick_addr((uint8_t)(v & 6)), 24};
	l.addrs[1] = (struct prefix){pick_addr((uint8_t)(v | 1)), 64};
	node_link(p->node, p->now, &l, &p->out);
	look(p);
}

static void give(struct player *p, struct datagram *d)
{
	d->at = p->now;
	node_receive(p->node, p->now, d, &p->out);
	look(p);
}

static void play_packet(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in), w = wire_get_u8(&p->in);
	size_t len = wire_get_u8(&p->in), left = wire_left(&p->in);
	struct datagram d = {.service_port = NTP_PORT};

	d.len = len < left ? len : left;
	d.octets = wire_get(&p->in, d.len);
	if (!d.octets)
		return;
	d.ifindex = v & 15;
	d.from = (struct endpoint){pick_addr(w), NTP_PORT};
	d.to = v & 16 ? pick_group(v >> 5) : pick_addr(v >> 5);
	d.ask = v & 128 ? p->ask : 0;
	d.at_lost = w == 255;
	give(p, &d);
}

/* Adds a MAC by one of the node's keys, 1 to 4; 0: none. */
static void sign(struct player *p, struct datagram *d, uint8_t *octets, size_t room,
		 uint32_t key_id)
{
	if (key_id == 0)
		return;
	d->len = auth_append(&keyring, key_id, octets, d->len, room);
	p->proved = true;
}

/* A beacon that is right in most things. */
static void beacon(struct player *p, uint32_t key_id)
{
	uint8_t v = wire_get_u8(&p->in), octets[PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX];
	struct packet b = {.version = 4, .mode = MODE_BROADCAST, .stratum = (uint8_t)(v >> 5) + 1};
	struct datagram d = {
		.octets = octets, .len = PACKET_HEADER_OCTETS, .service_port = NTP_PORT};

	b.poll_log2s = (int8_t)(v & 3);
	b.transmit = stamp_add(p->now.wall, (span){(int64_t)wire_get_u32(&p->in) - INT32_MAX});
	packet_write(&b, octets);
	d.ifindex = v & 15;
	d.from = (struct endpoint){pick_addr((uint8_t)(v >> 2)), NTP_PORT};
	d.to = pick_group(v >> 5);
	sign(p, &d, octets, sizeof octets, key_id);
	give(p, &d);
}

static void play_beacon(struct player *p)
{
	beacon(p, 0);
}

static void play_signed_beacon(struct player *p)
{
	beacon(p, wire_get_u8(&p->in) % 5);
}

/* The answer to the last question, with a clock that is off by that much. */
static void answer(struct player *p, uint32_t key_id)
{
	uint8_t octets[PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX];
	struct packet q = {0}, a = {.version = 4, .mode = MODE_SERVER, .stratum = 2};
	struct datagram d = {.octets = octets, .len = PACKET_HEADER_OCTETS, .ask = p->ask};

	MUST(packet_read(p->question, sizeof p->question, &q));
	a.origin = q.transmit;
	a.receive = stamp_add(p->now.wall, (span){(int64_t)wire_get_u32(&p->in) - INT32_MAX});
	a.transmit = stamp_add(a.receive, (span){wire_get_u16(&p->in)});
	packet_write(&a, octets);
	d.from = p->asked;
	if (addr_is_multicast(&d.from.addr)) /* whoever answers a search */
		d.from.addr = pick_addr((uint8_t)a.transmit.frac & 15);
	d.ifindex = 1;
	d.to = pick_addr(2);
	sign(p, &d, octets, sizeof octets, key_id);
	give(p, &d);
}

static void play_answer(struct player *p)
{
	answer(p, 0);
}

static void play_signed_answer(struct player *p)
{
	answer(p, wire_get_u8(&p->in) % 5);
}

/* What a client or a searcher asks, with a MAC or without. */
static void play_question(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in), w = wire_get_u8(&p->in);
	uint8_t octets[PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX];
	struct packet q = {.version = (uint8_t)(1 + (w & 3)), .mode = MODE_CLIENT};
	struct datagram d = {
		.octets = octets, .len = PACKET_HEADER_OCTETS, .service_port = NTP_PORT};

	q.transmit = p->now.wall;
	q.origin.frac = w >> 6;
	packet_write(&q, octets);
	d.ifindex = v & 15;
	d.from = (struct endpoint){pick_addr((uint8_t)(w >> 2)), (uint16_t)(40000 + (w & 7))};
	d.to = v & 16 ? pick_group(v >> 5) : pick_addr(v >> 5);
	d.ttl = 1;
	sign(p, &d, octets, sizeof octets, w % 5);
	give(p, &d);
}

static void play_outcome(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in);
	struct outcome o = {.kind = (enum outcome_kind)(v % 5), .stamped = v >> 3 & 1};

	o.error = v >> 6;
	o.id = v & 32 ? p->send_id : p->join_id;
	if (v & 16)
		o.id = wire_get_u32(&p->in);
	o.port = 4000;
	o.at = p->now;
	o.rate.ppt = v;
	node_outcome(p->node, p->now, &o, &p->out);
	look(p);
}

static void play_time(struct player *p)
{
	span by = {(int64_t)wire_get_u16(&p->in) * NS_PER_MS};
	unsigned wakes = 0;

	p->now.mono = mono_add(p->now.mono, by);
	p->now.wall = stamp_add(p->now.wall, by);
	while (!mono_before(p->now.mono, node_next_wake(p->node))) {
		MUST(wakes++ < WAKES_MAX);
		node_wake(p->node, p->now, &p->out);
		look(p);
	}
}

static void play_jump(struct player *p)
{
	span by = {(int64_t)(int32_t)wire_get_u32(&p->in) * NS_PER_MS};
	struct kernel_clock k = {.synchronised = by.ns & 1, .max_error = SPAN_MS(5)};

	p->now.wall = stamp_add(p->now.wall, by);
	node_stepped(p->node, p->now, by, &p->out);
	look(p);
	node_kernel_clock(p->node, p->now, &k, &p->out);
	look(p);
}

static void play_sleep(struct player *p)
{
	span by = SPAN_S((int64_t)wire_get_u16(&p->in));

	p->now.mono = mono_add(p->now.mono, by);
	p->now.wall = stamp_add(p->now.wall, by);
	node_slept(p->node, p->now, by, &p->out);
	look(p);
}

/* Begins anew, with what was remembered. */
static void play_restart(struct player *p)
{
	static struct memory memory;

	node_memory(p->node, &memory);
	MUST(memory.floor_count <= MEMORY_FLOORS_MAX);
	node_free(p->node);
	begin(p, wire_get_u8(&p->in));
	node_recall(p->node, p->now, &memory);
}

static void play_reset(struct player *p)
{
	node_reset_counters(p->node);
	check_rows(p);
}

/* Which one: the low bits; the upper half of the octet is the second row. */
static void (*const plays[2][8])(struct player *) = {
	{play_commit, play_link, play_packet, play_beacon, play_answer, play_outcome, play_time,
	 play_jump},
	{play_crowd, play_signed_beacon, play_signed_answer, play_question, play_sleep,
	 play_restart, play_access, play_reset},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct player p;

	p = (struct player){.in = wire_read(bytes, len)};
	p.now = (struct now){{NS_PER_S}, stamp_from_unix(1800000000, 0)};
	begin(&p, 1);
	for (unsigned i = 0; i < EVENTS_MAX && wire_left(&p.in) > 0; i++) {
		uint8_t v = wire_get_u8(&p.in);

		plays[v >> 7][v & 7](&p);
		if (i % 8 == 0)
			check_rows(&p);
	}
	check_rows(&p);
	node_free(p.node);
	return 0;
}
