/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sys/vclock.h"

#define RAW (INT64_C(5000) * NS_PER_S)
#define EPOCH (INT64_C(1700000000) * NS_PER_S)

static struct vclock made(const char *text)
{
	struct vclock_options o;
	struct vclock v;
	struct err err;

	assert_int_equal(vclock_parse(text, &o, &err), 0);
	if (!o.has_epoch)
		o.epoch_ns = EPOCH;
	o.has_epoch = true;
	o.has_seed = true;
	vclock_init(&v, &o, RAW);
	return v;
}

/* Lengths are rounded down to a nanosecond. */
static void assert_near_ns(int64_t a, int64_t b)
{
	assert_in_range(a, b - 1, b + 1);
}

static stamp truth(int64_t raw_ns)
{
	return stamp_from_unix(0, EPOCH + raw_ns);
}

static void the_clock_starts_at_truth_plus_offset(void **state)
{
	struct vclock v = made("offset=-2.5,drift=30");

	(void)state;
	assert_int_equal(stamp_sub(vclock_now(&v, RAW).wall, truth(RAW)).ns, -2500000000);
}

static void drift_moves_both_hands(void **state)
{
	struct vclock v = made("drift=30");
	struct now a = vclock_now(&v, RAW);
	struct now b = vclock_now(&v, RAW + 1000 * NS_PER_S);

	(void)state;
	assert_near_ns(mono_sub(b.mono, a.mono).ns, 1000 * NS_PER_S + 30 * NS_PER_MS);
	assert_near_ns(stamp_sub(b.wall, a.wall).ns, 1000 * NS_PER_S + 30 * NS_PER_MS);
}

static void a_step_moves_the_wall_clock_only(void **state)
{
	struct vclock v = made("");
	struct now a = vclock_now(&v, RAW);
	struct now b;

	(void)state;
	vclock_step(&v, RAW, SPAN_MS(-1500));
	b = vclock_now(&v, RAW);
	assert_int_equal(b.mono.ns, a.mono.ns);
	assert_int_equal(stamp_sub(b.wall, a.wall).ns, -1500 * NS_PER_MS);
}

static void a_rate_moves_the_wall_clock_only(void **state)
{
	struct vclock v = made("drift=50");
	struct now a, b;

	(void)state;
	vclock_set_rate(&v, RAW, (freq){-50 * PPT_PER_PPM});
	a = vclock_now(&v, RAW);
	b = vclock_now(&v, RAW + 1000 * NS_PER_S);
	assert_near_ns(mono_sub(b.mono, a.mono).ns, 1000 * NS_PER_S + 50 * NS_PER_MS);
	/* (1 + 50e-6) (1 - 50e-6) is 1 - 2.5e-9 */
	assert_in_range(stamp_sub(b.wall, a.wall).ns + 2500, 1000 * NS_PER_S - 2,
			1000 * NS_PER_S + 2);
}

static void a_rate_replaces_the_one_before(void **state)
{
	struct vclock v = made("");
	struct now a, b;

	(void)state;
	vclock_set_rate(&v, RAW, (freq){100 * PPT_PER_PPM});
	vclock_set_rate(&v, RAW, (freq){10 * PPT_PER_PPM});
	a = vclock_now(&v, RAW);
	b = vclock_now(&v, RAW + 100 * NS_PER_S);
	assert_near_ns(stamp_sub(b.wall, a.wall).ns, 100 * NS_PER_S + NS_PER_MS);
}

static void a_look_back_gives_what_was_read_then(void **state)
{
	struct vclock v = made("drift=-20,wander=100,seed=7");
	struct now then = vclock_now(&v, RAW + 1900 * NS_PER_MS);
	struct now again;

	(void)state;
	vclock_set_rate(&v, RAW + 2100 * NS_PER_MS, (freq){300 * PPT_PER_PPM});
	(void)vclock_now(&v, RAW + 2200 * NS_PER_MS);
	again = vclock_at(&v, RAW + 1900 * NS_PER_MS);
	assert_int_equal(again.mono.ns, then.mono.ns);
	assert_int_equal(again.wall.frac, then.wall.frac);
}

/* However often it is read, it is the same clock. */
static void reading_does_not_disturb(void **state)
{
	struct vclock a = made("drift=13,wander=50,seed=3");
	struct vclock b = a;
	int64_t at = RAW;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		at += 3333333;
		(void)vclock_now(&a, at);
	}
	assert_int_equal(vclock_now(&a, at).wall.frac, vclock_now(&b, at).wall.frac);
	assert_int_equal(vclock_now(&a, at).mono.ns, vclock_now(&b, at).mono.ns);
}

static void wander_is_a_random_walk_of_the_asked_size(void **state)
{
	double sum2 = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct vclock_options o = {.wander = 10e-9,
					   .epoch_ns = EPOCH,
					   .has_epoch = true,
					   .seed = seed,
					   .has_seed = true};
		struct vclock v;
		double rate;

		vclock_init(&v, &o, RAW);
		(void)vclock_now(&v, RAW + 400 * NS_PER_S);
		rate = v.list[0].rate * 1e9;
		sum2 += rate * rate;
	}
	/* sigma 10 ppb x sqrt(400 s) = 200 ppb; the mean of 200 squares is within 30 %. */
	assert_in_range((uintmax_t)(sum2 / 200), 28000, 52000);
}

static void seams_lose_nothing(void **state)
{
	struct vclock v = made("drift=0.0001");
	struct now a = vclock_now(&v, RAW);
	struct now b;

	(void)state;
	/* 0.1 ppb over 3,333,333 ns is far below a nanosecond: only the rest carries it. */
	for (int64_t i = 0; i < 300000; i++)
		vclock_set_rate(&v, RAW + i * 3333333, (freq){0});
	b = vclock_now(&v, RAW + 300000 * INT64_C(3333333));
	assert_in_range(mono_sub(b.mono, a.mono).ns, 300000 * INT64_C(3333333) + 99,
			300000 * INT64_C(3333333) + 101);
}

static void words_are_read_and_nonsense_is_named(void **state)
{
	static const char *const bad[] = {
		"offset",    "offset=",	   "offset=x",		"drift=1ppm", "speed=3",
		"epoch=1.5", "wander=nan", "offset=1,offset=2", "drift=1e99", "=3"};
	struct vclock_options o;
	struct err err;

	(void)state;
	assert_int_equal(vclock_parse("epoch=123,seed=9,wander=2,drift=-1.5,offset=3", &o, &err),
			 0);
	assert_int_equal(o.epoch_ns, 123);
	assert_int_equal(o.seed, 9);
	assert_int_equal(o.offset.ns, 3 * NS_PER_S);
	assert_true(fabs(o.drift + 1.5e-6) < 1e-12 && fabs(o.wander - 2e-9) < 1e-15);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		err.text[0] = '\0';
		assert_int_not_equal(vclock_parse(bad[i], &o, &err), 0);
		assert_int_not_equal(err.text[0], '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_starts_at_truth_plus_offset),
		cmocka_unit_test(drift_moves_both_hands),
		cmocka_unit_test(a_step_moves_the_wall_clock_only),
		cmocka_unit_test(a_rate_moves_the_wall_clock_only),
		cmocka_unit_test(a_rate_replaces_the_one_before),
		cmocka_unit_test(a_look_back_gives_what_was_read_then),
		cmocka_unit_test(reading_does_not_disturb),
		cmocka_unit_test(wander_is_a_random_walk_of_the_asked_size),
		cmocka_unit_test(seams_lose_nothing),
		cmocka_unit_test(words_are_read_and_nonsense_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
