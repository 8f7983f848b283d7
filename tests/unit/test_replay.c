/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon's recorder writes, the simulator plays: the same actions, bit for bit. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"
#include "daemon/record.h"
#include "sim/replay.h"

#define EPOCH UINT64_C(0xed00380000000000)

/* A server and a client on a wire that takes 100 us; the client is recorded. */
struct pair {
	struct node *server, *client;
	struct record *record;
	FILE *deeds; /* what the client asked for, as it was asked */
	int64_t now_ns;
	uint16_t ask; /* the client's last asking port */
};

static struct now now_of(const struct pair *p, bool client)
{
	/* The client is 70 ms behind and runs 10 ppm slow. */
	int64_t wrong = client ? 70 * NS_PER_MS + p->now_ns / 100000 : 0;
	mono m = {NS_PER_S + p->now_ns - wrong};

	return (struct now){m, stamp_add((stamp){EPOCH}, (span){p->now_ns - wrong})};
}

static struct node *make(const struct node_options *o, uint8_t first)
{
	uint8_t seed[32] = {first};

	return node_new(auto_new(1, node_size()), seed, o);
}

static void perform(struct pair *p, bool client, const struct actions *list);

static void to_client(struct pair *p, const struct send_action *s)
{
	struct actions out = {.count = 0};
	struct datagram d = {
		.octets = s->octets,
		.len = s->len,
		.from = {addr_v4(10, 0, 0, 1), NTP_PORT},
		.to = s->to.addr,
		.ifindex = 3,
		.ask = s->to.port == NTP_PORT ? 0 : p->ask,
		.service_port = s->to.port == NTP_PORT ? NTP_PORT : 0,
		.ttl = 16,
	};

	p->now_ns += 100000;
	d.at = now_of(p, true);
	record_datagram(p->record, d.at, &d);
	node_receive(p->client, d.at, &d, &out);
	perform(p, true, &out);
}

static void to_server(struct pair *p, const struct send_action *s)
{
	struct actions out = {.count = 0};
	struct datagram d = {
		.octets = s->octets,
		.len = s->len,
		.from = {addr_v4(10, 0, 0, 2), 40000},
		.to = addr_v4(10, 0, 0, 1),
		.ifindex = 3,
		.service_port = NTP_PORT,
		.ttl = 64,
	};

	p->ask = s->ask;
	p->now_ns += 100000;
	d.at = now_of(p, false);
	node_receive(p->server, d.at, &d, &out);
	perform(p, false, &out);
}

static void tell_client(struct pair *p, const struct outcome *o)
{
	struct actions out = {.count = 0};
	struct now now = now_of(p, true);

	record_outcome(p->record, now, o);
	node_outcome(p->client, now, o, &out);
	perform(p, true, &out);
}

static void perform_for_client(struct pair *p, const struct action *a)
{
	struct outcome o = {.kind = OUTCOME_GROUP, .id = a->group.id};

	replay_print_action(p->deeds, now_of(p, true).mono, a);
	if (a->kind == ACT_SEND)
		to_server(p, &a->send);
	else if (a->kind == ACT_JOIN)
		tell_client(p, &o);
}

static void perform(struct pair *p, bool client, const struct actions *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		if (client)
			perform_for_client(p, &list->list[i]);
		else if (list->list[i].kind == ACT_SEND)
			to_client(p, &list->list[i].send);
	}
}

static void wake(struct pair *p, bool client)
{
	struct node *n = client ? p->client : p->server;

	for (;;) {
		struct actions out = {.count = 0};
		struct now now = now_of(p, client);

		if (mono_before(now.mono, node_next_wake(n)))
			return;
		if (client)
			record_wake(p->record, now);
		node_wake(n, now, &out);
		perform(p, client, &out);
	}
}

static const struct key key = {.id = 7,
			       .algorithm = KEY_AES_128_CMAC,
			       .mac_octets = 16,
			       .trusted = true,
			       .len = 16,
			       .octets = "one-time-for-all"};

static void introduce(struct pair *p, bool client)
{
	struct node *n = client ? p->client : p->server;
	struct now now = now_of(p, client);
	struct actions out = {.count = 0};
	struct settings *s = auto_new(1, sizeof *s);
	struct iface_link link = {
		.name = "eth0",
		.ifindex = 3,
		.up = true,
		.multicast = true,
		.addr_count = 1,
		.addrs = {{addr_v4(10, 0, 0, client ? 2 : 1), 24}},
	};

	(void)snprintf(s->sysname, sizeof s->sysname, "host");
	s->max_dynamic_sessions = 100;
	s->refclock = !client;
	s->refclock_stratum = 1;
	s->role_count = 1;
	s->roles[0] = (struct role_setting){
		.ifname = "eth0",
		.group = addr_v4(224, 0, 1, 1),
		.kind = client ? ROLE_MULTICAST_CLIENT : ROLE_MULTICAST_SERVER,
		.ttl = 16,
		.version = 3,
		.minpoll_log2s = 4,
		.port = NTP_PORT,
	};
	s->authentication = client;
	s->key_count = 1;
	s->keys[0] = (struct key_setting){
		.id = 7, .algorithm = KEY_AES_128_CMAC, .mac_octets = 16, .trusted = true};
	s->roles[0].key_id = client ? 0 : 7;
	if (client) {
		record_keys(p->record, now, &key, 1);
		record_settings(p->record, now, s);
	}
	node_keys(n, now, &key, 1);
	node_configure(n, now, s, &out);
	perform(p, client, &out);
	out.count = 0;
	if (client)
		record_link(p->record, now, &link);
	node_link(n, now, &link, &out);
	perform(p, client, &out);
	free(s);
}

