/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first exchanges with a source, weighed against each other: how much queueing they show, and
 * which of them were too late to tell the offset. Knows no clock.
 */
#ifndef NTP_OPENING_H
#define NTP_OPENING_H

#include "ntp/estimate.h"

#define OPENING_SPREAD_MIN 4 /* exchanges; fewer can all have been late alike */

/* The source's clock was moved by that, and ours with it. */
void opening_leap(struct estimate_opening *o, span by);
/* Round trip without the time in the source, s; two-way samples only. */
double opening_trip(const struct sample *s);
/* A guess at the mean queueing of one way, s, and the least round trip. One exchange at least. */
double opening_queue(const struct estimate_opening *o, double *ret_least);
/* What so few of them leave open that their spread means little, s; drift is s, too. */
double opening_bound(const struct estimate_opening *o, double drift);
/*
 * True if its round trip is near the least, so that it tells the offset as well as the others do:
 * one that spent a millisecond more on its way tells it to half a millisecond only, and a filter
 * that begins with it takes the error for a rate.
 */
bool opening_is_typical(const struct sample *s, double least, double queue);

#endif
