/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"
#define GROUP6 "ff0e::101"

static unsigned add_server(struct site *s, const char *group, uint8_t stratum)
{
	unsigned h = site_add(s, SPAN_ZERO, 0.0);

	(void)site_role(s, h, ROLE_MANYCAST_SERVER, group);
	site_refclock(s, h, stratum);
	site_commit(s, h);
	return h;
}

static unsigned add_client(struct site *s, const char *group, span error)
{
	unsigned h = site_add(s, error, 20.0);

	(void)site_role(s, h, ROLE_MANYCAST_CLIENT, group);
	site_commit(s, h);
	return h;
}

static uint8_t ttls[64];
static int64_t times[64];
static unsigned asked;

static bool keep_ttls(struct site *s, unsigned from, struct send_action *a)
{
	(void)from;
	if (addr_is_multicast(&a->to.addr) && asked < 64) {
		ttls[asked] = a->ttl;
		times[asked++] = s->now;
	}
	return true;
}

static void a_cold_client_is_right_within_15_s(void **state)
{
	static const char *const groups[] = {GROUP, GROUP6};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct site *s = site_new();

		(void)add_server(s, groups[i], 2);
		unsigned client = add_client(s, groups[i], SPAN_S(3));

		site_run(s, SPAN_S(2));
		assert_int_equal(site_system(s, client).assoc_count, 1);
		assert_true(site_assoc(s, client, 0).since_heard.ns >= 0);
		assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_QUARANTINE);
		site_run(s, SPAN_S(13));
		assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_POLLING);
		assert_int_equal(site_system(s, client).stratum, 3);
		assert_true(span_abs(site_error(s, client)).ns < NS_PER_MS);
		site_free(s);
	}
}

static void rings_grow_by_one_and_stop_at_the_widest(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	asked = 0;
	s->tap = keep_ttls;
	site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP)->ttl = 10;
	site_commit(s, client);
	site_run(s, SPAN_S(100));
	assert_true(asked >= 14);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ttls[i], i + 1);
	assert_int_equal(ttls[10], 1);
	for (unsigned i = 1; i < 8; i++)
		assert_true(times[i] - times[i - 1] < 2 * NS_PER_S + NS_PER_MS);
	/* Then the period doubles; after the widest ring one more is silent. */
	assert_true(times[9] - times[8] >= 4 * NS_PER_S);
	assert_true(times[10] - times[9] >= 16 * NS_PER_S);
	site_free(s);
}

static bool only_beyond_three_routers(struct site *s, unsigned from, struct send_action *a)
{
	(void)keep_ttls(s, from, a);
	return !addr_is_multicast(&a->to.addr) || a->ttl >= 4;
}

static void the_search_stays_at_the_first_ring_that_answers(void **state)
{
	struct site *s = site_new();
	struct ring_row ring;
	unsigned found = 0;

	(void)state;
	asked = 0;
	s->tap = only_beyond_three_routers;
	(void)add_server(s, GROUP, 1);
	unsigned client = add_client(s, GROUP, SPAN_S(1));

	site_run(s, SPAN_S(100));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	for (unsigned i = 4; i < asked; i++)
		assert_int_equal(ttls[i], 4);
	assert_true(site_row(s, client, 0).satisfied);
	assert_true(asked < 9);
	for (unsigned j = 0; node_ring(s->hosts[client].node, 0, j, &ring); j++) {
		assert_int_equal(ring.ttl, j + 1);
		found += ring.taken;
		assert_int_equal(ring.answers > 0, ring.ttl == 4);
	}
	assert_int_equal(found, 1);
	site_free(s);
}

static void a_dead_server_starts_the_search_again(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned first = add_server(s, GROUP, 1);
	unsigned client = add_client(s, GROUP, SPAN_S(1));

	site_run(s, SPAN_S(100));
	unsigned second = add_server(s, GROUP, 1);

	s->hosts[first].unplugged = true;
	site_run(s, SPAN_S(120));
	bool moved = false;
	struct assoc_row row;

	for (unsigned i = 0; (row = site_assoc(s, client, i)).id != 0; i++)
		moved |= addr_equal(&row.peer.addr, &s->hosts[second].link.addrs[0].addr) &&
			 row.rank >= RANK_SELECTED;
	assert_true(moved);
	assert_true(span_abs(site_error(s, client)).ns < NS_PER_MS);
	site_free(s);
}

static void servers_answer_only_those_they_can_help(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned server = add_server(s, GROUP, 5);
	unsigned client = site_add(s, SPAN_ZERO, 0.0);

	(void)site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	site_refclock(s, client, 5);
	site_commit(s, client);
	site_run(s, SPAN_S(20));
	assert_int_equal(site_system(s, client).assoc_count, 0);
	assert_true(site_count(s, server, ADDR_V4, VERDICT_STRATUM) > 3);
	site_free(s);
}

