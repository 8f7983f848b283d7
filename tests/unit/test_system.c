/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"

static unsigned answers;

/* A server whose time is worth nothing until most of a volley is over. */
static bool unsure_at_first(struct site *s, unsigned from, struct send_action *a)
{
	struct packet p;

	(void)s;
	(void)from;
	assert_true(packet_read(a->octets, a->len, &p));
	answers += p.mode == MODE_SERVER;
	if (p.mode != MODE_CLIENT && answers < 8)
		p.root_dispersion = 0x18000;
	packet_write(&p, a->octets);
	return true;
}

/* An answer and the beacon that it explains come to one turn. */
static void one_turn_steps_once(void **state)
{
	struct site *s = site_new();
	span worst = SPAN_ZERO;

	(void)state;
	answers = 0;
	s->tap = unsure_at_first;
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);
	(void)site_server(s, GROUP);
	for (unsigned i = 0; i < 6000; i++) {
		site_run(s, SPAN_MS(10));
		if (s->hosts[client].stepped)
			worst = span_max(worst, span_abs(site_error(s, client)));
	}
	assert_int_equal(s->hosts[client].stepped, 1);
	assert_true(span_less(worst, SPAN_MS(100)));
	site_free(s);
}

/* The end of a slew that was under way is no reason to call the clock good again. */
static void a_clock_whose_step_was_refused_is_not_synchronised(void **state)
{
	struct site *s = site_new();
	struct kernel_clock kernel = {.synchronised = false};
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);
	struct host *h = &s->hosts[client];

	(void)state;
	site_refclock(s, server, 1);
	site_commit(s, server);
	(void)site_unicast(s, client, server, 6, 6);
	site_commit(s, client);
	site_run(s, SPAN_S(3000));
	site_step(s, server, SPAN_MS(120));
	while (h->rate < 300e-6)
		site_run(s, SPAN_S(1));
	site_step(s, server, SPAN_S(2000));
	for (unsigned i = 0; i < 600; i++) {
		struct actions out = {0};

		site_run(s, SPAN_S(1));
		if (i % 16 == 0) {
			node_kernel_clock(h->node, site_now(s, h), &kernel, &out);
			site_perform(s, client, &out);
		}
		if (h->notes[NOTE_STEP_REFUSED])
			assert_false(site_system(s, client).synchronised);
	}
	assert_true(h->notes[NOTE_STEP_REFUSED] > 0);
	site_free(s);
}

/* A clock that cannot be stepped is wrong, and called so all the time. */
static void a_step_that_fails_leaves_the_clock_unsynchronised(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);
	struct host *h = &s->hosts[client];

	(void)state;
	(void)site_server(s, GROUP);
	h->cannot_step = true;
	site_run(s, SPAN_S(1000));
	assert_true(h->refused > 10);
	assert_in_range(h->notes[NOTE_SYNCHRONISED], 0, 1);
	assert_false(site_system(s, client).synchronised);
	assert_false(h->status.synchronised);
	h->cannot_step = false;
	site_run(s, SPAN_S(300));
	assert_true(site_system(s, client).synchronised);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

/* The first one may be of any size until one is done. */
static void a_first_step_that_fails_is_not_used_up(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(7200), 20.0);
	struct host *h = &s->hosts[client];

	(void)state;
	(void)site_server(s, GROUP);
	h->cannot_step = true;
	while (h->refused == 0)
		site_run(s, SPAN_S(1));
	site_run(s, SPAN_S(60));
	h->cannot_step = false;
	site_run(s, SPAN_S(1000));
	assert_int_equal(h->stepped, 1);
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_turn_steps_once),
	cmocka_unit_test(a_step_that_fails_leaves_the_clock_unsynchronised),
	cmocka_unit_test(a_first_step_that_fails_is_not_used_up),
	cmocka_unit_test(a_clock_whose_step_was_refused_is_not_synchronised),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
