/* SPDX-License-Identifier: BSD-2-Clause */
/* Wires, routers and the calendar: who gets what, when, with how many hops left. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/auto.h"
#include "sim/calendar.h"
#include "sim/network.h"

#define SEEN_MAX 64

static struct arrival {
	int64_t at_ns;
	uint32_t host;
	uint8_t ttl;
} seen[SEEN_MAX];
static unsigned seen_count;
static uint32_t deaf = UINT32_MAX;

static bool everybody_but_the_deaf(void *context, uint32_t host, uint32_t ifindex,
				   const struct addr *group)
{
	(void)context;
	(void)ifindex;
	(void)group;
	return host != deaf;
}

static void see(void *context, int64_t at_ns, uint32_t host, uint32_t ifindex, uint8_t ttl,
		struct parcel *p)
{
	(void)context;
	(void)ifindex;
	assert_true(seen_count < SEEN_MAX);
	seen[seen_count++] = (struct arrival){at_ns, host, ttl};
	parcel_drop(p);
}

static void join(struct network *n, uint32_t lan, uint32_t router)
{
	struct router *r = &n->routers[router];
	uint32_t member = lan_add_member(&n->lans[lan], true, router, r->port_count, 1000 + router);

	r->ports[r->port_count++] = (struct router_port){lan, member};
}

/* Hosts 0 and 1 on the first LAN, 2 on the second, 3 on the third; routers in between. */
static struct network *three_lans(void)
{
	struct network *n = auto_new(1, sizeof *n);

	n->joined = everybody_but_the_deaf;
	n->deliver = see;
	n->router_count = 2;
	for (unsigned i = 0; i < 3; i++) {
		struct lan *l = network_add_lan(n, (const char *[]){"a", "b", "c"}[i]);

		l->profile.delay_ns = 100000;
	}
	(void)lan_add_member(&n->lans[0], false, 0, 1, 10);
	(void)lan_add_member(&n->lans[0], false, 1, 1, 11);
	(void)lan_add_member(&n->lans[1], false, 2, 1, 12);
	(void)lan_add_member(&n->lans[2], false, 3, 1, 13);
	join(n, 0, 0);
	join(n, 1, 0);
	join(n, 1, 1);
	join(n, 2, 1);
	seen_count = 0;
	deaf = UINT32_MAX;
	return n;
}

static void end(struct network *n)
{
	network_fini(n);
	free(n);
}

static void send(struct network *n, struct addr to, uint8_t ttl)
{
	struct parcel *p = auto_new(1, sizeof *p);

	p->to.addr = to;
	network_send(n, 0, 0, 0, ttl, p);
}

static void a_group_packet_goes_as_far_as_its_ttl(void **state)
{
	struct network *n = three_lans();
	const unsigned reached[] = {1, 2, 3, 3};

	(void)state;
	for (uint8_t ttl = 1; ttl <= 4; ttl++) {
		seen_count = 0;
		send(n, addr_v4(224, 0, 1, 1), ttl);
		assert_int_equal(seen_count, reached[ttl - 1]);
		assert_int_equal(seen[0].at_ns, 100000);
		assert_int_equal(seen[0].ttl, ttl);
	}
	assert_int_equal(seen[2].host, 3);
	assert_int_equal(seen[2].at_ns, 300000);
	assert_int_equal(seen[2].ttl, 2);
	assert_int_equal(n->lans[2].multicasts, 2);
	end(n);
}

static void a_link_group_never_leaves_the_link(void **state)
{
	struct network *n = three_lans();

	(void)state;
	send(n, addr_v4(224, 0, 0, 107), 255);
	assert_int_equal(seen_count, 1);
	end(n);
}

static void who_has_not_joined_hears_nothing(void **state)
{
	struct network *n = three_lans();

	(void)state;
	deaf = 1;
	send(n, addr_v4(224, 0, 1, 1), 1);
	assert_int_equal(seen_count, 0);
	end(n);
}

