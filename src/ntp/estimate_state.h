/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of an estimate: visible only so that an association can hold one without a heap. */
#ifndef NTP_ESTIMATE_STATE_H
#define NTP_ESTIMATE_STATE_H

#include "base/ntptime.h"
#include "ntp/track.h"

#define ESTIMATE_SHAPES 3
#define ESTIMATE_WANDERS 7

enum estimate_way {
	ESTIMATE_DOWN, /* source to us */
	ESTIMATE_UP,   /* us to source */
	ESTIMATE_WAYS,
};

/* What has been learned of one direction's noise under one shape. */
struct estimate_noise {
	double queue;	  /* running mean, s */
	double reading_2; /* running mean square, s^2 */
	double count;	  /* what the means weigh, in samples */
	double scale;	  /* follows from the two, s */
};

struct estimate {
	bool started;	 /* a sample was taken: at and remote are real */
	bool calibrated; /* the delay was measured */
	bool assumed;	 /* the delay was given */
	bool has_rate;	 /* the rate was given, or learned before a restart */
	double rate, rate_error;
	double path, path_error; /* as assumed, s */
	mono at;		 /* of the newest sample; the tracks are relative to ... */
	stamp remote;		 /* ... this line of rate 0 */
	mono exchanged;		 /* newest two-way sample */
	unsigned jumps;		 /* two-way samples in a row that cannot be queueing */
	double jump;		 /* where the newest of them was, s */
	struct estimate_noise noise[ESTIMATE_SHAPES][ESTIMATE_WAYS];
	double shape_log[ESTIMATE_SHAPES]; /* log weights */
	double wander_log[ESTIMATE_SHAPES][ESTIMATE_WANDERS];
	struct track bank[ESTIMATE_SHAPES][ESTIMATE_WANDERS];
};

#endif
