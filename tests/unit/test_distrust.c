/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"

static void answers_on_another_interface_do_not_count(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(1), 0.0);

	s->hosts[client].detour = 7;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(60));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_WRONG_IFACE) >= 3);
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	site_free(s);
}

static void keys_are_checked(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);
	unsigned good, bad, without, distrustful;

	(void)state;
	site_keys(s, server, 4, 7);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->key_id = 3;
	site_refclock(s, server, 1);
	good = site_add(s, SPAN_S(1), 10.0);
	site_keys(s, good, 4, 7);
	bad = site_add(s, SPAN_S(1), 10.0);
	site_keys(s, bad, 4, 8);
	without = site_add(s, SPAN_S(1), 10.0);
	distrustful = site_add(s, SPAN_S(1), 10.0);
	for (unsigned i = good; i <= distrustful; i++) {
		(void)site_role(s, i, ROLE_MULTICAST_CLIENT, GROUP);
		s->hosts[i].settings->authentication = i != without;
		site_commit(s, i);
	}
	site_commit(s, server);
	site_run(s, SPAN_S(100));
	assert_true(site_is_within(s, good, SPAN_MS(1)));
	assert_true(site_assoc(s, good, 0).authenticated);
	assert_int_equal(site_assoc(s, good, 0).key_id, 3);
	assert_true(site_is_within(s, without, SPAN_MS(1)));
	assert_false(site_assoc(s, without, 0).authenticated);
	assert_false(site_is_within(s, bad, SPAN_MS(900)));
	assert_false(site_is_within(s, distrustful, SPAN_MS(900)));
	assert_true(site_count(s, bad, ADDR_V4, VERDICT_MAC_BAD) > 4);
	assert_true(site_count(s, distrustful, ADDR_V4, VERDICT_KEY_UNKNOWN) > 4);
	assert_int_equal(site_assoc(s, bad, 0).id, 0);
	site_free(s);
}

static void a_key_that_is_not_trusted_proves_nothing(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 0.0);
	struct key k = {.id = 5, .algorithm = KEY_AES_128_CMAC, .mac_octets = 16, .len = 16};
	struct now now = site_now(s, &s->hosts[client]);

	(void)state;
	node_keys(s->hosts[server].node, now, &k, 1);
	node_keys(s->hosts[client].node, now, &k, 1);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->key_id = 5;
	site_refclock(s, server, 1);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->authentication = true;
	site_commit(s, server);
	site_commit(s, client);
	site_run(s, SPAN_S(40));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_KEY_UNTRUSTED) >= 2);
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	k.trusted = true;
	node_keys(s->hosts[client].node, site_now(s, &s->hosts[client]), &k, 1);
	site_run(s, SPAN_S(60));
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

static bool spoil_nonce(struct site *s, unsigned from, struct send_action *a)
{
	(void)s;
	(void)from;
	if ((a->octets[0] & 7) == MODE_SERVER)
		a->octets[31] ^= 1;
	return true;
}

static void an_answer_to_another_nonce_is_bogus(void **state)
{
	struct site *s = site_new();

	(void)state;
	s->tap = spoil_nonce;
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(60));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_BOGUS) >= 3);
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	site_free(s);
}

static const char *kiss; /* NULL: answers pass as they are */

static bool answer_with_a_kiss(struct site *s, unsigned from, struct send_action *a)
{
	(void)s;
	(void)from;
	if (!kiss || (a->octets[0] & 7) != MODE_SERVER)
		return true;
	a->octets[0] |= 3 << 6;
	a->octets[1] = 0;
	memcpy(a->octets + 12, kiss, 4);
	return true;
}

static void ask_by_address(struct site *s, unsigned client, unsigned server)
{
	(void)site_unicast(s, client, server, 4, 10);
	site_commit(s, client);
}

