/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock a host steers: steady time in, wall time out, with the kernel's contract: a step is
 * exact, a rate is rounded to 2^-16 ppm and bounded. Knows no truth.
 */
#ifndef SIM_WALLCLOCK_H
#define SIM_WALLCLOCK_H

#include <stdint.h>

#include "base/ntptime.h"

#define WALLCLOCK_RATE_MAX ((freq){500 * PPT_PER_PPM})

struct wallclock {
	mono since; /* the rate has been constant since then */
	int64_t unix_ns;
	double frac;  /* [0, 1) ns */
	double ratio; /* gains this much on mono */
};

void wallclock_init(struct wallclock *w, mono at, int64_t unix_ns);
int64_t wallclock_unix_ns(const struct wallclock *w, mono at);
stamp wallclock_read(const struct wallclock *w, mono at);
void wallclock_step(struct wallclock *w, span by);
/* What it really runs at from then on. */
freq wallclock_set_rate(struct wallclock *w, mono at, freq wanted);

#endif
