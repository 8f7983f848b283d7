/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/reading.h"

#include <math.h>

#include "ntp/opening.h"

void reading_take(struct reading *r, stamp remote, const struct sample *s)
{
	*r = (struct reading){.ways = BANK_UP};
	r->measure[BANK_DOWN] = (struct track_measure){
		{-1.0, 0.0, 1.0}, span_to_s(stamp_sub(remote, s->transmitted))};
	if (!s->two_way)
		return;
	span ago = mono_sub(s->arrived, s->sent);
	r->ways = BANK_WAYS;
	r->measure[BANK_UP] =
		(struct track_measure){{1.0, -span_to_s(ago), 1.0},
				       span_to_s(span_add(stamp_sub(s->received, remote), ago))};
	r->trip = opening_trip(s);
}

double reading_surprise(const struct reading *r, const struct track *t)
{
	double most = 0.0;

	for (enum bank_way way = BANK_DOWN; way < r->ways; way++) {
		double x = r->measure[way].seen;
		for (int i = 0; i < TRACK_ROWS; i++)
			x -= r->measure[way].row[i] * t->mean[i];
		most = fabs(x) > most ? fabs(x) : most;
	}
	return most;
}
