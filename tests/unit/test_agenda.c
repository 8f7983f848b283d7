/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/agenda.h"

#include <cmocka.h>
#include <string.h>

static struct agenda a;

static uint64_t roll(void)
{
	static uint64_t dice = 88172645463325252U;

	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice;
}

static void the_earliest_of_many_is_always_first(void **state)
{
	static int64_t due[AGENDA_MAX];

	(void)state;
	memset(&a, 0, sizeof a);
	for (unsigned i = 0; i < AGENDA_MAX; i++)
		due[i] = INT64_MAX;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned item = (unsigned)(roll() % 300), first = 0;
		int64_t when = roll() % 4 ? (int64_t)(roll() % 1000) : INT64_MAX;
		int64_t least = INT64_MAX;
		unsigned expected = 0;

		due[item] = when;
		agenda_set(&a, item, (mono){when});
		assert_int_equal(agenda_due(&a, item).ns, when);
		for (unsigned i = 0; i < 300; i++) {
			if (due[i] < least) {
				least = due[i];
				expected = i;
			}
		}
		assert_int_equal(agenda_first(&a, &first).ns, least);
		if (least != INT64_MAX)
			assert_int_equal(first, expected);
	}
}

static void equal_deadlines_go_by_number(void **state)
{
	unsigned first = 0;

	(void)state;
	memset(&a, 0, sizeof a);
	for (unsigned i = AGENDA_MAX; i > 0; i--)
		agenda_set(&a, i - 1, (mono){5});
	for (unsigned i = 0; i < AGENDA_MAX; i++) {
		assert_int_equal(agenda_first(&a, &first).ns, 5);
		assert_int_equal(first, i);
		agenda_set(&a, i, MONO_NEVER);
	}
	assert_int_equal(agenda_first(&a, &first).ns, INT64_MAX);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_earliest_of_many_is_always_first),
	cmocka_unit_test(equal_deadlines_go_by_number),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
