/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/servo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define EPOCH (UINT64_C(4000000000) << 32)
#define MAX ((freq){500 * PPT_PER_PPM})
#define REFERENCE_RATE (-20 * PPT_PER_PPM) /* our oscillator runs 20 ppm fast */

/* A wall clock under a servo; the reference is EPOCH at mono 0 and runs at REFERENCE_RATE. */
struct desk {
	struct servo v;
	mono at, since;
	stamp wall;
	freq rate;
	int64_t grain_ppt; /* the clock takes multiples of it only */
	int steps, rates;
};

static struct now desk_now(const struct desk *d)
{
	span since = mono_sub(d->at, d->since);

	return (struct now){d->at, stamp_add(d->wall, span_add(since, freq_over(d->rate, since)))};
}

static stamp reference(const struct desk *d)
{
	span since = {d->at.ns};

	return stamp_add((stamp){EPOCH}, span_add(since, freq_over((freq){REFERENCE_RATE}, since)));
}

static span offset(const struct desk *d)
{
	return stamp_sub(reference(d), desk_now(d).wall);
}

static void obey(struct desk *d, struct servo_order o)
{
	if (o.verb == SERVO_WAIT || o.verb == SERVO_REFUSE)
		return;
	d->wall = desk_now(d).wall;
	d->since = d->at;
	if (o.verb == SERVO_STEP) {
		d->wall = stamp_add(d->wall, o.step);
		d->steps++;
	}
	d->rates++;
	d->rate = o.rate;
	if (d->grain_ppt > 0) {
		d->rate.ppt = o.rate.ppt / d->grain_ppt * d->grain_ppt;
		servo_applied(&d->v, d->rate);
	}
}

static void start(struct desk *d, span ahead)
{
	*d = (struct desk){.wall = stamp_add((stamp){EPOCH}, ahead)};
	servo_init(&d->v, true, (freq){0}, MAX);
}

static enum servo_verb update(struct desk *d, bool confirmed)
{
	struct belief b = {
		.valid = true,
		.at = d->at,
		.remote = reference(d),
		.rate = {REFERENCE_RATE},
		.error = SPAN_US(1),
	};
	struct servo_order o = servo_update(&d->v, desk_now(d), &b, offset(d), confirmed);

	obey(d, o);
	return o.verb;
}

/* Waits, waking the servo when it asks to be, late by late. */
static void wait(struct desk *d, span length, span late)
{
	mono end = mono_add(d->at, length);

	for (int wakes = 0;; wakes++) {
		mono wake = mono_add(servo_next_wake(&d->v), late);
		assert_true(wakes < 100);
		if (!mono_before(wake, end))
			break;
		d->at = wake;
		obey(d, servo_wake(&d->v, desk_now(d)));
	}
	d->at = end;
}

static void the_first_confirmed_offset_is_stepped_over_however_large(void **state)
{
	static const int64_t ahead_ms[] = {-10, 10, 3000, -86400000, 1000000000};

	(void)state;
	for (size_t i = 0; i < sizeof ahead_ms / sizeof *ahead_ms; i++) {
		struct desk d;
		start(&d, SPAN_MS(ahead_ms[i]));
		assert_int_equal(update(&d, true), SERVO_STEP);
		assert_in_range(span_abs(offset(&d)).ns, 0, 2);
		assert_int_equal(d.rate.ppt, REFERENCE_RATE);
		wait(&d, SPAN_S(100), SPAN_ZERO);
		assert_in_range(span_abs(offset(&d)).ns, 0, 200);
	}
}

static void nothing_is_stepped_that_nobody_confirmed(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_S(3));
	assert_int_equal(update(&d, false), SERVO_WAIT);
	assert_int_equal(d.rates, 0);
	assert_int_equal(update(&d, true), SERVO_STEP);
}

static void a_small_offset_is_slewed_in_two_seconds(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_US(-400));
	assert_int_equal(update(&d, true), SERVO_RATE);
	assert_int_equal(d.rate.ppt, REFERENCE_RATE + 200 * PPT_PER_PPM);
	wait(&d, SPAN_S(1), SPAN_ZERO);
	assert_in_range(span_abs(offset(&d)).ns, 199000, 201000);
	wait(&d, SPAN_S(2), SPAN_ZERO);
	assert_in_range(span_abs(offset(&d)).ns, 0, 200);
	assert_int_equal(d.rate.ppt, REFERENCE_RATE);
	assert_int_equal(d.steps, 0);
}

