/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/special.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void near(double ours, double theirs, double scale)
{
	double wrong = fabs(ours - theirs) / scale;

	if (!(wrong < 1e-13))
		fail_msg("%.17g is not %.17g", ours, theirs);
}

static void exp_agrees_with_the_library(void **state)
{
	(void)state;
	for (int i = -50000; i < 50000; i++) {
		double x = 0.0137 * i;
		near(special_exp(x), exp(x), exp(x));
	}
	assert_true(special_exp(0.0) == 1.0);
}

static void exp_of_what_is_out_of_range_is_clamped(void **state)
{
	(void)state;
	assert_true(special_exp(-1e300) == 0.0);
	assert_true(special_exp(-HUGE_VAL) == 0.0);
	assert_true(special_exp((double)NAN) == 0.0);
	near(special_exp(1e9), exp(700.0), exp(700.0));
}

static void log_agrees_with_the_library(void **state)
{
	(void)state;
	for (int i = -1000; i < 1000; i++) {
		double x = ldexp(1.0 + 0.00037 * (i + 1000), i);
		near(special_log(x), log(x), fabs(log(x)) + 1.0);
		x = 1.0 + 0.000137 * i;
		near(special_log(x), log(x), fabs(log(x)) + 1e-3);
	}
	assert_true(special_log(1.0) == 0.0);
}

static void erfcx_agrees_with_the_library_where_that_does_not_underflow(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++) {
		double x = 0.00125 * i;
		double theirs =
			(double)(expl((long double)x * (long double)x) * erfcl((long double)x));
		near(special_erfcx(x), theirs, theirs);
	}
}

static void erfcx_has_the_right_tail(void **state)
{
	(void)state;
	for (int i = 6; i < 20; i++) {
		double x = ldexp(1.0, i);
		double q = 0.5 / (x * x);
		double series = 1.0 - q * (1.0 - 3.0 * q * (1.0 - 5.0 * q));
		near(special_erfcx(x), series / (x * sqrt(acos(-1.0))), series / x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exp_agrees_with_the_library),
		cmocka_unit_test(exp_of_what_is_out_of_range_is_clamped),
		cmocka_unit_test(log_agrees_with_the_library),
		cmocka_unit_test(erfcx_agrees_with_the_library_where_that_does_not_underflow),
		cmocka_unit_test(erfcx_has_the_right_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