static void run(struct pair *p, int64_t until_ns)
{
	introduce(p, false);
	introduce(p, true);
	for (int64_t at = 0; at < until_ns; at += 250 * NS_PER_MS) {
		if (p->now_ns < at)
			p->now_ns = at;
		wake(p, false);
		wake(p, true);
	}
}

static void fill(void *context, uint8_t *octets, size_t len)
{
	(void)context;
	memset(octets, 5, len);
}

/* Makes a temporary file; its name is filled in. */
static void keep(char *path, const void *octets, size_t len)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), (ssize_t)len);
	(void)close(fd);
}

static bool file_holds(const char *path, const char *text)
{
	static char octets[1 << 20];
	FILE *f = fopen(path, "re");
	size_t len = fread(octets, 1, sizeof octets, f);

	(void)fclose(f);
	return memmem(octets, len, text, strlen(text));
}

static void a_recorded_client_does_the_same_again(void **state)
{
	const struct node_options options = {
		.steer = true, .precision_log2s = -25, .frequency_max = {500 * PPT_PER_PPM}};
	struct pair p = {.server = make(&options, 1), .client = make(&options, 2)};
	char path[] = "/tmp/timecast-test-replay-XXXXXX";
	char *before = NULL, *after = NULL;
	size_t before_len, after_len;
	uint8_t seed[32] = {2};
	struct err err = {{0}};

	(void)state;
	char secret[] = "/tmp/timecast-test-secret-XXXXXX";
	struct seal seal = {.random = fill};

	keep(path, "", 0);
	keep(secret, seal.master, sizeof seal.master);
	assert_int_equal(record_new(path, &p.record, &err), 0);
	record_seal(p.record, &seal, secret);
	record_start(p.record, now_of(&p, true), seed, &options);
	p.deeds = open_memstream(&before, &before_len);
	run(&p, 600 * NS_PER_S);
	(void)fclose(p.deeds);
	record_free(p.record);

	FILE *tape = fopen(path, "re");
	FILE *out = open_memstream(&after, &after_len);

	assert_int_equal(replay_run(tape, NULL, out, &err), 0);
	(void)fclose(out);
	assert_false(file_holds(path, "one-time-for-all"));
	assert_int_equal(before_len, after_len);
	assert_string_equal(before, after);
	assert_non_null(strstr(after, " join "));
	assert_non_null(strstr(after, " step ns="));
	assert_non_null(strstr(after, " rate ppt="));
	free(before);
	free(after);

	/* Somebody else's machine. */
	(void)unlink(secret);
	rewind(tape);
	out = open_memstream(&after, &after_len);
	assert_int_equal(replay_run(tape, NULL, out, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--secret FILE"));
	rewind(tape);
	assert_int_equal(replay_run(tape, "/etc/hostname", out, &err), -EINVAL);
	(void)fclose(out);
	(void)fclose(tape);
	free(after);
	(void)unlink(path);
	free(p.server);
	free(p.client);
}

static const char *refusal(const void *octets, size_t len)
{
	static struct err err;
	char *out = NULL;
	size_t out_len;
	FILE *tape = fmemopen((void *)(uintptr_t)octets, len, "r");
	FILE *f = open_memstream(&out, &out_len);
	int r = replay_run(tape, NULL, f, &err);

	(void)fclose(tape);
	(void)fclose(f);
	free(out);
	return r < 0 ? err.text : "played";
}

static void what_is_not_a_whole_recording_is_refused(void **state)
{
	static const char cut[] = "TCREC\0\0\4\7\0\0\0";
	static const char odd[] = "TCREC\0\0\4\x63\0\0\0\0"
				  "mmmmmmmmwwwwwwww";
	static const char early[] = "TCREC\0\0\4\7\0\0\0\0"
				    "mmmmmmmmwwwwwwww";
	static const char more[] = "TCREC\0\0\4\7\0\0\0\1"
				   "mmmmmmmmwwwwwwwwx";

	(void)state;
	assert_string_equal(refusal("seed 7\n", 7), "not a recording of timecastd");
	assert_string_equal(refusal("TCREC\0\0\2", 8), "a recording of another format version");
	assert_string_equal(refusal(cut, sizeof cut - 1), "event 1: the recording is cut off");
	assert_string_equal(refusal(odd, sizeof odd - 1),
			    "event 1: nothing that is recorded looks like this");
	assert_string_equal(refusal(early, sizeof early - 1), "a recording begins with its start");
	assert_string_equal(refusal(more, sizeof more - 1), "event 1: its content does not add up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_client_does_the_same_again),
		cmocka_unit_test(what_is_not_a_whole_recording_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
