/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One filter of an estimate's bank: a Gaussian belief about a source's clock, its rate and the
 * path delay, moved by one-sided noise. Knows no instants, only seconds since the last call.
 */
#ifndef NTP_TRACK_H
#define NTP_TRACK_H

/* Rows of mean and covariance. */
enum track_row {
	TRACK_CLOCK, /* what the source shows beyond a reference line, s */
	TRACK_RATE,  /* it gains so much per second */
	TRACK_DELAY, /* one way, without queueing, s */
	TRACK_ROWS,
};

struct track {
	double mean[TRACK_ROWS];
	double cov[TRACK_ROWS][TRACK_ROWS]; /* symmetric */
};

/* seen = row . state + queueing + reading */
struct track_measure {
	double row[TRACK_ROWS];
	double seen; /* s */
};

/* The noise of one direction: exponential queueing, now and then far longer, and reading. */
struct track_noise {
	double queue;	/* mean of the queueing, s */
	double reading; /* 1-sigma of the Gaussian, s */
	double busy;	/* chance that the path is busy ... */
	double wide;	/* ... and the mean queueing then, s */
};

/* What a measurement told, besides moving the track. */
struct track_lesson {
	double evidence;  /* log likelihood */
	double narrow;	  /* chance that the path was not busy and the packet not odd ... */
	double queue;	  /* ... expected queueing if so ... */
	double reading_2; /* ... and expected square of the reading error */
	double busy;	  /* chance that the path was busy ... */
	double wide;	  /* ... and expected queueing if so */
};

/* seconds pass; wander is the random walk of the rate in 1/sqrt(s). */
void track_advance(struct track *t, double seconds, double wander);
/* More doubt along one direction: as if direction times a standard normal had been added. */
void track_loosen(struct track *t, const double direction[TRACK_ROWS]);
/*
 * The state takes the mean and variance of the exact posterior; a packet that fits nothing moves
 * nothing.
 */
void track_observe(struct track *t, const struct track_measure *m, const struct track_noise *noise,
		   struct track_lesson *ret);

#endif
