/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/random.h"

#include <assert.h>
#include <string.h>

void random_init(struct random *r, const uint8_t seed[32])
{
	static const uint8_t nonce[CHACHA_NONCE_SIZE] = {0};

	chacha_set_key(&r->stream, seed);
	chacha_set_nonce(&r->stream, nonce);
	r->used = sizeof r->octets;
}

uint64_t random_u64(struct random *r)
{
	uint64_t v = 0;

	if (r->used + 8 > sizeof r->octets) {
		memset(r->octets, 0, sizeof r->octets);
		chacha_crypt(&r->stream, sizeof r->octets, r->octets, r->octets);
		r->used = 0;
	}
	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | r->octets[r->used + i];
	memset(r->octets + r->used, 0, 8); /* what was given out is not kept */
	r->used += 8;
	return v;
}

stamp random_nonce(struct random *r)
{
	stamp s;

	do {
		s.frac = random_u64(r);
	} while (stamp_is_zero(s));
	return s;
}

uint64_t random_below(struct random *r, uint64_t n)
{
	assert(n > 0);
	uint64_t limit = UINT64_MAX - UINT64_MAX % n; /* rejection keeps it uniform */
	uint64_t v;

	do {
		v = random_u64(r);
	} while (v >= limit);
	return v % n;
}

span random_span(struct random *r, span max)
{
	assert(max.ns >= 0);
	return (span){(int64_t)random_below(r, (uint64_t)max.ns + 1)};
}
