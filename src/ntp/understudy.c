/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/understudy.h"

#define RARITY (-5.0) /* log odds at the start */
#define WON 3.0
#define LOST (-16.0)
#define AGE_MIN 16
#define AGE_MAX 48

/* Multiples of the bank's own noise: most mistakes take it to be too large. */
static const double scales[] = {0.25, 0.06, 0.5};
#define TURNS (sizeof scales / sizeof *scales)

void understudy_start(struct understudy *u, const struct bank *b)
{
	unsigned turn = u->turn;
	struct track_noise noise;

	bank_noise_of(b, BANK_DOWN, &noise);
	*u = (struct understudy){
		.active = true,
		.turn = (turn + 1) % TURNS,
		.wander = bank_wander(b),
		.shape = noise.reading / noise.queue,
		.lead = RARITY,
	};
	bank_merge(b, 0.0, &u->track);
	/* Clock and delay together: what one-way packets cannot see. */
	const double both[TRACK_ROWS] = {noise.queue, 0.0, noise.queue};
	track_loosen(&u->track, both);
	for (enum bank_way way = BANK_DOWN; way < BANK_WAYS; way++)
		noise_start(&u->noise[way], u->shape, noise.queue * scales[turn]);
}

void understudy_advance(struct understudy *u, double seconds)
{
	track_advance(&u->track, seconds, u->wander);
}

void understudy_shift(struct understudy *u, double clock)
{
	u->track.mean[TRACK_CLOCK] -= clock;
}

void understudy_observe(struct understudy *u, enum bank_way way, const struct track_measure *m,
			double evidence)
{
	struct track_noise noise;
	struct track_lesson l;

	noise_for_track(&u->noise[way], &u->noise[BANK_DOWN], u->shape, &noise);
	track_observe(&u->track, m, &noise, &l);
	noise_learn(&u->noise[way], u->shape, &l);
	u->lead += l.evidence - evidence;
	u->age++;
	u->exchanges += way == BANK_UP;
}

bool understudy_wins(struct understudy *u)
{
	if (u->age >= AGE_MIN && u->lead > WON) {
		u->active = false;
		return true;
	}
	if (u->age >= AGE_MAX || u->lead < LOST)
		u->active = false;
	return false;
}
