/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>
#include <errno.h>

#define GROUP "224.0.1.1"
#define GROUP6 "ff0e::101"

static void two_hosts_agree_within_two_intervals_of_the_first_packet(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(3), 30.0);

	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(32));
	assert_true(site_system(s, client).synchronised);
	assert_int_equal(site_system(s, client).stratum, 2);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	assert_int_equal(s->hosts[client].stepped, 1);
	site_run(s, SPAN_S(300));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_LISTENING);
	assert_true(site_is_within(s, client, SPAN_US(100)));
	assert_true(s->hosts[client].status.synchronised);
	site_free(s);
}

static void the_same_over_ipv6(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP6, SPAN_S(-3), -50.0);
	unsigned server = site_server(s, GROUP6);

	site_run(s, SPAN_S(200));
	assert_true(site_is_within(s, client, SPAN_US(200)));
	assert_int_equal(site_assoc(s, client, 0).version, 4);
	/* A group wider than the link is sent to from the global address. */
	assert_int_equal(site_assoc(s, client, 0).peer.addr.octets[0], 0x20);
	assert_int_equal(s->hosts[server].notes[NOTE_SEND_FAILED], 0);
	site_free(s);
}

static int64_t beacons[64];
static unsigned beacon_count;

static bool keep_beacons(struct site *s, unsigned from, struct send_action *a)
{
	(void)from;
	if ((a->octets[0] & 7) == MODE_BROADCAST && beacon_count < 64)
		beacons[beacon_count++] = s->now;
	return true;
}

static void beacons_leave_at_once_and_never_early(void **state)
{
	struct site *s = site_new();

	(void)state;
	beacon_count = 0;
	s->tap = keep_beacons;
	unsigned server = site_server(s, GROUP);
	int64_t start = s->now;

	site_run(s, SPAN_S(500));
	assert_true(beacon_count > 25);
	assert_true(beacons[0] - start < NS_PER_MS);
	for (unsigned i = 1; i < beacon_count; i++) {
		int64_t gap = beacons[i] - beacons[i - 1];

		assert_true(gap >= 16 * NS_PER_S);
		assert_true(gap <= 16 * NS_PER_S / 100 * 102 + NS_PER_US);
	}
	const struct send_action *a = &s->hosts[server].last_send;
	struct packet p;

	assert_true(packet_read(a->octets, a->len, &p));
	assert_int_equal(p.version, 3);
	assert_int_equal(p.mode, MODE_BROADCAST);
	assert_int_equal(p.stratum, 1);
	assert_int_equal(p.poll_log2s, 4);
	assert_int_equal(p.refid, 0x4c4f434c);
	assert_int_equal(a->ttl, 16);
	assert_int_equal(a->service_port, 123);
	assert_int_equal(a->from.octets[3], 1);
	site_free(s);
}

static span promised; /* transmit time of the last beacon - when it was asked for */

static bool keep_promise(struct site *s, unsigned from, struct send_action *a)
{
	struct packet p;

	(void)from;
	if (packet_read(a->octets, a->len, &p) && p.mode == MODE_BROADCAST)
		promised = stamp_sub(p.transmit, site_truth(s));
	return true;
}

static void beacons_learn_when_they_will_leave(void **state)
{
	struct site *s = site_new();

	(void)state;
	s->tap = keep_promise;
	unsigned server = site_server(s, GROUP);

	s->hosts[server].send_lag = SPAN_US(50);
	site_run(s, SPAN_S(8));
	assert_true(promised.ns < 10);
	site_run(s, SPAN_S(400));
	assert_in_range(promised.ns, 48 * NS_PER_US, 51 * NS_PER_US);
	/* One that was late by chance teaches little, one that was very late nothing. */
	s->hosts[server].send_lag = SPAN_US(900);
	site_run(s, SPAN_S(17));
	s->hosts[server].send_lag = SPAN_MS(5);
	site_run(s, SPAN_S(170));
	assert_in_range(promised.ns, 48 * NS_PER_US, 90 * NS_PER_US);
	s->hosts[server].send_lag = SPAN_US(20);
	site_run(s, SPAN_S(170));
	assert_in_range(promised.ns, 19 * NS_PER_US, 22 * NS_PER_US);
	site_free(s);
}

static void no_beacon_of_thousands_is_early(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);
	int64_t end = 2000 * NS_PER_S;

	(void)state;
	s->tap = keep_beacons;
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->minpoll_log2s = 0;
	site_refclock(s, server, 1);
	site_commit(s, server);
	while (s->now < end) {
		beacon_count = 0;
		site_run(s, SPAN_S(50));
		for (unsigned i = 1; i < beacon_count; i++)
			assert_true(beacons[i] - beacons[i - 1] >= NS_PER_S);
	}
	site_free(s);
}

