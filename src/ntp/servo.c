/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/servo.h"

#include "base/defence.h"

#include <math.h>

#define SLEW_S 2.0		  /* a phase error is worked off in so long, if slew_max allows */
#define SLEW_MAX_PPT 500000000	  /* 500 ppm */
#define RATE_STEP_PPT 16	  /* the kernel's own step is 2^-16 ppm */
#define RESIDUE_MIN ((span){100}) /* reading a clock costs that much */
#define RESIDUE_SHARE 16	  /* of the estimated error */

static freq clamp(freq f, freq limit)
{
	if (f.ppt > limit.ppt)
		return limit;
	if (f.ppt < -limit.ppt)
		return (freq){-limit.ppt};
	return f;
}

void servo_init(struct servo *v, bool steer, freq frequency, freq frequency_max)
{
	*v = (struct servo){
		.steer = steer,
		.frequency = clamp(frequency, frequency_max),
		.frequency_max = frequency_max,
		.slew_max = {SLEW_MAX_PPT},
		.slew_end = MONO_NEVER,
		.residue = RESIDUE_MIN,
	};
}

void servo_limit(struct servo *v, unsigned ppm)
{
	v->slew_max.ppt = ppm > 0 ? (int64_t)ppm * PPT_PER_PPM : SLEW_MAX_PPT;
}

/* Sets the rate unless it is in force already, to the clock's own resolution. */
static struct servo_order set_rate(struct servo *v, freq rate)
{
	int64_t change = rate.ppt - v->rate.ppt;

	if (!v->steer || (change < RATE_STEP_PPT && change > -RATE_STEP_PPT))
		return (struct servo_order){SERVO_WAIT, SPAN_ZERO, v->rate};
	v->rate = rate;
	return (struct servo_order){SERVO_RATE, SPAN_ZERO, rate};
}

/* Work off offset: as fast as SLEW_S asks, or slew_max and frequency_max allow. */
static struct servo_order slew(struct servo *v, mono at, span offset)
{
	freq wanted = freq_from_ratio(span_to_s(offset) / SLEW_S);
	freq total = clamp(freq_add(v->frequency, clamp(wanted, v->slew_max)), v->frequency_max);
	double extra = freq_to_ratio(freq_sub(total, v->frequency));
	double seconds = span_to_s(offset) / extra; /* never NaN below: extra is checked */

	if (fabs(extra) * 1e12 < RATE_STEP_PPT || !(seconds > 0.0)) {
		v->slew_end = MONO_NEVER;
		return set_rate(v, v->frequency);
	}
	v->slew_end = mono_add(at, span_from_s(seconds));
	return set_rate(v, total);
}

static struct servo_order step(struct servo *v, span offset)
{
	v->slew_end = MONO_NEVER;
	if (!v->steer) {
		servo_corrected(v); /* as somebody else will */
		return (struct servo_order){SERVO_WAIT, SPAN_ZERO, v->rate};
	}
	v->rate = v->frequency;
	return (struct servo_order){SERVO_STEP, offset, v->rate};
}

/* What a slew of SLEW_S can do: the first correction steps over more. */
static span slewable(const struct servo *v)
{
	return span_from_s(freq_to_ratio(v->slew_max) * SLEW_S);
}

struct servo_order servo_update(struct servo *v, struct now now, const struct belief *b,
				span offset, bool confirmed)
{
	span size = span_abs(offset);
	bool first = !v->was_set;
	span least = first || v->woke ? slewable(v) : SERVO_STEP_MIN;

	if (!first && span_less(SERVO_STEP_MAX, size) && defence(DEFENCE_STEP))
		return (struct servo_order){SERVO_REFUSE, SPAN_ZERO, v->rate};
	if (!confirmed && !span_less(size, SERVO_STEP_MIN))
		return (struct servo_order){SERVO_WAIT, SPAN_ZERO, v->rate};
	v->frequency = clamp(b->rate, v->frequency_max);
	v->has_line = true;
	v->line_at = now.mono;
	v->line_wall = stamp_add(now.wall, offset);
	v->line_rate = b->rate;
	v->residue = span_max(RESIDUE_MIN, (span){b->error.ns / RESIDUE_SHARE});
	if (confirmed && !span_less(size, least))
		return step(v, offset);
	if (confirmed)
		servo_corrected(v);
	return slew(v, now.mono, offset);
}

void servo_rouse(struct servo *v)
{
	v->woke = true;
}

struct servo_order servo_wake(struct servo *v, struct now now)
{
	if (mono_before(now.mono, v->slew_end))
		return (struct servo_order){SERVO_WAIT, SPAN_ZERO, v->rate};
	v->slew_end = MONO_NEVER;
	if (v->has_line) {
		span since = mono_sub(now.mono, v->line_at);
		stamp due =
			stamp_add(v->line_wall, span_add(since, freq_over(v->line_rate, since)));
		span left = stamp_sub(due, now.wall);
		if (span_less(v->residue, span_abs(left)) &&
		    span_less(span_abs(left), SERVO_STEP_MIN))
			return slew(v, now.mono, left);
	}
	return set_rate(v, v->frequency);
}

struct servo_order servo_stop(struct servo *v)
{
	v->slew_end = MONO_NEVER;
	v->has_line = false;
	return set_rate(v, v->frequency);
}

void servo_corrected(struct servo *v)
{
	v->was_set = true;
	v->woke = false;
}

void servo_applied(struct servo *v, freq rate)
{
	v->rate = rate;
}

mono servo_next_wake(const struct servo *v)
{
	return v->slew_end;
}
