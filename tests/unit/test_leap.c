/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"
#define EPOCH_UNIX_S INT64_C(1800000000)
#define DAY_S 86400

/* What the server announces. */
static uint8_t announced;

static bool announce(struct site *s, unsigned from, struct send_action *a)
{
	(void)s;
	(void)from;
	if ((a->octets[0] & 7) != MODE_CLIENT)
		a->octets[0] = (uint8_t)((a->octets[0] & 0x3f) | announced << 6);
	return true;
}

/* A client that follows a server with that announcement, to_go seconds before midnight. */
static struct site *evening(uint8_t leap, int64_t to_go_s)
{
	struct site *s = site_new();

	announced = leap;
	s->tap = announce;
	(void)site_server(s, GROUP);
	(void)site_client(s, GROUP, SPAN_S(3), 20.0);
	site_run(s, SPAN_S(DAY_S - EPOCH_UNIX_S % DAY_S - to_go_s));
	assert_int_equal(s->hosts[1].status.leap, leap);
	return s;
}

/* The wall clock of a host moves by itself, and its daemon sees that. */
static void move(struct site *s, unsigned host, span by)
{
	struct host *h = &s->hosts[host];
	struct actions out = {0};

	site_rebase(s, h);
	h->wall = stamp_add(h->wall, by);
	node_stepped(h->node, site_now(s, h), by, &out);
	site_perform(s, host, &out);
}

static span difference(const struct site *s)
{
	return span_sub(site_error(s, 1), site_error(s, 0));
}

static void all_leap_together(uint8_t leap, span by)
{
	struct site *s = evening(leap, leap == 1 ? 0 : 1);
	unsigned steps = s->hosts[1].stepped;

	announced = 0;
	move(s, 0, by);
	move(s, 1, span_add(by, SPAN_US(300))); /* as it was noticed */
	s->hosts[1].wall = stamp_add(s->hosts[1].wall, SPAN_US(-300));
	assert_int_equal(s->hosts[1].notes[NOTE_LEAPED], 1);
	assert_int_equal(s->hosts[1].notes[NOTE_CLOCK_MOVED], 0);
	assert_true(s->hosts[1].status.synchronised);
	assert_int_equal(s->hosts[1].status.leap, 0);
	assert_true(span_less(span_abs(site_system(s, 1).offset), SPAN_MS(1)));
	for (unsigned i = 0; i < 20; i++) {
		site_run(s, SPAN_S(30));
		assert_true(span_less(span_abs(difference(s)), SPAN_MS(1)));
		assert_true(s->hosts[1].status.synchronised);
		assert_int_equal(s->hosts[1].status.leap, 0);
	}
	assert_int_equal(s->hosts[1].stepped, steps);
	assert_int_equal(site_assoc(s, 1, 0).phase, ASSOC_LISTENING);
	site_free(s);
}

static void a_second_is_inserted_and_nothing_is_off(void **state)
{
	(void)state;
	all_leap_together(1, SPAN_S(-1));
}

static void a_second_is_left_out_and_nothing_is_off(void **state)
{
	(void)state;
	all_leap_together(2, SPAN_S(1));
}

static void is_foreign(uint8_t leap, int64_t to_go_s, span by)
{
	struct site *s = evening(leap, to_go_s);

	move(s, 1, by);
	assert_int_equal(s->hosts[1].notes[NOTE_LEAPED], 0);
	assert_int_equal(s->hosts[1].notes[NOTE_CLOCK_MOVED], 1);
	site_run(s, SPAN_S(300));
	assert_true(span_less(span_abs(difference(s)), SPAN_MS(1)));
	site_free(s);
}

static void any_other_second_is_somebody_elses(void **state)
{
	(void)state;
	is_foreign(0, 0, SPAN_S(-1));	      /* nobody announced it */
	is_foreign(2, 0, SPAN_S(-1));	      /* the other one was announced */
	is_foreign(1, 7200, SPAN_S(-1));      /* at ten in the evening */
	is_foreign(1, 0, SPAN_MS(-900));      /* it is not a second */
	is_foreign(1, -2 * 3600, SPAN_S(-1)); /* it is long past midnight */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_is_inserted_and_nothing_is_off),
		cmocka_unit_test(a_second_is_left_out_and_nothing_is_off),
		cmocka_unit_test(any_other_second_is_somebody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