static void a_kiss_with_our_nonce_slows_us_down_and_ends_nothing(void **state)
{
	static const char *const refusals[] = {"DENY", "RSTR"};
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(1), 20.0), server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	site_refclock(s, server, 1);
	site_commit(s, server);
	s->tap = answer_with_a_kiss;
	kiss = NULL;
	ask_by_address(s, client, server);
	site_run(s, SPAN_S(200));
	struct assoc_row before = site_assoc(s, client, 0);
	assert_int_equal(before.rank, RANK_MASTER);
	for (unsigned i = 0; i < 2; i++) {
		unsigned told = s->hosts[client].notes[NOTE_KISS];
		uint64_t count = site_count(s, client, ADDR_V4, VERDICT_KISS);
		kiss = refusals[i];
		site_run(s, SPAN_S(600));
		assert_true(site_count(s, client, ADDR_V4, VERDICT_KISS) >= count + 2);
		assert_int_equal(s->hosts[client].notes[NOTE_KISS], told + 1);
		assert_int_equal(site_assoc(s, client, 0).id, before.id);
		kiss = NULL;
		site_run(s, SPAN_S(600));
		assert_int_equal(site_assoc(s, client, 0).rank, RANK_MASTER);
	}
	int poll = site_assoc(s, client, 0).local_poll_log2s;
	kiss = "RATE";
	site_run(s, SPAN_S(600));
	assert_int_equal(site_assoc(s, client, 0).id, before.id);
	assert_true(site_assoc(s, client, 0).local_poll_log2s > poll);
	site_free(s);
}

static void a_server_that_follows_us_is_refused(void **state)
{
	struct site *s = site_new();
	unsigned a = site_add(s, SPAN_ZERO, 0.0), b = site_add(s, SPAN_MS(5), 0.0);

	(void)state;
	(void)site_role(s, a, ROLE_MULTICAST_SERVER, GROUP);
	(void)site_role(s, a, ROLE_MULTICAST_CLIENT, "224.0.1.2");
	site_refclock(s, a, 3);
	(void)site_role(s, b, ROLE_MULTICAST_CLIENT, GROUP);
	(void)site_role(s, b, ROLE_MULTICAST_SERVER, "224.0.1.2");
	site_commit(s, a);
	site_commit(s, b);
	site_run(s, SPAN_S(100));
	assert_int_equal(site_system(s, b).stratum, 4);
	assert_true(site_count(s, a, ADDR_V4, VERDICT_LOOP) >= 2);
	assert_int_equal(site_assoc(s, a, 0).id, 0);
	site_free(s);
}

static struct send_action recorded;

static bool record_beacon(struct site *s, unsigned from, struct send_action *a)
{
	(void)from;
	if ((a->octets[0] & 7) == MODE_BROADCAST && s->tapped++ == 0)
		recorded = *a;
	return true;
}

static void replay(struct site *s, unsigned to, unsigned as)
{
	struct endpoint from = {.addr = s->hosts[as].link.addrs[0].addr, .port = NTP_PORT};

	site_post(s, to, &from, &recorded);
	site_run(s, SPAN_MS(10));
}

static void old_packets_are_not_believed_again_also_after_a_restart(void **state)
{
	struct site *s = site_new();
	struct memory *m = calloc(1, sizeof *m);

	(void)state;
	assert_non_null(m);
	s->tap = record_beacon;
	unsigned client = site_client(s, GROUP, SPAN_S(2), 20.0), server = site_server(s, GROUP);
	struct host *h = &s->hosts[client];

	site_run(s, SPAN_S(300));
	replay(s, client, server);
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_NOT_LATER), 1);
	node_memory(h->node, m);
	assert_int_equal(m->floor_count, 1);
	assert_true(m->has_frequency);
	s->hosts[server].unplugged = true;
	site_halt(s, client);
	site_boot(s, client, 99);
	node_recall(h->node, site_now(s, h), m);
	h->kinds[ACT_RATE] = 0;
	site_rate(s, client, (freq){0});
	site_commit(s, client);
	/* The clock keeps the pace that it had learned. */
	assert_int_equal(h->kinds[ACT_RATE], 1);
	assert_true(fabs(h->rate + 20e-6) < 1e-7);
	for (unsigned i = 0; i < 20; i++) {
		site_run(s, SPAN_S(16));
		replay(s, client, server);
	}
	assert_true(site_count(s, client, ADDR_V4, VERDICT_NOT_LATER) >= 10);
	assert_false(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(10)));
	free(m);
	site_free(s);
}