static void keys_are_demanded_when_authentication_is_on(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	site_keys(s, server, 4, 3);
	(void)site_role(s, server, ROLE_MANYCAST_SERVER, GROUP);
	site_refclock(s, server, 1);
	s->hosts[server].settings->authentication = true;
	site_commit(s, server);
	unsigned without = add_client(s, GROUP, SPAN_S(1));

	site_run(s, SPAN_S(30));
	assert_int_equal(s->hosts[server].sent, 0);
	assert_true(site_count(s, server, ADDR_V4, VERDICT_MAC_MISSING) > 3);
	unsigned with = site_add(s, SPAN_S(1), 0.0);

	site_keys(s, with, 4, 3);
	site_role(s, with, ROLE_MANYCAST_CLIENT, GROUP)->key_id = 2;
	s->hosts[with].settings->authentication = true;
	site_commit(s, with);
	site_run(s, SPAN_S(15));
	assert_true(span_abs(site_error(s, with)).ns < NS_PER_MS);
	assert_true(site_assoc(s, with, 0).authenticated);
	assert_int_equal(site_assoc(s, with, 0).key_id, 2);
	assert_false(site_system(s, without).synchronised);
	site_free(s);
}

static void a_host_does_not_answer_itself(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct endpoint self = {.addr = s->hosts[0].link.addrs[0].addr, .port = 20001};

	(void)state;
	(void)site_role(s, h, ROLE_MANYCAST_SERVER, GROUP);
	(void)site_role(s, h, ROLE_MANYCAST_CLIENT, GROUP);
	site_refclock(s, h, 5);
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	site_post(s, h, &self, &s->hosts[h].last_send); /* its own question, looped back */
	site_run(s, SPAN_S(1));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_SOURCE), 1);
	site_free(s);
}

static void at_most_a_few_servers_are_kept(void **state)
{
	struct site *s = site_new();

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		(void)add_server(s, GROUP, (uint8_t)(i + 1));
	unsigned client = add_client(s, GROUP, SPAN_S(1));

	site_run(s, SPAN_S(10));
	assert_in_range(site_system(s, client).assoc_count, 3, 5);
	site_run(s, SPAN_S(600));
	assert_int_equal(site_system(s, client).assoc_count, 3);
	assert_true(span_abs(site_error(s, client)).ns < NS_PER_MS);
	site_free(s);
}

/* A question that anybody could send, as the server's kernel hands it over. */
static void ask(struct site *s, unsigned server, struct addr from)
{
	struct packet p = {.version = 4, .mode = MODE_CLIENT, .transmit = {1}};
	struct send_action a = {.len = 48, .to = {.port = NTP_PORT}};
	struct endpoint source = {.addr = from, .port = 40000};
	bool parsed = addr_parse(GROUP, &a.to.addr);

	assert_true(parsed);
	packet_write(&p, a.octets);
	site_post(s, server, &source, &a);
}

static void nobody_is_answered_more_often_than_the_limits_allow(void **state)
{
	struct site *s = site_new();
	unsigned server = add_server(s, GROUP, 1);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		ask(s, server, addr_v4(192, 0, 2, 1));
		site_run(s, SPAN_MS(10));
	}
	site_run(s, SPAN_S(2));
	assert_in_range(s->hosts[server].sent, 4, 15);
	assert_true(site_count(s, server, ADDR_V4, VERDICT_RATE) > 900);
	unsigned before = s->hosts[server].sent;

	for (unsigned i = 0; i < 2000; i++) {
		ask(s, server, addr_v4(198, 51, (uint8_t)(i / 250), (uint8_t)(i % 250)));
		site_run(s, SPAN_MS(1));
	}
	site_run(s, SPAN_S(2));
	assert_in_range(s->hosts[server].sent - before, 50, 250);
	site_free(s);
}

static void a_server_may_keep_to_its_own_link(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	site_role(s, server, ROLE_MANYCAST_SERVER, GROUP)->on_link_only = true;
	site_refclock(s, server, 1);
	site_commit(s, server);
	ask(s, server, addr_v4(192, 0, 2, 1));
	site_run(s, SPAN_S(2));
	assert_int_equal(s->hosts[server].sent, 0);
	assert_int_equal(site_count(s, server, ADDR_V4, VERDICT_OFF_LINK), 1);
	ask(s, server, addr_v4(10, 0, 0, 77));
	site_run(s, SPAN_S(2));
	assert_int_equal(s->hosts[server].sent, 1);
	assert_int_equal(s->hosts[server].last_send.len, 48);
	site_free(s);
}

static unsigned answers_by_ms[2000];

static bool count_answers(struct site *s, unsigned from, struct send_action *a)
{
	int64_t ms = s->now / NS_PER_MS;

	(void)from;
	if ((a->octets[0] & 7) == MODE_SERVER && ms < 2000)
		answers_by_ms[ms]++;
	return true;
}

