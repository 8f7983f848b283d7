/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers, one stream a cause: a stream is named by (seed, name), so that adding a host
 * reshuffles nobody else's luck. The same bits on every machine. Knows nothing of clocks.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include <stdint.h>

struct stream {
	uint64_t state; /* SplitMix64: any value is a good one */
	double spare;	/* the other half of a normal pair */
	int has_spare;
};

/* cause is a kind ("wander"), name the thing that has it ("B"). */
struct stream stream_named(uint64_t seed, const char *cause, const char *name);
/* One that is used once and forgotten: the luck of a place and an instant. */
struct stream stream_mixed(uint64_t a, uint64_t b, uint64_t c);
uint64_t stream_hash(uint64_t seed, const char *text);
uint64_t stream_u64(struct stream *s);
/* Inside (0, 1), never an end. */
double stream_uniform(struct stream *s);
/* From low to high. */
double stream_between(struct stream *s, double low, double high);
double stream_exponential(struct stream *s, double mean);
/* Mean 0, variance 1. */
double stream_normal(struct stream *s);

#endif
