/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Octets as a stream of events into a whole node: commits, links, packets, outcomes, time. What
 * must hold whatever comes is asserted after each.
 */
#include "base/wire.h"
#include "ntp/node.h"
#include "ntp/packet.h"

#include <stdlib.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define EVENTS_MAX 400
#define WAKES_MAX 64
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
	/* what the node asked for last, so that answers can fit */
	uint32_t send_id, join_id;
	uint16_t ask;
	struct endpoint asked;
	uint8_t question[PACKET_HEADER_OCTETS];
};

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

static void look(struct player *p, const struct actions *out)
{
	MUST(out->count <= ACTIONS_MAX);
	for (unsigned i = 0; i < out->count; i++) {
		const struct action *a = &out->list[i];

		if (a->kind == ACT_JOIN)
			p->join_id = a->group.id;
		if (a->kind != ACT_SEND)
			continue;
		MUST(a->send.len >= PACKET_HEADER_OCTETS && a->send.len <= ACTION_OCTETS_MAX);
		MUST(a->send.to.port != 0 && a->send.to.addr.family != ADDR_NONE);
		p->send_id = a->send.id;
		if (a->send.ask != 0) {
			p->ask = a->send.ask;
			p->asked = a->send.to;
			memcpy(p->question, a->send.octets, sizeof p->question);
		}
	}
}

/* Rows that anybody may ask for at any time. */
static void check_rows(const struct player *p)
{
	struct system_row system;
	struct assoc_row assoc;
	struct group_row group;

	node_system(p->node, p->now, &system);
	MUST(system.stratum >= 1 && system.stratum <= 16);
	MUST(system.synchronised == (system.leap != LEAP_UNKNOWN));
	MUST(system.root_dispersion.ns >= 0 && system.root_delay.ns >= 0);
	for (unsigned i = 0; node_assoc(p->node, p->now, i, &assoc); i++)
		MUST(assoc.peer.port != 0 && assoc.phase <= ASSOC_QUARANTINE);
	for (unsigned i = 0; node_group(p->node, p->now, i, &group); i++)
		MUST(group.join <= GROUP_PENDING);
}

static void play_commit(struct player *p)
{
	struct settings *s = &p->settings;
	struct actions out = {0};
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
	node_configure(p->node, p->now, s, &out);
	look(p, &out);
}

static void play_link(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in);
	struct iface_link l = {.name = {(char)('a' + (v & 7))}, .up = v >> 3 & 1};
	struct actions out = {0};

	l.ifindex = v >> 4;
	l.addr_count = 2;
	l.addrs[0] = (struct prefix){pick_addr((uint8_t)(v & 6)), 24};
	l.addrs[1] = (struct prefix){pick_addr((uint8_t)(v | 1)), 64};
	node_link(p->node, p->now, &l, &out);
	look(p, &out);
}

static void give(struct player *p, struct datagram *d)
{
	struct actions out = {0};

	d->at = p->now;
	node_receive(p->node, p->now, d, &out);
	look(p, &out);
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

/* A beacon that is right in most things. */
static void play_beacon(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in), octets[PACKET_HEADER_OCTETS];
	struct packet b = {.version = 4, .mode = MODE_BROADCAST, .stratum = (uint8_t)(v >> 5) + 1};
	struct datagram d = {.octets = octets, .len = sizeof octets, .service_port = NTP_PORT};

	b.poll_log2s = (int8_t)(v & 3);
	b.transmit = stamp_add(p->now.wall, (span){(int64_t)wire_get_u32(&p->in) - INT32_MAX});
	packet_write(&b, octets);
	d.ifindex = v & 15;
	d.from = (struct endpoint){pick_addr((uint8_t)(v >> 2)), NTP_PORT};
	d.to = pick_group(v >> 5);
	give(p, &d);
}

/* The answer to the last question, with a clock that is off by that much. */
static void play_answer(struct player *p)
{
	uint8_t octets[PACKET_HEADER_OCTETS];
	struct packet q = {0}, a = {.version = 4, .mode = MODE_SERVER, .stratum = 2};
	struct datagram d = {.octets = octets, .len = sizeof octets, .ask = p->ask};

	MUST(packet_read(p->question, sizeof p->question, &q));
	a.origin = q.transmit;
	a.receive = stamp_add(p->now.wall, (span){(int64_t)wire_get_u32(&p->in) - INT32_MAX});
	a.transmit = stamp_add(a.receive, (span){wire_get_u16(&p->in)});
	packet_write(&a, octets);
	d.from = p->asked;
	give(p, &d);
}

static void play_outcome(struct player *p)
{
	uint8_t v = wire_get_u8(&p->in);
	struct outcome o = {.kind = (enum outcome_kind)(v % 5), .stamped = v >> 3 & 1};
	struct actions out = {0};

	o.error = v >> 6;
	o.id = v & 32 ? p->send_id : p->join_id;
	if (v & 16)
		o.id = wire_get_u32(&p->in);
	o.port = 4000;
	o.at = p->now;
	o.rate.ppt = v;
	node_outcome(p->node, p->now, &o, &out);
	look(p, &out);
}

static void play_time(struct player *p)
{
	span by = {(int64_t)wire_get_u16(&p->in) * NS_PER_MS};

	p->now.mono = mono_add(p->now.mono, by);
	p->now.wall = stamp_add(p->now.wall, by);
	for (unsigned i = 0; i < WAKES_MAX; i++) {
		struct actions out = {0};

		if (mono_before(p->now.mono, node_next_wake(p->node)))
			return;
		node_wake(p->node, p->now, &out);
		look(p, &out);
	}
}

static void play_jump(struct player *p)
{
	span by = {(int64_t)(int32_t)wire_get_u32(&p->in) * NS_PER_MS};
	struct kernel_clock k = {.synchronised = by.ns & 1, .max_error = SPAN_MS(5)};
	struct actions out = {0};

	p->now.wall = stamp_add(p->now.wall, by);
	node_stepped(p->node, p->now, by, &out);
	look(p, &out);
	out.count = 0;
	node_kernel_clock(p->node, p->now, &k, &out);
	look(p, &out);
}

static void (*const plays[])(struct player *) = {
	play_commit, play_link,	   play_packet, play_beacon,
	play_answer, play_outcome, play_time,	play_jump,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct player p;
	static const uint8_t seed[32] = {1};
	static const struct key key = {.id = 1,
				       .algorithm = KEY_AES_128_CMAC,
				       .mac_octets = 16,
				       .trusted = true,
				       .len = 16};
	struct node_options options = {
		.steer = true, .precision_log2s = -20, .frequency_max = {500 * PPT_PER_PPM}};
	struct memory *m = malloc(sizeof *m);
	/* Fresh pages: zeroed only where the node touches them. */
	void *block =
		mmap(NULL, node_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED || !m)
		abort();
	memset(&p, 0, sizeof p);
	p.in = wire_read(bytes, len);
	p.now = (struct now){{NS_PER_S}, stamp_from_unix(1800000000, 0)};
	p.node = node_new(block, seed, &options);
	node_keys(p.node, p.now, &key, 1);
	for (unsigned i = 0; i < EVENTS_MAX && wire_left(&p.in) > 0; i++) {
		plays[wire_get_u8(&p.in) % (sizeof plays / sizeof plays[0])](&p);
		if (i % 8 == 0)
			check_rows(&p);
	}
	check_rows(&p);
	node_memory(p.node, m);
	MUST(m->floor_count <= MEMORY_FLOORS_MAX);
	node_free(p.node);
	(void)munmap(block, node_size());
	free(m);
	return 0;
}
