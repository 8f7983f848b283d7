/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "path.h"

static void begin(struct estimate *e)
{
	estimate_init(e, false, (freq){0}, SPAN_ZERO);
}

static void volley(struct estimate *e, struct path *p)
{
	for (int i = 0; i < 8; i++) {
		(void)path_exchange(e, p);
		path_wait(p, 2.0);
	}
}

/* What was seen over a while, just before each sample. */
struct record {
	double squares, worst;
	int count, inside;
};

static void note(struct record *r, const struct path *p, const struct estimate *e)
{
	double bound;
	double wrong = fabs(path_wrong(p, e, &bound));

	r->squares += wrong * wrong;
	r->worst = wrong > r->worst ? wrong : r->worst;
	r->inside += wrong <= bound;
	r->count++;
}

static double rms(const struct record *r)
{
	return sqrt(r->squares / r->count);
}

static void exchanges_settle_far_below_the_mean_queueing(void **state)
{
	struct record r = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct estimate e;
		struct path p = path_lan(seed);
		begin(&e);
		volley(&e, &p);
		for (int i = 0; i < 400; i++) {
			path_wait(&p, 16.0);
			if (i >= 200)
				note(&r, &p, &e);
			(void)path_exchange(&e, &p);
		}
	}
	path_expect_below(rms(&r),
			  2e-6); /* a mean of the queueing of both ways would be 7 us wrong */
	path_expect_below(0.95, (double)r.inside / r.count);
}

static void one_packet_to_all_is_nearly_as_good_as_a_conversation(void **state)
{
	struct record r = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct estimate e;
		struct path p = path_lan(seed);
		begin(&e);
		volley(&e, &p);
		for (int i = 0; i < 400; i++) {
			path_wait(&p, 16.0);
			if (i >= 200)
				note(&r, &p, &e);
			(void)path_hear(&e, &p);
			if (i % 50 == 0)
				(void)path_exchange(&e, &p);
		}
	}
	path_expect_below(rms(&r), 3e-6);
	path_expect_below(0.95, (double)r.inside / r.count);
}

static void a_given_delay_serves_where_nobody_answers(void **state)
{
	struct record r = {0};
	struct estimate e;
	struct belief b;
	struct path p = path_lan(3);

	(void)state;
	begin(&e);
	estimate_assume_delay(&e, SPAN_US(20), SPAN_US(4));
	(void)path_hear(&e, &p);
	estimate_at(&e, path_mono(&p, 0.0), &b);
	assert_true(b.valid);
	assert_true(estimate_wants_exchange(&e));
	for (int i = 0; i < 400; i++) {
		path_wait(&p, 16.0);
		if (i >= 100)
			note(&r, &p, &e);
		(void)path_hear(&e, &p);
	}
	path_expect_below(rms(&r), 5e-6);
	path_expect_below(0.95, (double)r.inside / r.count);
}

static void without_any_delay_nothing_is_believed(void **state)
{
	struct estimate e;
	struct belief b;
	struct path p = path_lan(3);

	(void)state;
	begin(&e);
	estimate_at(&e, path_mono(&p, 0.0), &b);
	assert_false(b.valid);
	assert_true(estimate_wants_exchange(&e));
	for (int i = 0; i < 20; i++) {
		(void)path_hear(&e, &p);
		path_wait(&p, 1.0);
		estimate_at(&e, path_mono(&p, 0.0), &b);
		assert_false(b.valid);
	}
	(void)path_exchange(&e, &p);
	estimate_at(&e, path_mono(&p, 0.0), &b);
	assert_true(b.valid);
}

static void the_first_exchange_is_bounded_by_its_round_trip(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct estimate e;
		struct path p = path_lan(seed);
		struct belief b;
		double bound;
		begin(&e);
		(void)path_exchange(&e, &p);
		double wrong = fabs(path_wrong(&p, &e, &bound));
		estimate_at(&e, path_mono(&p, 0.0), &b);
		path_expect_below(wrong, bound + span_to_s(b.delay) / 2.0);
		path_expect_below(bound, 100e-6);
	}
}

