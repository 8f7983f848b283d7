/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a packet surprises the bank, three other stories are followed beside it: the path changed,
 * the source's clock was moved, the oscillator's rate changed. Whichever foretells what comes next
 * so much better that its rarity is outweighed takes the bank over.
 */
#ifndef NTP_RIVALS_H
#define NTP_RIVALS_H

#include <stdbool.h>

#include "ntp/bank.h"
#include "ntp/track.h"

enum rival_story {
	RIVAL_DELAY, /* both ways of the path became longer or shorter */
	RIVAL_CLOCK, /* the source's clock was stepped */
	RIVAL_RATE,
	RIVAL_STORIES,
};

struct rivals {
	bool active;
	int age;       /* samples seen ... */
	int exchanges; /* ... two-way ones among them */
	double wander;
	double lead[RIVAL_STORIES];   /* log odds against the bank, their rarity included */
	double narrow[RIVAL_STORIES]; /* chance that the newest sample was ordinary to them */
	double gift[RIVAL_STORIES];   /* what of it comes from the measurement they were made for */
	struct track track[RIVAL_STORIES];
	struct bank_belief before; /* of the bank, when it was not yet misled */
};

/*
 * before is the bank merged, seconds ago; surprise is by how much the packet missed it, s.
 */
void rivals_start(struct rivals *r, const struct bank *b, const struct track *before,
		  double seconds, double surprise);
void rivals_advance(struct rivals *r, double seconds);
void rivals_shift(struct rivals *r, double clock);
/* The same measurement that the bank gave that evidence for. */
void rivals_observe(struct rivals *r, const struct bank *b, enum bank_way way,
		    const struct track_measure *m, double evidence);
/*
 * After every sample: true if a story has won; ret is it. Without an exchange nobody can tell a
 * moved clock from a changed path, and one-way packets alone never move the clock.
 */
bool rivals_decide(struct rivals *r, enum rival_story *ret);
/* The best log odds of those that may win at all. */
double rivals_lead(const struct rivals *r);

#endif