static void first_questions_are_spread_over_the_interval(void **state)
{
	struct site *s = site_new();
	unsigned asked_by_4_s[4] = {0}, before = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		(void)site_client(s, GROUP, SPAN_MS(1), 0.0);
	(void)site_server(s, GROUP);
	for (unsigned i = 0; i < 4; i++) {
		unsigned begun = 0;

		site_run(s, SPAN_S(4));
		for (unsigned j = 0; j < 100; j++)
			begun += s->hosts[j].sent > 0;
		asked_by_4_s[i] = begun - before;
		before = begun;
		assert_in_range(asked_by_4_s[i], 12, 40);
	}
	assert_int_equal(before, 100);
	site_free(s);
}

static void a_server_without_time_sends_nothing_and_says_why(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	site_commit(s, server);
	site_run(s, SPAN_S(100));
	assert_int_equal(s->hosts[server].sent, 0);
	assert_int_equal(site_system(s, server).silence, SILENCE_NO_SOURCE);
	assert_int_equal(site_row(s, server, 0).join, GROUP_WAITING);
	site_refclock(s, server, 3);
	site_commit(s, server);
	site_run(s, SPAN_MS(1));
	assert_int_equal(s->hosts[server].sent, 1);
	assert_int_equal(site_row(s, server, 0).join, GROUP_SENDING);
	assert_int_equal(s->hosts[server].kinds[ACT_STEP], 0);
	assert_int_equal(s->hosts[server].kinds[ACT_STATUS], 0);
	site_free(s);
}

static void the_kernels_clock_is_served_at_stratum_10(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);
	struct kernel_clock k = {.synchronised = true, .max_error = SPAN_MS(20)};
	struct actions out = {0};

	(void)state;
	(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	site_commit(s, server);
	node_kernel_clock(s->hosts[server].node, site_now(s, &s->hosts[server]), &k, &out);
	site_run(s, SPAN_MS(1));
	struct packet p;

	assert_int_equal(s->hosts[server].sent, 1);
	assert_true(packet_read(s->hosts[server].last_send.octets, 48, &p));
	assert_int_equal(p.stratum, 10);
	assert_true(packet_short_to_span(p.root_dispersion).ns >= 20 * NS_PER_MS);
	k.synchronised = false;
	node_kernel_clock(s->hosts[server].node, site_now(s, &s->hosts[server]), &k, &out);
	site_run(s, SPAN_S(100));
	assert_int_equal(s->hosts[server].sent, 1);
	site_free(s);
}

static void who_follows_no_longer_neither_vouches_nor_serves_its_own_word(void **state)
{
	struct site *s = site_new();
	struct kernel_clock own = {.synchronised = true, .max_error = SPAN_MS(2)};
	struct actions out = {0};

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);
	struct host *h = &s->hosts[client];

	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(100));
	assert_true(h->status.synchronised);
	/* A slew is under way, and the kernel repeats what it was told. */
	h->wall = stamp_add(site_now(s, h).wall, SPAN_MS(20));
	h->since = site_now(s, h).mono;
	node_stepped(h->node, site_now(s, h), SPAN_MS(20), &out);
	site_perform(s, client, &out);
	site_run(s, SPAN_S(17));
	assert_true(h->rate < -400e-6);
	out.count = 0;
	node_kernel_clock(h->node, site_now(s, h), &own, &out);
	site_perform(s, client, &out);
	h->settings->role_count = 0;
	site_commit(s, client);
	assert_false(h->status.synchronised);
	assert_false(site_system(s, client).synchronised);
	assert_true(h->rate > -30e-6 && h->rate < -10e-6);
	site_run(s, SPAN_S(100));
	assert_true(h->rate > -30e-6 && h->rate < -10e-6);
	site_free(s);
}

static void a_packet_that_the_kernel_refuses_is_counted_and_the_next_one_leaves(void **state)
{
	struct site *s = site_new();
	unsigned h = site_server(s, GROUP);
	struct outcome o = {.kind = OUTCOME_SENT, .error = ENOBUFS};
	struct actions out = {0};
	struct counter_row row;

	(void)state;
	site_run(s, SPAN_S(100));
	unsigned sent = s->hosts[h].sent;
	o.id = s->hosts[h].last_send.id;
	o.to = s->hosts[h].last_send.to;
	o.ifindex = s->hosts[h].last_send.ifindex;
	node_outcome(s->hosts[h].node, site_now(s, &s->hosts[h]), &o, &out);
	site_perform(s, h, &out);
	assert_int_equal(s->hosts[h].notes[NOTE_SEND_FAILED], 1);
	for (unsigned i = 0; i < 2; i++) { /* in all, and on eth0 */
		assert_true(node_counter(s->hosts[h].node, ADDR_V4, i, &row));
		assert_int_equal(row.send_failed, 1);
	}
	site_run(s, SPAN_S(100));
	assert_true(s->hosts[h].sent > sent);
	site_free(s);
}

static void nobody_answers_and_the_client_follows_degraded(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)site_server(s, GROUP);
	s->hosts[client].deaf_asks = true;
	site_run(s, SPAN_S(60));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(2)));
	assert_int_equal(s->hosts[client].notes[NOTE_DEGRADED], 1);
	assert_true(site_system(s, client).estimated_error.ns > 400 * NS_PER_US);
	site_run(s, SPAN_S(600));
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	/* The first answer ends it. */
	s->hosts[client].deaf_asks = false;
	site_run(s, SPAN_S(3600));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_LISTENING);
	assert_true(site_is_within(s, client, SPAN_US(100)));
	site_free(s);
}

