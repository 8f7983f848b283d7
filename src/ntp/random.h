/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpredictable numbers from one seed: a ChaCha20 key stream (RFC 8439). Same seed, same numbers,
 * so a recording replays. Reads no entropy by itself.
 */
#ifndef NTP_RANDOM_H
#define NTP_RANDOM_H

#include "base/ntptime.h"

#include <nettle/chacha.h>

struct random {
	struct chacha_ctx stream;
	uint8_t octets[CHACHA_BLOCK_SIZE];
	unsigned used; /* of octets */
};

void random_init(struct random *r, const uint8_t seed[32]);
uint64_t random_u64(struct random *r);
/* Never 0: a transmit time that serves as a nonce must not look unknown (RFC 5905 section 6). */
stamp random_nonce(struct random *r);
/* Uniform over 0 .. n - 1; n is not 0. */
uint64_t random_below(struct random *r, uint64_t n);
/* Uniform over 0 .. max; max is not negative. */
span random_span(struct random *r, span max);

#endif
