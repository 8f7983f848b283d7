/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The made world of the accuracy programs: a path with its queueing, and a host whose oscillator
 * wanders under a clock that can be stepped and slewed. True time is in seconds from the start.
 */
#ifndef BENCH_PLANT_H
#define BENCH_PLANT_H

#include <stdbool.h>

#include "base/ntptime.h"
#include "draw.h"

/* One direction of a path. */
struct plant_way {
	double queue;	   /* mean queueing, s */
	double busy;	   /* mean of what busy periods add, s */
	double busy_every; /* s; 0: never busy */
	double busy_for;   /* s */
	double shape;	   /* the queueing is Weibull with that shape; 0: exponential */
};

struct plant_profile {
	const char *name;
	double path; /* one way without queueing, s */
	struct plant_way down, up;
	double reading;		   /* Gaussian noise of a timestamp, 1-sigma, s */
	double loss;		   /* of packets */
	double route_at;	   /* s; 0: never */
	double route_add;	   /* to both ways from then on, s */
	double step_at;		   /* the oscillator's rate changes, s; 0: never */
	double step;		   /* by so much */
	double mute_at, mute_for;  /* no packet passes, s */
	double swing, swing_every; /* the rate follows the room: +-swing in a period of that, s */
};

struct plant {
	const struct plant_profile *profile;
	struct draw wander_draw, down_draw, up_draw, loss_draw, reading_draw;
	double wander;	 /* of the rate, 1/sqrt(s) */
	double second;	 /* true time of the newest change of rate */
	double ahead;	 /* free-running clock minus true time then, s */
	double rate;	 /* it gains so much */
	mono wall_since; /* the wall clock as last set: ... */
	stamp wall;	 /* what it showed */
	freq wall_rate;	 /* and how it runs against the free-running clock */
};

#define PLANT_EPOCH (UINT64_C(4000000000) << 32)

void plant_start(struct plant *p, const struct plant_profile *profile, uint64_t seed, double offset,
		 double rate, double wander);
/* The free-running clock at true time t, which must not go back by more than a second. */
mono plant_mono(struct plant *p, double t);
/* True time as a stamp. */
stamp plant_truth(double t);
struct now plant_now(struct plant *p, double t);
/* How wrong the wall clock is at t, s; positive: ahead of the truth. */
double plant_error(struct plant *p, double t);
void plant_step(struct plant *p, double t, span by);
void plant_set_rate(struct plant *p, double t, freq rate);
/* The delay of a packet that leaves at t, s; negative: lost. */
double plant_down(struct plant *p, double t);
double plant_up(struct plant *p, double t);
/* What a timestamp is wrong by, s. */
double plant_reading(struct plant *p);

/* The profiles of the published comparison, and more; ends with a NULL name. */
extern const struct plant_profile plant_profiles[];

#endif
