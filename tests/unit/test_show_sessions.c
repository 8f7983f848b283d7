/* SPDX-License-Identifier: BSD-2-Clause */
#include "world_table.h"

/* ---- status ---- */

static void status_has_the_twelve_lines(void **state)
{
	(void)state;
	assert_string_equal(display(STATUS, &none),
			    " clock status: synchronized\n"
			    " clock stratum: 4\n"
			    " reference clock ID: 192.0.2.17\n"
			    " nominal frequency: 100.0000 Hz\n"
			    " actual frequency: 99.9987 Hz\n"
			    " clock precision: 2^22\n"
			    " clock offset: 0.4127 ms\n"
			    " root delay: 3.88 ms\n"
			    " root dispersion: 12.40 ms\n"
			    " peer dispersion: 2.05 ms\n"
			    " reference time: 08:15:42.731 UTC Mar 3 2026(ED51172E.BB22D0E5)\n"
			    " synchronization state: clock synchronized\n");
}

static void an_unsynchronised_status_says_why_nothing_is_sent(void **state)
{
	(void)state;
	w.system = (struct system_row){.stratum = 16,
				       .offset = {-10},
				       .precision_log2s = -20,
				       .sync = SYNC_NOT_SET,
				       .silence = SILENCE_NO_SOURCE};
	assert_string_equal(display(STATUS, &none),
			    " clock status: unsynchronized\n"
			    " clock stratum: 16\n"
			    " reference clock ID: none\n"
			    " nominal frequency: 100.0000 Hz\n"
			    " actual frequency: 100.0000 Hz\n"
			    " clock precision: 2^20\n"
			    " clock offset: 0.0000 ms\n"
			    " root delay: 0.00 ms\n"
			    " root dispersion: 0.00 ms\n"
			    " peer dispersion: 0.00 ms\n"
			    " reference time: 00:00:00.000 UTC Jan 1 1900(00000000.00000000)\n"
			    " synchronization state: clock not set "
			    "(nothing sent: no time source; type ntp refclock-master)\n");
}

static void the_reference_is_named_as_people_know_it(void **state)
{
	(void)state;
	w.system.refclock = true;
	w.system.leader = ADDR_ANY;
	assert_non_null(strstr(display(STATUS, &none), "reference clock ID: LOCAL(0)\n"));
	w.system.refclock = false;
	w.system.leader = ip("2001:db8::17");
	assert_non_null(strstr(display(STATUS, &none), "reference clock ID: 2001:DB8::17\n"));
	w.system.leader = ADDR_ANY;
	w.system.stratum = 1;
	w.system.refid = 0x47505300;
	assert_non_null(strstr(display(STATUS, &none), "reference clock ID: GPS\n"));
}

/* The template of ntc-templates: twelve lines that begin with a blank, two words of state. */
static void ntc_templates_read_every_state(void **state)
{
	static const char *const lines[] = {
		"^\\s+clock\\s+status:\\s+\\S+",
		"^\\s+clock\\s+stratum:\\s+\\d+",
		"^\\s+reference\\s+clock\\s+ID:\\s+\\S+",
		"^\\s+nominal\\s+frequency:\\s+\\d+\\.\\d+\\s+Hz",
		"^\\s+actual\\s+frequency:\\s+\\d+\\.\\d+\\s+Hz",
		"^\\s+clock\\s+precision:\\s+2\\^\\d+",
		"^\\s+clock\\s+offset:\\s+-?\\d+\\.\\d+\\s+ms",
		"^\\s+root\\s+delay:\\s+\\d+\\.\\d+\\s+ms",
		"^\\s+root\\s+dispersion:\\s+\\d+\\.\\d+\\s+ms",
		"^\\s+peer\\s+dispersion:\\s+\\d+\\.\\d+\\s+ms",
		"^\\s+reference\\s+time:\\s+\\d+:\\d+:\\d+\\.\\d+\\s+UTC\\s+\\w+\\s+\\d+\\s+\\d+",
		"^\\s+synchronization\\s+state:\\s+\\w+\\s+\\w+",
	};

	(void)state;
	for (unsigned s = SYNC_NOT_SET; s <= SYNC_SPIKE; s++) {
		w.system.sync = (uint8_t)s;
		const char *text = display(STATUS, &none);
		assert_no_trailing_blanks(text);
		char *copy = strdup(text), *rest = NULL;
		unsigned n = 0;
		for (char *l = strtok_r(copy, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest))
			assert_true(n < 12 && found(lines[n++], 0, l));
		assert_int_equal(n, 12);
		free(copy);
	}
}

static void napalm_reads_the_status(void **state)
{
	(void)state;
	assert_true(found("clock status:\\s(?P<synch>\\S+).*"
			  "clock stratum:\\s(?P<stratum>\\S+).*"
			  "reference clock ID:\\s(?P<referenceid>\\S+).*"
			  "reference time:\\s.+\\)",
			  PCRE2_DOTALL, display(STATUS, &none)));
}

/* ---- sessions ---- */

