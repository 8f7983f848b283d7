/* SPDX-License-Identifier: BSD-2-Clause */
#include "plant.h"

#define US 1e-6
#define MS 1e-3
#define HOUR 3600.0

#define PLAIN(mean) .down = {.queue = (mean)}, .up = {.queue = (mean)}

const struct plant_profile plant_profiles[] = {
	{.name = "lan", .path = 20 * US, PLAIN(10 * US)},
	{.name = "lan100", .path = 100 * US, PLAIN(100 * US)},
	{.name = "wan", .path = 10 * MS, PLAIN(1 * MS)},
	{.name = "burst",
	 .path = 100 * US,
	 .down = {20 * US, 500 * US, 487.0, 97.0, 0.0},
	 .up = {20 * US, 200 * US, 1201.0, 61.0, 0.0}},
	{.name = "loss", .path = 20 * US, PLAIN(10 * US), .loss = 0.3},
	{.name = "route",
	 .path = 100 * US,
	 PLAIN(20 * US),
	 .route_at = 8 * HOUR,
	 .route_add = 200 * US},
	{.name = "back",
	 .path = 300 * US,
	 PLAIN(20 * US),
	 .route_at = 8 * HOUR,
	 .route_add = -200 * US},
	{.name = "veth", .path = 12 * US, PLAIN(2 * US), .reading = 2 * US},
	{.name = "still", .path = 5 * US, PLAIN(0.0), .reading = 0.03 * US},
	{.name = "asym", .path = 100 * US, .down = {.queue = 100 * US}, .up = {.queue = 10 * US}},
	{.name = "heavy",
	 .path = 200 * US,
	 .down = {.queue = 20 * US, .shape = 0.5},
	 .up = {.queue = 20 * US, .shape = 0.5}},
	{.name = "bell",
	 .path = 200 * US,
	 .down = {.queue = 50 * US, .shape = 3.5},
	 .up = {.queue = 50 * US, .shape = 3.5}},
	{.name = "room", .path = 20 * US, PLAIN(10 * US), .swing = 0.5e-6, .swing_every = HOUR},
	{.name = "worst",
	 .path = 1 * MS,
	 .down = {200 * US, 5 * MS, 2000.0, 900.0, 0.7},
	 .up = {100 * US, 2 * MS, 3000.0, 900.0, 0.7},
	 .loss = 0.4,
	 .route_at = 8 * HOUR,
	 .route_add = 2 * MS,
	 .swing = 0.2e-6,
	 .swing_every = HOUR},
	{.name = "freq", .path = 20 * US, PLAIN(10 * US), .step_at = 8 * HOUR, .step = 1e-6},
	{.name = "freq100", .path = 100 * US, PLAIN(100 * US), .step_at = 8 * HOUR, .step = 1e-6},
	{.name = "mute", .path = 20 * US, PLAIN(10 * US), .mute_at = 8 * HOUR, .mute_for = HOUR},
	{0},
};

void plant_start(struct plant *p, const struct plant_profile *profile, uint64_t seed, double offset,
		 double rate, double wander)
{
	*p = (struct plant){
		.profile = profile,
		.wander_draw = draw_start(seed, 1),
		.down_draw = draw_start(seed, 2),
		.up_draw = draw_start(seed, 3),
		.loss_draw = draw_start(seed, 4),
		.reading_draw = draw_start(seed, 5),
		.wander = wander,
		.rate = rate,
	};
	p->wall_since = plant_mono(p, 0.0);
	p->wall = stamp_add(plant_truth(0.0), span_from_s(offset));
}

/* What the room's temperature adds to the rate within a second: a triangle, no sine needed. */
static double swing_over(const struct plant_profile *f, double second)
{
	double slope = 4.0 * f->swing / f->swing_every;

	return fmod(second, f->swing_every) < f->swing_every / 2.0 ? slope : -slope;
}

mono plant_mono(struct plant *p, double t)
{
	while (p->second + 1.0 <= t) {
		p->ahead += p->rate;
		p->second += 1.0;
		p->rate += p->wander * draw_normal(&p->wander_draw);
		double step_at = p->profile->step_at;
		if (step_at > 0.0 && p->second >= step_at && p->second < step_at + 1.0)
			p->rate += p->profile->step;
		if (p->profile->swing > 0.0)
			p->rate += swing_over(p->profile, p->second);
	}
	double shown = t + p->ahead + p->rate * (t - p->second);
	return (mono){span_from_s(shown).ns + 1000 * NS_PER_S};
}

stamp plant_truth(double t)
{
	return stamp_add((stamp){PLANT_EPOCH}, span_from_s(t));
}

struct now plant_now(struct plant *p, double t)
{
	mono m = plant_mono(p, t);
	span since = mono_sub(m, p->wall_since);

	return (struct now){m, stamp_add(p->wall, span_add(since, freq_over(p->wall_rate, since)))};
}

double plant_error(struct plant *p, double t)
{
	return span_to_s(stamp_sub(plant_now(p, t).wall, plant_truth(t)));
}

void plant_step(struct plant *p, double t, span by)
{
	struct now now = plant_now(p, t);

	p->wall_since = now.mono;
	p->wall = stamp_add(now.wall, by);
}

void plant_set_rate(struct plant *p, double t, freq rate)
{
	plant_step(p, t, SPAN_ZERO);
	p->wall_rate = rate;
}

static double delay(const struct plant *p, const struct plant_way *w, struct draw *d, double t)
{
	const struct plant_profile *profile = p->profile;
	double x = draw_exponential(d);
	double queue = w->shape > 0.0 ? special_exp(special_log(x) / w->shape) : x;
	double sum = profile->path + w->queue * queue;
	double busy = w->busy * draw_exponential(d);

	if (w->busy_every > 0.0 && fmod(t, w->busy_every) < w->busy_for)
		sum += busy;
	if (profile->route_at > 0.0 && t >= profile->route_at)
		sum += profile->route_add;
	return sum;
}

static bool lost(struct plant *p, double t)
{
	double mute = t - p->profile->mute_at;

	if (draw_uniform(&p->loss_draw) <= p->profile->loss)
		return true;
	return p->profile->mute_for > 0.0 && mute >= 0.0 && mute < p->profile->mute_for;
}

double plant_down(struct plant *p, double t)
{
	double s = delay(p, &p->profile->down, &p->down_draw, t);

	return lost(p, t) ? -1.0 : s;
}

double plant_up(struct plant *p, double t)
{
	double s = delay(p, &p->profile->up, &p->up_draw, t);

	return lost(p, t) ? -1.0 : s;
}

double plant_reading(struct plant *p)
{
	return p->profile->reading * draw_normal(&p->reading_draw);
}
