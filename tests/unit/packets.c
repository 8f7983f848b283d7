/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packets COUNT: so many packets through a node for each type of key: questions that are answered,
 * false MACs, octets at random, and beacons and answers of the server that it follows. Nothing is
 * allocated once the node is there, and every packet is the verdict that it should be.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heap.h"
#include "ntp/auth.h"
#include "ntp/node.h"
#include "ntp/packet.h"

#define KEY_ID 7
#define APART SPAN_US(250)
#define BEACON_EVERY 4000 /* a second */
#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);              \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

struct type {
	const char *name;
	uint8_t algorithm, mac_octets, len;
};

static const struct type types[] = {
	{"md5", KEY_MD5, 16, 16},
	{"hmac-sha256, 16 octets", KEY_HMAC_SHA256, 16, 32},
	{"hmac-sha256, 20 octets", KEY_HMAC_SHA256, 20, 32},
	{"hmac-sha256, 32 octets", KEY_HMAC_SHA256, 32, 32},
	{"aes-128-cmac", KEY_AES_128_CMAC, 16, 16},
	{"aes-256-cmac", KEY_AES_256_CMAC, 16, 32},
};

struct flow {
	struct node *node;
	struct now now;
	struct auth keys;
	struct actions out;
	uint64_t seed;
	uint64_t questions, forged, answers;
};

static uint64_t draw(struct flow *f)
{
	f->seed = f->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return f->seed >> 33;
}

static void settle(struct flow *f);

/* From that host; to us, or where the group is. */
static void give(struct flow *f, uint8_t from, struct addr to, uint16_t ask, const uint8_t *octets,
		 size_t len)
{
	struct datagram d = {.octets = octets,
			     .len = len,
			     .from = {addr_v4(10, 0, 0, from), NTP_PORT},
			     .to = to,
			     .ifindex = 3,
			     .ask = ask,
			     .service_port = ask ? 0 : NTP_PORT,
			     .ttl = 1,
			     .at = f->now};

	node_receive(f->node, f->now, &d, &f->out);
	settle(f);
}

/* The packet with its MAC. */
static size_t sign(const struct flow *f, const struct packet *p, uint8_t *octets)
{
	packet_write(p, octets);
	return auth_append(&f->keys, KEY_ID, octets, PACKET_HEADER_OCTETS,
			   PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX);
}

static struct packet time_of(const struct flow *f, uint8_t mode)
{
	return (struct packet){.version = 4,
			       .mode = mode,
			       .stratum = 1,
			       .precision_log2s = -20,
			       .reference = f->now.wall,
			       .receive = f->now.wall,
			       .transmit = f->now.wall};
}

/* The node asked its server. */
static void answer(struct flow *f, const struct send_action *s)
{
	uint8_t octets[PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX];
	struct packet q = {0}, a = time_of(f, MODE_SERVER);

	MUST(packet_read(s->octets, s->len, &q));
	a.origin = q.transmit;
	size_t len = sign(f, &a, octets);
	give(f, 1, addr_v4(10, 0, 0, 2), s->ask, octets, len);
}

static void settle(struct flow *f)
{
	struct send_action asked = {.ask = 0};

	for (unsigned i = 0; i < f->out.count; i++) {
		const struct action *a = &f->out.list[i];

		if (a->kind == ACT_SEND && a->send.ask != 0)
			asked = a->send;
		else if (a->kind == ACT_SEND && !addr_is_multicast(&a->send.to.addr))
			f->answers += auth_check(&f->keys, a->send.octets, a->send.len, 4).result ==
				      AUTH_VALID;
	}
	f->out.count = 0;
	if (asked.ask != 0)
		answer(f, &asked);
}

static void question(struct flow *f)
{
	uint8_t octets[PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX];
	struct packet q = {.version = 4, .mode = MODE_CLIENT, .transmit = {draw(f) | 1}};
	size_t len = sign(f, &q, octets);
	bool forge = draw(f) % 3 == 0;

	octets[PACKET_HEADER_OCTETS + 4 + draw(f) % 16] ^= (uint8_t)forge;
	f->questions += !forge;
	f->forged += forge;
	give(f, (uint8_t)(10 + draw(f) % 200), addr_v4(10, 0, 0, 2), 0, octets, len);
}

