/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"

/*
 * Transmit times that are wrong by luck: a server whose packets leave late by up to a millisecond,
 * as its kernel's stamps say. The path is as long both ways, so without interleaving the client
 * is wrong by about half a millisecond.
 */
static span lateness(struct site *s)
{
	return (span){(int64_t)(site_roll(s) % (uint64_t)NS_PER_MS)};
}

enum tamper {
	TAMPER_NOTHING,
	TAMPER_BASIC,  /* no origin, as a server without stamps sends */
	TAMPER_FUTURE, /* origins half a second late */
	TAMPER_FAR,    /* origins an hour away */
	TAMPER_LOSE,   /* every third beacon is lost */
	TAMPER_MIX,    /* every other beacon is a basic one */
};

static enum tamper tamper;
static unsigned beacon_count, with_origin;
static struct packet last_beacon;

/* Beacons leave late: the packet and the stamp are, the transmit field is not. */
static bool on_the_wire(struct site *s, unsigned from, struct send_action *a)
{
	struct packet p;

	if (!packet_read(a->octets, a->len, &p) || p.mode != MODE_BROADCAST)
		return true;
	s->hosts[from].send_lag = lateness(s);
	s->delay = 50 * NS_PER_US + s->hosts[from].send_lag.ns;
	beacon_count++;
	switch (tamper) {
	case TAMPER_NOTHING:
		break;
	case TAMPER_BASIC:
		p.origin = (stamp){0};
		break;
	case TAMPER_FUTURE:
		p.origin = stamp_add(p.origin, SPAN_MS(500));
		break;
	case TAMPER_FAR:
		p.origin = stamp_add(p.origin, SPAN_S(3600));
		break;
	case TAMPER_LOSE:
		break;
	case TAMPER_MIX:
		if (beacon_count % 2)
			p.origin = (stamp){0};
		break;
	}
	with_origin += !stamp_is_zero(p.origin);
	last_beacon = p;
	packet_write(&p, a->octets);
	return tamper != TAMPER_LOSE || beacon_count % 3 != 0;
}

/* Answers come on a quick path. */
static bool any_packet(struct site *s, unsigned from, struct send_action *a)
{
	s->delay = 50 * NS_PER_US;
	s->hosts[from].send_lag = SPAN_ZERO;
	return on_the_wire(s, from, a);
}

static struct site *late_site(enum tamper how, unsigned *ret_client)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	*ret_client = site_add(s, SPAN_MS(20), 10.0);
	tamper = how;
	beacon_count = with_origin = 0;
	s->tap = any_packet;
	(void)site_role(s, *ret_client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, *ret_client);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->minpoll_log2s = 4;
	site_refclock(s, server, 1);
	site_commit(s, server);
	return s;
}

/* Root of the mean square of the client's error while it only listens, ns. */
static double listen(struct site *s, unsigned client)
{
	double sum = 0.0;
	unsigned count = 0;

	site_run(s, SPAN_S(400));
	for (; count < 2000; count++) {
		double e = (double)site_error(s, client).ns;

		sum += e * e;
		site_run(s, SPAN_S(2));
	}
	return sqrt(sum / count);
}

static double error_with(enum tamper how)
{
	unsigned client;
	struct site *s = late_site(how, &client);
	double error = listen(s, client);

	print_message("tamper %d: %.0f ns\n", (int)how, error);
	assert_int_equal(s->hosts[client].stepped, 1);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
	return error;
}

static void a_beacon_carries_when_the_one_before_left(void **state)
{
	unsigned client;
	struct site *s = late_site(TAMPER_NOTHING, &client);

	(void)state;
	site_run(s, SPAN_S(1));
	assert_int_equal(beacon_count, 1);
	assert_int_equal(with_origin, 0);
	struct packet first = last_beacon;
	site_run(s, SPAN_S(17));
	assert_int_equal(beacon_count, 2);
	assert_int_equal(with_origin, 1);
	span late = stamp_sub(last_beacon.origin, first.transmit);
	assert_in_range(late.ns, 0, NS_PER_MS);
	site_free(s);
}

static void exact_times_beat_those_in_the_packet(void **state)
{
	double basic = error_with(TAMPER_BASIC);
	double exact = error_with(TAMPER_NOTHING);

	(void)state;
	assert_true(exact < basic / 2);
}

static void lost_and_mixed_beacons_do_no_harm(void **state)
{
	double basic = error_with(TAMPER_BASIC);

	(void)state;
	assert_true(error_with(TAMPER_LOSE) < basic);
	assert_true(error_with(TAMPER_MIX) < basic);
}

static void origins_that_cannot_be_change_nothing(void **state)
{
	double basic = error_with(TAMPER_BASIC);
	double far = error_with(TAMPER_FAR);

	(void)state;
	assert_true(far == basic);
}

static void an_origin_that_contradicts_all_packets_is_not_believed(void **state)
{
	double basic = error_with(TAMPER_BASIC);

	(void)state;
	assert_true(error_with(TAMPER_FUTURE) == basic);
}

static void after_a_step_of_the_server_nothing_is_told_of_before(void **state)
{
	unsigned client;
	struct site *s = late_site(TAMPER_NOTHING, &client);
	struct actions out = {0};

	(void)state;
	site_run(s, SPAN_S(100));
	assert_false(stamp_is_zero(last_beacon.origin));
	site_rebase(s, &s->hosts[0]);
	s->hosts[0].wall = stamp_add(s->hosts[0].wall, SPAN_MS(300));
	node_stepped(s->hosts[0].node, site_now(s, &s->hosts[0]), SPAN_MS(300), &out);
	site_perform(s, 0, &out);
	site_run(s, SPAN_S(17));
	assert_true(stamp_is_zero(last_beacon.origin));
	site_run(s, SPAN_S(17));
	assert_false(stamp_is_zero(last_beacon.origin));
	site_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_beacon_carries_when_the_one_before_left),
		cmocka_unit_test(exact_times_beat_those_in_the_packet),
		cmocka_unit_test(lost_and_mixed_beacons_do_no_harm),
		cmocka_unit_test(origins_that_cannot_be_change_nothing),
		cmocka_unit_test(an_origin_that_contradicts_all_packets_is_not_believed),
		cmocka_unit_test(after_a_step_of_the_server_nothing_is_told_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
