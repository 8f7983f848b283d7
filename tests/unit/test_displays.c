/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>

#include "world_table.h"

/* ---- statistics ---- */

static void fill_counters(void)
{
	struct counter_row *c = &w.counters[0][0];

	w.counter_count = 2;
	*c = (struct counter_row){.family = ADDR_V4, .sent = 41, .received = 57};
	c->verdicts[VERDICT_USED] = 50;
	c->verdicts[VERDICT_ANSWERED] = 2;
	c->verdicts[VERDICT_MAC_BAD] = 3;
	c->verdicts[VERDICT_ACCESS] = 2;
	w.counters[0][1] = *c;
	memcpy(w.counters[0][1].ifname, "eth0", sizeof "eth0");
	w.counters[1][0] = (struct counter_row){.family = ADDR_V6, .sent = 7};
}

static const char table[] = " NTP IPv4 Packet Statistical Information\n"
			    " --------------------------------------------------\n"
			    " Sent                                  :          41\n"
			    "    Send failures                      :          0\n"
			    " Received                              :          57\n"
			    "    Processed                          :          52\n"
			    "    Dropped                            :          5\n"
			    "       Validity test failures          :          3\n"
			    "          Authentication failures      :          3\n"
			    "       Invalid packets                 :          0\n"
			    "       Access denied                   :          2\n"
			    "       Rate-limited                    :          0\n"
			    "       Processing delay                :          0\n"
			    "       Interface disabled              :          0\n"
			    "       Max dynamic association reached :          0\n"
			    "       Server disabled                 :          0\n"
			    "       Offset limit                    :          0\n"
			    "       Others                          :          0\n";

static void statistics_have_the_documented_table(void **state)
{
	(void)state;
	fill_counters();
	const char *text = display(STATISTICS, &none);
	assert_memory_equal(text, table, sizeof table - 1);
	assert_string_equal(text + sizeof table - 1, "Last 0 packets drop reasons:\n");
	assert_no_trailing_blanks(text);
	text = display(STATISTICS, &(struct args){.words = " ipv6 "});
	assert_non_null(strstr(text, "NTP IPv6 Packet"));
	assert_non_null(strstr(text, " Sent                                  :          7\n"));
}

static void dropped_packets_are_told_one_by_one(void **state)
{
	(void)state;
	fill_counters();
	w.group_count = 1;
	w.groups[0] = (struct group_row){.ifname = "eth0", .ifindex = 2, .group = ip("224.0.1.1")};
	w.drop_count = 3;
	w.drops[0] = (struct drop_row){
		VERDICT_MAC_BAD, at_ms(500), 2, {ip("192.0.2.9"), 123}, ip("224.0.1.1")};
	w.drops[1] =
		(struct drop_row){VERDICT_SHORT, at_ms(0), 9, {ip("192.0.2.9"), 40000}, ADDR_ANY};
	w.drops[2] = (struct drop_row){VERDICT_SHORT, at_ms(0), 2, {ip("fe80::9"), 123}, ADDR_ANY};
	assert_string_equal(
		display(STATISTICS, &none) + sizeof table - 1,
		"Last 2 packets drop reasons:\n"
		"  [2026-03-03 08:15:42.500] mac-bad from 192.0.2.9 port 123 to 224.0.1.1 on eth0: "
		"the MAC does not verify\n"
		"  [2026-03-03 08:15:42.000] short from 192.0.2.9 port 40000 on interface number "
		"9: shorter than 48 octets\n");
	assert_non_null(
		strstr(display(STATISTICS, &(struct args){.words = " ipv6 "}), "from FE80::9"));
}

static void statistics_by_interface_and_by_peer(void **state)
{
	(void)state;
	fill_counters();
	w.assoc_count = 1;
	w.assocs[0] = a_session("192.0.2.17");
	const char *text = display(BY_INTERFACE, &(struct args){" interface all ", NULL, NULL});
	assert_non_null(strstr(text, "Information (Interface: eth0)\n"));
	assert_null(strstr(text, "Last "));
	text = display(BY_INTERFACE, &(struct args){" interface ", "interface-name", "eth9"});
	assert_string_equal(text, "Info: No packet has been counted there.\n");
	/* The kernel takes names that are no text. */
	memcpy(w.counters[0][1].ifname, "br\xff", sizeof "br\xff");
	text = display(BY_INTERFACE, &(struct args){" interface all ", NULL, NULL});
	assert_non_null(strstr(text, "(Interface: br\\xff)\n"));
	text = display(BY_PEER, &(struct args){" peer ", "ip-address", "192.0.2.17"});
	assert_non_null(strstr(text, "Information (Peer: 192.0.2.17)\n"));
	assert_non_null(strstr(text, " Received                              :          15\n"));
	assert_null(strstr(text, "Sent"));
	text = display(BY_PEER, &(struct args){" peer ipv6 ", NULL, NULL});
	assert_string_equal(text, "Info: No packet has been counted there.\n");
}