#define NAPALM_PEERS                                                                               \
	"clock source:\\s+(\\S+)$\\n.*clock stratum:\\s+(\\S+)$\\n.*clock status:\\s+(.+)$\\n.*"   \
	"reference clock ID:\\s(\\S+)$\\n.*reach:\\s(\\S+)$\\n.*current poll:\\s(\\S+)$\\n.*"      \
	"now:\\s(\\S+)$\\n.*offset:\\s(.+)$\\n.*delay:\\s(.+)$\\n.*disper:\\s(.+)$"

static void sessions_have_ten_lines_and_a_blank_between(void **state)
{
	(void)state;
	w.assoc_count = 2;
	w.assocs[0] = a_session("192.0.2.17");
	w.assocs[1] = a_session("2001:db8::2");
	w.assocs[1].rank = RANK_CANDIDATE;
	w.assocs[1].authenticated = false;
	w.assocs[1].phase = ASSOC_DEGRADED;
	w.assocs[1].since_heard = (span){-1};
	w.assocs[1].refid = 0x7f7f0100;
	w.assocs[1].offset = SPAN_US(-1500);
	assert_string_equal(display(SESSIONS, &none),
			    " clock source: 192.0.2.17\n"
			    " clock stratum: 3\n"
			    " clock status: dynamic, master, sane, valid\n"
			    " reference clock ID: 198.51.100.4\n"
			    " reach: 255\n"
			    " current poll: 64\n"
			    " now: 21\n"
			    " offset: 0.4127 ms\n"
			    " delay: 3.88 ms\n"
			    " disper: 2.05 ms\n"
			    "\n"
			    " clock source: 2001:DB8::2\n"
			    " clock stratum: 3\n"
			    " clock status: dynamic, candidate, sane, valid, unauthenticated, "
			    "degraded\n"
			    " reference clock ID: LOCAL(0)\n"
			    " reach: 255\n"
			    " current poll: 64\n"
			    " now: -\n"
			    " offset: -1.5000 ms\n"
			    " delay: 3.88 ms\n"
			    " disper: 2.05 ms\n");
	assert_no_trailing_blanks(text_chars(&out));
	assert_int_equal(count_found(NAPALM_PEERS, PCRE2_MULTILINE, text_chars(&out)), 2);
}

static void a_session_that_is_no_use_says_so(void **state)
{
	(void)state;
	w.assoc_count = 1;
	w.assocs[0] = a_session("192.0.2.17");
	w.assocs[0].origin = ASSOC_UNICAST;
	w.assocs[0].rank = RANK_NONE;
	w.assocs[0].sane = w.assocs[0].valid = false;
	w.assocs[0].leap = 3;
	w.assocs[0].stratum = 0;
	const char *text = display(SESSIONS, &none);
	assert_non_null(strstr(text, "clock status: configured, insane, invalid, unsynced\n"));
	assert_non_null(strstr(text, "clock stratum: 16\n"));
}

static void verbose_sessions_have_the_documented_lines_first(void **state)
{
	(void)state;
	w.assoc_count = 1;
	w.assocs[0] = a_session("192.0.2.17");
	assert_string_equal(
		display(SESSIONS, &(struct args){.words = " verbose "}),
		" clock source: 192.0.2.17\n"
		" clock stratum: 3\n"
		" clock status: dynamic, master, sane, valid\n"
		" reference clock ID: 198.51.100.4\n"
		" local mode: broadcast client, local poll: 6, current poll: 6\n"
		" peer mode: broadcast, peer poll: 6, now: 21\n"
		" offset: 0.4127 ms, delay: 3.88 ms, disper: 2.05 ms\n"
		" root delay: 1.20 ms, root disper: 9.10 ms\n"
		" reach: 255, sync dist: 0.016, sync state: 4\n"
		" precision: 2^22, version: 4, peer interface: eth0\n"
		" reftime: 08:15:10.002 UTC Mar 3 2026(ED51170E.0083126F)\n"
		" orgtime: 08:15:42.700 UTC Mar 3 2026(ED51172E.B3333333)\n"
		" rcvtime: 08:15:42.731 UTC Mar 3 2026(ED51172E.BB22D0E5)\n"
		" xmttime: 08:15:42.701 UTC Mar 3 2026(ED51172E.B374BC6A)\n"
		" filter delay :  3.88   3.89   3.90   3.91   3.92   3.93   3.94   3.95\n"
		" filter offset:  0.41   0.30   0.19   0.08  -0.03  -0.14  -0.25  -0.36\n"
		" filter disper:  0.00   0.98   1.96   2.94   3.92   4.90   5.88   6.86\n"
		" reference clock status: normal\n"
		" origin: multicast, group: 224.0.1.1, phase: listening, key: 42\n"
		" jitter: 0.0000 ms, uncertainty: 0.0000 ms\n"
		" packets: used 12, mac-bad 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(status_has_the_twelve_lines),
		WITH(an_unsynchronised_status_says_why_nothing_is_sent),
		WITH(the_reference_is_named_as_people_know_it),
		WITH(ntc_templates_read_every_state),
		WITH(napalm_reads_the_status),
		WITH(sessions_have_ten_lines_and_a_blank_between),
		WITH(a_session_that_is_no_use_says_so),
		WITH(verbose_sessions_have_the_documented_lines_first),
	};

	return cmocka_run_group_tests(tests, NULL, fini);
}
