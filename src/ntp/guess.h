/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an estimate begins with while nobody has measured the path: a delay that is assumed, or was
 * given, or follows from what others say of the source's clock. Knows no instant.
 */
#ifndef NTP_GUESS_H
#define NTP_GUESS_H

#include <stdbool.h>

#include "base/ntptime.h"
#include "ntp/track.h"

struct belief;

struct guess {
	bool made;    /* the delay was given, or is the default on purpose */
	double path;  /* one way, s */
	double error; /* 1-sigma */
};

struct guess_start {
	double path; /* that the first packet took, s */
	struct track track;
	double queue; /* a guess at the noise, s */
};

void guess_make(struct guess *g, span path, span half_width);
/* One packet and nothing else: the clock is as uncertain as the path. */
void guess_alone(const struct guess *g, double rate, double rate_error, struct guess_start *ret);
/*
 * By what others say of the clock, which makes the path of one packet so long; false if that
 * contradicts the guess.
 */
bool guess_by_others(const struct guess *g, double path, const struct belief *others,
		     struct guess_start *ret);

#endif