static void two_hundred_servers_do_not_answer_at_once(void **state)
{
	struct site *s = site_new();
	unsigned peak = 0, first = 0;

	(void)state;
	memset(answers_by_ms, 0, sizeof answers_by_ms);
	s->tap = count_answers;
	for (unsigned i = 0; i < 200; i++)
		(void)add_server(s, GROUP, (uint8_t)(1 + i % 3));
	unsigned client = add_client(s, GROUP, SPAN_S(1));

	site_run(s, SPAN_MS(1900));
	for (unsigned i = 0; i < 1000; i++) {
		unsigned in_10_ms = 0;

		for (unsigned j = i; j < i + 10; j++)
			in_10_ms += answers_by_ms[j];
		peak = in_10_ms > peak ? in_10_ms : peak;
		first += answers_by_ms[i];
	}
	print_message("peak %u answers in 10 ms, %u in the first second\n", peak, first);
	assert_true(first >= 200);
	assert_true(peak <= 20);
	assert_in_range(site_system(s, client).assoc_count, 3, 5);
	site_run(s, SPAN_S(100));
	assert_int_equal(site_system(s, client).assoc_count, 3);
	assert_true(span_abs(site_error(s, client)).ns < NS_PER_MS);
	site_free(s);
}

static void a_server_that_lost_its_time_is_replaced(void **state)
{
	struct site *s = site_new();

	(void)state;
	unsigned first = add_server(s, GROUP, 1), client = add_client(s, GROUP, SPAN_S(1));

	site_run(s, SPAN_S(60));
	(void)add_server(s, GROUP, 1);
	s->hosts[first].settings->refclock = false;
	site_commit(s, first);
	site_run(s, SPAN_S(90));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	assert_int_equal(site_assoc(s, client, 0).peer.addr.octets[3], 3);
	assert_int_equal(site_assoc(s, client, 0).rank, RANK_MASTER);
	site_free(s);
}

static unsigned add_keyed(struct site *s, enum role_kind kind, span error)
{
	unsigned h = site_add(s, error, kind == ROLE_MANYCAST_CLIENT ? 20.0 : 0.0);
	struct role_setting *r = site_role(s, h, kind, GROUP);

	site_keys(s, h, 4, 7);
	s->hosts[h].settings->authentication = true;
	if (kind == ROLE_MANYCAST_CLIENT)
		r->key_id = 3;
	else
		site_refclock(s, h, 1);
	site_commit(s, h);
	return h;
}

/* Time goes on; whenever the client says that it is synchronised, its bound holds. */
static void run_within_the_bound(struct site *s, unsigned client, int64_t seconds)
{
	for (int64_t i = 0; i < seconds; i += 5) {
		site_run(s, SPAN_S(5));
		struct system_row row = site_system(s, client);
		span bound = span_add(span_half(row.root_delay), row.root_dispersion);

		if (row.synchronised)
			assert_false(span_less(bound, span_abs(site_error(s, client))));
	}
}

static void a_client_keeps_time_through_all_that_servers_do(void **state)
{
	struct site *s = site_new();
	unsigned server[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		server[i] = add_keyed(s, ROLE_MANYCAST_SERVER, SPAN_ZERO);
	unsigned client = add_keyed(s, ROLE_MANYCAST_CLIENT, SPAN_S(1));

	run_within_the_bound(s, client, 100);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_refclock(s, server[0], 6); /* another stratum */
	site_commit(s, server[0]);
	run_within_the_bound(s, client, 300);
	site_keys(s, server[1], 0, 0); /* its keys are lost */
	site_commit(s, server[1]);
	run_within_the_bound(s, client, 300);
	s->hosts[server[2]].link.addrs[0].addr = addr_v4(10, 0, 0, 77); /* it moves */
	site_link(s, server[2]);
	run_within_the_bound(s, client, 300);
	s->hosts[server[3]].settings->refclock = false; /* no time to give */
	site_commit(s, server[3]);
	run_within_the_bound(s, client, 600);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	assert_true(site_system(s, client).stratum >= 2);
	s->hosts[client].link.up = false;
	site_link(s, client);
	run_within_the_bound(s, client, 60);
	s->hosts[client].link.up = true;
	site_link(s, client);
	run_within_the_bound(s, client, 300);
	for (unsigned i = 0; i < 4; i++)
		s->hosts[server[i]].unplugged = true;
	run_within_the_bound(s, client, 3600);
	for (unsigned i = 0; i < 4; i++)
		s->hosts[server[i]].unplugged = false;
	run_within_the_bound(s, client, 900);
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_cold_client_is_right_within_15_s),
	cmocka_unit_test(rings_grow_by_one_and_stop_at_the_widest),
	cmocka_unit_test(the_search_stays_at_the_first_ring_that_answers),
	cmocka_unit_test(a_dead_server_starts_the_search_again),
	cmocka_unit_test(servers_answer_only_those_they_can_help),
	cmocka_unit_test(keys_are_demanded_when_authentication_is_on),
	cmocka_unit_test(a_host_does_not_answer_itself),
	cmocka_unit_test(at_most_a_few_servers_are_kept),
	cmocka_unit_test(nobody_is_answered_more_often_than_the_limits_allow),
	cmocka_unit_test(a_server_may_keep_to_its_own_link),
	cmocka_unit_test(two_hundred_servers_do_not_answer_at_once),
	cmocka_unit_test(a_server_that_lost_its_time_is_replaced),
	cmocka_unit_test(a_client_keeps_time_through_all_that_servers_do),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
