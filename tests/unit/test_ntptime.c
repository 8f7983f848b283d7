/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ntptime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chance.h"

static uint64_t seed = 20361207;

static uint64_t draw(void)
{
	return chance_draw(&seed);
}

static void one_second_is_one_second(void **state)
{
	(void)state;
	stamp t = {UINT64_C(0x0123456789abcdef)};
	assert_int_equal(stamp_add(t, SPAN_S(1)).frac - t.frac, UINT64_C(1) << 32);
	assert_int_equal(stamp_sub((stamp){UINT64_C(1) << 32}, (stamp){0}).ns, NS_PER_S);
	assert_int_equal(stamp_add(t, SPAN_S(-1)).frac, t.frac - (UINT64_C(1) << 32));
	assert_int_equal(span_from_s(1.0).ns, NS_PER_S);
	assert_true(span_to_s(SPAN_S(1)) == 1.0);
	assert_int_equal(freq_over((freq){PPT_PER_PPM}, SPAN_S(1)).ns, 1000);
}

static void half_a_second_and_a_nanosecond_round_to_the_nearest(void **state)
{
	(void)state;
	stamp zero = {0};
	assert_int_equal(stamp_add(zero, SPAN_MS(500)).frac, UINT64_C(1) << 31);
	assert_int_equal(stamp_add(zero, (span){1}).frac, 4); /* 4.29 */
	assert_int_equal(stamp_add(zero, (span){2}).frac, 9); /* 8.59 */
	assert_int_equal(stamp_sub((stamp){2}, zero).ns, 0);  /* 0.47 ns */
	assert_int_equal(stamp_sub((stamp){3}, zero).ns, 1);  /* 0.70 ns */
	assert_int_equal(stamp_sub(zero, (stamp){3}).ns, -1);
}

static void what_is_added_is_what_is_found_between(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		stamp t = {draw()};
		span d = {(int64_t)(draw() % (UINT64_C(4000000000) * NS_PER_S)) -
			  INT64_C(2000000000) * NS_PER_S};
		assert_int_equal(stamp_sub(stamp_add(t, d), t).ns, d.ns);
		assert_int_equal(stamp_sub(t, stamp_add(t, d)).ns, -d.ns);
	}
}

static void the_era_rolls_over_in_2036_without_notice(void **state)
{
	(void)state;
	/* 2036-02-07 06:28:16 is second 0 of era 1. */
	int64_t rollover = INT64_C(4294967296) - (int64_t)UNIX_TO_NTP_S;
	stamp before = stamp_from_unix(rollover - 1, 999999999);
	stamp after = stamp_from_unix(rollover + 1, 0);
	assert_int_equal(before.frac >> 32, UINT32_MAX);
	assert_int_equal(after.frac >> 32, 1);
	assert_int_equal(stamp_sub(after, before).ns, NS_PER_S + 1);
	assert_int_equal(stamp_sub(before, after).ns, -(NS_PER_S + 1));
	assert_true(stamp_after(after, before));
	assert_false(stamp_after(before, after));
	assert_int_equal(stamp_add(before, (span){NS_PER_S + 1}).frac, after.frac);
}

static void a_pivot_names_the_era(void **state)
{
	(void)state;
	int64_t rollover = INT64_C(4294967296) - (int64_t)UNIX_TO_NTP_S;
	for (int era = 0; era < 4; era++) {
		int64_t pivot = rollover + era * INT64_C(4294967296);
		for (int64_t off = -2147483000; off < 2147483000; off += 12345677)
			assert_int_equal(stamp_to_unix_s(stamp_from_unix(pivot + off, 5), pivot),
					 pivot + off);
	}
}

static void the_subsecond_is_below_the_second(void **state)
{
	(void)state;
	assert_int_equal(stamp_subsecond_ns((stamp){UINT64_C(0xffffffffffffffff)}), 999999999);
	assert_int_equal(stamp_subsecond_ns((stamp){UINT64_C(0x80000000)}), 500000000);
	assert_int_equal(stamp_subsecond_ns((stamp){UINT64_C(1) << 32}), 0);
}

static void spans_from_doubles_round_and_are_clamped(void **state)
{
	(void)state;
	assert_int_equal(span_from_s(1.4e-9).ns, 1);
	assert_int_equal(span_from_s(-1.4e-9).ns, -1);
	assert_int_equal(span_from_s(1.6e-9).ns, 2);
	assert_int_equal(span_from_s(-1.6e-9).ns, -2);
	assert_int_equal(span_from_s(1e300).ns, INT64_MAX);
	assert_int_equal(span_from_s(-1e300).ns, -INT64_MAX);
	assert_int_equal(span_from_s(9.2e9).ns, INT64_MAX);
	assert_int_equal(span_from_s((double)INFINITY).ns, INT64_MAX);
	assert_int_equal(span_from_s((double)NAN).ns, 0);
}

static void powers_of_two_seconds_go_both_ways(void **state)
{
	(void)state;
	assert_int_equal(span_from_log2s(0).ns, NS_PER_S);
	assert_int_equal(span_from_log2s(17).ns, 131072 * NS_PER_S);
	assert_int_equal(span_from_log2s(-2).ns, 250 * NS_PER_MS);
	assert_int_equal(span_from_log2s(-20).ns, 953);
}

static void never_is_later_than_anything(void **state)
{
	(void)state;
	mono late = {INT64_MAX - 5};
	assert_int_equal(mono_add(late, SPAN_S(1)).ns, INT64_MAX);
	assert_int_equal(mono_add(MONO_NEVER, SPAN_ZERO).ns, INT64_MAX);
	assert_true(mono_before(late, MONO_NEVER));
	assert_int_equal(mono_min(late, MONO_NEVER).ns, late.ns);
	assert_int_equal(mono_sub(mono_add((mono){7}, SPAN_S(3)), (mono){7}).ns, 3 * NS_PER_S);
}

static void rates_are_rounded_and_clamped(void **state)
{
	(void)state;
	assert_int_equal(freq_from_ratio(1e-6).ppt, PPT_PER_PPM);
	assert_int_equal(freq_from_ratio(-500e-6).ppt, -500 * PPT_PER_PPM);
	assert_int_equal(freq_from_ratio(0.6e-12).ppt, 1);
	assert_int_equal(freq_from_ratio(7.0).ppt, INT64_C(100000000000));
	assert_int_equal(freq_from_ratio(-7.0).ppt, -INT64_C(100000000000));
	assert_int_equal(freq_from_ratio((double)NAN).ppt, 0);
	assert_int_equal(freq_over((freq){-15}, SPAN_S(1000)).ns, -15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_second_is_one_second),
		cmocka_unit_test(half_a_second_and_a_nanosecond_round_to_the_nearest),
		cmocka_unit_test(what_is_added_is_what_is_found_between),
		cmocka_unit_test(the_era_rolls_over_in_2036_without_notice),
		cmocka_unit_test(a_pivot_names_the_era),
		cmocka_unit_test(the_subsecond_is_below_the_second),
		cmocka_unit_test(spans_from_doubles_round_and_are_clamped),
		cmocka_unit_test(powers_of_two_seconds_go_both_ways),
		cmocka_unit_test(never_is_later_than_anything),
		cmocka_unit_test(rates_are_rounded_and_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
