/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/opening.h"

#define TRIP_MIN 2e-7 /* s */
#define TYPICAL 8.0   /* times the usual queueing: more of it tells nothing yet */
#define LATE_FOLD 4.0 /* times the spread of the quickest quarter; more is no queueing as usual */

void opening_leap(struct estimate_opening *o, span by)
{
	for (unsigned i = 0; i < o->count; i++) {
		o->sample[i].transmitted = stamp_add(o->sample[i].transmitted, by);
		o->sample[i].received = stamp_add(o->sample[i].received, by);
	}
}

double opening_trip(const struct sample *s)
{
	span away = mono_sub(s->arrived, s->sent);
	double trip = span_to_s(span_sub(away, stamp_sub(s->transmitted, s->received)));

	return trip > TRIP_MIN ? trip : TRIP_MIN;
}

/*
 * How much queueing the first exchanges show. The median excess of a round trip over the least of
 * n, in units of the mean queueing of one way, is close to 0.75 + (n - 2) / 20 when that is
 * exponential; a single one is taken to have spent a tenth of its trip in each queue.
 */
double opening_queue(const struct estimate_opening *o, double *ret_least)
{
	double trip[ESTIMATE_OPENING_EXCHANGES] = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < o->count; i++) {
		if (!o->sample[i].two_way)
			continue;
		double x = opening_trip(&o->sample[i]);
		unsigned j = n++;
		for (; j > 0 && trip[j - 1] > x; j--)
			trip[j] = trip[j - 1];
		trip[j] = x;
	}
	*ret_least = trip[0];
	double prior = trip[0] / 10.0;
	if (n == 1)
		return prior;
	double median = (trip[n / 2] + trip[(n - 1) / 2]) / 2.0;
	double spread = (median - trip[0]) / (0.75 + (n - 2) / 20.0);
	/* Where half of them were late, the quicker ones still tell. */
	double quick = LATE_FOLD * (trip[(n + 1) / 4] - trip[0]);
	quick = quick > prior ? quick : prior;
	if (n >= OPENING_SPREAD_MIN && quick < spread)
		spread = quick;
	return (spread * (n - 1) + 0.3 * prior) / (n - 1 + 0.3);
}

double opening_bound(const struct estimate_opening *o, double drift)
{
	double least;

	if (o->exchanges >= OPENING_SPREAD_MIN)
		return 0.0;
	(void)opening_queue(o, &least);
	return least / 2.0 + drift;
}

bool opening_is_typical(const struct sample *s, double least, double queue)
{
	return s->two_way && opening_trip(s) - least <= TYPICAL * queue;
}
