/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not known of a clock and a path is averaged: one track for each pair of a wander of the
 * clock and a shape of the noise, each weighing what it has foretold. The noise's scale is learned.
 */
#ifndef NTP_BANK_H
#define NTP_BANK_H

#include "ntp/noise.h"
#include "ntp/track.h"

#define BANK_SHAPES 3
#define BANK_WANDERS 7

enum bank_way {
	BANK_DOWN, /* source to us */
	BANK_UP,   /* us to source */
	BANK_WAYS,
};

/* How much each track is believed: logarithms, the largest of a row is 0. */
struct bank_belief {
	double shape[BANK_SHAPES];
	double wander[BANK_SHAPES][BANK_WANDERS];
};

struct bank {
	struct noise noise[BANK_SHAPES][BANK_WAYS];
	struct bank_belief belief;
	struct track track[BANK_SHAPES][BANK_WANDERS];
};

/* What one measurement told the bank as a whole. */
struct bank_lesson {
	double evidence; /* log likelihood */
	double narrow;	 /* chance that it was an ordinary packet */
};

/* Every track becomes start and is as likely as the next; queue is a guess at the noise, s. */
void bank_start(struct bank *b, const struct track *start, double queue);
/* Every track becomes start; what was learned of noise and wander stays. */
void bank_replace(struct bank *b, const struct track *start);
/* What was learned of one direction's noise is replaced by a guess. */
void bank_rescale(struct bank *b, enum bank_way way, double queue);
void bank_advance(struct bank *b, double seconds);
/* The reference line moves up by that much. */
void bank_shift(struct bank *b, double clock);
void bank_observe(struct bank *b, enum bank_way way, const struct track_measure *m,
		  struct bank_lesson *ret);
/*
 * A little of what exchanges have told is forgotten, the more the less is known of the noise: the
 * first of them were weighed with a scale that was a guess.
 */
void bank_fade(struct bank *b);
/* All tracks as one: the mixture's mean and covariance, seconds ahead. */
void bank_merge(const struct bank *b, double seconds, struct track *ret);
/* The noise of the likeliest shape, and the likeliest wander. */
void bank_noise_of(const struct bank *b, enum bank_way way, struct track_noise *ret);
double bank_wander(const struct bank *b);
/* How many exchanges, the newest hundred or so, have told what is known of the noise. */
double bank_exchanges(const struct bank *b);
/* RMS of the ordinary noise of one direction, s. */
double bank_jitter(const struct bank *b, enum bank_way way);

#endif