/* Each packet is one verdict, so the table's drops add up to its lines. */
static void every_verdict_lands_in_one_line_of_the_table(void **state)
{
	static const char *const parts[] = {
		"validity-test-failures", "invalid-packets",
		"access-denied",	  "rate-limited",
		"processing-delay",	  "interface-disabled",
		"max-dynamic-reached",	  "server-disabled",
		"offset-limit",		  "others",
	};

	(void)state;
	w.counter_count = 1;
	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		w.counters[0][0] = (struct counter_row){.family = ADDR_V4};
		w.counters[0][0].verdicts[v] = 1;
		json_t *data = collect(STATISTICS, &none);
		const json_t *o = json_array_get(json_object_get(data, "statistics"), 0);
		json_int_t sum = json_integer_value(json_object_get(o, "processed"));
		for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
			sum += json_integer_value(json_object_get(o, parts[i]));
		assert_int_equal(sum, 1);
		json_decref(data);
	}
}

/* ---- interfaces, manycast, events, clock ---- */

static void fill_groups(void)
{
	w.group_count = 4;
	w.groups[0] = (struct group_row){.ifname = "eth0",
					 .ifindex = 2,
					 .group = ip("224.0.1.1"),
					 .kind = ROLE_MULTICAST_CLIENT,
					 .join = GROUP_JOINED,
					 .port = 123,
					 .next = {-1},
					 .since_heard = SPAN_S(3),
					 .received = 42,
					 .sessions = 2};
	w.groups[1] = (struct group_row){.ifname = "eth0",
					 .ifindex = 2,
					 .group = ip("ff0e::101"),
					 .kind = ROLE_MULTICAST_SERVER,
					 .join = GROUP_SENDING,
					 .port = 123,
					 .ttl = 16,
					 .version = 4,
					 .poll_log2s = 6,
					 .key_id = 7,
					 .next = SPAN_S(12),
					 .since_heard = {-1},
					 .sent = 5};
	w.groups[2] = (struct group_row){.ifname = "eth1",
					 .group = ip("224.0.1.1"),
					 .kind = ROLE_MULTICAST_CLIENT,
					 .join = GROUP_NO_IFACE,
					 .port = 123,
					 .next = {-1},
					 .since_heard = {-1}};
	w.groups[3] = (struct group_row){.ifname = "eth2",
					 .ifindex = 4,
					 .group = ip("224.0.1.1"),
					 .kind = ROLE_MANYCAST_SERVER,
					 .join = GROUP_REFUSED,
					 .error = ENOBUFS,
					 .port = 123,
					 .next = {-1},
					 .since_heard = {-1}};
}

static void an_interface_shows_each_group_and_the_kernels_reason(void **state)
{
	(void)state;
	fill_groups();
	assert_string_equal(display(INTERFACE, &none),
			    "Interface eth0\n"
			    " multicast-client 224.0.1.1\n"
			    "  state: joined\n"
			    "  port: 123\n"
			    "  next packet: none, last heard: 3 s ago, sessions: 2\n"
			    "  sent: 0, received: 42\n"
			    " multicast-server FF0E::101\n"
			    "  state: sending\n"
			    "  port: 123, ttl: 16, version: 4, interval: 64 s, key: 7\n"
			    "  next packet: in 12 s, last heard: never, sessions: 0\n"
			    "  sent: 5, received: 0\n"
			    "\n"
			    "Interface eth1\n"
			    " multicast-client 224.0.1.1\n"
			    "  state: inactive (the interface does not exist)\n"
			    "  port: 123\n"
			    "  next packet: none, last heard: never, sessions: 0\n"
			    "  sent: 0, received: 0\n"
			    "\n"
			    "Interface eth2\n"
			    " manycast-server 224.0.1.1\n"
			    "  state: refused (too many groups on one socket; raise "
			    "net.ipv4.igmp_max_memberships)\n"
			    "  port: 123\n"
			    "  next packet: none, last heard: never, sessions: 0\n"
			    "  sent: 0, received: 0\n");
	const char *text = display(INTERFACE, &(struct args){NULL, "interface-name", "eth1"});
	assert_non_null(strstr(text, "eth1"));
	assert_null(strstr(text, "eth0"));
	text = display(INTERFACE, &(struct args){NULL, "interface-name", "ETH1"});
	assert_non_null(strstr(text, "eth1"));
	w.stamps_count = 2;
	w.stamps[0] = (struct stamps_row){"eth0", STAMPS_HARDWARE, 2, "", {1, 2, 39}, {0, 1, 4}};
	w.stamps[1] = (struct stamps_row){"eth2",    STAMPS_SOFTWARE,
					  -1,	     "the interface has no clock of its own",
					  {0, 3, 0}, {0}};
	text = display(INTERFACE, &none);
	assert_non_null(strstr(text, "Interface eth0\n"
				     " stamps: hardware, card's clock: /dev/ptp2\n"
				     "  received: 39 hardware, 2 software, 1 without; "
				     "sent: 4 hardware, 1 software\n"
				     " multicast-client 224.0.1.1\n"));
	assert_non_null(strstr(text, "Interface eth1\n multicast-client"));
	assert_non_null(strstr(text,
			       "Interface eth2\n"
			       " stamps: software (the interface has no clock of its own)\n"));
	w.groups[2].join = GROUP_NO_ADDR;
	assert_non_null(strstr(display(INTERFACE, &none),
			       "state: inactive (the interface has no IPv4 address)\n"));
	w.groups[3].error = EUCLEAN;
	assert_non_null(strstr(display(INTERFACE, &none), "the kernel refuses with EUCLEAN"));
}

