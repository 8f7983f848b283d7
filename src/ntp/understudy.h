/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bank can settle on a mistake that feeds itself: a path taken to be too short makes all packets
 * look queued, and much queueing lets the path be short. An understudy starts now and then with
 * another scale of noise and an open mind about the path; if it foretells better it takes over.
 */
#ifndef NTP_UNDERSTUDY_H
#define NTP_UNDERSTUDY_H

#include <stdbool.h>

#include "ntp/bank.h"
#include "ntp/noise.h"
#include "ntp/track.h"

struct understudy {
	bool active;
	unsigned turn; /* which scale is tried */
	int age;       /* measurements seen ... */
	int exchanges; /* ... of the way up among them */
	double wander;
	double shape;
	double lead; /* log odds against the bank */
	struct track track;
	struct noise noise[BANK_WAYS];
};

void understudy_start(struct understudy *u, const struct bank *b);
void understudy_advance(struct understudy *u, double seconds);
void understudy_shift(struct understudy *u, double clock);
/* The same measurement that the bank gave that evidence for. */
void understudy_observe(struct understudy *u, enum bank_way way, const struct track_measure *m,
			double evidence);
/* After every sample: true if it has won. It ends by itself when it had its time. */
bool understudy_wins(struct understudy *u);

#endif
