/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * make bench: the speed of the command line, next to what it is meant to be. 1,000 interfaces are
 * configured; the state directory is a real one (the working directory's file system, with fsync).
 * What a commit costs the protocol thread is its own processor time, call by call: how long other
 * programs keep it waiting is measured by desk_delay.py.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../tests/cli/world.h"
#include "cli/session.h"
#include "daemon/drawer.h"
#include "ntp/node.h"

#define INTERFACES 1000
#define ROUNDS 11
#define LATER_NS (10 * NS_PER_S)

struct bench {
	struct stage stage;
	struct world world;
	struct seal seal;
	struct drawer *drawer;
	struct office *office;
	struct session *session;
	struct node *node;
	struct actions actions;
	mono now;
	double configure_us, turn_us; /* the longest so far */
	bool missed;
};

static void die(const char *why)
{
	fprintf(stderr, "cli_bench: %s\n", why);
	exit(2);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void row(struct bench *b, const char *what, double value, double target, const char *unit)
{
	printf("%-58s %9.1f %s   target < %.0f %s%s\n", what, value, unit, target, unit,
	       value < target ? "" : "   MISSED");
	b->missed |= value >= target;
}

/* ---- the protocol thread's side ---- */

static struct now now_of(const struct bench *b)
{
	return (struct now){b->now, stamp_from_unix(STAGE_START_S, b->now.ns)};
}

static double spent_us(double since)
{
	return 1e6 * (seconds(CLOCK_THREAD_CPUTIME_ID) - since);
}

/* What the engine does: the node's wishes are fulfilled, and it is told so. */
static void fulfil(struct bench *b)
{
	unsigned count = b->actions.count;
	struct outcome done[ACTIONS_MAX];
	unsigned joins = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct action *a = &b->actions.list[i];
		if (a->kind == ACT_JOIN || a->kind == ACT_LEAVE)
			done[joins++] = (struct outcome){.kind = OUTCOME_GROUP, .id = a->group.id};
	}
	b->actions.count = 0;
	for (unsigned i = 0; i < joins; i++)
		node_outcome(b->node, now_of(b), &done[i], &b->actions);
	b->actions.count = 0;
}

/* All that is due within ten seconds, each in a turn of its own. */
static void turn(struct bench *b)
{
	mono end = mono_add(b->now, (span){LATER_NS});

	while (mono_before(node_next_wake(b->node), end)) {
		if (mono_before(b->now, node_next_wake(b->node)))
			b->now = node_next_wake(b->node);
		double began = seconds(CLOCK_THREAD_CPUTIME_ID);
		node_wake(b->node, now_of(b), &b->actions);
		double took = spent_us(began);
		b->turn_us = took > b->turn_us ? took : b->turn_us;
		fulfil(b);
	}
	b->now = end;
}

static void apply(void *context, const struct settings *s, const struct key *keys,
		  unsigned key_count)
{
	struct bench *b = context;
	double began = seconds(CLOCK_THREAD_CPUTIME_ID);

	node_keys(b->node, now_of(b), keys, key_count);
	node_configure(b->node, now_of(b), s, &b->actions);
	double took = spent_us(began);
	b->configure_us = took > b->configure_us ? took : b->configure_us;
	fulfil(b);
}

static void make_node(struct bench *b)
{
	struct node_options options = {.precision_log2s = -20,
				       .frequency_max = {500 * PPT_PER_PPM}};
	uint8_t seed[32] = {1};
	void *block = calloc(1, node_size());

	if (!block)
		die("no memory");
	b->node = node_new(block, seed, &options);
	b->now = (mono){NS_PER_S};
	for (unsigned i = 0; i < INTERFACES; i++) {
		struct iface_link l = {
			.ifindex = i + 2, .up = true, .multicast = true, .addr_count = 1};
		struct addr a = {.family = ADDR_V4,
				 .octets = {10, (uint8_t)(i / 250), (uint8_t)(i % 250), 1}};
		snprintf(l.name, sizeof l.name, "v%u", i);
		l.addrs[0].addr = a;
		l.addrs[0].bits = 24;
		node_link(b->node, now_of(b), &l, &b->actions);
		b->actions.count = 0;
	}
}

/* ---- the desk's side ---- */

static void type(struct bench *b, const char *line)
{
	struct text out = {0};

	session_run(b->session, line, &out);
	if (session_failed(b->session))
		die(text_chars(&out));
	text_fini(&out);
}

static double type_all(struct bench *b, const char *verb, const char *rest)
{
	char line[120];
	double began = seconds(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < INTERFACES; i++) {
		snprintf(line, sizeof line, "interface v%u", i);
		type(b, line);
		snprintf(line, sizeof line, "%sntp multicast-server %s", verb, rest);
		type(b, line);
	}
	return seconds(CLOCK_MONOTONIC) - began;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void configure(struct bench *b)
{
	double lines[ROUNDS];
	double commits[ROUNDS];
	char rest[80];

	type(b, "system-view");
	type(b, "ntp refclock-master 1");
	type_all(b, "", "ttl 9");
	type(b, "commit");
	turn(b);
	for (unsigned i = 0; i < ROUNDS; i++) {
		snprintf(rest, sizeof rest, "ttl %u version 4 port 1123", 10 + i);
		lines[i] = 1e6 * type_all(b, "", rest) / (2 * INTERFACES);
		double began = seconds(CLOCK_MONOTONIC);
		type(b, "commit");
		commits[i] = 1e3 * (seconds(CLOCK_MONOTONIC) - began);
		turn(b);
	}
	qsort(lines, ROUNDS, sizeof *lines, by_size);
	qsort(commits, ROUNDS, sizeof *commits, by_size);
	row(b, "a line parsed and applied to the candidate, median", lines[ROUNDS / 2], 50, "us");
	row(b, "commit of a change on 1,000 interfaces, median", commits[ROUNDS / 2], 200, "ms");
	row(b, "commit of a change on 1,000 interfaces, longest", commits[ROUNDS - 1], 200, "ms");
}

static void configure_one(struct bench *b)
{
	double commits[ROUNDS];
	char line[80];

	type(b, "interface v500");
	for (unsigned i = 0; i < ROUNDS; i++) {
		snprintf(line, sizeof line, "ntp multicast-server ttl %u", 100 + i);
		type(b, line);
		double began = seconds(CLOCK_MONOTONIC);
		type(b, "commit");
		commits[i] = 1e3 * (seconds(CLOCK_MONOTONIC) - began);
		turn(b);
	}
	qsort(commits, ROUNDS, sizeof *commits, by_size);
	row(b, "commit of one line with 1,000 interfaces, median", commits[ROUNDS / 2], 200, "ms");
}

static void open_office(struct bench *b, const char *path)
{
	struct err err;

	b->seal.random = drawer_random;
	if (drawer_new(path, &b->drawer, &err) < 0 ||
	    drawer_secret(b->drawer, b->seal.master, &err) < 0)
		die(err.text);
	b->world = stage_world(&b->stage);
	b->world.context = b;
	b->world.apply = apply;
	if (office_new(&b->world, drawer_shelf(b->drawer), &b->seal, &b->office, &err) < 0)
		die(err.text);
	b->session = session_new(b->office, "bench", "vty0", SESSION_CONFIGURE, false);
}

int main(void)
{
	static struct bench b;
	char path[] = "cli-bench-XXXXXX";
	char command[80];

	if (!mkdtemp(path))
		die(strerror(errno));
	make_node(&b);
	open_office(&b, path);
	configure(&b);
	configure_one(&b);
	row(&b, "processor time of node_keys and node_configure, longest", b.configure_us, 1000,
	    "us");
	row(&b, "processor time of one turn of the node after it, longest", b.turn_us, 1000, "us");
	office_free(b.office);
	drawer_free(b.drawer);
	snprintf(command, sizeof command, "rm -r %s", path);
	return system(command) != 0 || b.missed;
}
