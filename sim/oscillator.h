/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A quartz: true time in, steady time (struct mono's) out. Its frequency is a constant plus a
 * random walk that moves once a second of true time, so that who looks at it, and how often,
 * changes nothing. Instants are whole nanoseconds and a fraction, never a double.
 */
#ifndef SIM_OSCILLATOR_H
#define SIM_OSCILLATOR_H

#include <stdint.h>

#include "base/ntptime.h"
#include "sim/stream.h"

struct oscillator {
	struct stream luck;
	double rate;   /* now: gains this much, s per s */
	double wander; /* random walk of rate, per square root of a second */
	/* The rate has been constant since this pair: */
	int64_t true_ns;
	int64_t mono_ns;
	double mono_frac; /* [0, 1) ns */
	int64_t next_move_ns;
};

/* It shows mono_ns at true instant 0. */
void oscillator_init(struct oscillator *o, struct stream luck, int64_t mono_ns, double rate,
		     double wander);
/* true_ns must not go back. */
mono oscillator_read(struct oscillator *o, int64_t true_ns);
/* The true instant, not before true_ns, at which it will show m if its rate stays. */
int64_t oscillator_foresee(struct oscillator *o, int64_t true_ns, mono m);
/* From true_ns on it runs that much faster: a frequency step. */
void oscillator_push(struct oscillator *o, int64_t true_ns, double by);

#endif