static void gaussian_noise_without_queueing_is_averaged(void **state)
{
	struct record r = {0};
	struct estimate e;
	struct path p = path_lan(5);

	(void)state;
	p.queue = 0.0;
	p.reading = 3e-6;
	p.wander = 1e-10;
	begin(&e);
	for (int i = 0; i < 1000; i++) {
		if (i >= 500)
			note(&r, &p, &e);
		(void)path_exchange(&e, &p);
		path_wait(&p, 4.0);
	}
	path_expect_below(rms(&r), 1.0e-6);
	path_expect_below(0.95, (double)r.inside / r.count);
}

static void a_perfect_path_is_followed_to_the_nanoseconds(void **state)
{
	struct record r = {0};
	struct estimate e;
	struct path p = path_lan(6);

	(void)state;
	p.queue = 0.0;
	p.wander = 0.0;
	begin(&e);
	for (int i = 0; i < 200; i++) {
		if (i >= 100)
			note(&r, &p, &e);
		(void)path_exchange(&e, &p);
		path_wait(&p, 1.0);
	}
	path_expect_below(r.worst, 50e-9);
}

static void a_longer_route_is_noticed_within_four_exchanges(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct record r = {0};
		struct estimate e;
		struct path p = path_lan(seed);
		begin(&e);
		for (int i = 0; i < 200; i++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
		}
		p.delay += 200e-6;
		for (int i = 0; i < 60; i++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
			if (i >= 3)
				note(&r, &p, &e);
		}
		path_expect_below(r.worst, 20e-6);
	}
}

static void a_shorter_route_is_noticed_as_well(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct record r = {0};
		struct estimate e;
		struct path p = path_lan(seed);
		p.delay += 200e-6;
		begin(&e);
		for (int i = 0; i < 200; i++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
		}
		p.delay -= 200e-6;
		for (int i = 0; i < 60; i++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
			if (i >= 3)
				note(&r, &p, &e);
		}
		path_expect_below(r.worst, 20e-6);
	}
}

static void a_route_change_heard_one_way_asks_and_does_not_move_the_clock(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct record r = {0};
		struct estimate e;
		struct path p = path_lan(seed);
		int unasked = 0;
		begin(&e);
		volley(&e, &p);
		for (int i = 0; i < 200; i++) {
			path_wait(&p, 16.0);
			(void)path_hear(&e, &p);
			if (i % 50 == 0)
				(void)path_exchange(&e, &p);
		}
		p.delay += 200e-6;
		for (int i = 0; i < 60; i++) {
			path_wait(&p, 16.0);
			(void)path_hear(&e, &p);
			note(&r, &p, &e);
			if (estimate_wants_exchange(&e)) {
				path_wait(&p, 2.0);
				(void)path_exchange(&e, &p);
			} else if (i < 4) {
				unasked++;
			}
		}
		assert_true(unasked < 4);
		path_expect_below(r.worst, 30e-6);
	}
}

static void one_late_packet_changes_nothing(void **state)
{
	static const double late[] = {200e-6, 2e-3, 20e-3, 0.2, 3.0};

	(void)state;
	for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
		struct estimate e;
		struct path p = path_lan(7);
		double bound;
		begin(&e);
		volley(&e, &p);
		for (int k = 0; k < 100; k++) {
			path_wait(&p, 16.0);
			(void)path_hear(&e, &p);
		}
		path_wait(&p, 16.0);
		struct sample s = path_one_way(&p);
		s.arrived = mono_add(s.arrived, span_from_s(late[i]));
		double before = path_wrong(&p, &e, &bound);
		assert_int_not_equal(estimate_add(&e, &s), ESTIMATE_USED);
		path_wait(&p, 4.0);
		path_expect_below(fabs(path_wrong(&p, &e, &bound) - before), 2e-6);
	}
}

static void a_source_that_jumped_is_believed_after_two_exchanges(void **state)
{
	static const double by[] = {-1000.0, -0.5, 1e-3, 0.5, 7.0, 1e6};

	(void)state;
	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		struct estimate e;
		struct path p = path_lan(8);
		double bound;
		begin(&e);
		for (int k = 0; k < 100; k++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
		}
		p.source_by += by[i];
		assert_int_equal(path_exchange(&e, &p), ESTIMATE_JUMP);
		double wrong = path_wrong(&p, &e, &bound);
		path_expect_below(fabs(wrong + by[i]), 1e-4);
		path_wait(&p, 2.0);
		assert_int_equal(path_exchange(&e, &p), ESTIMATE_USED);
		path_expect_below(fabs(path_wrong(&p, &e, &bound)), 50e-6);
	}
}

