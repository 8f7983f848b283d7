/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void what_is_written_is_read_back_big_endian(void **state)
{
	(void)state;
	uint8_t octets[17];
	struct wire_writer w = wire_write(octets, sizeof octets);
	wire_put_u8(&w, 0x01);
	wire_put_u16(&w, 0x0203);
	wire_put_u32(&w, 0x04050607);
	wire_put_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
	wire_put(&w, "\x10\x11", 2);
	assert_true(w.ok);
	for (size_t i = 0; i < sizeof octets; i++)
		assert_int_equal(octets[i], i + 1);

	struct wire_reader r = wire_read(octets, sizeof octets);
	assert_int_equal(wire_get_u8(&r), 0x01);
	assert_int_equal(wire_get_u16(&r), 0x0203);
	assert_int_equal(wire_get_u32(&r), 0x04050607);
	assert_int_equal(wire_get_u64(&r), UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(wire_left(&r), 2);
	assert_ptr_equal(wire_get(&r, 2), octets + 15);
	assert_true(r.ok);
}

static void a_read_beyond_the_end_gives_zero_ever_after(void **state)
{
	(void)state;
	const uint8_t octets[3] = {1, 2, 3};
	struct wire_reader r = wire_read(octets, sizeof octets);
	assert_int_equal(wire_get_u32(&r), 0);
	assert_false(r.ok);
	assert_int_equal(wire_get_u8(&r), 0);
	assert_null(wire_get(&r, 1));
	assert_false(r.ok);
}

static void half_a_long_field_is_an_error(void **state)
{
	(void)state;
	const uint8_t octets[6] = {1, 2, 3, 4, 5, 6};
	struct wire_reader r = wire_read(octets, sizeof octets);
	(void)wire_get_u64(&r);
	assert_false(r.ok);
}

static void nothing_is_an_empty_reader_not_an_error(void **state)
{
	(void)state;
	const uint8_t octet = 7;
	struct wire_reader r = wire_read(&octet, 0);
	assert_int_equal(wire_left(&r), 0);
	assert_non_null(wire_get(&r, 0));
	assert_true(r.ok);
	assert_int_equal(wire_get_u8(&r), 0);
	assert_false(r.ok);
}

static void a_write_beyond_the_end_is_lost_and_remembered(void **state)
{
	(void)state;
	uint8_t octets[4] = {9, 9, 9, 9};
	struct wire_writer w = wire_write(octets, 3);
	wire_put_u32(&w, 0x01020304);
	assert_false(w.ok);
	wire_put_u8(&w, 1);
	assert_false(w.ok);
	for (int i = 0; i < 4; i++)
		assert_int_equal(octets[i], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back_big_endian),
		cmocka_unit_test(a_read_beyond_the_end_gives_zero_ever_after),
		cmocka_unit_test(half_a_long_field_is_an_error),
		cmocka_unit_test(nothing_is_an_empty_reader_not_an_error),
		cmocka_unit_test(a_write_beyond_the_end_is_lost_and_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
