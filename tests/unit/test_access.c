/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#include "ntp/packet.h"

#define GROUP "224.0.1.1"
#define RATE UINT32_C(0x52415445)
#define DENY UINT32_C(0x44454e59)

static struct settings *settings_of(struct site *s, unsigned host)
{
	return s->hosts[host].settings;
}

static void add_rule(struct settings *set, uint16_t list, bool permit, const char *source,
		     uint32_t wildcard)
{
	struct rule_setting *r = &set->rules[set->rule_count];

	*r = (struct rule_setting){.acl = {.family = ADDR_V4, .number = list},
				   .id = set->rule_count,
				   .permit = permit,
				   .any = !source,
				   .wildcard = wildcard};
	if (source)
		assert_true(addr_parse(source, &r->source));
	set->rule_count++;
}

static void add_right(struct settings *set, enum access_right right, uint16_t list)
{
	set->access[set->access_count++] =
		(struct access_setting){.right = (uint8_t)right, .number4 = list};
}

/* What one question gets: the answer's stratum and code; false if there is none. */
static bool ask(struct site *s, unsigned host, const char *from, uint16_t port, struct packet *ret)
{
	struct host *h = &s->hosts[host];
	struct packet q = {.version = 4, .mode = MODE_CLIENT, .transmit = {77}};
	uint8_t octets[PACKET_HEADER_OCTETS];
	struct actions out = {0};
	struct datagram d = {.octets = octets,
			     .len = sizeof octets,
			     .to = h->link.addrs[0].addr,
			     .from.port = port,
			     .ifindex = h->link.ifindex,
			     .service_port = NTP_PORT,
			     .at = site_now(s, h)};

	assert_true(addr_parse(from, &d.from.addr));
	packet_write(&q, octets);
	node_receive(h->node, d.at, &d, &out);
	for (unsigned i = 0; i < out.count; i++) {
		if (out.list[i].kind == ACT_SEND)
			return packet_read(out.list[i].send.octets, out.list[i].send.len, ret);
	}
	return false;
}

static unsigned new_server(struct site *s)
{
	unsigned h = site_add(s, SPAN_ZERO, 0.0);

	site_refclock(s, h, 1);
	site_commit(s, h);
	site_run(s, SPAN_S(1));
	return h;
}

static void rights_are_asked_in_their_order_and_the_first_permit_counts(void **state)
{
	struct site *s = site_new();
	unsigned h = new_server(s);
	struct settings *set = settings_of(s, h);
	struct packet p;

	(void)state;
	assert_true(ask(s, h, "192.0.2.1", 1000, &p));
	add_rule(set, 2000, false, "192.0.2.1", 0);
	add_rule(set, 2000, true, "192.0.2.0", 0xff);
	add_rule(set, 2001, true, "192.0.2.0", 1);
	add_rule(set, 2002, true, NULL, 0);
	add_right(set, ACCESS_PEER, 2000);
	add_right(set, ACCESS_QUERY, 2001);
	site_commit(s, h);
	assert_true(ask(s, h, "192.0.2.2", 1000, &p));
	assert_false(ask(s, h, "192.0.2.1", 1000, &p)); /* denied by peer, granted by query */
	assert_false(ask(s, h, "198.51.100.1", 1000, &p));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_ACCESS), 2);
	add_right(set, ACCESS_LIMITED, 2002);
	site_commit(s, h);
	assert_true(ask(s, h, "198.51.100.1", 1000, &p));
	assert_false(ask(s, h, "192.0.2.1", 1000, &p));
	site_free(s);
}

static void a_list_of_one_family_does_not_speak_of_the_other(void **state)
{
	struct site *s = site_new();
	unsigned h = new_server(s);
	struct packet p;

	(void)state;
	add_right(settings_of(s, h), ACCESS_PEER, 2000);
	site_commit(s, h);
	assert_false(ask(s, h, "192.0.2.2", 1000, &p));
	assert_true(ask(s, h, "2001:db8::7", 1000, &p));
	site_free(s);
}

static unsigned limited_server(struct site *s)
{
	unsigned h = new_server(s);

	add_rule(settings_of(s, h), 2000, true, "192.0.2.0", 0xff);
	add_right(settings_of(s, h), ACCESS_LIMITED, 2000);
	site_commit(s, h);
	return h;
}