static void noise(struct flow *f)
{
	uint8_t octets[128];
	size_t len = draw(f) % sizeof octets;

	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)draw(f);
	octets[0] = 4 << 3 | 6; /* whatever it is, nobody's question or answer */
	give(f, (uint8_t)(10 + draw(f) % 200), addr_v4(10, 0, 0, 2), 0, octets, len);
}

static void beacon(struct flow *f)
{
	uint8_t octets[PACKET_HEADER_OCTETS + AUTH_MAC_OCTETS_MAX];
	struct packet b = time_of(f, MODE_BROADCAST);
	size_t len = sign(f, &b, octets);

	give(f, 1, addr_v4(224, 0, 1, 1), 0, octets, len);
}

static void one(struct flow *f, uint64_t i)
{
	f->now.mono = mono_add(f->now.mono, APART);
	f->now.wall = stamp_add(f->now.wall, APART);
	while (!mono_before(f->now.mono, node_next_wake(f->node))) {
		node_wake(f->node, f->now, &f->out);
		settle(f);
	}
	if (i % BEACON_EVERY == 0)
		beacon(f);
	else if (i % 4 == 3)
		noise(f);
	else
		question(f);
}

static void begin(struct flow *f, const struct type *t, void *block, struct settings *s)
{
	static const uint8_t seed[32] = {1};
	static const struct node_options options = {
		.steer = true, .precision_log2s = -20, .frequency_max = {500 * PPT_PER_PPM}};
	static const struct iface_link link = {.name = "eth0",
					       .ifindex = 3,
					       .up = true,
					       .multicast = true,
					       .addr_count = 1,
					       .addrs = {{{ADDR_V4, {10, 0, 0, 2}}, 24}}};
	struct key key = {.id = KEY_ID,
			  .algorithm = t->algorithm,
			  .mac_octets = t->mac_octets,
			  .trusted = true,
			  .len = t->len};

	memset(key.octets, 0x5a, key.len);
	auth_set(&f->keys, &key, 1);
	f->now = (struct now){{NS_PER_S}, stamp_from_unix(1800000000, 0)};
	s->authentication = true;
	s->max_dynamic_sessions = 100;
	s->role_count = 1;
	s->roles[0] = (struct role_setting){.ifname = "eth0",
					    .group = addr_v4(224, 0, 1, 1),
					    .kind = ROLE_MULTICAST_CLIENT,
					    .version = 4,
					    .port = NTP_PORT};
	f->node = node_new(block, seed, &options);
	node_keys(f->node, f->now, &key, 1);
	node_configure(f->node, f->now, s, &f->out);
	node_link(f->node, f->now, &link, &f->out);
	settle(f);
}

static void check(const struct flow *f, uint64_t count)
{
	struct counter_row row;
	struct system_row system;

	MUST(node_counter(f->node, ADDR_V4, 0, &row));
	MUST(row.received >= count);
	MUST(row.verdicts[VERDICT_ANSWERED] == f->questions);
	MUST(row.verdicts[VERDICT_MAC_BAD] == f->forged);
	MUST(f->answers == f->questions);
	node_system(f->node, f->now, &system);
	MUST(count < 20 * BEACON_EVERY || system.synchronised);
}

static void run(const struct type *t, uint64_t count)
{
	static struct flow f;
	struct settings *s = calloc(1, sizeof *s);
	void *block = calloc(1, node_size());

	MUST(s && block);
	f = (struct flow){.seed = 1};
	begin(&f, t, block, s);
	uint64_t calls = heap_calls;

	MUST(calls > 0);
	size_t held = mallinfo2().uordblks + mallinfo2().hblkhd;
	clock_t since = clock();

	for (uint64_t i = 0; i < count; i++)
		one(&f, i);
	double seconds = (double)(clock() - since) / CLOCKS_PER_SEC;
	MUST(heap_calls == calls);
	MUST(mallinfo2().uordblks + mallinfo2().hblkhd == held);
	check(&f, count);
	node_free(f.node);
	free(block);
	free(s);
	printf("%s: %llu packets, %llu allocations, %.1f s\n", t->name, (unsigned long long)count,
	       (unsigned long long)(heap_calls - calls), seconds);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s COUNT\n", argv[0]);
		return 2;
	}
	for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
		run(&types[i], strtoull(argv[1], NULL, 10));
	return 0;
}
