/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#define GROUP "224.0.1.1"

struct bad_packet {
	enum verdict verdict;
	uint16_t len;
	uint8_t first;	/* leap, version, mode */
	uint8_t source; /* last octet of the sender, in 10.0.0 */
};

static const struct bad_packet bad_packets[] = {
	{VERDICT_SHORT, 47, 4 << 3 | 3, 9},	    {VERDICT_FORMAT, 50, 4 << 3 | 3, 9},
	{VERDICT_VERSION, 48, 0 << 3 | 3, 9},	    {VERDICT_VERSION, 48, 5 << 3 | 3, 9},
	{VERDICT_MODE, 48, 4 << 3 | 0, 9},	    {VERDICT_MODE, 48, 4 << 3 | 1, 9},
	{VERDICT_MODE, 48, 4 << 3 | 2, 9},	    {VERDICT_MODE, 48, 4 << 3 | 6, 9},
	{VERDICT_MODE, 48, 4 << 3 | 7, 9},	    {VERDICT_UNEXPECTED, 48, 4 << 3 | 4, 9},
	{VERDICT_NOT_LISTENING, 48, 4 << 3 | 5, 9}, {VERDICT_SOURCE, 48, 4 << 3 | 5, 1},
	{VERDICT_SOURCE, 48, 4 << 3 | 4, 1},	    {VERDICT_FORMAT, 56, 4 << 3 | 3, 9},
	{VERDICT_CRYPTO_NAK, 52, 4 << 3 | 3, 9},
};

static void every_bad_packet_is_one_counted_verdict(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0), n = sizeof bad_packets / sizeof bad_packets[0];
	struct drop_row drop;
	struct counter_row row;

	(void)state;
	site_commit(s, h);
	for (unsigned i = 0; i < n; i++) {
		struct packet q = {.transmit = {1}};
		struct send_action a = site_to_host(s, h, &q);
		struct endpoint from = site_asker(bad_packets[i].source);
		uint64_t before = site_count(s, h, ADDR_V4, bad_packets[i].verdict);

		a.octets[0] = bad_packets[i].first;
		a.len = bad_packets[i].len;
		site_post(s, h, &from, &a);
		site_run(s, SPAN_MS(1));
		assert_int_equal(site_count(s, h, ADDR_V4, bad_packets[i].verdict), before + 1);
		assert_true(node_drop(s->hosts[h].node, 0, &drop));
		assert_int_equal(drop.verdict, bad_packets[i].verdict);
	}
	assert_int_equal(s->hosts[h].sent, 0);
	assert_false(node_drop(s->hosts[h].node, STATE_DROPS_MAX, &drop));
	assert_true(node_counter(s->hosts[h].node, ADDR_V4, 1, &row));
	assert_string_equal(row.ifname, "eth0");
	assert_int_equal(row.received, n);
	assert_false(node_counter(s->hosts[h].node, ADDR_V4, 2, &row));
	node_reset_counters(s->hosts[h].node);
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_MODE), 0);
	site_free(s);
}

static void a_new_group_is_joined_once_and_left_when_it_goes(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct host *o = &s->hosts[h];

	(void)state;
	(void)site_role(s, h, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, h);
	assert_int_equal(site_row(s, h, 0).join, GROUP_PENDING);
	site_run(s, SPAN_S(1));
	assert_int_equal(o->kinds[ACT_JOIN], 1);
	assert_int_equal(site_row(s, h, 0).join, GROUP_JOINED);
	site_commit(s, h);
	site_run(s, SPAN_S(200));
	assert_int_equal(o->kinds[ACT_JOIN], 1);
	/* A second role for the same group needs no second membership. */
	(void)site_role(s, h, ROLE_MANYCAST_SERVER, GROUP);
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(o->kinds[ACT_JOIN], 1);
	assert_int_equal(site_row(s, h, 1).join, GROUP_JOINED);
	o->settings->roles[0] = o->settings->roles[1];
	o->settings->role_count = 1;
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(o->kinds[ACT_LEAVE], 0);
	assert_int_equal(site_row(s, h, 0).join, GROUP_JOINED);
	o->settings->role_count = 0;
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(o->kinds[ACT_LEAVE], 1);
	assert_int_equal(o->groups[0].ifindex, 0);
	site_free(s);
}

