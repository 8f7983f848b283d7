/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "path.h"

/* An estimate that has followed the path for hours; how often it wished for an exchange. */
static int settle(struct estimate *e, struct path *p)
{
	int asked = 0;

	estimate_init(e, false, (freq){0}, SPAN_ZERO);
	for (int i = 0; i < 8; i++) {
		path_exchange(e, p);
		path_wait(p, 2.0);
	}
	for (int i = 0; i < 400; i++) {
		path_wait(p, 16.0);
		path_hear(e, p);
		bool wish = estimate_wants_exchange(e);
		asked += wish && i >= 100;
		path_wait(p, 1.0);
		if (wish || i % 40 == 39)
			path_exchange(e, p);
	}
	return asked;
}

static double wrong_by(const struct estimate *e, const struct path *p)
{
	double bound;

	return fabs(path_wrong(p, e, &bound));
}

/* Each of them a queue might have made; together they are asked about, and answers settle it. */
static void packets_that_grow_later_are_asked_about(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct path p = path_lan(seed);
		struct estimate e;
		int heard = 0;

		(void)settle(&e, &p);
		p.rate += 1e-6;
		do {
			path_wait(&p, 16.0);
			path_hear(&e, &p);
			heard++;
		} while (heard < 10 && !estimate_wants_exchange(&e));
		assert_in_range(heard, 1, 5);
		for (int i = 0; i < 2; i++) {
			path_wait(&p, 2.0);
			path_exchange(&e, &p);
		}
		path_wait(&p, 16.0);
		assert_true(wrong_by(&e, &p) < 25e-6);
	}
}

/* Ten hours. */
static void a_steady_oscillator_is_seldom_doubted(void **state)
{
	int asked = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct path p = path_lan(seed);
		struct estimate e;

		asked += settle(&e, &p);
	}
	assert_in_range(asked, 0, 45);
}

/* Late packets that stay as late as they are, both ways: the path, not the rate. */
static void a_longer_path_is_no_other_rate(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct path p = path_lan(seed);
		struct estimate e;
		struct belief before, after;

		(void)settle(&e, &p);
		estimate_at(&e, path_mono(&p, 0.0), &before);
		p.delay += 50e-6;
		for (int i = 0; i < 20; i++) {
			path_wait(&p, 16.0);
			path_hear(&e, &p);
			if (i % 4 == 3)
				path_exchange(&e, &p);
		}
		estimate_at(&e, path_mono(&p, 0.0), &after);
		assert_true(llabs(after.rate.ppt - before.rate.ppt) < PPT_PER_PPM / 5);
		assert_true(wrong_by(&e, &p) < 25e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_that_grow_later_are_asked_about),
		cmocka_unit_test(a_steady_oscillator_is_seldom_doubted),
		cmocka_unit_test(a_longer_path_is_no_other_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
