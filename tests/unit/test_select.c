/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chance.h"

static uint64_t seed = 5;

static uint64_t draw(void)
{
	return chance_draw(&seed);
}

static int64_t draw_within(int64_t most)
{
	return (int64_t)(draw() % (uint64_t)(2 * most + 1)) - most;
}

static const stamp wall = {UINT64_C(4000000000) << 32};

/* A source that says we are offset_us behind, wrong by at most distance_us. */
static struct candidate source(int64_t offset_us, int64_t distance_us)
{
	return (struct candidate){
		.belief = {.valid = true,
			   .remote = stamp_add(wall, SPAN_US(offset_us)),
			   .rate = {1000000},
			   .delay = SPAN_US(distance_us),
			   .error = SPAN_US(5),
			   .rate_error = {10},
			   .dispersion = SPAN_US(5)},
		.offset = SPAN_US(offset_us),
		.root_distance = SPAN_US(distance_us),
		.stratum = 2,
	};
}

static int64_t combined_us(const struct selection *s)
{
	return stamp_sub(s->combined.remote, wall).ns / NS_PER_US;
}

static void nobody_gives_nothing(void **state)
{
	struct selection s;

	(void)state;
	select_run(NULL, 0, &s);
	assert_false(s.valid);
	struct candidate c = source(10, 100);
	c.belief.valid = false;
	select_run(&c, 1, &s);
	assert_false(s.valid);
	assert_int_equal(c.rank, RANK_NONE);
}

static void one_source_is_followed_alone(void **state)
{
	struct selection s;
	struct candidate c = source(250, 100);

	(void)state;
	select_run(&c, 1, &s);
	assert_true(s.valid);
	assert_int_equal(s.survivors, 1);
	assert_int_equal(c.rank, RANK_MASTER);
	assert_int_equal(combined_us(&s), 250);
	assert_int_equal(s.error.ns, 5000);
}

static void the_majority_names_the_falseticker(void **state)
{
	struct selection s;
	struct candidate c[] = {source(10, 100), source(5000, 100), source(-20, 150)};

	(void)state;
	select_run(c, 3, &s);
	assert_true(s.valid);
	assert_int_equal(c[1].rank, RANK_FALSETICKER);
	assert_true(c[0].rank >= RANK_SELECTED && c[2].rank >= RANK_SELECTED);
	assert_in_range(combined_us(&s) + 20, 0, 30);
}

static void a_majority_leaves_a_master_that_went_wrong(void **state)
{
	struct selection s;
	struct candidate c[] = {source(900000, 100), source(10, 100), source(-20, 150)};

	(void)state;
	c[0].was_master = true;
	select_run(c, 3, &s);
	assert_true(s.valid);
	assert_int_equal(c[0].rank, RANK_FALSETICKER);
	assert_int_not_equal(s.master, 0);
}

static void of_two_that_disagree_the_one_followed_before_stays(void **state)
{
	struct selection s;
	struct candidate c[] = {source(0, 100), source(1000, 100)};

	(void)state;
	select_run(c, 2, &s);
	assert_false(s.valid);
	assert_int_equal(c[0].rank, RANK_FALSETICKER);
	assert_int_equal(c[1].rank, RANK_FALSETICKER);
	c[1].was_master = true;
	select_run(c, 2, &s);
	assert_true(s.valid);
	assert_int_equal(s.master, 1);
	assert_int_equal(c[0].rank, RANK_FALSETICKER);
	assert_int_equal(combined_us(&s), 1000);
}

static void a_lower_stratum_leads_and_the_leader_is_not_left_for_little(void **state)
{
	struct selection s;
	struct candidate c[] = {source(0, 100), source(10, 90), source(5, 300)};

	(void)state;
	select_run(c, 3, &s);
	assert_int_equal(s.master, 1);
	c[0].was_master = true;
	select_run(c, 3, &s);
	assert_int_equal(s.master, 0);
	c[1].root_distance = SPAN_US(40);
	select_run(c, 3, &s);
	assert_int_equal(s.master, 0);
	assert_true(c[1].is_ahead);
	c[1].ahead = SELECT_HOP_AFTER;
	select_run(c, 3, &s);
	assert_int_equal(s.master, 1);
	c[2].stratum = 1;
	select_run(c, 3, &s);
	assert_int_equal(s.master, 2);
}