static void a_jump_heard_one_way_is_only_asked_about(void **state)
{
	static const double by[] = {-30.0, 1.0, 3600.0};

	(void)state;
	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		struct estimate e;
		struct path p = path_lan(9);
		double bound;
		begin(&e);
		volley(&e, &p);
		p.source_by += by[i];
		for (int k = 0; k < 20; k++) {
			path_wait(&p, 16.0);
			assert_int_equal(path_hear(&e, &p), ESTIMATE_JUMP);
			assert_true(estimate_wants_exchange(&e));
		}
		path_expect_below(fabs(path_wrong(&p, &e, &bound) + by[i]), 1e-2);
		(void)path_exchange(&e, &p);
		path_wait(&p, 2.0);
		(void)path_exchange(&e, &p);
		path_expect_below(fabs(path_wrong(&p, &e, &bound)), 50e-6);
	}
}

static void a_restart_keeps_the_rate(void **state)
{
	struct estimate e;
	struct belief b;
	struct path p = path_lan(10);

	(void)state;
	begin(&e);
	for (int i = 0; i < 100; i++) {
		(void)path_exchange(&e, &p);
		path_wait(&p, 16.0);
	}
	estimate_restart(&e);
	estimate_at(&e, path_mono(&p, 0.0), &b);
	assert_false(b.valid);
	p.source_by = -4.0;
	(void)path_exchange(&e, &p);
	estimate_at(&e, path_mono(&p, 0.0), &b);
	assert_true(b.valid);
	path_expect_below(fabs(freq_to_ratio(b.rate) + p.rate), 1e-7);
}

static void an_hour_of_silence_is_admitted(void **state)
{
	(void)state;
	int inside = 0;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct estimate e;
		struct path p = path_lan(seed);
		double bound;
		begin(&e);
		for (int i = 0; i < 300; i++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
		}
		path_wait(&p, 3600.0);
		inside += fabs(path_wrong(&p, &e, &bound)) <= bound;
		path_expect_below(20e-6, bound);
		path_wait(&p, 36 * 3600.0);
		(void)path_exchange(&e, &p);
		path_wait(&p, 16.0);
		(void)path_exchange(&e, &p);
		path_expect_below(fabs(path_wrong(&p, &e, &bound)), 100e-6);
	}
	assert_true(inside >= 19);
}

static void a_changed_oscillator_is_caught(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct record r = {0};
		struct estimate e;
		struct path p = path_lan(seed);
		begin(&e);
		for (int i = 0; i < 300; i++) {
			(void)path_exchange(&e, &p);
			path_wait(&p, 16.0);
		}
		p.rate += seed % 2 ? 1e-6 : -1e-6;
		for (int i = 0; i < 50; i++) {
			path_wait(&p, 16.0);
			note(&r, &p, &e);
			(void)path_exchange(&e, &p);
		}
		path_expect_below(r.worst, 60e-6);
		double bound;
		path_expect_below(fabs(path_wrong(&p, &e, &bound)), 10e-6);
	}
}

static void loss_and_any_interval_do_no_harm(void **state)
{
	static const double interval[] = {0.25, 1.0, 64.0, 1024.0};

	(void)state;
	for (size_t k = 0; k < sizeof interval / sizeof *interval; k++) {
		struct record r = {0};
		struct estimate e;
		struct path p = path_lan(11);
		begin(&e);
		for (int i = 0; i < 400; i++) {
			path_wait(&p, interval[k]);
			if (i >= 200)
				note(&r, &p, &e);
			if (path_uniform(&p) > 0.4)
				(void)path_exchange(&e, &p);
		}
		path_expect_below(rms(&r), 3e-6 + 1e-9 * interval[k] * sqrt(interval[k]) * 4.0);
		path_expect_below(0.9, (double)r.inside / r.count);
	}
}

static void repeated_and_late_samples_are_not_used(void **state)
{
	struct estimate e;
	struct path p = path_lan(12);
	struct belief before, after;

	(void)state;
	begin(&e);
	volley(&e, &p);
	struct sample old = path_one_way(&p);
	path_wait(&p, 16.0);
	(void)path_hear(&e, &p);
	mono now = path_mono(&p, 1.0);
	estimate_at(&e, now, &before);
	assert_int_equal(estimate_add(&e, &old), ESTIMATE_OUTLIER);
	estimate_at(&e, now, &after);
	assert_int_equal(before.remote.frac, after.remote.frac);
	assert_int_equal(before.error.ns, after.error.ns);
}

