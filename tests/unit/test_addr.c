/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct addr parsed(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		fail_msg("%s does not parse", text);
	return a;
}

static void addresses_are_printed_as_they_were_read(void **state)
{
	static const char *const texts[] = {"0.0.0.0",	 "224.0.1.1", "255.255.255.255",  "::",
					    "ff0e::101", "fe80::1",   "2001:db8::a:0:0:1"};
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct addr a = parsed(texts[i]);
		assert_string_equal(addr_print(&a, buf), texts[i]);
	}
	struct addr six = parsed("ff0e::101");
	assert_string_equal(addr_print_upper(&six, buf), "FF0E::101");
}

static void what_is_no_address_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",	    "1.2.3", "1.2.3.4.5", "1.2.3.256",	  "1.2.3.4 ",
		" 1.2.3.4", ":::",   "ff0e::g",	  "fe80::1%eth0", "1.2.3.4/8"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct addr a = addr_v4(1, 2, 3, 4);
		struct addr same = addr_v4(1, 2, 3, 4);
		assert_false(addr_parse(texts[i], &a));
		assert_true(addr_equal(&a, &same));
	}
}

static void addresses_have_a_total_order(void **state)
{
	static const char *const sorted[] = {"0.0.0.0", "10.0.0.1", "10.0.0.2", "224.0.1.1",
					     "::",	"::1",	    "ff0e::101"};
	const int n = sizeof sorted / sizeof *sorted;

	(void)state;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			struct addr a = parsed(sorted[i]);
			struct addr b = parsed(sorted[j]);
			int order = addr_compare(&a, &b);
			assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
			assert_int_equal(addr_equal(&a, &b), i == j);
		}
}

static void each_kind_is_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool multicast, loopback, unspecified, broadcast, link_local, link_group;
	} rows[] = {
		{"0.0.0.0", .unspecified = true},
		{"::", .unspecified = true},
		{"10.1.2.3", .multicast = false},
		{"2001:db8::1", .multicast = false},
		{"127.0.0.1", .loopback = true},
		{"127.255.0.9", .loopback = true},
		{"::1", .loopback = true},
		{"::2", .multicast = false},
		{"255.255.255.255", .broadcast = true},
		{"169.254.3.4", .link_local = true},
		{"fe80::1", .link_local = true},
		{"febf::1", .link_local = true},
		{"fec0::1", .multicast = false},
		{"223.255.255.255", .multicast = false},
		{"224.0.0.1", .multicast = true, .link_group = true},
		{"224.0.0.255", .multicast = true, .link_group = true},
		{"224.0.1.1", .multicast = true},
		{"239.255.255.255", .multicast = true},
		{"240.0.0.1", .multicast = false},
		{"ff01::101", .multicast = true, .link_group = true},
		{"ff02::101", .multicast = true, .link_group = true},
		{"ff12::101", .multicast = true, .link_group = true},
		{"ff05::101", .multicast = true},
		{"ff0e::101", .multicast = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct addr a = parsed(rows[i].text);
		assert_int_equal(addr_is_multicast(&a), rows[i].multicast);
		assert_int_equal(addr_is_loopback(&a), rows[i].loopback);
		assert_int_equal(addr_is_unspecified(&a), rows[i].unspecified);
		assert_int_equal(addr_is_broadcast(&a), rows[i].broadcast);
		assert_int_equal(addr_is_link_local(&a), rows[i].link_local);
		assert_int_equal(addr_is_link_group(&a), rows[i].link_group);
	}
}

static void a_prefix_contains_what_shares_its_bits(void **state)
{
	static const struct {
		const char *prefix, *text;
		uint8_t bits;
		bool inside;
	} rows[] = {
		{"10.0.0.0", "10.255.1.2", 8, true},
		{"10.0.0.0", "11.0.0.0", 8, false},
		{"192.168.4.0", "192.168.7.255", 22, true},
		{"192.168.4.0", "192.168.8.0", 22, false},
		{"192.168.4.1", "192.168.4.1", 32, true},
		{"192.168.4.1", "192.168.4.2", 32, false},
		{"0.0.0.0", "8.8.8.8", 0, true},
		{"0.0.0.0", "::8", 0, false},
		{"0.0.0.0", "0.0.0.0", 33, false},
		{"2001:db8::", "2001:db8:7fff::1", 33, true},
		{"2001:db8::", "2001:db8:8000::1", 33, false},
		{"fe80::1", "fe80::1", 128, true},
		{"fe80::1", "fe80::1", 129, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct prefix p = {parsed(rows[i].prefix), rows[i].bits};
		struct addr a = parsed(rows[i].text);
		assert_int_equal(prefix_contains(&p, &a), rows[i].inside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_printed_as_they_were_read),
		cmocka_unit_test(what_is_no_address_changes_nothing),
		cmocka_unit_test(addresses_have_a_total_order),
		cmocka_unit_test(each_kind_is_told_apart),
		cmocka_unit_test(a_prefix_contains_what_shares_its_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