/* Whoever opens the association with an old packet does not make the server's own look early. */
static void after_a_replay_the_first_genuine_beacon_is_not_early(void **state)
{
	struct site *s = site_new();

	(void)state;
	s->tap = record_beacon;
	unsigned server = site_server(s, GROUP);

	site_run(s, SPAN_S(50));
	unsigned client = site_client(s, GROUP, SPAN_S(2), 20.0);
	site_run(s, SPAN_S(9)); /* half-way to the next beacon */
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	replay(s, client, server);
	assert_int_not_equal(site_assoc(s, client, 0).id, 0);
	site_run(s, SPAN_S(100));
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_EARLY), 0);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

static void forge(struct site *s, unsigned to, unsigned as, span ahead)
{
	struct packet p = {.version = 3, .mode = MODE_BROADCAST, .stratum = 1, .poll_log2s = 4};
	struct endpoint from = {.addr = s->hosts[as].link.addrs[0].addr, .port = NTP_PORT};
	struct send_action a = {.len = PACKET_HEADER_OCTETS, .to = {.port = NTP_PORT}};
	bool parsed = addr_parse(GROUP, &a.to.addr);

	assert_true(parsed);
	p.transmit = stamp_add(site_truth(s), ahead);
	packet_write(&p, a.octets);
	site_post(s, to, &from, &a);
}

static void forgeries_without_the_key_change_nothing(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);

	(void)state;
	site_keys(s, server, 4, 7);
	site_keys(s, client, 4, 7);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->key_id = 3;
	site_refclock(s, server, 1);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, server);
	site_commit(s, client); /* authentication is off: the association has a key all the same */
	site_run(s, SPAN_S(200));
	struct assoc_row before = site_assoc(s, client, 0);

	for (unsigned i = 0; i < 100; i++) {
		forge(s, client, server, SPAN_S(1000));
		site_run(s, SPAN_S(1));
	}
	struct assoc_row after = site_assoc(s, client, 0);

	assert_int_equal(after.id, before.id);
	assert_int_equal(after.verdicts[VERDICT_KEY_OTHER], 100);
	assert_in_range(after.verdicts[VERDICT_USED], before.verdicts[VERDICT_USED] + 5,
			before.verdicts[VERDICT_USED] + 12);
	assert_true(site_is_within(s, client, SPAN_US(100)));
	site_free(s);
}

static void a_flood_of_forged_future_packets_does_not_move_the_clock(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0), server = site_server(s, GROUP);

	site_run(s, SPAN_S(200));
	/* Nobody has a key here; still a jump needs an answer to a nonce. */
	for (unsigned i = 0; i < 200; i++) {
		forge(s, client, server, SPAN_S(1000));
		site_run(s, SPAN_S(1));
	}
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	assert_int_equal(s->hosts[client].stepped, 1);
	assert_true(site_count(s, client, ADDR_V4, VERDICT_EARLY) > 100);
	site_run(s, SPAN_S(200));
	assert_true(site_is_within(s, client, SPAN_US(200)));
	site_free(s);
}

static void a_server_that_was_set_back_is_believed_after_an_answer(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned client = site_client(s, GROUP, SPAN_S(2), 20.0), server = site_server(s, GROUP);

	site_run(s, SPAN_S(300));
	site_step(s, server, SPAN_S(-60));
	site_run(s, SPAN_S(200));
	span apart = span_sub(site_error(s, client), site_error(s, server));

	assert_true(site_count(s, client, ADDR_V4, VERDICT_NOT_LATER) >= 1);
	assert_true(span_abs(apart).ns < NS_PER_MS);
	site_free(s);
}

static int64_t held_up; /* what goes to the group, by so many ns */

static bool hold_up(struct site *s, unsigned from, struct send_action *a)
{
	(void)from;
	s->delay = 50 * NS_PER_US + ((a->octets[0] & 7) == MODE_BROADCAST ? held_up : 0);
	return true;
}

