/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/wallclock.h"

#include <math.h>

void wallclock_init(struct wallclock *w, mono at, int64_t unix_ns)
{
	*w = (struct wallclock){.since = at, .unix_ns = unix_ns};
}

int64_t wallclock_unix_ns(const struct wallclock *w, mono at)
{
	int64_t dt = at.ns - w->since.ns;

	return w->unix_ns + dt + (int64_t)floor(w->frac + w->ratio * (double)dt);
}

stamp wallclock_read(const struct wallclock *w, mono at)
{
	int64_t ns = wallclock_unix_ns(w, at);
	int64_t s = ns / NS_PER_S;
	int64_t rest = ns % NS_PER_S;

	if (rest < 0) {
		rest += NS_PER_S;
		s--;
	}
	return stamp_from_unix(s, rest);
}

void wallclock_step(struct wallclock *w, span by)
{
	w->unix_ns += by.ns;
}

/* The kernel's own unit: 2^-16 ppm. */
static double round_ratio(freq wanted)
{
	int64_t ppt = wanted.ppt;

	if (ppt > WALLCLOCK_RATE_MAX.ppt)
		ppt = WALLCLOCK_RATE_MAX.ppt;
	if (ppt < -WALLCLOCK_RATE_MAX.ppt)
		ppt = -WALLCLOCK_RATE_MAX.ppt;
	return floor((double)ppt * 65536.0 / (double)PPT_PER_PPM + 0.5) / 65536.0 * 1e-6;
}

freq wallclock_set_rate(struct wallclock *w, mono at, freq wanted)
{
	int64_t dt = at.ns - w->since.ns;
	double gain = w->frac + w->ratio * (double)dt;
	double whole = floor(gain);

	w->unix_ns += dt + (int64_t)whole;
	w->frac = gain - whole;
	w->since = at;
	w->ratio = round_ratio(wanted);
	return freq_from_ratio(w->ratio);
}