static void questions_of_limited_sources_have_a_gap_and_an_average(void **state)
{
	struct site *s = site_new();
	unsigned h = limited_server(s), answered = 0;
	struct packet p;

	(void)state;
	assert_true(ask(s, h, "192.0.2.1", 1000, &p));
	assert_false(ask(s, h, "192.0.2.1", 1000, &p));
	assert_false(ask(s, h, "192.0.2.1", 1001, &p)); /* another port is not another client */
	assert_true(ask(s, h, "192.0.2.2", 1000, &p));
	for (unsigned i = 0; i < 100; i++)
		assert_true(ask(s, h, "198.51.100.1", 1000, &p));
	for (unsigned i = 0; i < 320; i++) {
		site_run(s, SPAN_S(2));
		answered += ask(s, h, "192.0.2.3", (uint16_t)(1000 + i), &p);
	}
	/* 8 at once, then one in 32 s. */
	assert_in_range(answered, 26, 30);
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_RATE), 2 + 320 - answered);
	site_free(s);
}

static void a_kiss_is_sent_only_if_allowed_and_not_often(void **state)
{
	struct site *s = site_new();
	unsigned h = limited_server(s);
	struct packet p;

	(void)state;
	settings_of(s, h)->kod = true;
	site_commit(s, h);
	assert_true(ask(s, h, "192.0.2.1", 1000, &p));
	assert_int_equal(p.stratum, 1);
	assert_true(ask(s, h, "192.0.2.1", 1000, &p));
	assert_int_equal(p.stratum, 0);
	assert_int_equal(p.leap, LEAP_UNKNOWN);
	assert_int_equal(p.refid, RATE);
	assert_true(p.origin.frac == 77);
	for (unsigned i = 0; i < 50; i++)
		assert_false(ask(s, h, "192.0.2.1", 1000, &p));
	add_right(settings_of(s, h), ACCESS_SERVER, 2999);
	settings_of(s, h)->access[0].right = ACCESS_SERVER;
	settings_of(s, h)->access[0].number4 = 2999;
	settings_of(s, h)->access_count = 1;
	site_commit(s, h);
	assert_true(ask(s, h, "192.0.2.9", 1000, &p));
	assert_int_equal(p.refid, DENY);
	site_free(s);
}

static void who_is_no_peer_is_not_followed(void **state)
{
	struct site *s = site_new();
	unsigned client;

	(void)state;
	(void)site_server(s, GROUP);
	client = site_client(s, GROUP, SPAN_MS(300), 10.0);
	site_run(s, SPAN_S(120));
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	add_right(settings_of(s, client), ACCESS_PEER, 2000);
	site_commit(s, client);
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	site_run(s, SPAN_S(60));
	assert_int_equal(site_assoc(s, client, 0).id, 0);
	assert_true(site_count(s, client, ADDR_V4, VERDICT_ACCESS) >= 3);
	add_rule(settings_of(s, client), 2000, true, NULL, 0);
	site_commit(s, client);
	site_run(s, SPAN_S(60));
	assert_int_not_equal(site_assoc(s, client, 0).id, 0);
	site_free(s);
}

static void nothing_is_heard_where_receiving_is_disabled(void **state)
{
	struct site *s = site_new();
	unsigned h = new_server(s);
	struct settings *set = settings_of(s, h);
	struct packet p;

	(void)state;
	set->receives[0] = (struct receive_setting){.ifname = "eth0", .family = ADDR_V6};
	set->receive_count = 1;
	site_commit(s, h);
	assert_true(ask(s, h, "192.0.2.1", 1000, &p));
	assert_false(ask(s, h, "2001:db8::7", 1000, &p));
	assert_int_equal(site_count(s, h, ADDR_V6, VERDICT_IFACE_DISABLED), 1);
	set->server_off4 = true;
	site_commit(s, h);
	assert_false(ask(s, h, "192.0.2.1", 1000, &p));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_SERVER_DISABLED), 1);
	set->off4 = true;
	site_commit(s, h);
	assert_false(ask(s, h, "192.0.2.1", 1000, &p));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_NTP_DISABLED), 1);
	site_free(s);
}

static void a_disabled_server_sends_no_beacon(void **state)
{
	struct site *s = site_new();
	unsigned server = site_server(s, GROUP);
	struct system_row row;

	(void)state;
	site_run(s, SPAN_S(60));
	row = site_system(s, server);
	assert_true(row.sent > 0);
	settings_of(s, server)->server_off4 = true;
	site_commit(s, server);
	site_run(s, SPAN_S(60));
	assert_int_equal(site_system(s, server).sent, row.sent);
	settings_of(s, server)->server_off4 = false;
	site_commit(s, server);
	site_run(s, SPAN_S(60));
	assert_true(site_system(s, server).sent > row.sent);
	site_free(s);
}

