/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/memo.h"

static struct memory full(void)
{
	struct memory m = {
		.has_frequency = true,
		.frequency = {-28123456},
		.frequency_error = {37},
		.floor_count = MEMORY_FLOORS_MAX,
	};
	unsigned seed = 7;

	for (unsigned i = 0; i < MEMORY_FLOORS_MAX; i++) {
		struct memory_floor *f = &m.floors[i];

		f->source = addr_v4(10, 0, (uint8_t)i, 1);
		if (i % 2) {
			f->source.family = ADDR_V6;
			for (unsigned k = 0; k < 16; k++)
				f->source.octets[k] = (uint8_t)rand_r(&seed);
		}
		if (i % 3)
			f->group = addr_v4(224, 0, 1, 1);
		f->key_id = i % 5 ? UINT32_MAX - i : 0;
		f->transmit.frac = UINT64_C(0xe8b0000000000001) + i;
	}
	return m;
}

static void what_is_printed_is_read_back(void **state)
{
	struct memory m = full(), back;
	struct text t = {0};

	(void)state;
	memo_print(&m, &t);
	assert_int_equal(memo_parse(text_chars(&t), &back), 0);
	assert_int_equal(back.has_frequency, true);
	assert_int_equal(back.frequency.ppt, m.frequency.ppt);
	assert_int_equal(back.frequency_error.ns, m.frequency_error.ns);
	assert_int_equal(back.floor_count, m.floor_count);
	for (unsigned i = 0; i < m.floor_count; i++) {
		assert_true(addr_equal(&back.floors[i].source, &m.floors[i].source));
		assert_true(addr_equal(&back.floors[i].group, &m.floors[i].group));
		assert_int_equal(back.floors[i].key_id, m.floors[i].key_id);
		assert_true(stamp_equal(back.floors[i].transmit, m.floors[i].transmit));
	}
	text_fini(&t);
}

static void nothing_gives_an_empty_memory(void **state)
{
	struct memory back = full();

	(void)state;
	assert_int_equal(memo_parse("", &back), 0);
	assert_false(back.has_frequency);
	assert_int_equal(back.floor_count, 0);
}

static void odd_lines_are_counted_and_the_good_ones_kept(void **state)
{
	static const char chars[] = "# a remark\n"
				    "frequency-ppt 999999999999 error-ns 1\n"
				    "frequency-ppt 5 error-ns -1\n"
				    "frequency-ppt 5 error-ns 1 more\n"
				    "floor 10.0.0.1 - key 1 transmit 0000000000000000\n"
				    "floor 10.0.0.1 nonsense key 1 transmit 0000000000000001\n"
				    "floor - - key 1 transmit 0000000000000001\n"
				    "floor 10.0.0.1 - key 1\n"
				    "floor 10.0.0.1 - key 4294967296 transmit 0000000000000001\n"
				    "floor 10.0.0.1 - key 1 transmit 10000000000000000\n"
				    "floor 10.0.0.2 224.0.1.1 key 9 transmit 00000000000000ff\n"
				    "\n"
				    "something from a later version\n"
				    "floor 10.0.0.3 - key 0 transmit 0000000000000001";
	struct memory back;

	(void)state;
	assert_int_equal(memo_parse(chars, &back), 10);
	assert_false(back.has_frequency);
	assert_int_equal(back.floor_count, 2);
	assert_int_equal(back.floors[0].key_id, 9);
	assert_int_equal(back.floors[1].transmit.frac, 1);
}

static void floors_beyond_the_limit_are_left_out(void **state)
{
	struct memory back;
	struct text t = {0};

	(void)state;
	for (unsigned i = 0; i < MEMORY_FLOORS_MAX + 3; i++)
		text_add(&t, "floor 10.0.0.2 - key 9 transmit 00000000000000ff\n");
	assert_int_equal(memo_parse(text_chars(&t), &back), 3);
	assert_int_equal(back.floor_count, MEMORY_FLOORS_MAX);
	text_fini(&t);
}

static void any_octets_are_survived(void **state)
{
	struct memory m = full(), back;
	struct text t = {0};
	unsigned seed = 20261122;

	(void)state;
	memo_print(&m, &t);
	for (unsigned round = 0; round < 2000; round++) {
		size_t at = (size_t)rand_r(&seed) % t.len;
		char before = t.chars[at];

		t.chars[at] = (char)(rand_r(&seed) & 0xff);
		(void)memo_parse(t.chars, &back);
		assert_true(back.floor_count <= MEMORY_FLOORS_MAX);
		t.chars[at] = before;
	}
	text_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(nothing_gives_an_empty_memory),
		cmocka_unit_test(odd_lines_are_counted_and_the_good_ones_kept),
		cmocka_unit_test(floors_beyond_the_limit_are_left_out),
		cmocka_unit_test(any_octets_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
