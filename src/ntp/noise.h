/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The noise of one direction, learned on line: how much of it is queueing, how much is reading
 * clocks, under a given ratio of the two. Knows no track.
 */
#ifndef NTP_NOISE_H
#define NTP_NOISE_H

#include "ntp/track.h"

struct noise {
	double queue;	  /* running mean, s */
	double reading_2; /* running mean square, s^2 */
	double count;	  /* what the means weigh, in samples */
	double busy;	  /* running mean of the chance that the path was busy ... */
	double wide;	  /* ... and of the queueing then, as a multiple of scale */
	double scale;	  /* the mean queueing that follows from the two, s */
};

/* A guess that weighs one sample; shape is reading noise over queueing. */
void noise_start(struct noise *n, double shape, double queue);
/*
 * Expectation maximisation: the means of what tracks believe to have been queueing and reading
 * error give the likeliest scale.
 */
void noise_learn(struct noise *n, double shape, const struct track_lesson *l);
/* What tracks are told of a direction; one that is seldom measured borrows from the lender. */
void noise_for_track(const struct noise *n, const struct noise *lender, double shape,
		     struct track_noise *ret);

#endif
