/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the oscillator runs at another rate since a while, or the path is longer: packets that
 * are late one after another, each as a queue might make it, add up. For either story a track with
 * an open mind runs beside the bank from the moment when it was last no better; what it foretold
 * better since then is its evidence (a cumulative sum test).
 */
#ifndef NTP_WATCH_H
#define NTP_WATCH_H

#include <stdbool.h>

#include "ntp/bank.h"
#include "ntp/track.h"

enum watch_story {
	WATCH_RATE,
	WATCH_DELAY, /* both ways alike */
	WATCH_STORIES,
};

struct watch {
	bool active;
	double bar; /* with more evidence than that an exchange is worth while */
	struct watch_track {
		bool fresh; /* nothing was seen since it began: the change may come at any time */
		int age;    /* measurements seen ... */
		int exchanges; /* ... of the way up among them */
		double wander;
		double lead; /* log odds against the bank, without the rarity of such a change */
		double told; /* the same after the newest exchange */
		struct track track;
		struct bank_belief before; /* of the bank, when it was not yet misled */
	} story[WATCH_STORIES];
};

void watch_start(struct watch *w, const struct bank *b);
void watch_advance(struct watch *w, double seconds);
void watch_shift(struct watch *w, double clock);
/* The same measurement that the bank gave that evidence for. */
void watch_observe(struct watch *w, const struct bank *b, enum bank_way way,
		   const struct track_measure *m, double evidence);
/*
 * After every sample: the story that has won, or NULL. One in which the bank is as good begins
 * anew.
 */
const struct watch_track *watch_winner(struct watch *w, const struct bank *b);
/* An exchange would settle what packets alone suggest. */
bool watch_suspects(const struct watch *w);

#endif
