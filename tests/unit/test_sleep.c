/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine that was suspended: what it believed is worth nothing until it has asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"

/* Wakes up with a clock that the machine's coarse one has set. */
static void sleep_and_wake(struct site *s, unsigned host, span nap, span off)
{
	struct host *h = &s->hosts[host];
	struct actions out = {0};

	h->wall = stamp_add(site_now(s, h).wall, off);
	h->since = site_now(s, h).mono;
	node_slept(h->node, site_now(s, h), nap, &out);
	site_perform(s, host, &out);
}

static void a_machine_that_slept_says_nothing_until_it_has_measured_again(void **state)
{
	static const int64_t offs_ms[] = {400, -700, 0, 3};

	(void)state;
	for (unsigned i = 0; i < sizeof offs_ms / sizeof offs_ms[0]; i++) {
		struct site *s = site_new();
		unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

		(void)site_server(s, GROUP);
		site_run(s, SPAN_S(200));
		assert_true(site_system(s, client).synchronised);
		sleep_and_wake(s, client, SPAN_S(600), SPAN_MS(offs_ms[i]));
		assert_false(site_system(s, client).synchronised);
		assert_false(s->hosts[client].status.synchronised);
		assert_int_equal(s->hosts[client].notes[NOTE_SLEPT], 1);
		site_run(s, SPAN_S(150));
		assert_true(site_system(s, client).synchronised);
		assert_true(site_is_within(s, client, SPAN_MS(1)));
		site_free(s);
	}
}

/* Too little for a step at any other time, and minutes of slewing. */
static void what_a_coarse_clock_left_is_stepped_over(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)state;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	sleep_and_wake(s, client, SPAN_S(20), SPAN_MS(70));
	site_run(s, SPAN_S(10));
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	assert_true(span_less(s->hosts[client].status.max_error, SPAN_MS(10)));
	site_free(s);
}

/* It slept again and again, as laptops do. */
static void many_naps_do_no_harm(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)state;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(100));
	for (unsigned i = 0; i < 50; i++) {
		sleep_and_wake(s, client, SPAN_S(60), SPAN_MS(i % 2 ? 20 : -20));
		site_run(s, SPAN_S(i % 7));
	}
	site_run(s, SPAN_S(100)); /* though it may not ask for a volley at each of them */
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

/* Nobody could send a packet to a machine that sleeps: it is not a server that was missed. */
static void a_long_sleep_ends_no_association(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);
	struct host *h = &s->hosts[client];

	(void)state;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	uint32_t id = site_assoc(s, client, 0).id;

	s->now += 3600 * NS_PER_S;
	for (unsigned i = 0; i < SITE_PACKETS_MAX; i++)
		s->packets[i].used = false;
	unsigned sent = h->sent;
	sleep_and_wake(s, client, SPAN_S(3600), SPAN_ZERO);
	site_run(s, SPAN_S(60));
	assert_int_equal(site_assoc(s, client, 0).id, id);
	assert_true(h->sent > sent);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

/* As when it was met: what nobody answers is followed one way. */
static void a_machine_that_wakes_where_nobody_answers_follows_all_the_same(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)state;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(500));
	s->hosts[client].deaf_asks = true;
	site_run(s, SPAN_S(500));
	sleep_and_wake(s, client, SPAN_S(60), SPAN_ZERO);
	site_run(s, SPAN_S(300));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(5)));
	site_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_slept_says_nothing_until_it_has_measured_again),
		cmocka_unit_test(what_a_coarse_clock_left_is_stepped_over),
		cmocka_unit_test(many_naps_do_no_harm),
		cmocka_unit_test(a_long_sleep_ends_no_association),
		cmocka_unit_test(a_machine_that_wakes_where_nobody_answers_follows_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
