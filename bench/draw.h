/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers that are the same everywhere: a named stream for each cause, so that adding one
 * cause does not reshuffle the others.
 */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <stdint.h>

#include "base/special.h"

struct draw {
	uint64_t state[2];
};

static inline uint64_t draw_mix(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline struct draw draw_start(uint64_t seed, uint64_t cause)
{
	uint64_t s = seed * UINT64_C(1000003) + cause;
	uint64_t a = draw_mix(&s);

	return (struct draw){{a, draw_mix(&s) | 1}};
}

/* xoroshiro128+ */
static inline uint64_t draw_bits(struct draw *d)
{
	uint64_t a = d->state[0], b = d->state[1];
	uint64_t sum = a + b;

	b ^= a;
	d->state[0] = (a << 24 | a >> 40) ^ b ^ (b << 16);
	d->state[1] = b << 37 | b >> 27;
	return sum;
}

/* Above 0, not above 1. */
static inline double draw_uniform(struct draw *d)
{
	return (double)((draw_bits(d) >> 11) + 1) * 0x1p-53;
}

static inline double draw_exponential(struct draw *d)
{
	return -special_log(draw_uniform(d));
}

/* Marsaglia's polar method. */
static inline double draw_normal(struct draw *d)
{
	double x, y, r;

	do {
		x = 2.0 * draw_uniform(d) - 1.0;
		y = 2.0 * draw_uniform(d) - 1.0;
		r = x * x + y * y;
	} while (r >= 1.0 || r < 1e-300);
	return x * sqrt(-2.0 * special_log(r) / r);
}

#endif
