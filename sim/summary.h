/* SPDX-License-Identifier: BSD-2-Clause */
/* What came of a simulation, host by host: figures as text, samples as CSV. */
#ifndef SIM_SUMMARY_H
#define SIM_SUMMARY_H

#include <stdio.h>

#include "sim/gauge.h"
#include "sim/universe.h"

/* Counts of values by eighths of an octave: a median within 5 % without keeping the values. */
#define SUMMARY_BINS 512

struct tally {
	uint64_t samples;
	double sum, squares; /* of the offset, ns */
	double max;
	int64_t last_ns;     /* seen there last */
	int64_t last_bad_ns; /* not converged there; -1: always was */
	uint64_t bounded;    /* samples with a bound of its own */
	uint64_t held, distance_held;
	uint64_t synchronised;
	uint32_t *offsets; /* owned; SUMMARY_BINS of |offset| */
	uint32_t *bounds;
};

struct summary {
	int64_t from_ns;
	int64_t converged_ns;
	unsigned count;
	struct tally *tallies; /* owned, a host each */
	FILE *csv;	       /* NULL: none */
};

void summary_init(struct summary *r, const struct universe *u, int64_t from_ns,
		  int64_t converged_ns, FILE *csv);
void summary_see(struct summary *r, const struct host *h, const struct gauge *g);
void summary_print(const struct summary *r, const struct universe *u, FILE *out);
void summary_fini(struct summary *r);

#endif