static void a_late_wake_up_is_made_good(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_US(900));
	(void)update(&d, true);
	wait(&d, SPAN_S(10), SPAN_MS(40));
	assert_in_range(span_abs(offset(&d)).ns, 0, 300);
}

static void a_clock_that_rounds_its_rate_ends_where_it_should(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_US(-700));
	d.grain_ppt = 100000; /* 0.1 ppm */
	for (int i = 0; i < 20; i++) {
		(void)update(&d, true);
		wait(&d, SPAN_S(4), SPAN_ZERO);
	}
	assert_in_range(span_abs(offset(&d)).ns, 0, 600);
}

static void a_later_offset_below_the_threshold_is_slewed_at_most_at_the_limit(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_ZERO);
	(void)update(&d, true);
	d.wall = stamp_add(d.wall, SPAN_MS(100));
	assert_int_equal(update(&d, true), SERVO_RATE);
	assert_int_equal(d.rate.ppt, -500 * PPT_PER_PPM); /* 480 beside the 20 of frequency */
	wait(&d, SPAN_S(260), SPAN_ZERO);
	assert_in_range(span_abs(offset(&d)).ns, 0, 300);
	assert_int_equal(d.steps, 0);
}

static void a_later_large_offset_needs_confirmation_and_has_an_end(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_ZERO);
	(void)update(&d, true);
	d.wall = stamp_add(d.wall, SPAN_MS(200));
	assert_int_equal(update(&d, false), SERVO_WAIT);
	assert_int_equal(update(&d, true), SERVO_STEP);
	assert_in_range(span_abs(offset(&d)).ns, 0, 2);
	d.wall = stamp_add(d.wall, SPAN_S(1001));
	assert_int_equal(update(&d, true), SERVO_REFUSE);
	assert_int_equal(d.steps, 1);
}

static void a_slower_slew_can_be_asked_for(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_ZERO);
	servo_limit(&d.v, 10);
	(void)update(&d, true);
	d.wall = stamp_add(d.wall, SPAN_US(-500));
	(void)update(&d, true);
	assert_int_equal(d.rate.ppt, REFERENCE_RATE + 10 * PPT_PER_PPM);
	wait(&d, SPAN_S(51), SPAN_ZERO);
	assert_in_range(span_abs(offset(&d)).ns, 0, 200);
}

static void an_observer_asks_for_nothing(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_S(5));
	servo_init(&d.v, false, (freq){0}, MAX);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(update(&d, true), SERVO_WAIT);
		wait(&d, SPAN_S(16), SPAN_ZERO);
	}
	assert_int_equal(d.rates, 0);
	assert_int_equal(d.v.frequency.ppt, REFERENCE_RATE);
}

static void what_is_in_force_is_not_written_again(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_ZERO);
	(void)update(&d, true);
	int rates = d.rates;
	for (int i = 0; i < 10; i++) {
		wait(&d, SPAN_S(1), SPAN_ZERO);
		d.wall = reference(&d);
		d.since = d.at;
		assert_int_equal(update(&d, true), SERVO_WAIT);
	}
	assert_int_equal(d.rates, rates);
}

static void the_frequency_stays_within_what_the_clock_accepts(void **state)
{
	struct desk d;

	(void)state;
	start(&d, SPAN_ZERO);
	servo_init(&d.v, true, (freq){900 * PPT_PER_PPM}, (freq){15 * PPT_PER_PPM});
	assert_int_equal(d.v.frequency.ppt, 15 * PPT_PER_PPM);
	(void)update(&d, true);
	assert_int_equal(d.rate.ppt, -15 * PPT_PER_PPM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_confirmed_offset_is_stepped_over_however_large),
		cmocka_unit_test(nothing_is_stepped_that_nobody_confirmed),
		cmocka_unit_test(a_small_offset_is_slewed_in_two_seconds),
		cmocka_unit_test(a_late_wake_up_is_made_good),
		cmocka_unit_test(a_clock_that_rounds_its_rate_ends_where_it_should),
		cmocka_unit_test(a_later_offset_below_the_threshold_is_slewed_at_most_at_the_limit),
		cmocka_unit_test(a_later_large_offset_needs_confirmation_and_has_an_end),
		cmocka_unit_test(a_slower_slew_can_be_asked_for),
		cmocka_unit_test(an_observer_asks_for_nothing),
		cmocka_unit_test(what_is_in_force_is_not_written_again),
		cmocka_unit_test(the_frequency_stays_within_what_the_clock_accepts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
