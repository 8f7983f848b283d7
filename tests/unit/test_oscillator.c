/* SPDX-License-Identifier: BSD-2-Clause */
/* The quartz against what can be worked out on paper. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/oscillator.h"
#include "sim/wallclock.h"

static struct oscillator make(uint64_t seed, double rate, double wander)
{
	struct oscillator o;

	oscillator_init(&o, stream_named(seed, "wander", "B"), 5 * NS_PER_S, rate, wander);
	return o;
}

static void a_constant_rate_gains_exactly_that_much(void **state)
{
	struct oscillator o = make(1, 20e-6, 0.0);

	(void)state;
	assert_int_equal(oscillator_read(&o, 0).ns, 5 * NS_PER_S);
	assert_int_equal(oscillator_read(&o, 1000 * NS_PER_S).ns, 1005 * NS_PER_S + 20 * NS_PER_MS);
	/* A year in steps of an hour and a bit loses no nanosecond but the last. */
	int64_t at = 1000 * NS_PER_S;

	while (at < 31536000 * NS_PER_S) {
		at += 3601 * NS_PER_S + 1;
		oscillator_push(&o, at, 0.0);
	}
	int64_t exact = 5 * NS_PER_S + at + at / 50000;

	assert_in_range(oscillator_read(&o, at).ns - exact + 2, 0, 4);
}

/* Variance of the phase after t of a random walk of frequency: q t^3 / 3, q = w^2. */
static void wander_has_the_variance_of_a_random_walk(void **state)
{
	const double w = 1e-9;
	const int64_t t_s = 400;
	double squares = 0.0, rates = 0.0;
	const int runs = 4000;

	(void)state;
	for (int i = 0; i < runs; i++) {
		struct oscillator o = make((uint64_t)i, 0.0, w * 1000.0);
		int64_t at = t_s * NS_PER_S;
		double x = (double)(oscillator_read(&o, at).ns - 5 * NS_PER_S - at) * 1e-12;

		squares += x * x;
		rates += o.rate * o.rate * 1e-6;
	}
	double t = (double)t_s;

	assert_true(fabs(squares / runs / (w * w * t * t * t / 3.0) - 1.0) < 0.08);
	assert_true(fabs(rates / runs / (w * w * t) - 1.0) < 0.08);
}

static void who_looks_and_how_often_changes_nothing(void **state)
{
	struct oscillator a = make(3, 1e-5, 1e-9);
	struct oscillator b = make(3, 1e-5, 1e-9);

	(void)state;
	for (int64_t at = 0; at < 500 * NS_PER_S; at += 37 * NS_PER_MS)
		(void)oscillator_read(&a, at);
	assert_int_equal(oscillator_read(&a, 500 * NS_PER_S).ns,
			 oscillator_read(&b, 500 * NS_PER_S).ns);
}

static void a_foreseen_instant_is_hit(void **state)
{
	struct oscillator o = make(3, -40e-6, 0.0);
	mono wanted = {77 * NS_PER_S + 123456789};
	int64_t at = oscillator_foresee(&o, 10 * NS_PER_S, wanted);
	mono shown = oscillator_read(&o, at);

	(void)state;
	assert_in_range(shown.ns - wanted.ns + 2, 1, 4);
	assert_int_equal(oscillator_foresee(&o, at, (mono){0}), at);
}

static void a_push_changes_the_rate_from_there_on(void **state)
{
	struct oscillator o = make(3, 0.0, 0.0);

	(void)state;
	oscillator_push(&o, 100 * NS_PER_S, 1e-6);
	assert_int_equal(oscillator_read(&o, 100 * NS_PER_S).ns, 105 * NS_PER_S);
	assert_int_equal(oscillator_read(&o, 200 * NS_PER_S).ns, 205 * NS_PER_S + 100000);
}

static void a_wall_clock_obeys_the_kernels_contract(void **state)
{
	struct wallclock w;

	(void)state;
	wallclock_init(&w, (mono){0}, 1000 * NS_PER_S);
	/* 1 ppm is 65536 of the kernel's units: kept as it is; more than 500 ppm is cut. */
	assert_int_equal(wallclock_set_rate(&w, (mono){0}, (freq){PPT_PER_PPM}).ppt, PPT_PER_PPM);
	assert_int_equal(wallclock_unix_ns(&w, (mono){10 * NS_PER_S}), 1010 * NS_PER_S + 10000);
	assert_int_equal(wallclock_set_rate(&w, (mono){0}, (freq){600 * PPT_PER_PPM}).ppt,
			 500 * PPT_PER_PPM);
	/* One ppt is less than half a unit. */
	assert_int_equal(wallclock_set_rate(&w, (mono){0}, (freq){1}).ppt, 0);
	assert_int_equal(wallclock_set_rate(&w, (mono){0}, (freq){15}).ppt, 15);
	wallclock_step(&w, SPAN_S(-3));
	assert_int_equal(wallclock_unix_ns(&w, (mono){0}), 997 * NS_PER_S);
	assert_int_equal(stamp_to_unix_s(wallclock_read(&w, (mono){0}), 0), 997);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_constant_rate_gains_exactly_that_much),
		cmocka_unit_test(wander_has_the_variance_of_a_random_walk),
		cmocka_unit_test(who_looks_and_how_often_changes_nothing),
		cmocka_unit_test(a_foreseen_instant_is_hit),
		cmocka_unit_test(a_push_changes_the_rate_from_there_on),
		cmocka_unit_test(a_wall_clock_obeys_the_kernels_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
