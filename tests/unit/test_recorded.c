/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be done without a key: packets that were recorded are sent again, unsigned ones are made
 * up. protocol.md's golden rules: nothing that no MAC covers decides anything, time only goes
 * forward, one packet counts once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"
#define KEY 3

/* The first that left. */
static struct send_action beacon;

static bool record(struct site *s, unsigned from, struct send_action *a)
{
	(void)s;
	(void)from;
	if ((a->octets[0] & 7) == MODE_BROADCAST && beacon.len == 0)
		beacon = *a;
	return true;
}

static struct site *recorded_site(void)
{
	struct site *s = site_new();

	beacon.len = 0;
	s->tap = record;
	return s;
}

/* The recorded beacon again, in the server's name. */
static void replay(struct site *s, unsigned to, unsigned server, uint16_t port)
{
	struct endpoint from = {.addr = s->hosts[server].link.addrs[0].addr, .port = port};

	site_post(s, to, &from, &beacon);
	site_run(s, SPAN_MS(5));
}

static unsigned keyed_server(struct site *s, span error, uint8_t poll_log2s)
{
	unsigned server = site_add(s, error, 0.0);

	site_keys(s, server, 4, 7);
	struct role_setting *r = site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	r->key_id = KEY;
	r->minpoll_log2s = poll_log2s;
	site_refclock(s, server, 1);
	site_commit(s, server);
	return server;
}

static unsigned keyed_client(struct site *s, span error)
{
	unsigned client = site_add(s, error, 20.0);

	site_keys(s, client, 4, 7);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->authentication = true;
	site_commit(s, client);
	return client;
}

/* No MAC covers it: else whom a client asks, and so whether it is answered, would be a replayer's.
 */
static void the_source_port_of_a_beacon_is_not_where_we_ask(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct site *s = recorded_site();
		unsigned server = keyed_server(s, SPAN_ZERO, 6);

		site_run(s, SPAN_S(1000 + 7 * (int)i));
		for (unsigned j = 0; j < i; j++)
			(void)site_add(s, SPAN_ZERO, 0.0); /* other addresses, other seeds */
		unsigned client = keyed_client(s, SPAN_MS(5));
		span worst = SPAN_ZERO;

		for (unsigned j = 0; j < 150; j++) {
			replay(s, client, server, 9);
			site_run(s, SPAN_S(1));
			worst = span_max(worst, span_abs(site_error(s, client)));
		}
		assert_true(span_less(worst, SPAN_S(1)));
		assert_int_equal(site_assoc(s, client, 0).peer.port, NTP_PORT);
		site_free(s);
	}
}

/* The first packet waits for the path's delay to be measured; older ones are old all the same. */
static void what_is_put_aside_is_the_newest(void **state)
{
	struct site *s = recorded_site();
	unsigned server = keyed_server(s, SPAN_ZERO, 4);

	(void)state;
	site_run(s, SPAN_S(500));
	unsigned client = keyed_client(s, SPAN_MS(500));
	s->hosts[client].deaf_asks = true;
	while (site_assoc(s, client, 0).id == 0)
		site_run(s, SPAN_MS(100));
	s->hosts[server].unplugged = true;
	while (site_assoc(s, client, 0).phase != ASSOC_DEGRADED)
		site_run(s, SPAN_MS(100));
	for (unsigned i = 0; i < 20; i++) {
		site_run(s, SPAN_S(8));
		replay(s, client, server, NTP_PORT);
	}
	assert_true(site_is_within(s, client, SPAN_MS(100)));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_NOT_LATER) >= 19);
	site_free(s);
}

/* Where nobody answers several packets must agree on a jump; one that is sent four times is one. */
static void one_packet_four_times_confirms_no_jump(void **state)
{
	struct site *s = recorded_site();
	unsigned server = keyed_server(s, SPAN_S(900), 4); /* was ahead once */

	(void)state;
	site_run(s, SPAN_S(20));
	site_step(s, server, SPAN_S(-900));
	site_run(s, SPAN_S(100));
	unsigned client = keyed_client(s, SPAN_MS(500));
	s->hosts[client].deaf_asks = true;
	site_run(s, SPAN_S(300));
	assert_true(site_is_within(s, client, SPAN_MS(10)));
	while (site_assoc(s, client, 0).since_heard.ns < 12 * NS_PER_S)
		site_run(s, SPAN_MS(100));
	for (unsigned i = 0; i < 4; i++)
		replay(s, client, server, NTP_PORT);
	site_run(s, SPAN_S(100));
	assert_true(site_is_within(s, client, SPAN_MS(10)));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_UNCONFIRMED) > 0);
	site_free(s);
}

