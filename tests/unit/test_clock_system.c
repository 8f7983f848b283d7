/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system's clock steered without touching it: this program brings its own clock_gettime and
 * clock_adjtime, a small model of the kernel's, which the linker takes before the C library's.
 */
#include "sys/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/timex.h>
#include <time.h>

#define START_NS (INT64_C(1700000000) * NS_PER_S)
#define READ_NS 25

static struct {
	int64_t raw_ns;
	double real_ns; /* since START_NS */
	double rate;
	int64_t slept_ns;
	bool may_set;
	struct timex t;
} kernel;

static void pass(int64_t ns)
{
	kernel.raw_ns += ns;
	kernel.real_ns += (double)ns * (1 + kernel.rate);
}

static struct timespec spec(int64_t ns)
{
	return (struct timespec){ns / NS_PER_S, ns % NS_PER_S};
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	pass(READ_NS);
	if (id == CLOCK_REALTIME)
		*ret = spec(START_NS + (int64_t)kernel.real_ns);
	else
		*ret = spec(kernel.raw_ns + (id == CLOCK_BOOTTIME ? kernel.slept_ns : 0));
	return 0;
}

int clock_adjtime(clockid_t id, struct timex *t)
{
	unsigned modes = t->modes;

	assert_int_equal(id, CLOCK_REALTIME);
	if (modes && !kernel.may_set) {
		errno = EPERM;
		return -1;
	}
	if (modes & ADJ_FREQUENCY) {
		kernel.t.freq = t->freq;
		kernel.rate = (double)t->freq / 65536e6;
	}
	if (modes & ADJ_SETOFFSET) {
		assert_true(modes & ADJ_NANO);
		assert_in_range(t->time.tv_usec, 0, NS_PER_S - 1);
		kernel.real_ns += (double)(t->time.tv_sec * NS_PER_S + t->time.tv_usec);
		/* Whoever steps must vouch again (kernel/time/ntp.c, ntp_clear). */
		kernel.t.status |= STA_UNSYNC;
		kernel.t.maxerror = 16000000;
	}
	if (modes & ADJ_STATUS)
		kernel.t.status = t->status;
	if (modes & ADJ_MAXERROR)
		kernel.t.maxerror = t->maxerror;
	if (modes & ADJ_ESTERROR)
		kernel.t.esterror = t->esterror;
	*t = kernel.t;
	return 0;
}

static struct clock *made(const char *kind)
{
	struct clock *c = NULL;
	struct err warning, err;

	assert_int_equal(clock_new(kind, &c, &warning, &err), 0);
	return c;
}

static int boot(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof kernel);
	kernel.raw_ns = 1000 * NS_PER_S;
	kernel.may_set = true;
	kernel.t.status = STA_UNSYNC;
	kernel.t.maxerror = 16000000;
	return 0;
}

static void without_the_right_it_only_observes_and_says_so(void **state)
{
	struct clock *c;
	struct err warning, err;

	(void)state;
	kernel.may_set = false;
	assert_int_equal(clock_new("system", &c, &warning, &err), 0);
	assert_non_null(strstr(warning.text, "CAP_SYS_TIME"));
	assert_false(clock_steers(c));
	clock_free(c);
	kernel.may_set = true;
	assert_int_equal(clock_new("system", &c, &warning, &err), 0);
	assert_string_equal(warning.text, "");
	assert_true(clock_steers(c));
	clock_free(c);
}

static void asking_for_the_right_changes_nothing(void **state)
{
	struct timex before;

	(void)state;
	kernel.t.esterror = 4711;
	kernel.t.freq = 123456;
	before = kernel.t;
	clock_free(made("system"));
	assert_memory_equal(&before, &kernel.t, sizeof before);
	assert_true(kernel.rate < 1e-12);
}

static void a_step_goes_the_asked_way_and_is_not_news(void **state)
{
	static const int64_t steps_ns[] = {1500 * NS_PER_MS, -1500 * NS_PER_MS, -NS_PER_S, 1, -1};

	(void)state;
	for (unsigned i = 0; i < sizeof steps_ns / sizeof steps_ns[0]; i++) {
		struct clock *c = made("system");
		double before = kernel.real_ns;
		int64_t raw = kernel.raw_ns;
		span done;

		assert_int_equal(clock_step(c, (span){steps_ns[i]}, &done), 0);
		assert_int_equal(done.ns, steps_ns[i]);
		assert_int_equal((int64_t)(kernel.real_ns - before) - (kernel.raw_ns - raw),
				 steps_ns[i]);
		(void)clock_now(c);
		assert_int_equal(clock_take_moved(c).ns, 0);
		clock_free(c);
	}
}

