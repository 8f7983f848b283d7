/* SPDX-License-Identifier: BSD-2-Clause */
/* Luck: the same for the same name, nobody else's, and of the shape it says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/stream.h"

#define DRAWS 200000

static void a_name_always_gives_the_same_luck(void **state)
{
	struct stream a = stream_named(7, "wander", "B");
	struct stream b = stream_named(7, "wander", "B");

	(void)state;
	/* Pinned: scenarios written for one version must not change in the next. */
	assert_int_equal(stream_u64(&a), UINT64_C(0x112252e057a2052a));
	(void)stream_u64(&b);
	for (int i = 0; i < 100; i++)
		assert_int_equal(stream_u64(&a), stream_u64(&b));
}

static void another_name_cause_or_seed_is_another_stream(void **state)
{
	struct stream s[] = {
		stream_named(7, "wander", "B"), stream_named(7, "wander", "C"),
		stream_named(7, "boot", "B"),	stream_named(8, "wander", "B"),
		stream_named(7, "wande", "rB"),
	};
	uint64_t first[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		first[i] = stream_u64(&s[i]);
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < i; j++)
			assert_int_not_equal(first[i], first[j]);
	}
}

static void uniform_draws_fill_the_interval(void **state)
{
	struct stream s = stream_named(1, "test", "uniform");
	double sum = 0.0, squares = 0.0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double u = stream_uniform(&s);

		assert_true(u > 0.0 && u < 1.0);
		sum += u;
		squares += u * u;
	}
	assert_true(fabs(sum / DRAWS - 0.5) < 0.004);
	assert_true(fabs(squares / DRAWS - 1.0 / 3.0) < 0.004);
}

static void exponential_draws_have_the_moments_of_queueing(void **state)
{
	struct stream s = stream_named(1, "test", "exponential");
	double m1 = 0.0, m2 = 0.0, m3 = 0.0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double q = stream_exponential(&s, 10.0);

		assert_true(q > 0.0);
		m1 += q;
		m2 += q * q;
		m3 += q * q * q;
	}
	/* k! mu^k */
	assert_true(fabs(m1 / DRAWS / 10.0 - 1.0) < 0.015);
	assert_true(fabs(m2 / DRAWS / 200.0 - 1.0) < 0.03);
	assert_true(fabs(m3 / DRAWS / 6000.0 - 1.0) < 0.08);
}

static void normal_draws_have_the_moments_of_a_normal(void **state)
{
	struct stream s = stream_named(1, "test", "normal");
	double m1 = 0.0, m2 = 0.0, m4 = 0.0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double g = stream_normal(&s);

		m1 += g;
		m2 += g * g;
		m4 += g * g * g * g;
	}
	assert_true(fabs(m1 / DRAWS) < 0.01);
	assert_true(fabs(m2 / DRAWS - 1.0) < 0.015);
	assert_true(fabs(m4 / DRAWS - 3.0) < 0.12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_always_gives_the_same_luck),
		cmocka_unit_test(another_name_cause_or_seed_is_another_stream),
		cmocka_unit_test(uniform_draws_fill_the_interval),
		cmocka_unit_test(exponential_draws_have_the_moments_of_queueing),
		cmocka_unit_test(normal_draws_have_the_moments_of_a_normal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