/* Ahead of the server, in s; each its own clock. */
static double ahead_of(const struct site *s, unsigned client, unsigned server)
{
	return span_to_s(stamp_sub(site_now(s, &s->hosts[client]).wall,
				   site_now(s, &s->hosts[server]).wall));
}

static bool is_near(const struct site *s, unsigned client, unsigned server)
{
	double ahead = ahead_of(s, client, server);

	return ahead > -0.1 && ahead < 0.1;
}

/* One recorded packet from when the server was ahead, sent once after the server was set. */
static void one_recorded_packet_does_not_stop_a_jump(void **state)
{
	struct site *s = recorded_site();
	unsigned server = keyed_server(s, SPAN_S(90000), 4); /* was ahead once */

	(void)state;
	site_run(s, SPAN_S(20));
	site_step(s, server, SPAN_S(-90000));
	site_run(s, SPAN_S(100));
	unsigned client = keyed_client(s, SPAN_MS(500));
	s->hosts[client].deaf_asks = true;
	site_run(s, SPAN_S(600));
	assert_true(site_is_within(s, client, SPAN_MS(10)));
	site_step(s, server, SPAN_S(10));
	site_run(s, SPAN_S(24));
	replay(s, client, server, NTP_PORT);
	site_run(s, SPAN_S(300));
	assert_true(is_near(s, client, server));
	site_free(s);
}

/* A server that nobody can ask: set wrongly for two beacons, then nearly right. */
static void a_second_jump_is_confirmed_too(void **state)
{
	struct site *s = site_new();
	unsigned server = site_server(s, GROUP);

	(void)state;
	site_run(s, SPAN_S(100));
	unsigned client = site_client(s, GROUP, SPAN_MS(500), 20.0);
	s->hosts[client].deaf_asks = true;
	site_run(s, SPAN_S(600));
	assert_true(site_is_within(s, client, SPAN_MS(10)));
	site_step(s, server, SPAN_S(7200));
	site_run(s, SPAN_S(24));
	site_step(s, server, SPAN_S(-7190));
	site_run(s, SPAN_S(400));
	assert_true(is_near(s, client, server));
	site_free(s);
}

/* Old packets make suspicions rare; an answer is none: what contradicts it is asked again at once.
 */
static void an_answer_that_jumps_is_confirmed_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct site *s = recorded_site();
		unsigned server = keyed_server(s, SPAN_ZERO, 4);

		site_run(s, SPAN_S(500));
		for (unsigned j = 0; j < i; j++)
			(void)site_add(s, SPAN_ZERO, 0.0); /* other seeds */
		unsigned client = keyed_client(s, SPAN_MS(5)), sent = 0;
		int64_t asked = 0;

		site_run(s, SPAN_S(2000));
		for (unsigned j = 0; j < 5000 + 97 * i; j++) {
			site_run(s, SPAN_S(1));
			replay(s, client, server, NTP_PORT);
		}
		site_step(s, server, SPAN_S(10));
		sent = s->hosts[client].sent;
		for (unsigned j = 0; j < 7200 && !is_near(s, client, server); j++) {
			site_run(s, SPAN_S(1));
			replay(s, client, server, NTP_PORT);
			if (asked == 0 && s->hosts[client].sent > sent)
				asked = s->now;
		}
		assert_true(is_near(s, client, server));
		assert_true(s->now - asked < 30 * NS_PER_S);
		site_free(s);
	}
}

/* A signed beacon from when the server was ahead is later than the last; it proves nothing more. */
static void a_packet_that_was_not_confirmed_changes_no_header(void **state)
{
	struct site *s = recorded_site();
	unsigned server = keyed_server(s, SPAN_S(900), 4);

	(void)state;
	s->hosts[server].settings->refclock_stratum = 9;
	site_commit(s, server);
	beacon.len = 0;
	site_run(s, SPAN_S(20));
	assert_int_equal(beacon.octets[1], 9);
	site_step(s, server, SPAN_S(-900));
	s->hosts[server].settings->refclock_stratum = 1;
	site_commit(s, server);
	unsigned client = keyed_client(s, SPAN_MS(500));
	site_run(s, SPAN_S(200));
	assert_int_equal(site_assoc(s, client, 0).stratum, 1);
	replay(s, client, server, NTP_PORT);
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_UNCONFIRMED), 1);
	assert_int_equal(site_assoc(s, client, 0).stratum, 1);
	site_free(s);
}

/* Each old packet might mean that the server was set back; a question each would be an amplifier.
 */