static void statistics_by_group_name_the_role_and_where(void **state)
{
	(void)state;
	fill_groups();
	w.groups[0].verdicts[VERDICT_USED] = 40;
	w.groups[0].verdicts[VERDICT_MAC_BAD] = 2;
	const char *text = display(BY_GROUP, &(struct args){" group ", NULL, NULL});
	assert_non_null(strstr(text, "Information (Group: 224.0.1.1, multicast-client on eth0)\n"));
	assert_non_null(strstr(text, " Sent                                  :          0\n"
				     " Received                              :          42\n"
				     "    Processed                          :          40\n"
				     "    Dropped                            :          2\n"));
	assert_null(strstr(text, "eth1")); /* which sent and heard nothing */
	assert_null(strstr(text, "Last "));
	text = display(BY_GROUP, &(struct args){" group ipv6 ", NULL, NULL});
	assert_non_null(strstr(text, "(Group: FF0E::101, multicast-server on eth0)\n"));
	assert_null(strstr(text, "224.0.1.1"));
	text = display(BY_GROUP, &(struct args){" group ", "ip-address", "224.0.1.2"});
	assert_string_equal(text, "Info: No packet has been counted there.\n");
}

static void what_is_switched_off_is_shown_as_disabled(void **state)
{
	(void)state;
	fill_groups();
	w.groups[0].join = GROUP_DISABLED;
	w.groups[0].off = VERDICT_IFACE_DISABLED;
	assert_non_null(strstr(display(INTERFACE, &none),
			       "state: disabled (receiving is disabled on the interface)\n"));
}

static void manycast_shows_rings_and_servers(void **state)
{
	(void)state;
	w.group_count = 1;
	w.groups[0] = (struct group_row){.ifname = "eth0",
					 .ifindex = 2,
					 .group = ip("224.0.1.1"),
					 .kind = ROLE_MANYCAST_CLIENT,
					 .join = GROUP_JOINED,
					 .ttl = 255,
					 .next = SPAN_S(2),
					 .since_heard = {-1},
					 .ring = 3};
	w.ring_count = 2;
	w.rings[0] = (struct ring_row){.ttl = 1, .solicitations = 2};
	w.rings[1] = (struct ring_row){.ttl = 2,
				       .solicitations = 1,
				       .answers = 3,
				       .taken = 1,
				       .last_count = 3,
				       .last = {{ip("192.0.2.19"), VERDICT_STRATUM},
						{ip("192.0.2.18"), VERDICT_HEARD},
						{ip("192.0.2.17"), VERDICT_USED}}};
	w.assoc_count = 1;
	w.assocs[0] = a_session("192.0.2.17");
	w.assocs[0].origin = ASSOC_MANYCAST;
	w.assocs[0].phase = ASSOC_QUARANTINE;
	w.assocs[0].rank = RANK_NONE;
	assert_string_equal(
		display(MANYCAST, &none),
		" interface: eth0, manycast-client 224.0.1.1\n"
		"  state: searching, ring: 3 of 255, next solicitation: in 2 s\n"
		"  TTL  Solicitations  Answers  Taken  Last answer\n"
		"    1              2        0      0  none\n"
		"    2              1        3      1  stratum: stratum is not 1 to 15 or "
		"not useful\n"
		"       from 192.0.2.19: stratum is not 1 to 15 or not useful\n"
		"       from 192.0.2.18: it has a session already\n"
		"       from 192.0.2.17: taken, a session begins\n"
		"  server 192.0.2.17: quarantine, none, reach 255, distance 0.016 s\n");
	w.group_count = 0;
	assert_string_equal(display(MANYCAST, &none), "Info: No manycast role is configured.\n");
}

