/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock on a network card (/dev/ptpN): read beside the clock that is kept, and related to it,
 * so that the card's stamps can be told in our time. Never set. Knows no packet.
 */
#ifndef SYS_PHC_H
#define SYS_PHC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ntptime.h"
#include "sys/clock.h"

struct phc_reading {
	int64_t phc_ns;
	mono at;
	int64_t gap_ns; /* how far apart they may be */
};

/* Nothing is known when all zero. */
struct phc_relation {
	bool has;     /* newest is */
	bool related; /* and the rate: stamps can be told */
	bool odd;     /* it does not run as a clock does */
	struct phc_reading newest;
	struct phc_reading anchor; /* the rate is measured from here */
	struct phc_reading next;   /* the anchor after it */
	double rate;		   /* of the card's clock against the steady one, less 1 */
};

/* Takes in a reading: the rate comes from two that are far enough apart; a jump begins anew. */
void phc_relate(struct phc_relation *r, const struct phc_reading *x);
/* When the card's clock showed phc_ns; false if nothing can be said of that instant. */
MUST_CHECK bool phc_tell(const struct phc_relation *r, int64_t phc_ns, mono *ret);

struct phc;

/* The clock /dev/ptp<index>, read for a first time. 0 or -errno. */
MUST_CHECK int phc_open(unsigned index, struct clock *c, struct phc **ret);
void phc_free(struct phc *p);
unsigned phc_index(const struct phc *p);
const struct phc_relation *phc_state(const struct phc *p);
/* Reads it anew if it is time to. */
void phc_keep(struct phc *p, struct clock *c);

#endif
