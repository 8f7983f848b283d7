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
	for (double x = -690.0; x < 690.0; x += 0.0137)
		near(special_exp(x), exp(x), exp(x));
	assert_true(special_exp(0.0) == 1.0);
}

static void exp_of_what_is_out_of_range_is_clamped(void **state)
{
	(void)state;
	assert_true(special_exp(-1e300) == 0.0);
	assert_true(special_exp(-INFINITY) == 0.0);
	assert_true(special_exp(NAN) == 0.0);
	near(special_exp(1e9), exp(700.0), exp(700.0));
}

static void log_agrees_with_the_library(void **state)
{
	(void)state;
	for (double x = 1e-300; x < 1e300; x *= 1.0137)
		near(special_log(x), log(x), fabs(log(x)) + 1.0);
	for (double x = 0.9; x < 1.1; x += 0.000137)
		near(special_log(x), log(x), fabs(log(x)) + 1e-3);
	assert_true(special_log(1.0) == 0.0);
}

static void erfcx_agrees_with_the_library_where_that_does_not_underflow(void **state)
{
	(void)state;
	for (double x = 0.0; x < 5.0; x += 0.00137) {
		double theirs = (double)(expl((long double)x * x) * erfcl(x));
		near(special_erfcx(x), theirs, theirs);
	}
}

static void erfcx_has_the_right_tail(void **state)
{
	(void)state;
	for (double x = 60.0; x < 1e6; x *= 1.3) {
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
