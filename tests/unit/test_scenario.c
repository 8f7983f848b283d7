/* SPDX-License-Identifier: BSD-2-Clause */
/* The scenario language: what it makes, refuses and judges, and that luck repeats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "sim/measure.h"
#include "sim/play.h"

#define SITE                                                                                       \
	"seed 7\n"                                                                                 \
	"node A clock perfect reference\n"                                                         \
	"node B clock offset 50ms freq 20ppm wander 1ppb # worse\n"                                \
	"lan A B delay 2ms jitter 200us loss 1%\n"

static const char *refusal(const char *text)
{
	static struct err err;
	struct scenario *s = auto_new(1, sizeof *s);
	int r = scenario_read(s, "x.sim", text, NULL, &err);

	scenario_fini(s);
	free(s);
	return r < 0 ? err.text : "accepted";
}

static void a_mistake_is_named_with_its_file_and_line(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"nodes A clock\n", "x.sim:1: a line does not begin with 'nodes'"},
		{"\n# x\nnode A clock offset 5\n",
		 "x.sim:3: an offset is a time such as 50ms, or -3s..3s"},
		{"node A clock\nnode A clock\n", "x.sim:2: there is a A already"},
		{"node A clock freq 5ms\n",
		 "x.sim:1: a frequency is a rate such as 20ppm, or -5ppm..5ppm"},
		{"node A clock good\n", "x.sim:1: 'good' is not a trait of a clock"},
		{"node 1 clock\n", "x.sim:1: '1' is not a name: letters, digits, - and _"},
		{"node A{3..1} clock\n",
		 "x.sim:1: 'A{3..1}' is not a row of names such as C{1..20}"},
		{"node clock\n", "x.sim:1: a name is missing"},
		{"node A clock\nseed 2\n", "x.sim:2: seed belongs before nodes and LANs"},
		{"seed x\n", "x.sim:1: the seed is a number, not 'x'"},
		{"epoch 2036-02-07\n",
		 "x.sim:1: a date is such as 2026-01-01T00:00:00Z, not '2036-02-07'"},
		{SITE "lan A Z delay 1ms\n", "x.sim:5: there is no node or router Z"},
		{SITE "lan A delay 1ms\n", "x.sim:5: a LAN joins two or more"},
		{SITE "link A B B\n", "x.sim:5: a link joins two"},
		{SITE "lan A B loss 101%\n",
		 "x.sim:5: the loss is a percentage such as 30%, not '101%'"},
		{SITE "lan A B delay -1ms\n", "x.sim:5: a delay below zero"},
		{SITE "lan A B speed 1ms\n", "x.sim:5: there is no node or router speed"},
		{SITE "at 5s B type\n", "x.sim:5: a text in quotes is missing"},
		{SITE "at 5s B type \"x\n", "x.sim:5: a quote is not closed"},
		{SITE "at 5s C kill\n", "x.sim:5: there is no node C"},
		{SITE "at 5s B down eth1\n", "x.sim:5: B has no eth1"},
		{SITE "at 5s B down lo\n",
		 "x.sim:5: interfaces are eth0, eth1 and so on, not 'lo'"},
		{SITE "at 5s lan x cut\n", "x.sim:5: there is no LAN x"},
		{SITE "at 5s B kill now\n", "x.sim:5: 'now' is not understood here"},
		{SITE "at 5s B listen\n", "x.sim:5: B is no attacker"},
		{SITE "node E clock attacker\nat 5s E kill\n", "x.sim:6: E is an attacker"},
		{SITE "node E clock attacker\nlan A E\nat 5s E forge 224.0.1.1 as Q offset 1s\n",
		 "x.sim:7: there is no node Q with an interface"},
		{SITE "expect B offset below 1ms\n", "x.sim:5: offset under or over how much?"},
		{SITE "expect B offset under 1ms\n", "x.sim:5: from when to when?"},
		{SITE "expect B rms under 1ms by 3s\n", "x.sim:5: from when to when?"},
		{SITE "expect B offset under 1ms from 9s to 3s\n",
		 "x.sim:5: the end is not after the beginning"},
		{SITE "expect B joined 10.0.0.1 by 3s\n",
		 "x.sim:5: '10.0.0.1' is not a group address"},
		{SITE "expect B verdict nice under 1 from 0s to 3s\n",
		 "x.sim:5: there is no verdict nice"},
		{SITE, "x.sim: for how long? Neither `for` nor an expectation says"},
		{SITE "for 5s\nexpect B synchronised by 9s\n",
		 "x.sim: something is expected after the end"},
		{"for 5s\n", "x.sim: no node"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(refusal(cases[i].text), cases[i].reason);
}

/* Or what came between the last sample in the span and its end would be missing. */
static void what_is_counted_begins_and_ends_at_samples(void **state)
{
	static const char reason[] = "x.sim:5: what is counted begins and ends at samples";

	(void)state;
	assert_string_equal(refusal(SITE "expect B sent under 1 from 0s to 900ms\n"), reason);
	assert_string_equal(refusal(SITE "expect B sent under 1 from 500ms to 3s\n"), reason);
	assert_string_equal(refusal(SITE "expect B verdicts used from 0s to 2500ms\n"), reason);
	assert_string_equal(refusal(SITE "expect lan lan1 packets over 1 from 0s to 1500ms\n"),
			    reason);
	assert_string_equal(refusal(SITE "expect B steps under 1 from 100s to 299s\n"
					 "sample 100s\nfor 400s\n"),
			    reason);
	assert_string_equal(refusal(SITE "expect B steps under 1 from 100s to 300s\n"
					 "sample 100s\n"),
			    "accepted");
	assert_string_equal(refusal(SITE "expect B rms under 1s from 500ms to 2500ms\n"),
			    "accepted");
}

