/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A clock made of arithmetic: an oscillator with drift and wander over CLOCK_MONOTONIC_RAW, and a
 * wall clock on it that can be stepped and slewed. Reads no clock itself; the truth (epoch + raw)
 * is known here and nowhere above.
 */
#ifndef SYS_VCLOCK_H
#define SYS_VCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/ntptime.h"

struct vclock_options {
	span offset;	  /* wall - truth at the start */
	double drift;	  /* s/s; positive: runs fast */
	double wander;	  /* random walk of the frequency, s/s per square-root second */
	int64_t epoch_ns; /* Unix ns of raw 0 */
	bool has_epoch;
	uint64_t seed;
	bool has_seed;
};

/* A stretch over which both the oscillator and the wall clock run evenly. */
struct vclock_stretch {
	int64_t raw_ns;	 /* begins here */
	int64_t own_ns;	 /* the oscillator at that instant */
	double own_rest; /* the part of own_ns below a nanosecond */
	double rate;	 /* oscillator against raw, less one */
	stamp wall;
	double wall_rest; /* ns */
	double steer;	  /* wall against oscillator, less one */
};

#define VCLOCK_STRETCHES 4

struct vclock {
	double wander;
	uint64_t random;
	int64_t turn_raw_ns; /* the frequency takes its next random step */
	unsigned count;
	struct vclock_stretch list[VCLOCK_STRETCHES]; /* newest first */
};

/* "offset=S,drift=PPM,wander=PPB,epoch=NS,seed=N", in any order, each at most once, or "". */
MUST_CHECK int vclock_parse(const char *text, struct vclock_options *ret, struct err *err);
/* epoch and seed must have been filled in. */
void vclock_init(struct vclock *v, const struct vclock_options *o, int64_t raw_ns);
/* The pair at raw_ns, which is never earlier than the last one given here. */
struct now vclock_now(struct vclock *v, int64_t raw_ns);
/* The pair at an instant that is at most a little in the past; looks only. */
struct now vclock_at(const struct vclock *v, int64_t raw_ns);
void vclock_step(struct vclock *v, int64_t raw_ns, span by);
/* The rate of the wall clock against the oscillator, absolute. */
void vclock_set_rate(struct vclock *v, int64_t raw_ns, freq rate);

#endif