static void volley_required_never_goes_without(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(3), 20.0);

	(void)state;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->volley = VOLLEY_REQUIRED;
	s->hosts[client].deaf_asks = true;
	site_commit(s, client);
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(400));
	assert_false(site_system(s, client).synchronised);
	assert_int_equal(s->hosts[client].stepped, 0);
	s->hosts[client].deaf_asks = false;
	site_run(s, SPAN_S(600));
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

static void volley_never_asks_nothing(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(3), 20.0);

	(void)state;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->volley = VOLLEY_NEVER;
	s->hosts[client].settings->multicast_delay_us = 50;
	site_commit(s, client);
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(600));
	assert_int_equal(s->hosts[client].sent, 0);
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_US(100)));
	site_free(s);
}

static void questions_are_few_in_the_steady_state(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_MS(10), 10.0);

	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(1200));
	unsigned before = s->hosts[client].sent;

	site_run(s, SPAN_S(3 * 3600));
	print_message("%u questions in 3 hours\n", s->hosts[client].sent - before);
	assert_in_range(s->hosts[client].sent - before, 9, 3 * 8);
	site_free(s);
}

static void several_servers_are_followed_and_one_may_die(void **state)
{
	struct site *s = site_new();
	unsigned servers[3], client;

	(void)state;
	client = site_client(s, GROUP, SPAN_S(-2), -20.0);
	for (unsigned i = 0; i < 3; i++)
		servers[i] = site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	assert_int_equal(site_system(s, client).assoc_count, 3);
	assert_true(site_is_within(s, client, SPAN_US(200)));
	s->hosts[servers[0]].unplugged = true;
	site_run(s, SPAN_S(300));
	assert_int_equal(site_system(s, client).assoc_count, 2);
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_US(200)));
	site_free(s);
}

static void a_lost_server_is_given_up_and_a_new_one_found(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(2), 20.0);
	unsigned first = site_server(s, GROUP);

	site_run(s, SPAN_S(200));
	s->hosts[first].unplugged = true;
	site_run(s, SPAN_S(16 * 8));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	site_run(s, SPAN_S(16 * 3));
	assert_int_equal(site_system(s, client).assoc_count, 0);
	/* It keeps its clock, with a bound that grows. */
	assert_true(site_system(s, client).synchronised);
	assert_int_equal(site_system(s, client).source.family, ADDR_NONE);
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(60));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	assert_int_equal(site_assoc(s, client, 0).rank, RANK_MASTER);
	site_free(s);
}

static void holdover_ends_when_the_bound_is_too_wide(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(2), 20.0);
	unsigned server = site_server(s, GROUP);

	site_run(s, SPAN_S(600));
	s->hosts[server].unplugged = true;
	site_run(s, SPAN_S(80000));
	assert_false(site_system(s, client).synchronised);
	assert_int_equal(site_system(s, client).stratum, 16);
	assert_false(s->hosts[client].status.synchronised);
	assert_int_equal(s->hosts[client].notes[NOTE_UNSYNCHRONISED], 1);
	site_free(s);
}

static void many_servers_may_go_at_once(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_MS(20), 5.0);

	for (unsigned i = 0; i < 60; i++)
		(void)site_server(s, GROUP);
	site_run(s, SPAN_S(120));
	assert_int_equal(site_system(s, client).assoc_count, 60);
	s->hosts[client].settings->role_count = 0;
	site_commit(s, client); /* one commit ends them all: few actions, then one update */
	assert_int_equal(site_system(s, client).assoc_count, 0);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_system(s, client).source.family, ADDR_NONE);
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(two_hosts_agree_within_two_intervals_of_the_first_packet),
	cmocka_unit_test(the_same_over_ipv6),
	cmocka_unit_test(beacons_leave_at_once_and_never_early),
	cmocka_unit_test(no_beacon_of_thousands_is_early),
	cmocka_unit_test(first_questions_are_spread_over_the_interval),
	cmocka_unit_test(beacons_learn_when_they_will_leave),
	cmocka_unit_test(a_server_without_time_sends_nothing_and_says_why),
	cmocka_unit_test(the_kernels_clock_is_served_at_stratum_10),
	cmocka_unit_test(who_follows_no_longer_neither_vouches_nor_serves_its_own_word),
	cmocka_unit_test(a_packet_that_the_kernel_refuses_is_counted_and_the_next_one_leaves),
	cmocka_unit_test(nobody_answers_and_the_client_follows_degraded),
	cmocka_unit_test(volley_required_never_goes_without),
	cmocka_unit_test(volley_never_asks_nothing),
	cmocka_unit_test(questions_are_few_in_the_steady_state),
	cmocka_unit_test(several_servers_are_followed_and_one_may_die),
	cmocka_unit_test(a_lost_server_is_given_up_and_a_new_one_found),
	cmocka_unit_test(holdover_ends_when_the_bound_is_too_wide),
	cmocka_unit_test(many_servers_may_go_at_once),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