static void a_rate_is_rounded_as_the_kernel_counts_and_reported(void **state)
{
	struct clock *c = made("system");
	freq rate;

	(void)state;
	assert_int_equal(clock_set_rate(c, (freq){-12345678}, &rate), 0);
	assert_true(kernel.rate < -12.34e-6 && kernel.rate > -12.35e-6);
	/* 2^-16 ppm is 15.26 ppt. */
	assert_in_range(rate.ppt + 12345678 + 8, 0, 16);
	assert_int_equal(clock_set_rate(c, (freq){900 * PPT_PER_PPM}, &rate), 0);
	assert_int_equal(rate.ppt, 500 * PPT_PER_PPM);
	clock_free(c);
}

static void its_own_rate_is_never_taken_for_a_jump(void **state)
{
	struct clock *c = made("system");
	freq rate;

	(void)state;
	for (int ppm = -500; ppm <= 500; ppm += 100) {
		assert_int_equal(clock_set_rate(c, (freq){ppm * PPT_PER_PPM}, &rate), 0);
		for (int i = 0; i < 5; i++) {
			pass(1000 * NS_PER_S);
			(void)clock_now(c);
			assert_int_equal(clock_take_moved(c).ns, 0);
		}
	}
	clock_free(c);
}

static void a_foreign_move_is_noticed_with_its_size(void **state)
{
	static const int64_t moves_ns[] = {NS_PER_S, -NS_PER_S, 5 * NS_PER_MS, -NS_PER_MS};
	static const char *const kinds[] = {"system", "observe"};

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct clock *c = made(kinds[i / 4]);
		int64_t move = moves_ns[i % 4];
		int64_t noticed;

		(void)clock_now(c);
		pass(NS_PER_MS * 20);
		kernel.real_ns += (double)move;
		(void)clock_now(c);
		noticed = clock_take_moved(c).ns;
		assert_in_range(noticed - move + 200, 0, 400);
		assert_int_equal(clock_take_moved(c).ns, 0);
		clock_free(c);
	}
}

static void a_stamp_from_before_a_move_is_lost_and_one_after_is_good(void **state)
{
	struct clock *c = made("system");
	int64_t stamp_ns, raw;
	struct now at;
	span done;

	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		stamp_ns = START_NS + (int64_t)kernel.real_ns;
		pass(50 * NS_PER_US);
		assert_int_equal(clock_step(c, SPAN_MS(200 * sign), &done), 0);
		assert_false(clock_at(c, stamp_ns, &at));
		pass(50 * NS_PER_US);
		stamp_ns = START_NS + (int64_t)kernel.real_ns;
		raw = kernel.raw_ns;
		pass(50 * NS_PER_US);
		assert_true(clock_at(c, stamp_ns, &at));
		assert_in_range(at.mono.ns - raw + 100, 0, 200);
		/* Somebody else's move, too, and it is news. */
		kernel.real_ns += (double)(sign * 300 * NS_PER_MS);
		assert_false(clock_at(c, stamp_ns, &at));
		assert_int_not_equal(clock_take_moved(c).ns, 0);
	}
	clock_free(c);
}

/* The steady clock stands still, the wall clock is put forward when the machine wakes. */
static void suspend(int64_t ns)
{
	kernel.slept_ns += ns;
	kernel.real_ns += (double)ns;
}

static void sleep_is_time_that_passed_and_no_foreign_move(void **state)
{
	static const char *const kinds[] = {"system", "observe"};
	static const int64_t naps_ns[] = {NS_PER_S, 600 * NS_PER_S, 40000 * NS_PER_S};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct clock *c = made(kinds[i / 3]);
		int64_t nap = naps_ns[i % 3], stamp_ns = START_NS + (int64_t)kernel.real_ns;
		struct now before = clock_now(c), after, at;

		assert_int_equal(clock_take_slept(c).ns, 0);
		suspend(nap);
		after = clock_now(c);
		assert_in_range(clock_take_slept(c).ns - nap + 500, 0, 1000);
		assert_int_equal(clock_take_slept(c).ns, 0);
		assert_int_equal(clock_take_moved(c).ns, 0);
		assert_in_range(mono_sub(after.mono, before.mono).ns - nap, 0, 2000);
		assert_false(clock_at(c, stamp_ns, &at));
		pass(NS_PER_S);
		(void)clock_now(c);
		assert_int_equal(clock_take_slept(c).ns, 0);
		assert_int_equal(clock_take_moved(c).ns, 0);
		clock_free(c);
	}
}