static void losses_are_shown_as_documented_and_only_ten(void **state)
{
	(void)state;
	w.event_count = 16;
	for (unsigned i = 0; i < w.event_count; i++)
		w.events[i] = (struct event_row){
			at_ms(0), EVENT_UNREACHABLE, ASSOC_UNICAST, {ip("192.0.2.17"), 123}, ""};
	w.events[0].reason = EVENT_NEW;
	w.events[2].reason = EVENT_CONFIGURATION_REMOVED;
	w.events[2].origin = ASSOC_MANYCAST;
	memcpy(w.events[2].ifname, "eth0", sizeof "eth0");
	const char *text = display(UNSYNC, &(struct args){" clock-unsync ", NULL, NULL});
	static const char wanted[] =
		" 1. Clock source   :  192.0.2.17(_public_)\n"
		"    Session type   :  client, configured\n"
		"    Unsync reason  :  Peer reachability lost\n"
		"    Unsync time    :  2026-03-03 08:15:42+00:00\n"
		"\n"
		" 2. Clock source   :  192.0.2.17(_public_)\n"
		"    Session type   :  manycast client (Interface: eth0), dynamic\n"
		"    Unsync reason  :  Manycast configuration removed\n"
		"    Unsync time    :  2026-03-03 08:15:42+00:00\n";
	assert_memory_equal(text, wanted, sizeof wanted - 1);
	assert_int_equal(count_found("Clock source", 0, text), 10);
	text = display(EVENT, &none);
	assert_int_equal(count_found("\n", 0, text), 16);
	static const char first[] =
		" 2026-03-03 08:15:42.000  unicast    192.0.2.17: Session begins\n";
	assert_memory_equal(text, first, sizeof first - 1);
}

static void the_clock_is_the_one_that_is_kept(void **state)
{
	(void)state;
	assert_string_equal(display("display clock", &none), "2026-03-03 08:15:42+00:00\n"
							     "Tuesday\n"
							     "Time Zone(UTC) : UTC+00:00\n");
}

/* ---- all of them ---- */

static void fill_everything(void)
{
	fill_counters();
	w.assoc_count = 2;
	w.assocs[0] = a_session("192.0.2.17");
	w.assocs[1] = a_session("2001:db8::2");
	w.group_count = 4;
	for (unsigned i = 0; i < 4; i++)
		w.groups[i] = (struct group_row){.ifname = "eth0",
						 .ifindex = 2,
						 .group = ip("224.0.1.1"),
						 .kind = (uint8_t)i};
	w.stamps_count = 1;
	w.stamps[0] = (struct stamps_row){.ifname = "eth0", .phc = -1};
	w.ring_count = 2;
	w.rings[0].last_count = 1;
	w.drop_count = 1;
	w.drops[0].from.addr = ip("192.0.2.9");
	w.event_count = 15;
	for (unsigned i = 0; i < 15; i++)
		w.events[i] = (struct event_row){.reason = (uint8_t)i, .peer.addr = ip("::1")};
}

/*
 * What clients take for a failure or a prompt must not be in a good answer (NAPALM, Ansible,
 * scrapli, netmiko).
 */
static void no_display_looks_like_a_failure_or_a_prompt(void **state)
{
	static const char *const never[] = {
		"(?i)error",
		"% ?Bad secret",
		"(?i)invalid input",
		"(?i)connection timed out",
		"(?i)(incomplete|ambiguous) command",
		"(?i)[^\\r\\n]+ not found",
		"(?i)syntax error",
		"(?i)unknown command",
		"(?m)^<.+>\\s*$",
		"(?m)^\\[.+\\]\\s*$",
	};

	(void)state;
	fill_everything();
	for (unsigned i = 0; i < display_count; i++) {
		const char *text = display(displays[i].notation, &(struct args){" verbose ", 0, 0});
		assert_no_trailing_blanks(text);
		for (unsigned p = 0; p < sizeof never / sizeof *never; p++)
			if (found(never[p], 0, text))
				fail_msg("%s in %s", never[p], displays[i].notation);
	}
}

