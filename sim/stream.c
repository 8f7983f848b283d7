/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/stream.h"

#include <math.h>

#include "base/special.h"

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of z reaches every bit. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t stream_hash(uint64_t seed, const char *text)
{
	uint64_t h = mix(seed + UINT64_C(0x9e3779b97f4a7c15));

	for (const char *p = text; *p; p++)
		h = mix((h ^ (unsigned char)*p) + UINT64_C(0x9e3779b97f4a7c15));
	return h;
}

struct stream stream_named(uint64_t seed, const char *cause, const char *name)
{
	return (struct stream){.state = stream_hash(stream_hash(seed, cause), name)};
}

struct stream stream_mixed(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t h = mix(a + UINT64_C(0x9e3779b97f4a7c15));

	h = mix((h ^ b) + UINT64_C(0x9e3779b97f4a7c15));
	h = mix((h ^ c) + UINT64_C(0x9e3779b97f4a7c15));
	return (struct stream){.state = h};
}

uint64_t stream_u64(struct stream *s)
{
	s->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(s->state);
}

double stream_uniform(struct stream *s)
{
	return ((double)(stream_u64(s) >> 12) + 0.5) * 0x1p-52;
}

double stream_between(struct stream *s, double low, double high)
{
	return low + (high - low) * stream_uniform(s);
}

double stream_exponential(struct stream *s, double mean)
{
	return -mean * special_log(stream_uniform(s));
}

/* Marsaglia's polar method: only log and sqrt, two for one. */
double stream_normal(struct stream *s)
{
	double u, v, q;

	if (s->has_spare) {
		s->has_spare = 0;
		return s->spare;
	}
	do {
		u = stream_between(s, -1.0, 1.0);
		v = stream_between(s, -1.0, 1.0);
		q = u * u + v * v;
	} while (q >= 1.0 || q < 1e-300);
	double scale = sqrt(-2.0 * special_log(q) / q);

	s->spare = v * scale;
	s->has_spare = 1;
	return u * scale;
}
