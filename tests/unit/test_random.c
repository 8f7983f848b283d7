/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/random.h"

#include <cmocka.h>
#include <string.h>

static void the_stream_is_chacha20_of_the_seed(void **state)
{
	static const uint8_t seed[32] = {0};
	struct random r;

	(void)state;
	/* RFC 8439 appendix A.1, test vector 1: key, nonce and counter are zero. */
	random_init(&r, seed);
	assert_int_equal(random_u64(&r), UINT64_C(0x76b8e0ada0f13d90));
	assert_int_equal(random_u64(&r), UINT64_C(0x405d6ae55386bd28));
	for (unsigned i = 0; i < 6; i++)
		(void)random_u64(&r);
	/* test vector 2: the next block */
	assert_int_equal(random_u64(&r), UINT64_C(0x9f07e7be5551387a));
}

static void numbers_stay_in_range_and_fill_it(void **state)
{
	uint8_t seed[32] = {1};
	struct random r;
	unsigned seen[10] = {0};

	(void)state;
	random_init(&r, seed);
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t v = random_below(&r, 10);

		assert_true(v < 10);
		seen[v]++;
		span s = random_span(&r, SPAN_S(2));
		assert_true(s.ns >= 0 && s.ns <= 2 * NS_PER_S);
		assert_false(stamp_is_zero(random_nonce(&r)));
	}
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_int_equal(random_span(&r, SPAN_ZERO).ns, 0);
	assert_int_equal(random_below(&r, 1), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_stream_is_chacha20_of_the_seed),
	cmocka_unit_test(numbers_stay_in_range_and_fill_it),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