static void the_end_of_the_era_is_nothing_special(void **state)
{
	struct record r = {0};
	struct estimate e;
	struct path p = path_lan(13);

	(void)state;
	p.epoch.frac = UINT64_MAX - (UINT64_C(1000) << 32);
	begin(&e);
	for (int i = 0; i < 200; i++) {
		path_wait(&p, 16.0);
		if (i > 40)
			note(&r, &p, &e);
		(void)path_exchange(&e, &p);
	}
	path_expect_below(r.worst, 15e-6);
}

static void nonsense_never_breaks_it(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct estimate e;
		struct path p = path_lan(seed);
		struct belief b;
		begin(&e);
		for (int i = 0; i < 300; i++) {
			struct sample s =
				path_uniform(&p) < 0.5 ? path_two_way(&p) : path_one_way(&p);
			double scale = special_exp(50.0 * path_uniform(&p) - 25.0);
			if (path_uniform(&p) < 0.5)
				s.transmitted = stamp_add(s.transmitted, span_from_s(scale));
			if (path_uniform(&p) < 0.3)
				s.received = stamp_add(s.received, span_from_s(-scale));
			if (path_uniform(&p) < 0.05)
				s.transmitted.frac *= UINT64_C(0x9e3779b97f4a7c15);
			(void)estimate_add(&e, &s);
			path_wait(&p, path_uniform(&p) < 0.1 ? 1e4 : 1.0);
			estimate_at(&e, path_mono(&p, 0.0), &b);
			assert_true(b.error.ns >= 0 && b.delay.ns >= 0 && b.jitter.ns >= 0);
			assert_true(b.dispersion.ns >= b.error.ns);
			assert_true(b.error.ns < INT64_MAX);
		}
		for (int s = 0; s < BANK_SHAPES; s++)
			for (int w = 0; w < BANK_WANDERS; w++)
				assert_true(isfinite(e.bank.track[s][w].mean[TRACK_CLOCK]));
	}
}

static void two_runs_give_the_same_bits(void **state)
{
	struct belief b[2];

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct estimate e;
		struct path p = path_lan(14);
		begin(&e);
		for (int i = 0; i < 100; i++) {
			(void)path_hear(&e, &p);
			(void)path_exchange(&e, &p);
			path_wait(&p, 3.0);
		}
		estimate_at(&e, path_mono(&p, 0.0), &b[run]);
	}
	assert_int_equal(b[0].remote.frac, b[1].remote.frac);
	assert_int_equal(b[0].error.ns, b[1].error.ns);
	assert_int_equal(b[0].rate.ppt, b[1].rate.ppt);
}

static void it_stays_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct estimate) <= 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchanges_settle_far_below_the_mean_queueing),
		cmocka_unit_test(one_packet_to_all_is_nearly_as_good_as_a_conversation),
		cmocka_unit_test(a_given_delay_serves_where_nobody_answers),
		cmocka_unit_test(without_any_delay_nothing_is_believed),
		cmocka_unit_test(the_first_exchange_is_bounded_by_its_round_trip),
		cmocka_unit_test(gaussian_noise_without_queueing_is_averaged),
		cmocka_unit_test(a_perfect_path_is_followed_to_the_nanoseconds),
		cmocka_unit_test(a_longer_route_is_noticed_within_four_exchanges),
		cmocka_unit_test(a_shorter_route_is_noticed_as_well),
		cmocka_unit_test(a_route_change_heard_one_way_asks_and_does_not_move_the_clock),
		cmocka_unit_test(one_late_packet_changes_nothing),
		cmocka_unit_test(a_source_that_jumped_is_believed_after_two_exchanges),
		cmocka_unit_test(a_jump_heard_one_way_is_only_asked_about),
		cmocka_unit_test(a_restart_keeps_the_rate),
		cmocka_unit_test(an_hour_of_silence_is_admitted),
		cmocka_unit_test(a_changed_oscillator_is_caught),
		cmocka_unit_test(loss_and_any_interval_do_no_harm),
		cmocka_unit_test(repeated_and_late_samples_are_not_used),
		cmocka_unit_test(the_end_of_the_era_is_nothing_special),
		cmocka_unit_test(nonsense_never_breaks_it),
		cmocka_unit_test(two_runs_give_the_same_bits),
		cmocka_unit_test(it_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