static void an_interface_may_come_late_go_and_come_back(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct host *o = &s->hosts[h];

	(void)state;
	o->link.ifindex = 0;
	site_link(s, h);
	(void)site_role(s, h, ROLE_MULTICAST_CLIENT, GROUP);
	(void)site_role(s, h, ROLE_MULTICAST_SERVER, "224.0.1.9");
	site_refclock(s, h, 1);
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_row(s, h, 0).join, GROUP_NO_IFACE);
	assert_int_equal(o->kinds[ACT_JOIN] + o->sent, 0);
	o->link.ifindex = 5;
	o->link.up = false;
	site_link(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(o->kinds[ACT_JOIN], 1);
	assert_int_equal(site_row(s, h, 0).join, GROUP_DOWN);
	o->link.up = true;
	o->link.addr_count = 0;
	site_link(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_row(s, h, 0).join, GROUP_JOINED);
	assert_int_equal(site_row(s, h, 1).join, GROUP_NO_ADDR);
	assert_int_equal(o->sent, 0);
	o->link.addr_count = 3;
	site_link(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_row(s, h, 1).join, GROUP_SENDING);
	assert_int_equal(o->sent, 1);
	assert_int_equal(o->last_send.ifindex, 5);
	o->link.ifindex = 9; /* deleted and made anew */
	site_link(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(o->kinds[ACT_JOIN], 2);
	assert_int_equal(o->kinds[ACT_LEAVE], 1);
	assert_int_equal(site_row(s, h, 0).ifindex, 9);
	site_free(s);
}

static void a_refused_join_is_shown_and_tried_again(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct host *o = &s->hosts[h];

	(void)state;
	o->join_error = ENOBUFS;
	(void)site_role(s, h, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_row(s, h, 0).join, GROUP_REFUSED);
	assert_int_equal(site_row(s, h, 0).error, ENOBUFS);
	assert_int_equal(o->notes[NOTE_JOIN_FAILED], 1);
	site_run(s, SPAN_S(179));
	assert_in_range(o->kinds[ACT_JOIN], 3, 4);
	o->join_error = 0;
	site_link(s, h);
	site_run(s, SPAN_MS(1));
	assert_int_equal(site_row(s, h, 0).join, GROUP_JOINED);
	assert_int_equal(site_row(s, h, 0).error, 0);
	site_free(s);
}

static void ports_are_opened_closed_and_heard_on(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(1), 0.0), server = site_add(s, SPAN_ZERO, 0.0);
	struct settings *set = s->hosts[client].settings;

	(void)state;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	set->port_count = 1;
	set->ports[0] = 5000;
	site_commit(s, client);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->port = 5000;
	site_refclock(s, server, 1);
	site_commit(s, server);
	site_run(s, SPAN_S(60));
	assert_int_equal(s->hosts[client].listen, 5000);
	assert_true(span_abs(site_error(s, client)).ns < NS_PER_MS);
	/* The volley goes to where the packet came from. */
	assert_int_equal(site_assoc(s, client, 0).peer.port, 123);
	set->ports[0] = 6000;
	site_commit(s, client);
	site_run(s, SPAN_S(1));
	assert_int_equal(s->hosts[client].kinds[ACT_LISTEN], 2);
	assert_int_equal(s->hosts[client].kinds[ACT_UNLISTEN], 1);
	struct outcome o = {.kind = OUTCOME_LISTEN, .port = 6000, .error = EADDRINUSE};
	struct actions out = {0};
	node_outcome(s->hosts[client].node, site_now(s, &s->hosts[client]), &o, &out);
	site_run(s, SPAN_S(61));
	assert_int_equal(s->hosts[client].kinds[ACT_LISTEN], 3);
	site_free(s);
}

static void settings_that_stay_keep_their_associations(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(1), 0.0), server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, client);
	(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	site_refclock(s, server, 1);
	site_commit(s, server);
	site_run(s, SPAN_S(100));
	uint32_t id = site_assoc(s, client, 0).id;

	assert_int_not_equal(id, 0);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, "224.0.1.9");
	site_commit(s, client);
	assert_int_equal(site_assoc(s, client, 0).id, id);
	assert_int_equal(site_row(s, client, 0).sessions, 1);
	s->hosts[client].settings->roles[0] = s->hosts[client].settings->roles[1];
	s->hosts[client].settings->role_count = 1;
	site_commit(s, client);
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	struct event_row event;
	assert_true(node_event(s->hosts[client].node, 0, &event));
	assert_int_equal(event.reason, EVENT_CONFIGURATION_REMOVED);
	site_run(s, SPAN_S(1));
	site_free(s);
}

