/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "path.h"

#define INTERVAL 16
#define HOUR 3600
#define RECORDS 4000
#define HOSTS 40

/* What a clock was wrong by, and what it admitted. */
struct record {
	int count, inside;
	double wrong[RECORDS], bound[RECORDS];
};

static struct path quiet(uint64_t seed)
{
	return (struct path){
		.seed = seed,
		.epoch = {PATH_EPOCH},
		.delay = 5e-6,
		.reading = 30e-9,
		.wander = 1e-9,
		.rate = 10e-6,
	};
}

static struct path busy_lan(uint64_t seed)
{
	return (struct path){
		.seed = seed,
		.epoch = {PATH_EPOCH},
		.delay = 100e-6,
		.queue = 100e-6,
		.wander = 1e-9,
		.rate = 10e-6,
	};
}

static void note(struct record *r, const struct path *p, const struct estimate *e)
{
	assert_in_range(r->count, 0, RECORDS - 1);
	double *wrong = &r->wrong[r->count], *bound = &r->bound[r->count];

	*wrong = fabs(path_wrong(p, e, bound));
	r->inside += *wrong <= *bound;
	r->count++;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_size);
	return v[n / 2];
}

static double covered(const struct record *r)
{
	return 100.0 * r->inside / r->count;
}

static void begin(struct estimate *e, struct path *p)
{
	estimate_init(e, false, (freq){0}, SPAN_ZERO);
	for (int i = 0; i < 8; i++) {
		path_exchange(e, p);
		path_wait(p, 2.0);
	}
}

/* As a group's client: a packet every 16 s, a question every 480. */
static void follow(struct estimate *e, struct path *p, int seconds, struct record *r)
{
	for (int i = 1; i <= seconds / INTERVAL; i++) {
		path_wait(p, INTERVAL / 2.0);
		note(r, p, e);
		path_wait(p, INTERVAL / 2.0);
		if (i % 30 == 0)
			path_exchange(e, p);
		path_hear(e, p);
	}
}

static void where_nothing_disturbs_the_bound_is_as_small_as_the_error(void **state)
{
	struct record *r = calloc(1, sizeof *r), *ignored = calloc(1, sizeof *ignored);
	struct path p = quiet(1);
	struct estimate e;

	(void)state;
	assert_non_null(r);
	assert_non_null(ignored);
	begin(&e, &p);
	follow(&e, &p, 2 * HOUR, ignored);
	follow(&e, &p, 12 * HOUR, r);
	path_expect_below(95.0, covered(r));
	path_expect_below(median(r->bound, r->count), 10.0 * median(r->wrong, r->count));
	free(r);
	free(ignored);
}

/* Not only on average: a host whose first exchanges were all late must know that it may be one. */
static void every_host_is_honest_in_its_first_hour(void **state)
{
	struct record *all = calloc(HOSTS, sizeof *all);
	int honest = 0;

	(void)state;
	assert_non_null(all);
	for (unsigned i = 0; i < HOSTS; i++) {
		struct path p = busy_lan(i + 1);
		struct estimate e;

		begin(&e, &p);
		follow(&e, &p, HOUR, &all[i]);
		honest += covered(&all[i]) >= 95.0;
	}
	path_expect_below(HOSTS - 3, honest);
	for (unsigned i = 0; i < HOSTS; i++)
		path_expect_below(80.0, covered(&all[i]));
	free(all);
}

/* What somebody else says of the source's clock, who is wrong by that much. */
static struct belief others(const struct path *p, mono at, double wrong)
{
	return (struct belief){
		.valid = true,
		.at = at,
		.remote = stamp_add(path_source(p, 0.0), span_from_s(wrong)),
		.error = SPAN_US(5),
		.rate = freq_from_ratio(-p->rate),
		.rate_error = {20},
	};
}

static void where_nobody_answers_others_tell_the_path(void **state)
{
	struct record *r = calloc(1, sizeof *r);

	(void)state;
	assert_non_null(r);
	for (unsigned i = 0; i < HOSTS / 4; i++) {
		struct path p = busy_lan(i + 1);
		struct estimate e;

		estimate_init(&e, false, (freq){0}, SPAN_ZERO);
		estimate_assume_delay(&e, ESTIMATE_DEFAULT_DELAY, ESTIMATE_DEFAULT_DELAY);
		struct sample s = path_one_way(&p);
		path_wait(&p, span_to_s(mono_sub(s.arrived, path_mono(&p, 0.0))));
		struct belief b = others(&p, s.arrived, 2e-6);
		assert_true(estimate_begin_by(&e, &s, &b));
		for (int k = 0; k < 200; k++) {
			path_wait(&p, INTERVAL);
			note(r, &p, &e);
			path_hear(&e, &p);
		}
	}
	path_expect_below(95.0, covered(r));
	path_expect_below(median(r->bound, r->count), 100e-6);
	path_expect_below(median(r->wrong, r->count), 25e-6);
	free(r);
}

static void others_do_not_overrule_a_delay_that_was_given_or_measured(void **state)
{
	struct path p = busy_lan(1);
	struct estimate e;

	(void)state;
	estimate_init(&e, false, (freq){0}, SPAN_ZERO);
	estimate_assume_delay(&e, SPAN_US(100), SPAN_US(25));
	struct sample s = path_one_way(&p);
	path_wait(&p, span_to_s(mono_sub(s.arrived, path_mono(&p, 0.0))));
	struct belief b = others(&p, s.arrived, 1e-3);
	assert_false(estimate_begin_by(&e, &s, &b));
	b = others(&p, s.arrived, -1e-3);
	assert_false(estimate_begin_by(&e, &s, &b));
	path_exchange(&e, &p);
	b = others(&p, s.arrived, 0.0);
	assert_false(estimate_begin_by(&e, &s, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_nothing_disturbs_the_bound_is_as_small_as_the_error),
		cmocka_unit_test(every_host_is_honest_in_its_first_hour),
		cmocka_unit_test(where_nobody_answers_others_tell_the_path),
		cmocka_unit_test(others_do_not_overrule_a_delay_that_was_given_or_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
