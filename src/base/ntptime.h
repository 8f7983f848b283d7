/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four kinds of time in Timecast, as structs that the compiler will not mix.
 *
 * Sign, for the whole tree: offset = reference - local. Positive: we are behind.
 * A positive freq makes a clock run faster. Nowhere is it the other way round.
 */
#ifndef BASE_NTPTIME_H
#define BASE_NTPTIME_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)
#define PPT_PER_PPM INT64_C(1000000)
#define UNIX_TO_NTP_S UINT64_C(2208988800) /* RFC 5905 section 6, figure 4 */

/* A wall instant as on the wire: units of 2^-32 s, era unnamed; 0 means unknown (RFC 5905 6). */
typedef struct {
	uint64_t frac;
} stamp;

/* A signed length of time in nanoseconds. */
typedef struct {
	int64_t ns;
} span;

/* An instant of the steady clock that no steering reaches, in nanoseconds. */
typedef struct {
	int64_t ns;
} mono;

/* A rate, in parts per trillion: 1 ppm is 1,000,000. */
typedef struct {
	int64_t ppt;
} freq;

/* One paired reading of both clocks; taken by the shell, passed by value, never taken below it. */
struct now {
	mono mono;
	stamp wall;
};

#define MONO_NEVER ((mono){INT64_MAX})
#define SPAN_ZERO ((span){0})
#define SPAN_S(s) ((span){NS_PER_S * (s)})
#define SPAN_MS(ms) ((span){NS_PER_MS * (ms)})
#define SPAN_US(us) ((span){NS_PER_US * (us)})

/* ---- span ---- */

static inline span span_add(span a, span b)
{
	return (span){a.ns + b.ns};
}

static inline span span_sub(span a, span b)
{
	return (span){a.ns - b.ns};
}

static inline span span_neg(span a)
{
	return (span){-a.ns};
}

static inline span span_abs(span a)
{
	return (span){a.ns < 0 ? -a.ns : a.ns};
}

static inline span span_half(span a)
{
	return (span){a.ns / 2};
}

static inline bool span_less(span a, span b)
{
	return a.ns < b.ns;
}

static inline span span_max(span a, span b)
{
	return a.ns > b.ns ? a : b;
}

static inline span span_min(span a, span b)
{
	return a.ns < b.ns ? a : b;
}

static inline double span_to_s(span a)
{
	return (double)a.ns * 1e-9;
}

/* Rounds to the nearest nanosecond; clamps to +-292 years; NaN becomes 0. */
static inline span span_from_s(double s)
{
	if (!(s == s))
		return SPAN_ZERO;
	if (s >= 9.2e9)
		return (span){INT64_MAX};
	if (s <= -9.2e9)
		return (span){-INT64_MAX};
	return (span){(int64_t)floor(s * 1e9 + 0.5)};
}

/* 2^log2s seconds, log2s from -30 to 30. */
static inline span span_from_log2s(int log2s)
{
	return log2s >= 0 ? (span){NS_PER_S << log2s} : (span){NS_PER_S >> -log2s};
}

/* ---- stamp ---- */

static inline bool stamp_is_zero(stamp a)
{
	return a.frac == 0;
}

static inline bool stamp_equal(stamp a, stamp b)
{
	return a.frac == b.frac;
}

/* a - b, right while the two are within 68 years of each other, across eras (RFC 5905 6). */
static inline span stamp_sub(stamp a, stamp b)
{
	int64_t d = (int64_t)(a.frac - b.frac);
	int64_t s = d >> 32;
	uint64_t f = (uint64_t)d & UINT64_C(0xffffffff);

	return (span){s * NS_PER_S +
		      (int64_t)((f * (uint64_t)NS_PER_S + (UINT64_C(1) << 31)) >> 32)};
}

/* t + d, rounded to the nearest 2^-32 s; wraps with the era. */
static inline stamp stamp_add(stamp t, span d)
{
	int64_t s = d.ns / NS_PER_S;
	int64_t r = d.ns % NS_PER_S;

	if (r < 0) {
		r += NS_PER_S;
		s -= 1;
	}
	uint64_t f = (((uint64_t)r << 32) + (uint64_t)NS_PER_S / 2) / (uint64_t)NS_PER_S;
	return (stamp){t.frac + ((uint64_t)s << 32) + f};
}

/* True if a is later than b, within 68 years. */
static inline bool stamp_after(stamp a, stamp b)
{
	return (int64_t)(a.frac - b.frac) > 0;
}

static inline stamp stamp_from_unix(int64_t unix_s, int64_t ns)
{
	stamp t = {((uint64_t)unix_s + UNIX_TO_NTP_S) << 32};

	return stamp_add(t, (span){ns});
}

/*
 * The only place that names an era: the Unix second of t in the era that puts it within 68 years
 * of pivot_unix_s.
 */
static inline int64_t stamp_to_unix_s(stamp t, int64_t pivot_unix_s)
{
	uint64_t pivot_ntp = (uint64_t)pivot_unix_s + UNIX_TO_NTP_S;
	int32_t d = (int32_t)(uint32_t)((t.frac >> 32) - pivot_ntp);

	return pivot_unix_s + d;
}

/* The part of t below the second, in nanoseconds, rounded down: 0 to 999,999,999. */
static inline int64_t stamp_subsecond_ns(stamp t)
{
	return (int64_t)(((t.frac & UINT64_C(0xffffffff)) * (uint64_t)NS_PER_S) >> 32);
}

/* ---- mono ---- */

static inline mono mono_add(mono t, span d)
{
	if (d.ns > 0 && t.ns > INT64_MAX - d.ns)
		return MONO_NEVER;
	return (mono){t.ns + d.ns};
}

static inline span mono_sub(mono a, mono b)
{
	return (span){a.ns - b.ns};
}

/* True if a is earlier than b. */
static inline bool mono_before(mono a, mono b)
{
	return a.ns < b.ns;
}

static inline mono mono_min(mono a, mono b)
{
	return a.ns < b.ns ? a : b;
}

/* ---- freq ---- */

static inline double freq_to_ratio(freq f)
{
	return (double)f.ppt * 1e-12;
}

/* Rounds to the nearest ppt, clamps to +-10 %; NaN becomes 0. */
static inline freq freq_from_ratio(double r)
{
	if (!(r == r))
		return (freq){0};
	if (r > 0.1)
		r = 0.1;
	if (r < -0.1)
		r = -0.1;
	return (freq){(int64_t)floor(r * 1e12 + 0.5)};
}

static inline freq freq_add(freq a, freq b)
{
	return (freq){a.ppt + b.ppt};
}

static inline freq freq_sub(freq a, freq b)
{
	return (freq){a.ppt - b.ppt};
}

/* What a clock of rate f gains over d. */
static inline span freq_over(freq f, span d)
{
	return span_from_s(freq_to_ratio(f) * span_to_s(d));
}

#endif