static void an_order_after_the_end_is_refused(void **state)
{
	(void)state;
	assert_string_equal(refusal(SITE "at 4s B kill\nfor 3s\n"),
			    "x.sim:5: that is after the end");
	assert_string_equal(refusal(SITE "expect B synchronised by 3s\nat 3001ms lan lan1 cut\n"),
			    "x.sim:6: that is after the end");
	assert_string_equal(refusal(SITE "at 3s B kill\nfor 3s\n"), "accepted");
}

static void what_is_written_is_what_is_made(void **state)
{
	struct scenario *s = auto_new(1, sizeof *s);
	struct err err;

	(void)state;
	assert_int_equal(scenario_read(s, "x.sim",
				       SITE "node C{1..3} clock offset -1s..1s off\n"
					    "router R\n"
					    "lan name up C{1..3} R from C2 delay 5ms\n"
					    "for 2min\n",
				       NULL, &err),
			 0);
	struct universe *u = &s->universe;

	assert_int_equal(u->seed, 7);
	assert_int_equal(u->host_count, 5);
	assert_int_equal(s->duration_ns, 120 * NS_PER_S);
	assert_true(universe_find_host(u, "A")->traits.reference);
	const struct host *b = universe_find_host(u, "B");

	assert_int_equal(b->traits.offset_ns, 50 * NS_PER_MS);
	assert_true(b->traits.rate == 20e-6);
	assert_int_equal(u->network.lans[0].profile.delay_ns, 2 * NS_PER_MS);
	assert_true(u->network.lans[0].profile.loss == 0.01);
	const struct host *c = universe_find_host(u, "C2");

	assert_in_range(c->traits.offset_ns + NS_PER_S, 1, 2 * NS_PER_S);
	assert_int_not_equal(c->traits.offset_ns, universe_find_host(u, "C3")->traits.offset_ns);
	assert_true(s->off[c->number]);
	assert_int_equal(lan_profile_from(&u->network.lans[1], 1)->delay_ns, 5 * NS_PER_MS);
	assert_int_equal(lan_profile_from(&u->network.lans[1], 0)->delay_ns, 0);
	scenario_fini(s);
	free(s);
}

/* Everything that comes out of a run. */
static char *outcome_of(const char *text, uint64_t seed, unsigned *failed)
{
	struct play *p = auto_new(1, sizeof *p);
	struct err err = {{0}};
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_int_equal(scenario_read(&p->scenario, "x.sim", text, &seed, &err), 0);
	summary_init(&p->summary, &p->scenario.universe, p->scenario.report_from_ns,
		     p->scenario.converged_ns, f);
	assert_int_equal(play_run(p, f, &err), 0);
	summary_print(&p->summary, &p->scenario.universe, f);
	*failed = play_judge(p, f);
	(void)fclose(f);
	summary_fini(&p->summary);
	scenario_fini(&p->scenario);
	free(p);
	return out;
}

#define CLIENT " B type \"interface eth0\" \"ntp multicast-client\" \"commit\"\n"
#define RUN                                                                                        \
	SITE "at 0s A type \"interface eth0\" \"ntp multicast-server minpoll 4\" \"commit\"\n"     \
	     "at 0s" CLIENT

static void the_same_seed_gives_the_same_octets_and_another_others(void **state)
{
	unsigned failed;
	char *a = outcome_of(RUN "for 600s\n", 3, &failed);
	char *b = outcome_of(RUN "for 600s\n", 3, &failed);
	char *c = outcome_of(RUN "for 600s\n", 4, &failed);

	(void)state;
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	free(a);
	free(b);
	free(c);
}