static void what_is_switched_off_stays_in_view_and_comes_back(void **state)
{
	struct site *s = site_new();
	unsigned server = site_server(s, GROUP), client = site_client(s, GROUP, SPAN_ZERO, 0.0);
	struct settings *set = settings_of(s, client);

	(void)state;
	site_run(s, SPAN_S(60));
	assert_int_equal(site_row(s, client, 0).join, GROUP_JOINED);
	set->off4 = true;
	site_commit(s, client);
	settings_of(s, server)->server_off4 = true;
	site_commit(s, server);
	site_run(s, SPAN_S(60));
	assert_int_equal(site_row(s, client, 0).join, GROUP_DISABLED);
	assert_int_equal(site_row(s, client, 0).off, VERDICT_NTP_DISABLED);
	assert_int_equal(site_row(s, client, 0).sessions, 0);
	assert_int_equal(site_row(s, server, 0).join, GROUP_DISABLED);
	assert_int_equal(site_row(s, server, 0).off, VERDICT_SERVER_DISABLED);
	assert_int_equal(site_row(s, server, 0).next.ns, -1);
	set->off4 = false;
	site_commit(s, client);
	settings_of(s, server)->server_off4 = false;
	site_commit(s, server);
	site_run(s, SPAN_S(180));
	assert_int_equal(site_row(s, server, 0).join, GROUP_SENDING);
	assert_int_equal(site_row(s, client, 0).join, GROUP_JOINED);
	assert_int_equal(site_row(s, client, 0).sessions, 1);
	set->receives[0] = (struct receive_setting){.ifname = "eth0", .family = ADDR_V4};
	set->receive_count = 1;
	site_commit(s, client);
	assert_int_equal(site_row(s, client, 0).join, GROUP_DISABLED);
	assert_int_equal(site_row(s, client, 0).off, VERDICT_IFACE_DISABLED);
	site_free(s);
}

static void a_group_counts_what_became_of_its_packets(void **state)
{
	struct site *s = site_new();
	unsigned h;
	struct settings *set;
	struct group_row row;

	(void)state;
	(void)site_server(s, GROUP);
	h = site_client(s, GROUP, SPAN_ZERO, 0.0);
	set = settings_of(s, h);
	site_run(s, SPAN_S(300));
	row = site_row(s, h, 0);
	assert_true(row.verdicts[VERDICT_USED] > 0);
	uint64_t sum = 0;
	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		sum += row.verdicts[v];
	assert_int_equal(sum, row.received);
	/* What is refused before anybody looks for its role is counted for it, too. */
	add_right(set, ACCESS_PEER, 2999);
	site_commit(s, h);
	site_run(s, SPAN_S(200));
	assert_true(site_row(s, h, 0).verdicts[VERDICT_ACCESS] > 0);
	assert_int_equal(site_row(s, h, 0).verdicts[VERDICT_ACCESS],
			 site_count(s, h, ADDR_V4, VERDICT_ACCESS));
	node_reset_counters(s->hosts[h].node);
	row = site_row(s, h, 0);
	assert_int_equal(row.received + row.sent + row.verdicts[VERDICT_USED], 0);
	site_free(s);
}

static void a_server_beyond_the_offset_limit_is_not_followed(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(30), 0.0);

	(void)state;
	(void)site_server(s, GROUP);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	settings_of(s, client)->offset_limit_s = 20;
	site_commit(s, client);
	site_run(s, SPAN_S(120));
	assert_false(site_is_within(s, client, SPAN_S(29)));
	assert_true(site_count(s, client, ADDR_V4, VERDICT_OFFSET_LIMIT) > 0);
	settings_of(s, client)->offset_limit_s = 40;
	site_commit(s, client);
	site_run(s, SPAN_S(120));
	assert_true(site_is_within(s, client, SPAN_MS(1)));
	site_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_are_asked_in_their_order_and_the_first_permit_counts),
		cmocka_unit_test(a_list_of_one_family_does_not_speak_of_the_other),
		cmocka_unit_test(questions_of_limited_sources_have_a_gap_and_an_average),
		cmocka_unit_test(a_kiss_is_sent_only_if_allowed_and_not_often),
		cmocka_unit_test(who_is_no_peer_is_not_followed),
		cmocka_unit_test(nothing_is_heard_where_receiving_is_disabled),
		cmocka_unit_test(a_disabled_server_sends_no_beacon),
		cmocka_unit_test(what_is_switched_off_stays_in_view_and_comes_back),
		cmocka_unit_test(a_group_counts_what_became_of_its_packets),
		cmocka_unit_test(a_server_beyond_the_offset_limit_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
