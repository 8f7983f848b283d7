/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One filter of an estimate's bank: a Gaussian belief about a source's clock error, its rate and
 * the path delay, moved by one-sided noise. Knows no instants, only seconds since the last call.
 */
#ifndef NTP_TRACK_H
#define NTP_TRACK_H

#include <stdbool.h>

/* Rows of mean, and of the covariance's upper triangle. */
enum track_row {
	TRACK_CLOCK, /* what the source shows beyond the reference line, s */
	TRACK_RATE,  /* it gains so much per second */
	TRACK_DELAY, /* one way, without queueing, s */
	TRACK_ROWS,
};

struct track {
	double mean[TRACK_ROWS];
	double cov[TRACK_ROWS][TRACK_ROWS];
};

/* The noise of one direction: queueing of that mean, with now and then far longer, and reading. */
struct track_noise {
	double queue;	/* mean of the exponential, s */
	double reading; /* 1-sigma of the Gaussian, s */
	double busy;	/* chance of the wide component */
	double wide;	/* its mean, as a multiple of queue */
};

/* What a measurement told, besides moving the track. */
struct track_lesson {
	double evidence;  /* log likelihood */
	double narrow;	  /* chance that it was not busy */
	double queue;	  /* expected queueing if it was not */
	double reading_2; /* expected square of the reading error if it was not */
};

/* t seconds pass; wander is the random walk of the rate in 1/sqrt(s), drift of delay in s/sqrt(s).
 */
void track_advance(struct track *t, double seconds, double wander, double drift);
/*
 * seen = row . state + queueing + reading. The state takes the mean and variance of the exact
 * posterior.
 */
void track_observe(struct track *t, const double row[TRACK_ROWS], double seen,
		   const struct track_noise *noise, struct track_lesson *ret);

#endif