static void a_host_with_a_server_and_a_client_role_passes_time_on(void **state)
{
	struct site *s = site_new();
	unsigned top = site_add(s, SPAN_ZERO, 0.0), middle = site_add(s, SPAN_S(1), 20.0),
		 low = site_add(s, SPAN_S(-1), -20.0);

	(void)state;
	(void)site_role(s, top, ROLE_MULTICAST_SERVER, GROUP);
	site_refclock(s, top, 1);
	(void)site_role(s, middle, ROLE_MULTICAST_CLIENT, GROUP);
	(void)site_role(s, middle, ROLE_MULTICAST_SERVER, "224.0.1.2");
	(void)site_role(s, low, ROLE_MULTICAST_CLIENT, "224.0.1.2");
	for (unsigned i = 0; i < 3; i++)
		site_commit(s, i);
	assert_int_equal(site_system(s, middle).silence, SILENCE_WAITING);
	site_run(s, SPAN_S(120));
	assert_int_equal(site_system(s, middle).stratum, 2);
	assert_int_equal(site_system(s, low).stratum, 3);
	assert_int_equal(site_system(s, middle).silence, SILENCE_NONE);
	assert_true(span_abs(site_error(s, low)).ns < NS_PER_MS);
	site_free(s);
}

static void an_observer_computes_and_touches_nothing(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_MS(700), 20.0), server = site_add(s, SPAN_ZERO, 0.0);
	struct node_options options = {.precision_log2s = -20, .frequency_max = {500000000}};
	uint8_t seed[32] = {77};

	(void)state;
	site_halt(s, client);
	s->hosts[client].node = node_new(calloc(1, node_size()), seed, &options);
	site_link(s, client);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, client);
	(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	site_refclock(s, server, 1);
	site_commit(s, server);
	site_run(s, SPAN_S(200));
	const unsigned *kinds = s->hosts[client].kinds;

	assert_int_equal(kinds[ACT_STEP] + kinds[ACT_RATE] + kinds[ACT_STATUS], 0);
	struct system_row row = site_system(s, client);
	assert_true(row.synchronised);
	span wrong = span_add(row.offset, site_error(s, client));
	assert_true(span_abs(wrong).ns < NS_PER_MS / 10);
	/* What it serves is its wall clock, and it says how wrong that may be. */
	assert_true(row.root_dispersion.ns > 700 * NS_PER_MS);
	site_free(s);
}

static void an_address_stands_for_the_group_where_none_is_reported(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_MS(700), 20.0);
	struct node_options options = {.steer = true, .static_ifaces = true};
	struct packet p = {.version = 3, .mode = MODE_BROADCAST, .stratum = 1, .poll_log2s = 4};
	struct endpoint from = {.addr = addr_v4(10, 0, 0, 9), .port = NTP_PORT};
	uint8_t seed[32] = {77};

	(void)state;
	site_halt(s, client);
	s->hosts[client].node = node_new(calloc(1, node_size()), seed, &options);
	site_link(s, client);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, client);
	p.transmit = site_truth(s);
	struct send_action a = site_to_host(s, client, &p);
	site_post(s, client, &from, &a);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_HEARD), 1);
	assert_int_equal(site_system(s, client).assoc_count, 1);
	site_free(s);
}

static void dynamic_sessions_have_a_limit(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_MS(700), 20.0);
	struct packet p = {.version = 3, .mode = MODE_BROADCAST, .stratum = 1, .poll_log2s = 4};

	(void)state;
	s->hosts[client].settings->max_dynamic_sessions = 5;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, client);
	p.transmit = site_truth(s);
	for (uint8_t i = 0; i < 50; i++) {
		struct send_action a = site_to_host(s, client, &p);
		struct endpoint from = {.addr = addr_v4(10, 0, 0, (uint8_t)(100 + i)), .port = 123};
		bool parsed = addr_parse(GROUP, &a.to.addr);

		assert_true(parsed);
		site_post(s, client, &from, &a);
	}
	site_run(s, SPAN_S(1));
	assert_int_equal(site_system(s, client).assoc_count, 5);
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_DYNAMIC_MAX), 45);
	site_free(s);
}

static void a_server_by_address_is_polled(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(1), 20.0), server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	site_refclock(s, server, 1);
	site_commit(s, server);
	site_unicast(s, client, server, 4, 6)->iburst = true;
	site_commit(s, client);
	site_run(s, SPAN_S(10));
	assert_true(span_abs(site_error(s, client)).ns < NS_PER_MS);
	assert_int_equal(site_assoc(s, client, 0).origin, ASSOC_UNICAST);
	site_run(s, SPAN_S(2000));
	assert_int_equal(site_assoc(s, client, 0).reach, 0xff);
	assert_int_equal(site_assoc(s, client, 0).local_poll_log2s, 6);
	s->hosts[server].unplugged = true;
	site_run(s, SPAN_S(1000));
	assert_int_equal(site_assoc(s, client, 0).reach, 0);
	s->hosts[client].settings->unicast_count = 0;
	site_commit(s, client);
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	site_free(s);
}

