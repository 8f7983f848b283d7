/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/iface.h"

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct ifaces t;

static struct addr parse(const char *text)
{
	struct addr a;
	bool parsed = addr_parse(text, &a);

	assert_true(parsed);
	return a;
}

static struct iface *add(const char *name, uint32_t ifindex, const char *addr)
{
	struct iface *f = iface_make(&t, name);
	struct iface_link l = {.ifindex = ifindex, .up = true, .addr_count = 1};

	assert_non_null(f);
	l.addrs[0] = (struct prefix){parse(addr), 24};
	iface_set_link(&t, f, &l);
	return f;
}

static void thousands_are_found_by_index_name_and_address(void **state)
{
	char name[16], addr[24];

	(void)state;
	memset(&t, 0, sizeof t);
	for (unsigned i = 0; i < IFACES_MAX; i++) {
		(void)snprintf(name, sizeof name, "eth%u", i);
		(void)snprintf(addr, sizeof addr, "10.%u.%u.1", i / 256, i % 256);
		(void)add(name, 7 * i + 1, addr);
	}
	assert_null(iface_make(&t, "one-too-many"));
	for (unsigned i = 0; i < IFACES_MAX; i++) {
		(void)snprintf(name, sizeof name, "eth%u", i);
		struct iface *f = iface_by_name(&t, name);
		assert_non_null(f);
		assert_ptr_equal(f, iface_by_index(&t, 7 * i + 1));
		assert_true(iface_owns(&t, &f->link.addrs[0].addr));
	}
	assert_null(iface_by_index(&t, 2));
	assert_null(iface_by_index(&t, 0));
	assert_null(iface_by_name(&t, "eth"));
	struct addr other = parse("10.200.0.1");
	assert_false(iface_owns(&t, &other));
}

static void one_that_went_away_is_not_found_by_index(void **state)
{
	struct iface_link gone = {.ifindex = 0};

	(void)state;
	memset(&t, 0, sizeof t);
	struct iface *f = add("eth0", 3, "10.0.0.1");
	struct addr a = f->link.addrs[0].addr;

	assert_true(iface_owns_refid(&t, 0x0a000001));
	iface_set_link(&t, f, &gone);
	assert_null(iface_by_index(&t, 3));
	assert_ptr_equal(iface_by_name(&t, "eth0"), f);
	assert_false(iface_owns(&t, &a));
	assert_false(iface_owns_refid(&t, 0x0a000001));
	iface_forget(&t, f);
	assert_null(iface_by_name(&t, "eth0"));
}

static void a_name_that_was_forgotten_is_made_anew(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	struct iface *a = iface_make(&t, "a"), *b = iface_make(&t, "b");

	iface_forget(&t, a);
	iface_forget(&t, b);
	assert_null(iface_by_name(&t, "a"));
	a = iface_make(&t, "a");
	b = iface_make(&t, "b");
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(iface_make(&t, "c"), a);
	assert_true(a->used && b->used);
}

static void reference_ids_name_our_addresses(void **state)
{
	/* The first octets of the MD5 of sixteen, from another implementation. */
	struct addr six = parse("2001:db8::1");

	(void)state;
	memset(&t, 0, sizeof t);
	(void)add("eth0", 3, "2001:db8::1");
	(void)add("lo", 1, "127.0.0.1");
	uint32_t refid = iface_refid_of(&six);

	assert_int_equal(refid, 0x39ab9b37);
	assert_true(iface_owns_refid(&t, refid));
	assert_false(iface_owns_refid(&t, 0x7f000001)); /* that is anybody */
	assert_false(iface_owns_refid(&t, 0));
}

static void the_source_address_fits_the_destination(void **state)
{
	struct iface_link l = {.ifindex = 3, .up = true, .addr_count = 3};
	struct addr source, wide = parse("ff0e::101"), link = parse("ff02::101");
	struct addr four = parse("224.0.1.1"), peer = parse("fe80::9");

	(void)state;
	memset(&t, 0, sizeof t);
	struct iface *f = iface_make(&t, "eth0");

	l.addrs[0] = (struct prefix){parse("10.0.0.1"), 24};
	l.addrs[1] = (struct prefix){parse("2001:db8::1"), 64};
	l.addrs[2] = (struct prefix){parse("fe80::1"), 64};
	iface_set_link(&t, f, &l);
	assert_true(iface_source(f, &wide, &source));
	assert_true(addr_equal(&source, &l.addrs[1].addr));
	assert_true(iface_source(f, &link, &source));
	assert_true(addr_equal(&source, &l.addrs[2].addr));
	assert_true(iface_source(f, &peer, &source));
	assert_true(addr_equal(&source, &l.addrs[2].addr));
	assert_true(iface_source(f, &four, &source));
	assert_true(addr_equal(&source, &l.addrs[0].addr));
	l.addrs[0] = l.addrs[2];
	l.addr_count = 1; /* link-local is better than nothing */
	iface_set_link(&t, f, &l);
	assert_true(iface_source(f, &wide, &source));
	assert_true(addr_equal(&source, &l.addrs[0].addr));
	assert_false(iface_source(f, &four, &source));
	struct addr near = parse("fe80::77"), far = parse("2001:db8::77");
	assert_true(iface_is_on_link(f, &near));
	assert_false(iface_is_on_link(f, &far));
}

static void broadcasts_are_known_by_the_prefix(void **state)
{
	struct addr all = parse("10.0.0.255"), one = parse("10.0.0.254"),
		    other = parse("10.0.1.255");

	(void)state;
	memset(&t, 0, sizeof t);
	struct iface *f = add("eth0", 3, "10.0.0.1");

	assert_true(iface_is_broadcast(f, &all));
	assert_false(iface_is_broadcast(f, &one));
	assert_false(iface_is_broadcast(f, &other));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(thousands_are_found_by_index_name_and_address),
	cmocka_unit_test(one_that_went_away_is_not_found_by_index),
	cmocka_unit_test(a_name_that_was_forgotten_is_made_anew),
	cmocka_unit_test(reference_ids_name_our_addresses),
	cmocka_unit_test(the_source_address_fits_the_destination),
	cmocka_unit_test(broadcasts_are_known_by_the_prefix),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
