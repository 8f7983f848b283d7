/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/rivals.h"

#define RARITY -9.0	 /* log odds before any evidence: once in some thousand surprises */
#define WON 6.0		 /* where exchanges were among what decided it ... */
#define EXCHANGES_MIN 2	 /* ... so many at least; ... */
#define WON_ONE_WAY 12.0 /* ... or not */
#define LOST -14.0
#define AGE_MIN 2 /* one packet alone decides nothing */
#define AGE_MAX 24
#define RATE_STEP_MAX 5e-6 /* no oscillator changes by more at once */

void rivals_start(struct rivals *r, const struct bank *b, const struct track *before,
		  double seconds, double surprise)
{
	const double delay[TRACK_ROWS] = {0.0, 0.0, surprise};
	const double clock[TRACK_ROWS] = {surprise, 0.0, 0.0};
	double slope = surprise < RATE_STEP_MAX * seconds ? surprise / seconds : RATE_STEP_MAX;
	const double rate[TRACK_ROWS] = {0.0, slope, 0.0};

	*r = (struct rivals){.active = true, .wander = bank_wander(b), .before = b->belief};
	for (int i = 0; i < RIVAL_STORIES; i++) {
		r->track[i] = *before;
		r->lead[i] = RARITY;
	}
	track_loosen(&r->track[RIVAL_DELAY], delay);
	track_loosen(&r->track[RIVAL_CLOCK], clock);
	track_loosen(&r->track[RIVAL_RATE], rate);
	rivals_advance(r, seconds);
}

void rivals_advance(struct rivals *r, double seconds)
{
	for (int i = 0; i < RIVAL_STORIES; i++)
		track_advance(&r->track[i], seconds, r->wander);
}

void rivals_shift(struct rivals *r, double clock)
{
	for (int i = 0; i < RIVAL_STORIES; i++)
		r->track[i].mean[TRACK_CLOCK] -= clock;
}

void rivals_observe(struct rivals *r, const struct bank *b, enum bank_way way,
		    const struct track_measure *m, double evidence)
{
	struct track_noise noise;

	bank_noise_of(b, way, &noise);
	for (int i = 0; i < RIVAL_STORIES; i++) {
		struct track_lesson l;
		track_observe(&r->track[i], m, &noise, &l);
		double gain = l.evidence - evidence;
		r->lead[i] += gain;
		if (r->age == 0 && gain > r->gift[i])
			r->gift[i] = gain;
	}
	if (way == BANK_UP)
		r->exchanges++;
}

static enum rival_story best(const struct rivals *r)
{
	enum rival_story leader = RIVAL_DELAY;

	if (r->lead[RIVAL_RATE] > r->lead[leader])
		leader = RIVAL_RATE;
	if (r->exchanges >= EXCHANGES_MIN && r->lead[RIVAL_CLOCK] > r->lead[leader])
		leader = RIVAL_CLOCK;
	return leader;
}

double rivals_lead(const struct rivals *r)
{
	return r->lead[best(r)];
}

bool rivals_decide(struct rivals *r, enum rival_story *ret)
{
	for (int i = 0; i < RIVAL_STORIES && r->age == 0; i++)
		r->lead[i] -= r->gift[i];
	r->age++;

	enum rival_story leader = best(r);
	double bar = r->exchanges >= EXCHANGES_MIN ? WON : WON_ONE_WAY;
	if (r->age >= AGE_MIN && r->lead[leader] > bar) {
		r->active = false;
		*ret = leader;
		return true;
	}
	if (r->lead[leader] < LOST || r->age >= AGE_MAX)
		r->active = false;
	return false;
}