/* The luck of others stays as it was. */
static void one_host_more_changes_nobody_else(void **state)
{
	unsigned failed;
	char *a = outcome_of(RUN "for 60s\n", 3, &failed);
	char *b = outcome_of(RUN "node X clock freq 5ppm wander 1ppb\n"
				 "lan A X delay 1ms\nfor 60s\n",
			     3, &failed);

	(void)state;
	const char *row_a = strstr(a, "60.000,B,");
	const char *row_b = strstr(b, "60.000,B,");

	assert_non_null(row_a);
	assert_non_null(row_b);
	assert_memory_equal(row_a, row_b, strcspn(row_a, "\n"));
	free(a);
	free(b);
}

static void an_expectation_that_fails_is_told_with_its_seed(void **state)
{
	unsigned failed;
	char *out = outcome_of(RUN "expect B offset over 10s from 0s to 30s\n"
				   "expect B joined 224.0.1.1 by 1s\n"
				   "expect B not joined 224.0.1.1 by 2s\n"
				   "expect B steps over 5 from 0s to 30s\n",
			       3, &failed);

	(void)state;
	assert_int_equal(failed, 3);
	assert_non_null(strstr(out, "x.sim:7: B: offset "));
	assert_non_null(strstr(out, ", over 10.00 s expected (seed 3)\n"));
	assert_null(strstr(out, "x.sim:8:"));
	assert_non_null(strstr(out, "x.sim:9: B: still joined by 2.00 s (seed 3)\n"));
	assert_non_null(strstr(out, "x.sim:10: B: steps "));
	free(out);
}

/* The number in the sentence about an expectation of that line. */
static unsigned long told_used(const char *out, unsigned line)
{
	char mark[40];

	(void)snprintf(mark, sizeof mark, "x.sim:%u: B: verdict USED ", line);
	const char *found = strstr(out, mark);

	assert_non_null(found);
	return strtoul(found + strlen(mark), NULL, 10);
}

#define USED                                                                                       \
	"expect B verdict used under 1 from 0s to 200s\n"                                          \
	"expect B verdict used under 1 from 200s to 400s\n"                                        \
	"expect B verdict used under 1 from 0s to 400s\n"

/* The node's counters begin at nothing; what they had counted before is not forgotten. */
static void a_restart_takes_nothing_from_a_count(void **state)
{
	unsigned failed;
	char *out = outcome_of(RUN USED "at 200500ms B kill\nat 210s B start\nat 211s" CLIENT, 3,
			       &failed);

	(void)state;
	assert_int_equal(failed, 3);
	assert_int_equal(told_used(out, 7) + told_used(out, 8), told_used(out, 9));
	free(out);
}

static void a_host_that_is_down_at_the_end_keeps_its_count(void **state)
{
	unsigned failed;
	char *out = outcome_of(RUN "expect B verdict used under 1 from 0s to 200s\n"
				   "expect B verdict used under 1 from 0s to 300s\n"
				   "at 200500ms B kill\n",
			       3, &failed);

	(void)state;
	assert_int_equal(failed, 2);
	assert_int_equal(told_used(out, 7), told_used(out, 8));
	free(out);
}

static void a_reset_of_the_statistics_takes_nothing_from_a_count(void **state)
{
	unsigned failed;
	char *out =
		outcome_of(RUN USED "at 200500ms B type \"quit\" \"reset ntp statistics packet\"\n",
			   3, &failed);

	(void)state;
	assert_int_equal(failed, 3);
	assert_int_equal(told_used(out, 7) + told_used(out, 8), told_used(out, 9));
	free(out);
}

static unsigned failures_of(const char *text)
{
	unsigned failed;

	free(outcome_of(text, 3, &failed));
	return failed;
}

/* It admits no error: that is not a small one. */
static void who_is_not_synchronised_has_no_good_bound(void **state)
{
	(void)state;
	assert_int_equal(failures_of(RUN "expect B bound under 1s by 1s\n"), 1);
	assert_int_equal(failures_of(RUN "expect B distance under 1s by 1s\n"), 1);
	assert_int_equal(failures_of(SITE "node D clock off\n"
					  "expect D bound under 1s from 0s to 9s\n"
					  "expect D distance under 1s from 0s to 9s\n"),
			 2);
	assert_int_equal(failures_of(RUN "expect B bound under 1s from 300s to 400s\n"
					 "expect B distance under 1s from 300s to 400s\n"),
			 0);
}