/* B19: only an exchange can tell, and there is one every 450 to 900 s. */
static void who_holds_up_the_group_is_told_within_one_recalibration(void **state)
{
	struct site *s = site_new();

	(void)state;
	held_up = 0;
	s->tap = hold_up;
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0);

	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(2000));
	assert_int_equal(s->hosts[client].notes[NOTE_HELD_UP], 0);
	held_up = 20 * NS_PER_MS;
	for (unsigned i = 0; i < 95; i++) {
		site_run(s, SPAN_S(10));
		assert_true(site_is_within(s, client, SPAN_US(500)));
	}
	assert_int_equal(s->hosts[client].notes[NOTE_HELD_UP], 1);
	assert_int_equal(s->hosts[client].stepped, 1);
	site_free(s);
}

/* B6: who has the key makes fifty servers of it; the genuine one was there first. */
static void fifty_servers_of_one_key_do_not_outvote_the_first(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);

	(void)state;
	site_keys(s, server, 4, 7);
	site_keys(s, client, 4, 7);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->key_id = 3;
	site_refclock(s, server, 1);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->authentication = true;
	site_commit(s, server);
	site_commit(s, client);
	site_run(s, SPAN_S(500));
	assert_true(site_is_within(s, client, SPAN_US(100)));
	for (unsigned i = 0; i < 50; i++) {
		unsigned h = site_add(s, SPAN_MS(200), 0.0);

		site_keys(s, h, 4, 7);
		site_role(s, h, ROLE_MULTICAST_SERVER, GROUP)->key_id = 3;
		site_refclock(s, h, 1);
		site_commit(s, h);
	}
	site_run(s, SPAN_S(500));
	assert_true(site_is_within(s, client, SPAN_US(100)));
	assert_true(site_system(s, client).synchronised);
	assert_int_equal(s->hosts[client].stepped, 1);
	site_free(s);
}

/* Two liars' worth of votes would be one too many: it is wrong by 300 ms, two others are right. */
static void a_server_met_in_two_ways_has_one_voice(void **state)
{
	struct site *s = site_new();
	unsigned liar = site_add(s, SPAN_MS(300), 0.0), client = site_add(s, SPAN_S(1), 20.0);
	unsigned twins = 0, named = 0;

	(void)state;
	site_role(s, liar, ROLE_MULTICAST_SERVER, GROUP);
	site_refclock(s, liar, 1);
	(void)site_unicast(s, client, liar, 6, 6);
	site_commit(s, liar);
	for (unsigned i = 0; i < 2; i++) {
		unsigned honest = site_add(s, SPAN_ZERO, 0.0);

		site_role(s, honest, ROLE_MULTICAST_SERVER, GROUP);
		site_refclock(s, honest, 1);
		site_commit(s, honest);
	}
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_S(900));
	assert_int_equal(site_system(s, client).assoc_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct assoc_row row = site_assoc(s, client, i);

		twins += row.rank == RANK_CANDIDATE && row.origin == ASSOC_MULTICAST;
		named += row.rank == RANK_FALSETICKER && row.origin == ASSOC_UNICAST;
	}
	assert_int_equal(twins, 1);
	assert_int_equal(named, 1);
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_server_met_in_two_ways_has_one_voice),
	cmocka_unit_test(who_holds_up_the_group_is_told_within_one_recalibration),
	cmocka_unit_test(fifty_servers_of_one_key_do_not_outvote_the_first),
	cmocka_unit_test(keys_are_checked),
	cmocka_unit_test(a_key_that_is_not_trusted_proves_nothing),
	cmocka_unit_test(an_answer_to_another_nonce_is_bogus),
	cmocka_unit_test(a_kiss_with_our_nonce_slows_us_down_and_ends_nothing),
	cmocka_unit_test(a_server_that_follows_us_is_refused),
	cmocka_unit_test(old_packets_are_not_believed_again_also_after_a_restart),
	cmocka_unit_test(after_a_replay_the_first_genuine_beacon_is_not_early),
	cmocka_unit_test(forgeries_without_the_key_change_nothing),
	cmocka_unit_test(a_flood_of_forged_future_packets_does_not_move_the_clock),
	cmocka_unit_test(a_server_that_was_set_back_is_believed_after_an_answer),
	cmocka_unit_test(answers_on_another_interface_do_not_count),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