static void who_sets_the_clock_after_sleep_knows_no_rate(void **state)
{
	struct clock *c = made("system");
	freq rate = {-400 * PPT_PER_PPM};

	(void)state;
	assert_int_equal(clock_set_rate(c, rate, &rate), 0);
	suspend(3600 * NS_PER_S); /* by a clock of its own, not 1.44 s less */
	(void)clock_now(c);
	assert_int_not_equal(clock_take_slept(c).ns, 0);
	assert_int_equal(clock_take_moved(c).ns, 0);
	pass(100 * NS_PER_S);
	(void)clock_now(c);
	assert_int_equal(clock_take_moved(c).ns, 0);
	kernel.real_ns += 3e6;
	(void)clock_now(c);
	assert_in_range(clock_take_moved(c).ns, 2900000, 3100000);
	clock_free(c);
}

static void a_clock_sent_68_years_away_is_noticed_with_its_sign(void **state)
{
	static const int64_t years[] = {67, -67};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct clock *c = made("observe");
		int64_t move = years[i] * 31557600 * NS_PER_S;

		(void)clock_now(c);
		kernel.real_ns += (double)move;
		(void)clock_now(c);
		assert_in_range((clock_take_moved(c).ns - move) / NS_PER_MS + 1, 0, 2);
		clock_free(c);
	}
}

static void status_goes_down_and_comes_back(void **state)
{
	struct clock *c = made("system");
	struct clock_status s = {true, 1, SPAN_MS(12), SPAN_US(345)};
	struct clock_status back;

	(void)state;
	assert_int_equal(clock_set_status(c, &s), 0);
	assert_int_equal(kernel.t.status, STA_INS);
	assert_int_equal(kernel.t.maxerror, 12000);
	assert_int_equal(kernel.t.esterror, 345);
	assert_int_equal(clock_status(c, &back), 0);
	assert_true(back.synchronised);
	assert_int_equal(back.leap, 1);
	assert_int_equal(back.max_error.ns, 12 * NS_PER_MS);
	assert_int_equal(back.estimated_error.ns, 345 * NS_PER_US);
	s.synchronised = false;
	assert_int_equal(clock_set_status(c, &s), 0);
	assert_int_equal(kernel.t.status, STA_UNSYNC);
	assert_int_equal(clock_status(c, &back), 0);
	assert_false(back.synchronised);
	/* A kernel that nobody has told anything for long says it by its error bound. */
	kernel.t.status = 0;
	kernel.t.maxerror = 16000000;
	assert_int_equal(clock_status(c, &back), 0);
	assert_false(back.synchronised);
	clock_free(c);
}

static void the_precision_is_what_a_reading_takes(void **state)
{
	struct clock *c = made("observe");

	(void)state;
	/* 25 ns: between 2^-26 and 2^-25 s */
	assert_int_equal(clock_precision_log2s(c), -25);
	clock_free(c);
}

/* This program may run with the right to set the machine's clock: it must never reach it. */
static bool is_model_in_use(void)
{
	struct clock *c;
	span d;

	(void)boot(NULL);
	c = made("observe");
	d = stamp_sub(clock_now(c).wall, stamp_from_unix(0, START_NS));
	clock_free(c);
	return d.ns > 0 && d.ns < NS_PER_S;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_the_right_it_only_observes_and_says_so, boot),
		cmocka_unit_test_setup(asking_for_the_right_changes_nothing, boot),
		cmocka_unit_test_setup(a_step_goes_the_asked_way_and_is_not_news, boot),
		cmocka_unit_test_setup(a_rate_is_rounded_as_the_kernel_counts_and_reported, boot),
		cmocka_unit_test_setup(its_own_rate_is_never_taken_for_a_jump, boot),
		cmocka_unit_test_setup(a_foreign_move_is_noticed_with_its_size, boot),
		cmocka_unit_test_setup(a_stamp_from_before_a_move_is_lost_and_one_after_is_good,
				       boot),
		cmocka_unit_test_setup(sleep_is_time_that_passed_and_no_foreign_move, boot),
		cmocka_unit_test_setup(who_sets_the_clock_after_sleep_knows_no_rate, boot),
		cmocka_unit_test_setup(a_clock_sent_68_years_away_is_noticed_with_its_sign, boot),
		cmocka_unit_test_setup(status_goes_down_and_comes_back, boot),
		cmocka_unit_test_setup(the_precision_is_what_a_reading_takes, boot),
	};

	if (!is_model_in_use())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
