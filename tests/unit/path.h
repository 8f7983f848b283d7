/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source at the end of a path with queueing, as tests of the estimate need it: true time in
 * seconds, one seeded stream of chance, an oscillator of constant rate or wandering. Comes after
 * cmocka.
 */
#ifndef TESTS_PATH_H
#define TESTS_PATH_H

#include <math.h>

#include "base/ntptime.h"
#include "base/special.h"
#include "chance.h"
#include "ntp/estimate.h"

#define PATH_EPOCH (UINT64_C(4000000000) << 32)

struct path {
	uint64_t seed;
	stamp epoch;	  /* true time 0 */
	double delay;	  /* one way, s */
	double queue;	  /* mean, s */
	double reading;	  /* 1-sigma, s */
	double source_by; /* the source's clock is ahead of the truth, s */
	double wander;	  /* of our oscillator, 1/sqrt(s) */
	double rate;	  /* our oscillator gains so much */
	double ahead;	  /* and has gained so much, s */
	double t;	  /* true time */
};

/* A quiet LAN, and an oscillator as most are. */
static inline struct path path_lan(uint64_t seed)
{
	return (struct path){
		.seed = seed,
		.epoch = {PATH_EPOCH},
		.delay = 20e-6,
		.queue = 10e-6,
		.wander = 1e-9,
		.rate = 30e-6,
	};
}

static inline double path_uniform(struct path *p)
{
	return (double)((chance_draw(&p->seed) >> 11) + 1) * 0x1p-53;
}

static inline double path_exponential(struct path *p)
{
	return -special_log(path_uniform(p));
}

/* Near enough: the sum of twelve. */
static inline double path_normal(struct path *p)
{
	double sum = -6.0;

	for (int i = 0; i < 12; i++)
		sum += path_uniform(p);
	return sum;
}

/* Time passes, a second at a time. */
static inline void path_wait(struct path *p, double seconds)
{
	while (seconds > 0.0) {
		double d = seconds < 1.0 ? seconds : 1.0;
		p->ahead += p->rate * d;
		p->rate += p->wander * sqrt(d) * path_normal(p);
		p->t += d;
		seconds -= d;
	}
}

static inline mono path_mono(const struct path *p, double later)
{
	return (mono){span_from_s(p->t + later + p->ahead + p->rate * later).ns + 5 * NS_PER_S};
}

static inline stamp path_source(const struct path *p, double later)
{
	return stamp_add(p->epoch, span_from_s(p->t + later + p->source_by));
}

static inline struct sample path_one_way(struct path *p)
{
	double down = p->delay + p->queue * path_exponential(p);

	return (struct sample){
		.transmitted = path_source(p, p->reading * path_normal(p)),
		.arrived = path_mono(p, down + p->reading * path_normal(p)),
	};
}

static inline struct sample path_two_way(struct path *p)
{
	double up = p->delay + p->queue * path_exponential(p);
	double down = p->delay + p->queue * path_exponential(p);

	return (struct sample){
		.two_way = true,
		.sent = path_mono(p, p->reading * path_normal(p)),
		.received = path_source(p, up + p->reading * path_normal(p)),
		.transmitted = path_source(p, up + 5e-6 + p->reading * path_normal(p)),
		.arrived = path_mono(p, up + 5e-6 + down + p->reading * path_normal(p)),
	};
}

static inline enum estimate_verdict path_exchange(struct estimate *e, struct path *p)
{
	struct sample s = path_two_way(p);

	return estimate_add(e, &s);
}

static inline enum estimate_verdict path_hear(struct estimate *e, struct path *p)
{
	struct sample s = path_one_way(p);

	return estimate_add(e, &s);
}

/* How wrong the estimate is now, s; its bound goes to ret_bound, s. */
static inline double path_wrong(const struct path *p, const struct estimate *e, double *ret_bound)
{
	struct belief b;

	estimate_at(e, path_mono(p, 0.0), &b);
	*ret_bound = span_to_s(b.error);
	return span_to_s(stamp_sub(b.remote, path_source(p, 0.0)));
}

static inline void path_expect_below(double value, double limit)
{
	if (!(value < limit))
		fail_msg("%g is not below %g", value, limit);
}

#endif
