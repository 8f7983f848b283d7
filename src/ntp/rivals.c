/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/rivals.h"

#define RARITY -9.0	 /* log odds before any evidence: once in some thousand surprises */
#define WON 8.0		 /* two-way packets were among what decided it ... */
#define WON_ONE_WAY 14.0 /* ... or not */
#define LOST -14.0
#define AGE_MIN 2 /* one packet alone decides nothing */
#define AGE_MAX 24

void rivals_start(struct rivals *r, const struct bank *b, const struct track *before,
		  double seconds, double surprise)
{
	const double delay[TRACK_ROWS] = {0.0, 0.0, surprise};
	const double clock[TRACK_ROWS] = {surprise, 0.0, 0.0};
	const double rate[TRACK_ROWS] = {0.0, surprise / seconds, 0.0};

	*r = (struct rivals){.active = true, .wander = bank_wander(b), .before = b->belief};
	for (int i = 0; i < RIVAL_STORIES; i++) {
		r->track[i] = *before;
		r->lead[i] = RARITY;
	}
	track_loosen(&r->track[RIVAL_DELAY], delay);
	track_loosen(&r->track[RIVAL_CLOCK], clock);
	if (seconds > 0.0)
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
		r->lead[i] += l.evidence - evidence;
	}
	if (way == BANK_UP)
		r->exchanged = true;
}

static enum rival_story best(const struct rivals *r)
{
	enum rival_story leader = RIVAL_DELAY;

	if (r->lead[RIVAL_RATE] > r->lead[leader])
		leader = RIVAL_RATE;
	if (r->exchanged && r->lead[RIVAL_CLOCK] > r->lead[leader])
		leader = RIVAL_CLOCK;
	return leader;
}

double rivals_lead(const struct rivals *r)
{
	return r->lead[best(r)];
}

bool rivals_decide(struct rivals *r, enum rival_story *ret)
{
	enum rival_story leader = best(r);

	r->age++;
	if (r->age >= AGE_MIN && r->lead[leader] > (r->exchanged ? WON : WON_ONE_WAY)) {
		r->active = false;
		*ret = leader;
		return true;
	}
	if (r->lead[leader] < LOST || r->age >= AGE_MAX)
		r->active = false;
	return false;
}
