/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many sources in, the truechimers among them and one combined belief out: intersection
 * (RFC 5905 11.2.1), clustering (11.2.2) and combination (11.2.3) on honest intervals.
 */
#ifndef NTP_SELECT_H
#define NTP_SELECT_H

#include "base/ntptime.h"
#include "ntp/estimate.h"
#include "ntp/state.h"

#define SELECT_MAX 256
#define SELECT_HOP_AFTER SPAN_S(900)

struct candidate {
	struct belief belief;
	span offset;	    /* filled by the caller: belief.remote at now, minus wall */
	span root_distance; /* lambda: half of root and path delay, dispersions, error */
	uint8_t stratum;
	bool was_master;
	span ahead;    /* for how long is_ahead was true, 0: not at the last round */
	bool is_ahead; /* out: half as far from the truth as the master of before, or nearer */
	uint8_t rank;  /* out: enum assoc_rank */
};

struct selection {
	bool valid;	 /* a majority was found */
	unsigned master; /* index of the leading candidate */
	unsigned survivors;
	struct belief combined; /* all at the same instant */
	span error;		/* estimated error of combined, never less than its spread */
};

/* c may be reordered never; ranks are written into it. n up to SELECT_MAX. */
void select_run(struct candidate *c, unsigned n, struct selection *ret);

#endif
