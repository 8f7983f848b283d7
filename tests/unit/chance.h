/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chance that repeats: 64 bits at a time from a seed, as splitmix64 makes them. For tests that
 * shall be the same on every machine.
 */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdint.h>

static inline uint64_t chance_draw(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

#endif
