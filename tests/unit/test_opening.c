/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first exchanges with a source on a busy machine: a few of them are late by a hundred times
 * what the others are, in one direction only.
 */
#include "ntp/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "path.h"

#define SEEDS 500

static const stamp epoch = {UINT64_C(4000000000) << 32};

/* What one daemon saw in the first minute, ns: T1 and T4 on mono, T2 and T3 of the source. */
struct row {
	bool two_way;
	int64_t sent, received, transmitted, arrived;
};

static const struct row seen[] = {
	{true, -279451, -57632, 0, 0},
	{true, 2001288153, 2001461960, 2001518691, 2001377981},
	{true, 4003032620, 4003147622, 4003219169, 4003137538},
	{true, 6004833606, 6004889104, 6004946723, 6004925402},
	{false, 0, 0, 7027044526, 7027067926},
	{true, 8005551212, 8005548627, 8005611488, 8005650609},
	{true, 10007483643, 10007415549, 10007477116, 10007574516},
	{true, 12013656402, 12013537761, 12013605273, 12013765923},
	{true, 14015700422, 14015519190, 14017444906, 14017665170},
	{false, 0, 0, 23157476194, 23158014839},
	{true, 37685875224, 37684971954, 37685014916, 37685941553},
	{true, 38087520317, 38086607534, 38086647827, 38087585989},
	{false, 0, 0, 39175866341, 39176870561},
	{true, 40089084605, 40088115964, 40088166680, 40089166488},
	{true, 50756710399, 50755421669, 50755469484, 50756791507},
	{true, 52758977043, 52757635750, 52757694995, 52759082993},
	{false, 0, 0, 55293345604, 55294855697},
};

#define SEEN_OFFSET                                                                                \
	217.3e-6	   /* of the source when the first arrived, as all the others tell ...     \
			    */
#define SEEN_RATE (-30e-6) /* ... together with the rate that was set */

static struct sample sample_of(const struct row *r)
{
	return (struct sample){
		.two_way = r->two_way,
		.sent = {r->sent + NS_PER_S},
		.received = stamp_add(epoch, (span){r->received}),
		.transmitted = stamp_add(epoch, (span){r->transmitted}),
		.arrived = {r->arrived + NS_PER_S},
	};
}

static void a_late_first_answer_is_not_taken_for_a_rate(void **state)
{
	struct estimate e;
	struct belief b;

	(void)state;
	estimate_init(&e, false, (freq){0}, SPAN_ZERO);
	for (unsigned i = 0; i < sizeof seen / sizeof *seen; i++) {
		struct sample s = sample_of(&seen[i]);
		double t = span_to_s((span){seen[i].arrived});
		span ahead = span_from_s(t + SEEN_OFFSET + SEEN_RATE * t);
		assert_int_not_equal(estimate_add(&e, &s), ESTIMATE_JUMP);
		estimate_at(&e, s.arrived, &b);
		double wrong = span_to_s(stamp_sub(b.remote, stamp_add(epoch, ahead)));
		path_expect_below(fabs(wrong), span_to_s(b.error) + 1e-6);
		if (i > 2)
			path_expect_below(fabs(freq_to_ratio(b.rate) - SEEN_RATE), 1e-6);
	}
}

/* ---- many of them ---- */

enum late {
	LATE_DOWN,
	LATE_UP,
	LATE_BOTH,
	LATE_KINDS
};

static double queue(struct path *p, bool heavy)
{
	double x = p->queue * path_exponential(p);

	return heavy && path_uniform(p) < 0.2 ? x + 1e-3 * path_exponential(p) : x;
}

static struct sample meet(struct path *p, enum late late)
{
	double up = p->delay + queue(p, late != LATE_DOWN);
	double down = p->delay + queue(p, late != LATE_UP);

	return (struct sample){
		.two_way = true,
		.sent = path_mono(p, 0.0),
		.received = path_source(p, up),
		.transmitted = path_source(p, up + 50e-6),
		.arrived = path_mono(p, up + 50e-6 + down),
	};
}

static struct sample overhear(struct path *p, enum late late)
{
	double down = p->delay + queue(p, late != LATE_UP);

	return (struct sample){
		.transmitted = path_source(p, 0.0),
		.arrived = path_mono(p, down),
	};
}

struct tally {
	uint64_t seed;
	int looks, inside,
		wide;	    /* how often the error shown held, and how often five of it did not */
	double worst, late; /* over its own bound; after a minute, s */
};

static void look(struct tally *y, const struct path *p, const struct estimate *e)
{
	double bound;
	double wrong = fabs(path_wrong(p, e, &bound));

	y->looks++;
	y->inside += wrong <= bound + 1e-6;
	y->wide += wrong > 5.0 * bound + 1e-6;
	if (wrong / (bound + 1e-6) > y->worst)
		y->worst = wrong / (bound + 1e-6);
	if (p->t > 60.0 && wrong > y->late)
		y->late = wrong;
}

static void live(struct tally *y, uint64_t seed, double rate_max)
{
	struct path p = {.seed = seed, .epoch = epoch, .delay = 10e-6, .queue = 5e-6};
	enum late late = (enum late)(seed % LATE_KINDS);
	struct estimate e;
	int refused = 0;

	p.rate = rate_max * (2.0 * path_uniform(&p) - 1.0);
	estimate_init(&e, false, (freq){0}, SPAN_ZERO);
	for (int i = 0; i < 8; i++) {
		struct sample s = meet(&p, late);
		(void)estimate_add(&e, &s);
		look(y, &p, &e);
		path_wait(&p, 1.0 + path_uniform(&p));
	}
	while (p.t < 180.0) {
		bool ask = refused > 1 || estimate_wants_exchange(&e);
		struct sample s = ask ? meet(&p, late) : overhear(&p, late);
		refused = estimate_add(&e, &s) == ESTIMATE_JUMP ? refused + 1 : 0;
		if (refused > 4)
			fail_msg("seed %d: locked out", (int)seed);
		look(y, &p, &e);
		path_wait(&p, 1.0 + 3.0 * path_uniform(&p));
	}
}

static void a_busy_machine_never_leads_far_astray(void **state)
{
	struct tally y = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		live(&y, seed, 100e-6);
	print_message("inside %d of %d, worst %.1f of the bound, %.1f us after a minute\n",
		      y.inside, y.looks, y.worst, y.late * 1e6);
	assert_int_equal(y.wide, 0);
	path_expect_below(0.95, (double)y.inside / y.looks);
	path_expect_below(y.late, 200e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_first_answer_is_not_taken_for_a_rate),
		cmocka_unit_test(a_busy_machine_never_leads_far_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
