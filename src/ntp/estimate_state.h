/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of an estimate: visible only so that an association can hold one without a heap.
 * Nobody but estimate.c reads it.
 */
#ifndef NTP_ESTIMATE_STATE_H
#define NTP_ESTIMATE_STATE_H

#include "base/ntptime.h"
#include "ntp/bank.h"
#include "ntp/guess.h"
#include "ntp/rivals.h"
#include "ntp/understudy.h"
#include "ntp/watch.h"

#define ESTIMATE_OPENING_MAX 12
#define ESTIMATE_OPENING_EXCHANGES 8

/*
 * The first samples after the first exchange. With every new one the estimate is made anew from
 * all of them, because only their spread tells how much queueing there is.
 */
struct estimate_opening {
	bool open;
	unsigned count;
	unsigned exchanges;
	struct sample sample[ESTIMATE_OPENING_MAX];
};

struct estimate {
	bool started;	   /* at and remote are real */
	bool calibrated;   /* the delay was measured */
	bool doubted;	   /* one-way packets say that the delay or the clock is not what it was */
	double rate;	   /* what is known of the rate before any sample ... */
	double rate_error; /* ... and how well, 1-sigma */
	struct guess guess;
	mono at;	  /* of the newest sample; the bank is relative to ... */
	stamp remote;	  /* ... the line of rate 0 that shows this at that instant */
	mono exchanged;	  /* newest two-way sample */
	double settled;	  /* 1-sigma of the clock after it, s */
	mono born;	  /* first exchange of the opening */
	double least;	  /* round trip since then, s */
	unsigned jumps;	  /* newest exchanges beyond what any queueing can explain; the last ... */
	mono jump_at;	  /* ... arrived then ... */
	double jump;	  /* ... and was there, s from the line ... */
	double jump_trip; /* ... with that round trip, s */
	double refuted;	  /* s; samples that were not used say that the clock is wrong by that */
	struct bank bank;
	struct watch watch;
	struct rivals rivals;
	struct understudy understudy;
	struct estimate_opening opening;
};

#endif