static void same_seed_and_events_give_the_same_actions(void **state)
{
	struct send_action last[2];
	unsigned sent[2];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct site *s = site_new();
		unsigned client = site_add(s, SPAN_S(1), 20.0), server = site_add(s, SPAN_ZERO, 0);

		s->jitter = 100 * NS_PER_US;
		(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
		site_commit(s, client);
		(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
		site_refclock(s, server, 1);
		site_commit(s, server);
		site_run(s, SPAN_S(3000));
		last[round] = s->hosts[client].last_send;
		sent[round] = s->hosts[client].sent;
		site_free(s);
	}
	assert_int_equal(sent[0], sent[1]);
	/* field by field: what pads a struct is nobody's */
	assert_int_equal(last[0].id, last[1].id);
	assert_int_equal(last[0].ifindex, last[1].ifindex);
	assert_int_equal(last[0].ask, last[1].ask);
	assert_int_equal(last[0].service_port, last[1].service_port);
	assert_int_equal(last[0].to.port, last[1].to.port);
	assert_int_equal(last[0].ttl, last[1].ttl);
	assert_true(addr_equal(&last[0].to.addr, &last[1].to.addr));
	assert_true(addr_equal(&last[0].from, &last[1].from));
	assert_int_equal(last[0].len, last[1].len);
	assert_memory_equal(last[0].octets, last[1].octets, last[0].len);
}

static void a_thousand_interfaces_are_joined_one_at_a_wake(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct host *o = &s->hosts[h];
	struct now now = site_now(s, o);
	struct actions out = {0};
	unsigned joins = 0, wakes = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct iface_link l = {.ifindex = 100 + i, .up = true, .addr_count = 1};

		(void)snprintf(l.name, sizeof l.name, "v%03u", i);
		l.addrs[0] =
			(struct prefix){addr_v4(10, 1, (uint8_t)(i / 250), (uint8_t)(i % 250)), 32};
		node_link(o->node, now, &l, &out);
		for (unsigned j = 0; j < 2; j++) {
			struct role_setting *r =
				site_role(s, h, ROLE_MULTICAST_CLIENT, j ? "224.0.1.2" : GROUP);
			memcpy(r->ifname, l.name, sizeof r->ifname);
		}
	}
	assert_int_equal(out.count, 0);
	node_configure(o->node, now, o->settings, &out);
	assert_int_equal(out.count, 0);
	for (; node_next_wake(o->node).ns <= now.mono.ns; wakes++) {
		out.count = 0;
		node_wake(o->node, now, &out);
		assert_true(out.count <= 1);
		for (unsigned i = 0; i < out.count; i++) {
			struct outcome done = {.kind = OUTCOME_GROUP, .id = out.list[i].group.id};
			struct actions none = {0};

			assert_int_equal(out.list[i].kind, ACT_JOIN);
			node_outcome(o->node, now, &done, &none);
			joins++;
		}
		assert_true(wakes < 5000);
	}
	assert_int_equal(joins, 2000);
	assert_int_equal(site_row(s, h, 1999).join, GROUP_JOINED);
	site_free(s);
}

static void who_proved_nothing_leaves_when_proof_is_asked_for(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 0.0);

	(void)state;
	(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	site_refclock(s, server, 1);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, server);
	site_commit(s, client);
	site_run(s, SPAN_S(100));
	assert_true(site_system(s, client).synchronised);
	site_commit(s, client); /* nothing changed: it stays */
	assert_int_not_equal(site_assoc(s, client, 0).id, 0);
	s->hosts[client].settings->authentication = true;
	site_commit(s, client);
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	site_run(s, SPAN_S(200));
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	assert_true(site_count(s, client, ADDR_V4, VERDICT_MAC_MISSING) >= 2);
	site_free(s);
}

static void no_block_is_larger_than_it_should_be(void **state)
{
	(void)state;
	assert_in_range(node_size(), 1, 7U << 20);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_bad_packet_is_one_counted_verdict),
	cmocka_unit_test(a_new_group_is_joined_once_and_left_when_it_goes),
	cmocka_unit_test(an_interface_may_come_late_go_and_come_back),
	cmocka_unit_test(a_refused_join_is_shown_and_tried_again),
	cmocka_unit_test(ports_are_opened_closed_and_heard_on),
	cmocka_unit_test(settings_that_stay_keep_their_associations),
	cmocka_unit_test(a_host_with_a_server_and_a_client_role_passes_time_on),
	cmocka_unit_test(an_observer_computes_and_touches_nothing),
	cmocka_unit_test(an_address_stands_for_the_group_where_none_is_reported),
	cmocka_unit_test(dynamic_sessions_have_a_limit),
	cmocka_unit_test(a_server_by_address_is_polled),
	cmocka_unit_test(same_seed_and_events_give_the_same_actions),
	cmocka_unit_test(a_thousand_interfaces_are_joined_one_at_a_wake),
	cmocka_unit_test(who_proved_nothing_leaves_when_proof_is_asked_for),
	cmocka_unit_test(no_block_is_larger_than_it_should_be),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