static void old_packets_do_not_make_a_crowd_ask(void **state)
{
	struct site *s = recorded_site();
	unsigned server = keyed_server(s, SPAN_ZERO, 6);

	(void)state;
	site_run(s, SPAN_S(300));
	unsigned client = keyed_client(s, SPAN_MS(500));
	site_run(s, SPAN_S(20000));
	unsigned before = s->hosts[client].sent;
	for (unsigned i = 0; i < 7200; i++) {
		replay(s, client, server, NTP_PORT);
		site_run(s, SPAN_MS(500));
	}
	assert_in_range(s->hosts[client].sent - before, 4, 20); /* an hour */
	site_free(s);
}

/* ---- what is not signed ---- */

static unsigned victim;
static bool answering;

/* Somebody on the path is quicker than the server. */
static bool answer_first(struct site *s, unsigned from, struct send_action *a)
{
	struct packet q;

	if (!answering || from != victim || (a->octets[0] & 7) != MODE_CLIENT)
		return true;
	assert_true(packet_read(a->octets, a->len, &q));
	struct packet r = {.version = 4, .mode = MODE_SERVER, .stratum = 1, .origin = q.transmit};
	r.receive = stamp_add(site_truth(s), SPAN_S(500));
	r.transmit = stamp_add(r.receive, SPAN_US(1));
	struct send_action f = {.len = PACKET_HEADER_OCTETS};
	f.to.addr = s->hosts[from].link.addrs[0].addr;
	f.to.port = (uint16_t)(SITE_ASK_PORT + a->ask);
	packet_write(&r, f.octets);
	site_post(s, from, &a->to, &f);
	return true;
}

/* A session that began with a signed beacon, though authentication is not demanded. */
static void a_signed_question_takes_no_unsigned_answer(void **state)
{
	struct site *s = site_new();

	(void)state;
	answering = false;
	s->tap = answer_first;
	(void)keyed_server(s, SPAN_ZERO, 4);
	victim = site_add(s, SPAN_S(1), 20.0);
	site_keys(s, victim, 4, 7);
	(void)site_role(s, victim, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, victim);
	site_run(s, SPAN_S(300));
	assert_int_equal(site_assoc(s, victim, 0).key_id, KEY);
	answering = true;
	site_run(s, SPAN_S(3600));
	assert_true(site_is_within(s, victim, SPAN_MS(10)));
	assert_true(site_count(s, victim, ADDR_V4, VERDICT_KEY_OTHER) > 0);
	site_free(s);
}

static struct send_action unsigned_beacon(const struct site *s, int8_t poll_log2s, uint8_t stratum,
					  span ahead)
{
	struct packet p = {.version = 3, .mode = MODE_BROADCAST, .stratum = stratum};
	struct send_action a = {.len = PACKET_HEADER_OCTETS, .to = {.port = NTP_PORT}};

	assert_true(addr_parse(GROUP, &a.to.addr));
	p.poll_log2s = poll_log2s;
	p.transmit = stamp_add(site_truth(s), ahead);
	packet_write(&p, a.octets);
	return a;
}

/* Whoever never answered and proved nothing makes room when he is silent. */
static void a_hundred_made_up_servers_do_not_fill_the_table_for_days(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0);

	(void)state;
	site_run(s, SPAN_S(1));
	for (unsigned i = 0; i < 100; i++) {
		struct endpoint from = {addr_v4(192, 0, 2, (uint8_t)(i + 1)), NTP_PORT};
		struct send_action a = unsigned_beacon(s, 17, 15, SPAN_US(-50));

		site_post(s, client, &from, &a);
		site_run(s, SPAN_MS(1));
	}
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(600));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_DYNAMIC_MAX) > 0);
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

static void one_packet_that_names_a_long_interval_makes_no_other_early(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0), server = site_server(s, GROUP);
	struct endpoint from = {s->hosts[server].link.addrs[0].addr, NTP_PORT};

	(void)state;
	site_run(s, SPAN_S(500));
	struct assoc_row before = site_assoc(s, client, 0);
	struct send_action a = unsigned_beacon(s, 17, 1, SPAN_US(-50));
	site_post(s, client, &from, &a);
	site_run(s, SPAN_S(3600));
	struct assoc_row after = site_assoc(s, client, 0);

	assert_true(after.verdicts[VERDICT_USED] - before.verdicts[VERDICT_USED] > 200);
	site_free(s);
}

