/* SPDX-License-Identifier: BSD-2-Clause */
/* A host measured from outside and asked about itself, at one instant. */
#ifndef SIM_GAUGE_H
#define SIM_GAUGE_H

#include "sim/host.h"

struct gauge {
	int64_t at_ns;	   /* true time */
	int64_t offset_ns; /* reference - local, by the truth */
	bool running;
	/* what it says itself, while it runs: */
	bool synchronised;
	unsigned sessions;
	int64_t estimate_ns; /* reference - local, as it believes */
	int64_t bound_ns;    /* of the true offset, 95 times of 100 */
	int64_t distance_ns; /* of the true offset, always: root distance */
};

struct gauge gauge_read(struct host *h);

#endif