static void unicast_finds_its_way_and_pays_for_each_hop(void **state)
{
	struct network *n = three_lans();

	(void)state;
	send(n, network_addr_v6(2, 0), 0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].host, 3);
	assert_int_equal(seen[0].at_ns, 300000);
	assert_int_equal(seen[0].ttl, NETWORK_TTL - 2);
	send(n, network_addr_v4(0, 1), 0);
	assert_int_equal(seen[1].host, 1);
	send(n, network_addr_v4(2, 0), 2); /* dies at the second router */
	send(n, network_addr_v4(2, 7), 0); /* nobody has it */
	send(n, addr_v4(192, 0, 2, 1), 0);
	assert_int_equal(seen_count, 2);
	n->lans[1].cut = true;
	send(n, network_addr_v4(2, 0), 0);
	assert_int_equal(seen_count, 2);
	end(n);
}

static void one_direction_can_have_a_wire_of_its_own(void **state)
{
	struct network *n = three_lans();

	(void)state;
	lan_except(&n->lans[0], 0)->delay_ns = 300000;
	send(n, network_addr_v4(0, 1), 0);
	assert_int_equal(seen[0].at_ns, 300000);
	assert_int_equal(lan_profile_from(&n->lans[0], 1)->delay_ns, 100000);
	end(n);
}

static void a_wire_loses_doubles_and_delays_as_told(void **state)
{
	const struct profile p = {.delay_ns = 20000,
				  .jitter_ns = 10000,
				  .loss = 0.3,
				  .duplicate = 0.1,
				  .busy_ns = 500000,
				  .busy_for_ns = 97,
				  .busy_every_ns = 487};
	struct stream luck = stream_named(1, "lan", "a");
	unsigned lost = 0, doubled = 0, n = 0;
	double quiet = 0.0, busy = 0.0;
	unsigned quiet_count = 0;

	(void)state;
	for (int64_t t = 0; t < 487 * 400; t++) {
		int64_t delays[LAN_COPIES_MAX];
		unsigned copies = profile_carry(&p, &luck, t, delays);

		n++;
		lost += copies == 0;
		doubled += copies == 2;
		if (copies == 0)
			continue;
		assert_true(delays[0] >= p.delay_ns);
		if (t % 487 < 97) {
			busy += (double)delays[0];
		} else {
			quiet += (double)delays[0];
			quiet_count++;
		}
	}
	double arrived = n - lost;

	assert_true(fabs((double)lost / n - 0.3) < 0.005);
	assert_true(fabs(doubled / arrived - 0.1) < 0.005);
	assert_true(fabs(quiet / quiet_count / 30000.0 - 1.0) < 0.01);
	assert_true(fabs(busy / (arrived - quiet_count) / 530000.0 - 1.0) < 0.03);
}

static void luck_depends_on_place_and_time_alone(void **state)
{
	struct network *n = three_lans();

	(void)state;
	n->lans[0].profile.jitter_ns = 50000;
	send(n, network_addr_v4(0, 1), 0);
	for (int i = 0; i < 5; i++)
		send(n, network_addr_v4(2, 0), 0);
	(void)lan_add_member(&n->lans[0], false, 9, 1, 99);
	send(n, network_addr_v4(0, 1), 0);
	assert_int_equal(seen[0].at_ns, seen[6].at_ns);
	assert_int_not_equal(seen[0].at_ns, seen[1].at_ns);
	end(n);
}

static void the_calendar_is_in_order_and_fair_to_the_first_entered(void **state)
{
	struct calendar c = {0};
	struct calendar_entry e;
	struct stream luck = stream_named(1, "test", "calendar");
	int64_t last = -1;
	uint64_t last_order = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		calendar_enter(&c, (int64_t)(stream_u64(&luck) % 500), 0, i, NULL);
	for (unsigned i = 0; i < 5000; i++) {
		assert_true(calendar_take(&c, &e));
		assert_true(e.at_ns > last || (e.at_ns == last && e.order > last_order));
		last = e.at_ns;
		last_order = e.order;
	}
	assert_false(calendar_take(&c, &e));
	calendar_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_packet_goes_as_far_as_its_ttl),
		cmocka_unit_test(a_link_group_never_leaves_the_link),
		cmocka_unit_test(who_has_not_joined_hears_nothing),
		cmocka_unit_test(unicast_finds_its_way_and_pays_for_each_hop),
		cmocka_unit_test(one_direction_can_have_a_wire_of_its_own),
		cmocka_unit_test(a_wire_loses_doubles_and_delays_as_told),
		cmocka_unit_test(luck_depends_on_place_and_time_alone),
		cmocka_unit_test(the_calendar_is_in_order_and_fair_to_the_first_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
