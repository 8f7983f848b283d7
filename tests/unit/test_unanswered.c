/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions that bring nothing: a server that says RATE and no more, no port left to ask from. A
 * client goes on with what it has, makes room for others and says what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>
#include <stdio.h>

#define GROUP "224.0.1.1"
#define RATE 0x52415445
#define SEARCHES 180
#define HOURS(n) SPAN_S((n)*3600)

static unsigned kissing; /* hosts below that, */
static int64_t from_ns;	 /* from then on: every answer is a kiss */

static bool kiss(struct site *s, unsigned from, struct send_action *a)
{
	struct packet p;

	if (from >= kissing || s->now < from_ns || (a->octets[0] & 7) != MODE_SERVER)
		return true;
	assert_true(packet_read(a->octets, a->len, &p));
	p.leap = LEAP_UNKNOWN;
	p.stratum = 0;
	p.refid = RATE;
	packet_write(&p, a->octets);
	return true;
}

static struct site *kissing_site(unsigned hosts, span from)
{
	struct site *s = site_new();

	kissing = hosts;
	from_ns = from.ns;
	s->tap = kiss;
	return s;
}

static void manycast_server(struct site *s)
{
	unsigned h = site_add(s, SPAN_ZERO, 0.0);

	(void)site_role(s, h, ROLE_MANYCAST_SERVER, GROUP);
	site_refclock(s, h, 2);
	site_commit(s, h);
}

static void a_group_whose_server_only_says_rate_is_followed_one_way(void **state)
{
	struct site *s = kissing_site(1, SPAN_ZERO);
	unsigned client;

	(void)state;
	(void)site_server(s, GROUP);
	client = site_client(s, GROUP, SPAN_S(3), 20.0);
	site_run(s, HOURS(2));
	assert_true(site_system(s, client).synchronised);
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	assert_true(site_is_within(s, client, SPAN_MS(5)));
	site_free(s);
}

static void a_server_by_address_that_only_says_rate_becomes_unreachable(void **state)
{
	struct site *s = kissing_site(1, SPAN_S(2000));
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);

	(void)state;
	site_refclock(s, server, 1);
	site_commit(s, server);
	(void)site_unicast(s, client, server, 6, 6);
	site_commit(s, client);
	site_run(s, SPAN_S(2000));
	assert_int_not_equal(site_assoc(s, client, 0).reach, 0);
	site_run(s, HOURS(10));
	assert_int_equal(site_assoc(s, client, 0).reach, 0);
	assert_int_not_equal(site_assoc(s, client, 0).rank, RANK_MASTER);
	site_free(s);
}

/* They answer to the group and then say nothing but RATE. */
static void found_servers_that_only_say_rate_make_room_for_a_good_one(void **state)
{
	struct site *s = kissing_site(5, SPAN_S(2));
	unsigned client;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		manycast_server(s);
	client = site_add(s, SPAN_S(1), 20.0);
	(void)site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_S(60));
	assert_false(site_system(s, client).synchronised);
	manycast_server(s);
	site_run(s, HOURS(10));
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

/* ---- ports to ask from ---- */

/* A client with so many interfaces, and a search on each. */
static unsigned searching_client(struct site *s)
{
	unsigned client = site_add(s, SPAN_S(3), 20.0);
	struct host *h = &s->hosts[client];

	for (unsigned i = 0; i < SEARCHES; i++) {
		struct iface_link l = {
			.ifindex = 100 + i, .up = true, .multicast = true, .addr_count = 1};
		struct actions out = {0};

		(void)snprintf(l.name, sizeof l.name, "v%03u", i);
		l.addrs[0] = (struct prefix){addr_v4(10, 1, (uint8_t)i, 1), 24};
		node_link(h->node, site_now(s, h), &l, &out);
		struct role_setting *r = site_role(s, client, ROLE_MANYCAST_CLIENT, "239.1.1.1");

		memset(r->ifname, 0, sizeof r->ifname);
		memcpy(r->ifname, l.name, sizeof l.name);
	}
	return client;
}

static void a_hundred_searches_leave_a_multicast_client_its_questions(void **state)
{
	struct site *s = site_new();
	unsigned client = searching_client(s);

	(void)state;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_S(60));
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_LISTENING);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

static void a_hundred_searches_do_not_stop_each_other(void **state)
{
	struct site *s = site_new();
	unsigned client = searching_client(s);

	(void)state;
	(void)site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_S(300));
	manycast_server(s);
	site_run(s, HOURS(2));
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_group_whose_server_only_says_rate_is_followed_one_way),
	cmocka_unit_test(a_server_by_address_that_only_says_rate_becomes_unreachable),
	cmocka_unit_test(found_servers_that_only_say_rate_make_room_for_a_good_one),
	cmocka_unit_test(a_hundred_searches_leave_a_multicast_client_its_questions),
	cmocka_unit_test(a_hundred_searches_do_not_stop_each_other),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
