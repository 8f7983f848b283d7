/* SPDX-License-Identifier: BSD-2-Clause */
/* The scenario language: what it makes, what it refuses and where, and that luck repeats. */
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

#define RUN                                                                                        \
	SITE "at 0s A type \"interface eth0\" \"ntp multicast-server minpoll 4\" \"commit\"\n"     \
	     "at 0s B type \"interface eth0\" \"ntp multicast-client\" \"commit\"\n"

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
		cmocka_unit_test(what_is_written_is_what_is_made),
		cmocka_unit_test(the_same_seed_gives_the_same_octets_and_another_others),
		cmocka_unit_test(one_host_more_changes_nobody_else),
		cmocka_unit_test(an_expectation_that_fails_is_told_with_its_seed),
		cmocka_unit_test(quantities_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
