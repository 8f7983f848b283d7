/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/rivals.h"

#define WON 6.0		 /* where exchanges were among what decided it ... */
#define EXCHANGES_MIN 2	 /* ... so many at least; ... */
#define WON_ONE_WAY 12.0 /* ... or not */
#define LOST (-5.0)	 /* worse than at the start by so much */
#define IDLE_NARROW 0.1
#define IDLE_LEAD 2.0
#define AGE_MIN 2	   /* one packet alone decides nothing */
#define AGE_MAX 24	   /* samples; the next surprise begins anew */
#define RATE_STEP_MAX 5e-6 /* no oscillator changes by more at once */

/* Log odds before any evidence: once in thousands of surprises, or in millions. */
static const double rarity[RIVAL_STORIES] = {
	[RIVAL_DELAY] = -9.0,
	[RIVAL_CLOCK] = -16.0,
	[RIVAL_RATE] = -9.0,
};

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
		r->lead[i] = rarity[i];
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
		if (way == BANK_DOWN || l.narrow < r->narrow[i])
			r->narrow[i] = l.narrow;
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
	/* Surprised as well, with nothing to show for it: let others try. */
	bool idle = r->narrow[leader] < IDLE_NARROW && r->lead[leader] < rarity[leader] + IDLE_LEAD;
	if (idle || r->lead[leader] < rarity[leader] + LOST || r->age >= AGE_MAX)
		r->active = false;
	return false;
}
