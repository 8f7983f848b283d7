/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The newest samples of an estimate, while a later packet may still tell more of them: what was
 * believed before is kept, so that the exact story replaces the first one. Knows no packet.
 */
#ifndef NTP_HINDSIGHT_H
#define NTP_HINDSIGHT_H

#include "ntp/estimate.h"

#define HINDSIGHT_MAX 6
#define HINDSIGHT_NOTHING_NS 200 /* a correction that is not worth the work */

struct hindsight {
	unsigned count;
	struct sample list[HINDSIGHT_MAX]; /* in order of arrival */
	struct estimate before;		   /* without them; not set while there is none */
};

/* From now on nothing is known of what came before; the estimate was changed otherwise. */
void hindsight_clear(struct hindsight *h);
/*
 * The only way of a sample into e. It may have arrived before others: then they are told again
 * after it; too late is an outlier. What arrived before open is settled, nothing more will be told
 * of it; MONO_NEVER: all of it.
 */
enum estimate_verdict hindsight_add(struct hindsight *h, struct estimate *e, const struct sample *s,
				    mono open);
/*
 * The sample that arrived then was really sent at that time. False if it is not remembered, or if
 * the correction contradicts everything else: then nothing changes.
 */
bool hindsight_correct(struct hindsight *h, struct estimate *e, mono arrived, stamp transmitted);

#endif