/*
 * Three alike, each heard every 64 s, a third of that apart: distances grow with the age of the
 * newest packet, and vary by chance.
 */
static void among_equals_the_leader_stays_all_day(void **state)
{
	struct candidate c[3];
	struct selection s;
	int64_t ahead_s[3] = {0};
	unsigned master = 0, changes = 0;

	(void)state;
	for (int64_t t = 0; t < 86400; t += 21) {
		for (unsigned i = 0; i < 3; i++) {
			int64_t age = (t + 21 * i) % 63;
			c[i] = source(draw_within(5), 100 + 15 * age + draw_within(50));
			c[i].was_master = t > 0 && i == master;
			c[i].ahead = SPAN_S(ahead_s[i]);
		}
		select_run(c, 3, &s);
		assert_true(s.valid);
		for (unsigned i = 0; i < 3; i++)
			ahead_s[i] = c[i].is_ahead ? ahead_s[i] + 21 : 0;
		changes += t > 0 && s.master != master;
		master = s.master;
	}
	assert_int_equal(changes, 0);
}

static void the_better_source_weighs_more(void **state)
{
	struct selection s;
	struct candidate c[] = {source(0, 100), source(100, 2000)};

	(void)state;
	c[1].belief.error = SPAN_US(80);
	select_run(c, 2, &s);
	assert_true(s.valid);
	assert_int_equal(s.survivors, 2);
	assert_in_range(combined_us(&s), 0, 5);
}

static void the_outermost_are_pruned_down_to_three(void **state)
{
	struct selection s;
	struct candidate c[] = {source(0, 1000), source(4, 1000), source(-4, 1000),
				source(700, 1000), source(-650, 1000)};

	(void)state;
	select_run(c, 5, &s);
	assert_int_equal(s.survivors, 3);
	assert_int_equal(c[3].rank, RANK_CANDIDATE);
	assert_int_equal(c[4].rank, RANK_CANDIDATE);
	assert_in_range(combined_us(&s) + 4, 0, 8);
}

static void the_error_is_never_less_than_the_spread(void **state)
{
	struct selection s;
	struct candidate c[] = {source(0, 1000), source(300, 1000)};

	(void)state;
	select_run(c, 2, &s);
	assert_true(s.error.ns >= 140 * NS_PER_US);
	assert_true(s.combined.dispersion.ns >= s.error.ns);
}

static void a_majority_of_honest_sources_always_wins(void **state)
{
	static struct candidate c[SELECT_MAX];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct selection s;
		unsigned n = 1 + (unsigned)(draw() % SELECT_MAX);
		unsigned liars = n / 2 - (n % 2 == 0);
		if (n < 3)
			liars = 0;
		for (unsigned i = 0; i < n; i++) {
			int64_t distance = 200 + draw_within(150);
			int64_t offset =
				i < liars ? draw_within(1000000) : draw_within(distance - 1);
			c[i] = source(offset, distance);
			c[i].was_master = i == 0;
		}
		select_run(c, n, &s);
		assert_true(s.valid);
		assert_true(s.master < n && c[s.master].rank == RANK_MASTER);
		/* Whoever lies by more than any honest interval reaches is named. */
		for (unsigned i = 0; i < n; i++) {
			int64_t out = span_abs(c[i].offset).ns - c[i].root_distance.ns;
			if (out > 400 * NS_PER_US)
				assert_int_equal(c[i].rank, RANK_FALSETICKER);
			if (i >= liars)
				assert_int_not_equal(c[i].rank, RANK_FALSETICKER);
		}
		assert_true(combined_us(&s) < 800 && combined_us(&s) > -800);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_gives_nothing),
		cmocka_unit_test(one_source_is_followed_alone),
		cmocka_unit_test(the_majority_names_the_falseticker),
		cmocka_unit_test(a_majority_leaves_a_master_that_went_wrong),
		cmocka_unit_test(of_two_that_disagree_the_one_followed_before_stays),
		cmocka_unit_test(a_lower_stratum_leads_and_the_leader_is_not_left_for_little),
		cmocka_unit_test(among_equals_the_leader_stays_all_day),
		cmocka_unit_test(the_better_source_weighs_more),
		cmocka_unit_test(the_outermost_are_pruned_down_to_three),
		cmocka_unit_test(the_error_is_never_less_than_the_spread),
		cmocka_unit_test(a_majority_of_honest_sources_always_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
