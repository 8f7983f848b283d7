/* SPDX-License-Identifier: BSD-2-Clause */
/* Only clocks that cannot reach the machine's: virtual, and the system's observed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"

static struct clock *made(const char *text)
{
	struct clock *c = NULL;
	struct err warning, err;

	assert_int_equal(clock_new(text, &c, &warning, &err), 0);
	assert_string_equal(warning.text, "");
	return c;
}

static int64_t real_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void an_unknown_kind_is_refused_by_name(void **state)
{
	struct clock *c;
	struct err warning, err;

	(void)state;
	assert_int_equal(clock_new("sundial", &c, &warning, &err), -EINVAL);
	assert_non_null(strstr(err.text, "sundial"));
	assert_int_equal(clock_new("virtual:drift=fast", &c, &warning, &err), -EINVAL);
	assert_non_null(strstr(err.text, "drift=fast"));
}

static void an_observed_clock_cannot_be_moved(void **state)
{
	struct clock *c = made("observe");
	span done;
	freq rate;

	(void)state;
	assert_false(clock_steers(c));
	assert_int_equal(clock_step(c, SPAN_S(1), &done), -EPERM);
	assert_int_equal(clock_set_rate(c, (freq){1}, &rate), -EPERM);
	assert_int_equal(clock_set_status(c, &(struct clock_status){0}), -EPERM);
	clock_free(c);
}

static void an_observed_clock_is_the_wall_clock(void **state)
{
	struct clock *c = made("observe");
	struct now now = clock_now(c);
	span d = stamp_sub(now.wall, stamp_from_unix(0, real_ns()));

	(void)state;
	assert_true(span_abs(d).ns < NS_PER_S);
	assert_int_equal(clock_take_moved(c).ns, 0);
	clock_free(c);
}

static void a_virtual_clock_steps_and_slews(void **state)
{
	struct clock *c = made("virtual:offset=5");
	struct now a, b;
	span done;
	freq rate;

	(void)state;
	assert_true(clock_steers(c));
	a = clock_now(c);
	assert_true(
		span_abs(span_sub(stamp_sub(a.wall, stamp_from_unix(0, real_ns())), SPAN_S(5))).ns <
		NS_PER_S);
	assert_int_equal(clock_step(c, SPAN_S(-5), &done), 0);
	assert_int_equal(done.ns, -5 * NS_PER_S);
	b = clock_now(c);
	assert_int_equal(span_sub(stamp_sub(b.wall, a.wall), mono_sub(b.mono, a.mono)).ns / 2,
			 -5 * NS_PER_S / 2);
	/* Its own steps are not news. */
	assert_int_equal(clock_take_moved(c).ns, 0);
	assert_int_equal(clock_set_rate(c, (freq){700 * PPT_PER_PPM}, &rate), 0);
	assert_int_equal(rate.ppt, clock_frequency_max(c).ppt);
	clock_free(c);
}

static void a_packet_stamp_becomes_a_pair(void **state)
{
	static const char *const kinds[] = {"observe", "virtual:offset=-3,drift=100,wander=1000"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct clock *c = made(kinds[i]);
		struct now before = clock_now(c);
		int64_t stamp_ns = real_ns();
		struct now after = clock_now(c);
		struct now at;

		assert_true(clock_at(c, stamp_ns, &at));
		assert_true(mono_sub(at.mono, before.mono).ns > -3000);
		assert_true(mono_sub(after.mono, at.mono).ns > -3000);
		assert_true(stamp_sub(at.wall, before.wall).ns > -3000);
		assert_true(stamp_sub(after.wall, at.wall).ns > -3000);
		clock_free(c);
	}
}

static void a_stamp_from_before_a_step_is_not_trusted(void **state)
{
	struct clock *c = made("virtual");
	int64_t stamp_ns = real_ns();
	struct now at;
	span done;

	(void)state;
	assert_int_equal(clock_step(c, SPAN_MS(300), &done), 0);
	assert_false(clock_at(c, stamp_ns - 10000, &at));
	(void)usleep(2000);
	assert_true(clock_at(c, real_ns(), &at));
	clock_free(c);
}

static void a_stamp_from_the_future_or_long_ago_is_not_trusted(void **state)
{
	struct clock *c = made("observe");
	struct now at;

	(void)state;
	assert_false(clock_at(c, real_ns() + NS_PER_MS * 100, &at));
	assert_false(clock_at(c, real_ns() - 2 * NS_PER_S, &at));
	clock_free(c);
}

static void the_kernel_knows_nothing_of_a_virtual_clock(void **state)
{
	struct clock *v = made("virtual");
	struct clock *o = made("observe");
	struct clock_status s;

	(void)state;
	assert_int_equal(clock_status(v, &s), -EOPNOTSUPP);
	assert_int_equal(clock_status(o, &s), 0);
	clock_free(v);
	clock_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_kind_is_refused_by_name),
		cmocka_unit_test(an_observed_clock_cannot_be_moved),
		cmocka_unit_test(an_observed_clock_is_the_wall_clock),
		cmocka_unit_test(a_virtual_clock_steps_and_slews),
		cmocka_unit_test(a_packet_stamp_becomes_a_pair),
		cmocka_unit_test(a_stamp_from_before_a_step_is_not_trusted),
		cmocka_unit_test(a_stamp_from_the_future_or_long_ago_is_not_trusted),
		cmocka_unit_test(the_kernel_knows_nothing_of_a_virtual_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
