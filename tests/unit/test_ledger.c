/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "ntp/ledger.h"

static void the_last_drops_are_there_whatever_was_dropped_before(void **state)
{
	static const uint64_t before[] = {0, UINT32_MAX - 20};

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		static struct ledger l;
		struct drop_row r;
		unsigned rows = 0;

		l = (struct ledger){0};
		l.drop_count = before[k];
		for (uint32_t i = 0; i < 25; i++)
			ledger_add_drop(&l, &(struct drop_row){.ifindex = i});
		for (; ledger_drop(&l, rows, &r); rows++)
			assert_int_equal(r.ifindex, 24 - rows);
		assert_int_equal(rows, STATE_DROPS_MAX);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_last_drops_are_there_whatever_was_dropped_before),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
