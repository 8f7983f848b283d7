/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/watch.h"

#include <math.h>
#include <stddef.h>

#include "base/special.h"

#define RATE_JUMP 1e-6	  /* 1-sigma of what an oscillator's rate may change by */
#define DELAY_JUMP 8.0	  /* the same of a path, times the usual queueing */
#define WON 15.0	  /* where exchanges were among what decided it ... */
#define WON_ONE_WAY 21.0  /* ... or not: nobody answers */
#define AGE_MAX 64	  /* measurements; by then both may have learned the same */
#define EXCHANGES_ASKED 2 /* what they left open, only later packets may ask about again */
#define ASK_EVERY_S 180.0 /* at most; less than one in an hour is what it comes to */
#define BAR_MIN 1.2	  /* where packets are rare */

static void begin(struct watch_track *t, enum watch_story story, const struct bank *b)
{
	*t = (struct watch_track){.fresh = true, .wander = bank_wander(b), .before = b->belief};
	bank_merge(b, 0.0, &t->track);
	if (story == WATCH_DELAY) {
		const double longer[TRACK_ROWS] = {0.0, 0.0,
						   DELAY_JUMP * bank_jitter(b, BANK_DOWN)};
		track_loosen(&t->track, longer);
	}
}

void watch_start(struct watch *w, const struct bank *b)
{
	*w = (struct watch){.active = true};
	for (enum watch_story s = 0; s < WATCH_STORIES; s++)
		begin(&w->story[s], s, b);
}

void watch_advance(struct watch *w, double seconds)
{
	if (!(seconds > 0.0))
		return;
	w->bar = special_log(ASK_EVERY_S / seconds);
	for (enum watch_story s = 0; s < WATCH_STORIES; s++) {
		struct watch_track *t = &w->story[s];
		double wander = t->wander;

		/* As a wander that is so large until the first packet, and then no more. */
		if (s == WATCH_RATE && t->fresh)
			wander = sqrt(wander * wander + RATE_JUMP * RATE_JUMP / seconds);
		track_advance(&t->track, seconds, wander);
	}
}

void watch_shift(struct watch *w, double clock)
{
	for (enum watch_story s = 0; s < WATCH_STORIES; s++)
		w->story[s].track.mean[TRACK_CLOCK] -= clock;
}

void watch_observe(struct watch *w, const struct bank *b, enum bank_way way,
		   const struct track_measure *m, double evidence)
{
	struct track_noise noise;

	bank_noise_of(b, way, &noise);
	for (enum watch_story s = 0; s < WATCH_STORIES; s++) {
		struct watch_track *t = &w->story[s];
		struct track_lesson l;

		track_observe(&t->track, m, &noise, &l);
		t->lead += l.evidence - evidence;
		t->fresh = false;
		t->age++;
		if (way == BANK_UP) {
			t->exchanges++;
			t->told = t->lead;
		}
	}
}

static const struct watch_track *leader(const struct watch *w)
{
	const struct watch_track *best = &w->story[0];

	for (enum watch_story s = 1; s < WATCH_STORIES; s++)
		best = w->story[s].lead > best->lead ? &w->story[s] : best;
	return best;
}

const struct watch_track *watch_winner(struct watch *w, const struct bank *b)
{
	const struct watch_track *best = leader(w);

	bool alone = best->exchanges == 0;
	if (best->lead > (alone ? WON_ONE_WAY : WON) &&
	    !(alone && best == &w->story[WATCH_DELAY])) {
		w->active = false;
		return best;
	}
	for (enum watch_story s = 0; s < WATCH_STORIES; s++)
		if (w->story[s].lead <= 0.0 || w->story[s].age >= AGE_MAX)
			begin(&w->story[s], s, b);
	return NULL;
}

bool watch_suspects(const struct watch *w)
{
	const struct watch_track *best = leader(w);
	double news = best->exchanges < EXCHANGES_ASKED ? best->lead : best->lead - best->told;

	return w->active && news > (w->bar > BAR_MIN ? w->bar : BAR_MIN);
}