/* A packet that proves nothing names 36 hours; then the server dies. */
static void an_unconfirmed_interval_hides_no_silence(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0), server = site_server(s, GROUP);
	struct endpoint from = {s->hosts[server].link.addrs[0].addr, NTP_PORT};

	(void)state;
	site_run(s, SPAN_S(700));
	assert_true(site_system(s, client).synchronised);
	struct send_action a = unsigned_beacon(s, 17, 1, SPAN_S(10));
	site_post(s, client, &from, &a);
	s->hosts[server].unplugged = true;
	site_run(s, SPAN_S(600));
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_UNCONFIRMED), 1);
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	site_free(s);
}

/* Packets that name an interval of 1 s, one a second, and are not confirmed. */
static void a_short_interval_that_is_not_believed_makes_no_other_early(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0), server = site_server(s, GROUP);
	struct endpoint from = {s->hosts[server].link.addrs[0].addr, NTP_PORT};

	(void)state;
	site_run(s, SPAN_S(700));
	struct assoc_row before = site_assoc(s, client, 0);
	for (unsigned i = 0; i < 1600; i++) {
		struct send_action a = unsigned_beacon(s, 0, 1, SPAN_S(10));

		site_post(s, client, &from, &a);
		site_run(s, SPAN_S(1));
	}
	struct assoc_row after = site_assoc(s, client, 0);

	assert_true(after.verdicts[VERDICT_USED] - before.verdicts[VERDICT_USED] > 90);
	site_free(s);
}

/* Servers with an interval longer than 128 s, as many as there may be and one more. */
static void steady_servers_do_not_end_each_other(void **state)
{
	struct site *s = site_new();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		unsigned h = site_add(s, SPAN_ZERO, 0.0);

		site_role(s, h, ROLE_MULTICAST_SERVER, GROUP)->minpoll_log2s = 10;
		site_refclock(s, h, 1);
		site_commit(s, h);
		site_run(s, SPAN_S(340));
	}
	unsigned client = site_add(s, SPAN_MS(500), 20.0);

	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->volley = VOLLEY_NEVER;
	s->hosts[client].settings->max_dynamic_sessions = 2;
	site_commit(s, client);
	site_run(s, SPAN_S(4 * 3600));
	assert_int_equal(s->hosts[client].notes[NOTE_ASSOCIATION_ENDED], 0);
	site_free(s);
}

/* The server does not demand a MAC; who shows one has his own share. */
static void unsigned_group_questions_in_ones_name_do_not_use_up_ones_share(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);
	struct endpoint from = {s->hosts[client].link.addrs[0].addr, 4000};
	struct packet q = {.version = 4, .mode = MODE_CLIENT, .transmit = {77}};
	struct send_action a = {.len = PACKET_HEADER_OCTETS, .to = {.port = NTP_PORT}};

	(void)state;
	site_keys(s, server, 4, 7);
	(void)site_role(s, server, ROLE_MANYCAST_SERVER, GROUP);
	site_refclock(s, server, 2);
	site_commit(s, server);
	site_keys(s, client, 4, 7);
	site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP)->key_id = KEY;
	s->hosts[client].settings->authentication = true;
	assert_true(addr_parse(GROUP, &a.to.addr));
	packet_write(&q, a.octets);
	for (unsigned i = 0; i < 6000; i++) {
		site_post(s, server, &from, &a);
		if (i == 500)
			site_commit(s, client);
		site_run(s, SPAN_MS(10));
	}
	assert_true(site_count(s, server, ADDR_V4, VERDICT_RATE) > 5000);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_source_port_of_a_beacon_is_not_where_we_ask),
	cmocka_unit_test(what_is_put_aside_is_the_newest),
	cmocka_unit_test(one_packet_four_times_confirms_no_jump),
	cmocka_unit_test(one_recorded_packet_does_not_stop_a_jump),
	cmocka_unit_test(a_second_jump_is_confirmed_too),
	cmocka_unit_test(an_answer_that_jumps_is_confirmed_at_once),
	cmocka_unit_test(a_packet_that_was_not_confirmed_changes_no_header),
	cmocka_unit_test(old_packets_do_not_make_a_crowd_ask),
	cmocka_unit_test(a_signed_question_takes_no_unsigned_answer),
	cmocka_unit_test(a_hundred_made_up_servers_do_not_fill_the_table_for_days),
	cmocka_unit_test(one_packet_that_names_a_long_interval_makes_no_other_early),
	cmocka_unit_test(an_unconfirmed_interval_hides_no_silence),
	cmocka_unit_test(a_short_interval_that_is_not_believed_makes_no_other_early),
	cmocka_unit_test(steady_servers_do_not_end_each_other),
	cmocka_unit_test(unsigned_group_questions_in_ones_name_do_not_use_up_ones_share),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
