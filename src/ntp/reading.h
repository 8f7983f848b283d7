/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one sample says of a source's clock, as tracks want to be told it: relative to a line that
 * shows about what the clock shows. Knows no belief.
 */
#ifndef NTP_READING_H
#define NTP_READING_H

#include "ntp/bank.h"
#include "ntp/estimate.h"

struct reading {
	enum bank_way ways; /* one past the last that was measured: down always, up if two-way */
	struct track_measure measure[BANK_WAYS];
	double trip; /* round trip, s; two-way only */
};

/* remote: what the line shows at the arrival. */
void reading_take(struct reading *r, stamp remote, const struct sample *s);
/* By how much it misses, at most, what the track foretells, s. */
double reading_surprise(const struct reading *r, const struct track *t);

#endif