/* Every row, as a line asks for one interface and as it asks for the total, which has the drops. */
static void each_row(void (*body)(const struct display_row *row, const struct show *show, void *),
		     void *context)
{
	static const struct args one = {" verbose interface all ", NULL, NULL};
	static const struct args total = {" verbose ", NULL, NULL};

	fill_everything();
	for (unsigned i = 0; i < display_count; i++) {
		body(&displays[i], &(struct show){&world, &one, "HUAWEI"}, context);
		body(&displays[i], &(struct show){&world, &total, "HUAWEI"}, context);
	}
}

static void assert_keys_are_stable_names(json_t *v)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach(v, key, child) {
		assert_true(found("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", 0, key));
		assert_keys_are_stable_names(child);
	}
	json_array_foreach(v, i, child)
		assert_keys_are_stable_names(child);
}

/* A key of a verdict is the verdict's name, which the display of verdicts documents. */
static void assert_keys_are_documented(json_t *v, const char *document)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach(v, key, child) {
		struct text quoted = {0};
		text_addf(&quoted, "`%s`", key);
		if (!strstr(document, text_chars(&quoted)))
			fail_msg("docs/json.md does not tell what %s is", key);
		text_fini(&quoted);
		if (strcmp(key, "verdicts") != 0 || json_is_array(child))
			assert_keys_are_documented(child, document);
	}
	json_array_foreach(v, i, child) {
		assert_keys_are_documented(child, document);
	}
}

struct schema {
	struct text document;
	struct text printed;
};

static void row_is_documented(const struct display_row *row, const struct show *show, void *context)
{
	struct schema *s = context;
	json_t *data = row->collect(show);

	assert_keys_are_documented(data, text_chars(&s->document));
	displays_dump(data, &s->printed);
	json_decref(data);
}

/* The first cell of a line of a table: `key`, `key`. */
static void assert_keys_are_printed(const char *cell, const char *printed)
{
	const char *end = strstr(cell + 2, " | ");
	const char *key = strchr(cell, '`');

	while (key && key < end) {
		struct text quoted = {0};
		int octets = (int)strcspn(key + 1, "`");
		text_addf(&quoted, "\"%.*s\": ", octets, key + 1);
		if (!strstr(printed, text_chars(&quoted)))
			fail_msg("docs/json.md tells of %s which no display has",
				 text_chars(&quoted));
		text_fini(&quoted);
		key = strchr(key + octets + 2, '`');
	}
}

static void every_key_is_in_the_documented_schema_and_the_reverse(void **state)
{
	FILE *f = fopen(SOURCE_ROOT "/docs/json.md", "re");
	struct schema s = {0};
	char line[512];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		text_add(&s.document, line);
	each_row(row_is_documented, &s);
	rewind(f);
	while (fgets(line, sizeof line, f) && strcmp(line, "## Displays of configuration\n") != 0)
		if (strncmp(line, "| `", 3) == 0)
			assert_keys_are_printed(line, text_chars(&s.printed));
	assert_false(feof(f));
	(void)fclose(f);
	text_fini(&s.document);
	text_fini(&s.printed);
}

static void row_prints_the_same_again(const struct display_row *row, const struct show *show,
				      void *context)
{
	struct text dump = {0}, again = {0};
	json_t *data = row->collect(show);

	(void)context;
	assert_keys_are_stable_names(data);
	displays_dump(data, &dump);
	json_decref(data);
	json_t *read = json_loads(text_chars(&dump), 0, NULL);
	assert_non_null(read);
	row->print(show, read, &again);
	assert_string_equal(display(row->notation, show->args), text_chars(&again));
	json_decref(read);
	text_fini(&dump);
	text_fini(&again);
}

static void every_display_is_json_that_prints_the_same_again(void **state)
{
	(void)state;
	each_row(row_prints_the_same_again, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(statistics_have_the_documented_table),
		WITH(dropped_packets_are_told_one_by_one),
		WITH(statistics_by_interface_and_by_peer),
		WITH(every_verdict_lands_in_one_line_of_the_table),
		WITH(an_interface_shows_each_group_and_the_kernels_reason),
		WITH(statistics_by_group_name_the_role_and_where),
		WITH(what_is_switched_off_is_shown_as_disabled),
		WITH(manycast_shows_rings_and_servers),
		WITH(losses_are_shown_as_documented_and_only_ten),
		WITH(the_clock_is_the_one_that_is_kept),
		WITH(no_display_looks_like_a_failure_or_a_prompt),
		WITH(every_key_is_in_the_documented_schema_and_the_reverse),
		WITH(every_display_is_json_that_prints_the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, fini);
}