#define AIR                                                                                        \
	"node A clock perfect reference\n"                                                         \
	"node M clock attacker\n"                                                                  \
	"lan name L A M delay 1ms\n"                                                               \
	"at 0s A type \"interface eth0\" \"ntp multicast-server minpoll 4\" \"commit\"\n"

static void nobody_hears_on_a_cut_lan(void **state)
{
	(void)state;
	assert_int_equal(failures_of(AIR "at 0s lan L cut\nat 0s M listen\n"
					 "at 200s M replay every 10s\n"
					 "expect A sent over 5 from 0s to 300s\n"
					 "expect M sent under 1 from 0s to 300s\n"),
			 0);
}

static void an_attacker_replays_what_it_hears_later(void **state)
{
	(void)state;
	assert_int_equal(failures_of(AIR "at 0s M replay every 10s\nat 50s M listen\n"
					 "expect M sent under 1 from 0s to 50s\n"
					 "expect M sent over 10 from 100s to 300s\n"),
			 0);
}

/* The last sample is not always a second before the end. */
static void who_is_wrong_at_the_last_sample_has_never_converged(void **state)
{
	unsigned failed;
	char *out =
		outcome_of(SITE "node D clock off offset 1s\nsample 10s\nfor 95s\n", 3, &failed);

	(void)state;
	const char *row = strstr(out, "\nD ");

	assert_non_null(row);
	const char *never = strstr(row, " never ");

	assert_non_null(never);
	assert_true(never < row + 1 + strcspn(row + 1, "\n"));
	free(out);
}

/* Ten to the power of 64 is nothing in 64 bits, and nothing can be divided by that. */
static void more_places_than_64_bits_have_are_refused(void **state)
{
	static const char zeros[] =
		"0.0000000000000000000000000000000000000000000000000000000000000000";
	char text[sizeof zeros + 8];
	int64_t ns = 7;
	double v = 7.0;

	(void)state;
	assert_true(measure_time("0.000000000000000001s", &ns));
	assert_int_equal(ns, 0);
	assert_false(measure_time("0.0000000000000000001s", &ns));
	(void)snprintf(text, sizeof text, "%s1s", zeros);
	assert_false(measure_time(text, &ns));
	(void)snprintf(text, sizeof text, "%s1ppm", zeros);
	assert_false(measure_rate(text, &v));
	(void)snprintf(text, sizeof text, "%s1%%", zeros);
	assert_false(measure_share(text, &v));
	assert_true(v == 7.0);
}

static void quantities_are_exact(void **state)
{
	int64_t ns = 7;
	double v = 7.0;
	char buf[MEASURE_TEXT_MAX];

	(void)state;
	assert_true(measure_time("1.5ms", &ns));
	assert_int_equal(ns, 1500000);
	assert_true(measure_time("-0.000000001s", &ns));
	assert_int_equal(ns, -1);
	assert_true(measure_time("2h", &ns));
	assert_int_equal(ns, 7200 * NS_PER_S);
	assert_false(measure_time("5", &ns));
	assert_false(measure_time("1.2.3s", &ns));
	assert_false(measure_time("s", &ns));
	assert_false(measure_time("99999999999999999999s", &ns));
	assert_true(measure_rate("-20ppm", &v));
	assert_true(v == -20e-6);
	assert_true(measure_share("0.5%", &v));
	assert_true(v == 0.005);
	assert_false(measure_share("101%", &v));
	assert_string_equal(measure_print_time(-1234567.0, buf), "-1.23 ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_is_named_with_its_file_and_line),
		cmocka_unit_test(what_is_counted_begins_and_ends_at_samples),
		cmocka_unit_test(an_order_after_the_end_is_refused),
		cmocka_unit_test(what_is_written_is_what_is_made),
		cmocka_unit_test(the_same_seed_gives_the_same_octets_and_another_others),
		cmocka_unit_test(one_host_more_changes_nobody_else),
		cmocka_unit_test(an_expectation_that_fails_is_told_with_its_seed),
		cmocka_unit_test(a_restart_takes_nothing_from_a_count),
		cmocka_unit_test(a_host_that_is_down_at_the_end_keeps_its_count),
		cmocka_unit_test(a_reset_of_the_statistics_takes_nothing_from_a_count),
		cmocka_unit_test(who_is_not_synchronised_has_no_good_bound),
		cmocka_unit_test(nobody_hears_on_a_cut_lan),
		cmocka_unit_test(an_attacker_replays_what_it_hears_later),
		cmocka_unit_test(who_is_wrong_at_the_last_sample_has_never_converged),
		cmocka_unit_test(more_places_than_64_bits_have_are_refused),
		cmocka_unit_test(quantities_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
