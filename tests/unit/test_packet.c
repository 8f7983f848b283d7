/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/packet.h"

#include <cmocka.h>
#include <string.h>

static void what_was_read_is_written_back(void **state)
{
	uint64_t dice = 1;

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		uint8_t in[48], out[48];
		struct packet p;

		for (unsigned i = 0; i < 48; i++) {
			dice = dice * UINT64_C(6364136223846793005) + 1;
			in[i] = (uint8_t)(dice >> 56);
		}
		assert_true(packet_read(in, sizeof in, &p));
		packet_write(&p, out);
		assert_memory_equal(in, out, 48);
	}
}

static void fields_are_where_the_rfc_has_them(void **state)
{
	struct packet p = {
		.leap = 1,
		.version = 4,
		.mode = MODE_BROADCAST,
		.stratum = 2,
		.poll_log2s = 6,
		.precision_log2s = -20,
		.root_delay = 0x00010203,
		.root_dispersion = 0x04050607,
		.refid = 0x0a000001,
		.reference = {0x1112131415161718},
		.origin = {0x2122232425262728},
		.receive = {0x3132333435363738},
		.transmit = {0x4142434445464748},
	};
	uint8_t octets[48];

	(void)state;
	packet_write(&p, octets);
	assert_int_equal(octets[0], 1 << 6 | 4 << 3 | 5);
	assert_int_equal(octets[1], 2);
	assert_int_equal(octets[2], 6);
	assert_int_equal(octets[3], 0xec);
	assert_int_equal(octets[7], 0x03);
	assert_int_equal(octets[8], 0x04);
	assert_int_equal(octets[12], 10);
	assert_int_equal(octets[16], 0x11);
	assert_int_equal(octets[24], 0x21);
	assert_int_equal(octets[32], 0x31);
	assert_int_equal(octets[40], 0x41);
	assert_int_equal(octets[47], 0x48);
}

static void fewer_than_48_octets_are_no_packet(void **state)
{
	uint8_t octets[48] = {0};
	struct packet p = {.stratum = 77};

	(void)state;
	for (size_t len = 0; len < 48; len++)
		assert_false(packet_read(octets, len, &p));
	assert_int_equal(p.stratum, 77);
}

static void chains_of_fields_end_where_they_say(void **state)
{
	uint8_t o[64] = {0};

	(void)state;
	assert_true(packet_is_field_chain(o, 0));
	o[3] = 16;
	assert_true(packet_is_field_chain(o, 16));
	assert_false(packet_is_field_chain(o, 12));
	assert_false(packet_is_field_chain(o, 20));
	o[19] = 28;
	assert_true(packet_is_field_chain(o, 44));
	o[19] = 18; /* not a multiple of 4 */
	assert_false(packet_is_field_chain(o, 34));
	o[19] = 12; /* too short to be one */
	assert_false(packet_is_field_chain(o, 28));
	o[2] = 0xff;
	assert_false(packet_is_field_chain(o, 64));
}

static void one_second_is_one_second(void **state)
{
	(void)state;
	assert_int_equal(packet_short_to_span(0x00010000).ns, NS_PER_S);
	assert_int_equal(packet_short_from_span(SPAN_S(1)), 0x00010000);
	assert_int_equal(packet_short_from_span((span){1}), 1); /* never rounded to nothing */
	assert_int_equal(packet_short_from_span((span){0}), 0);
	assert_int_equal(packet_short_from_span((span){-5}), 0);
	assert_int_equal(packet_short_from_span(SPAN_S(70000)), UINT32_MAX);
	for (uint32_t v = 1; v < 0x10000000; v = v * 3 + 1) {
		uint32_t back = packet_short_from_span(packet_short_to_span(v));

		assert_true(back == v);
	}
	struct packet p = {.root_delay = 0x00020000, .root_dispersion = 0x00008000};

	assert_int_equal(packet_root_distance(&p).ns, 3 * NS_PER_S / 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_was_read_is_written_back),
	cmocka_unit_test(fields_are_where_the_rfc_has_them),
	cmocka_unit_test(fewer_than_48_octets_are_no_packet),
	cmocka_unit_test(chains_of_fields_end_where_they_say),
	cmocka_unit_test(one_second_is_one_second),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
