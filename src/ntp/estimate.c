/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/estimate.h"

#include <math.h>

#include <assert.h>

#define RATE_ERROR_UNKNOWN 1e-4	   /* 1-sigma of an oscillator that nobody knows */
#define RATE_ERROR_REMEMBERED 1e-7 /* it moves on while nobody looks */
#define DELAY_ERROR_UNKNOWN 0.25   /* s; one-way packets alone say nothing of the path */
#define TRIP_MIN 2e-7		   /* s */
#define OPENING_EXCHANGES 8
#define OPENING_S 120.0
#define SURPRISE 0.1	       /* an ordinary packet less likely than that is one */
#define JUMP_SIGMAS 10.0       /* beyond what causality allows */
#define JUMP_MARGIN 20e-6      /* s; clocks are read as badly as that, now and then */
#define JUMP_LATE 0.05	       /* s; one-way: later than expected by more is asked about first */
#define JUMP_LATE_FOLD 400     /* and by more than so many times the usual queueing */
#define BOUND_SIGMAS 2.4       /* for 95 %, with some room for what is not Gaussian */
#define UNDERSTUDY_EXCHANGES 4 /* without them it has learned noise, but nothing of the path */
#define PHI 15e-6	       /* RFC 5905 figure 6: what a clock may drift unobserved */
#define ASK_GAP_S 1.0	       /* between two exchanges */
#define ASK_LEAD (-3.0)	       /* log odds of another story at which asking is worth while */
#define ASK_BUSY 0.08	       /* share of busy packets; with more, surprises are every day's */
#define ASK_GROWTH 4.0	       /* times the error after the last exchange */

/* What a sample says, relative to the line: down always, up if two-way. */
struct reading {
	enum bank_way ways; /* one past the last that was measured */
	struct track_measure measure[BANK_WAYS];
	double trip; /* round trip, s; two-way only */
};

static double trip_of(const struct sample *s)
{
	span away = mono_sub(s->arrived, s->sent);
	double trip = span_to_s(span_sub(away, stamp_sub(s->transmitted, s->received)));

	return trip > TRIP_MIN ? trip : TRIP_MIN;
}

/* e->at must be the arrival. */
static void read_sample(const struct estimate *e, const struct sample *s, struct reading *ret)
{
	*ret = (struct reading){.ways = BANK_UP};
	ret->measure[BANK_DOWN] = (struct track_measure){
		{-1.0, 0.0, 1.0}, span_to_s(stamp_sub(e->remote, s->transmitted))};
	if (!s->two_way)
		return;
	span ago = mono_sub(s->arrived, s->sent);
	ret->ways = BANK_WAYS;
	ret->measure[BANK_UP] =
		(struct track_measure){{1.0, -span_to_s(ago), 1.0},
				       span_to_s(span_add(stamp_sub(s->received, e->remote), ago))};
	ret->trip = trip_of(s);
}

/* The line moves to the new instant and to where the bank sees the clock: numbers stay small. */
static double advance(struct estimate *e, mono to)
{
	span ahead = mono_sub(to, e->at);
	double seconds = span_to_s(ahead);
	struct track t;

	assert(seconds >= 0.0);
	bank_advance(&e->bank, seconds);
	bank_merge(&e->bank, 0.0, &t);
	span shift = span_from_s(t.mean[TRACK_CLOCK]);
	e->remote = stamp_add(e->remote, span_add(ahead, shift));
	e->at = to;
	bank_shift(&e->bank, span_to_s(shift));
	if (e->rivals.active) {
		rivals_advance(&e->rivals, seconds);
		rivals_shift(&e->rivals, span_to_s(shift));
	}
	if (e->understudy.active) {
		understudy_advance(&e->understudy, seconds);
		understudy_shift(&e->understudy, span_to_s(shift));
	}
	return span_to_s(shift);
}

/* ---- the beginning ---- */

/* Nothing but one-way packets yet: the delay is assumed, and the clock as uncertain as it is. */
static void begin_one_way(struct estimate *e, const struct sample *s)
{
	double path = e->assumed ? e->path : span_to_s(ESTIMATE_DEFAULT_DELAY);
	double path_error = e->assumed ? e->path_error : DELAY_ERROR_UNKNOWN;
	struct track t = {.mean = {0.0, e->rate, path}};
	double both[TRACK_ROWS] = {path_error, 0.0, path_error};

	e->at = s->arrived;
	e->remote = stamp_add(s->transmitted, span_from_s(path));
	t.cov[TRACK_CLOCK][TRACK_CLOCK] = path * path / 16.0;
	t.cov[TRACK_RATE][TRACK_RATE] = e->rate_error * e->rate_error;
	track_loosen(&t, both);
	bank_start(&e->bank, &t, path / 5.0);
	e->started = true;
}

/*
 * How much queueing the first exchanges show. The median excess of a round trip over the least of
 * n, in units of the mean queueing of one way, is close to 0.75 + (n - 2) / 20 when that is
 * exponential; a single one is taken to have spent a tenth of its trip in each queue.
 */
static double guess_queue(const struct estimate_opening *o, double *ret_least)
{
	double trip[OPENING_EXCHANGES] = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < o->count; i++) {
		if (!o->sample[i].two_way)
			continue;
		double x = trip_of(&o->sample[i]);
		unsigned j = n++;
		for (; j > 0 && trip[j - 1] > x; j--)
			trip[j] = trip[j - 1];
		trip[j] = x;
	}
	*ret_least = trip[0];
	double prior = trip[0] / 10.0;
	if (n == 1)
		return prior;
	double median = (trip[n / 2] + trip[(n - 1) / 2]) / 2.0;
	double spread = (median - trip[0]) / (0.75 + (n - 2) / 20.0);
	return (spread * (n - 1) + 0.3 * prior) / (n - 1 + 0.3);
}

/* The estimate from the opening alone; its first sample is an exchange. */
static void reopen(struct estimate *e)
{
	const struct estimate_opening *o = &e->opening;
	const struct sample *first = &o->sample[0];
	double half = trip_of(first) / 2.0;
	double least;
	double queue = guess_queue(o, &least);
	double delay = least / 2.0 - queue;
	struct track t = {.mean = {0.0, e->rate, delay > 0.0 ? delay : 0.0}};

	e->at = first->arrived;
	e->remote = stamp_add(first->transmitted, span_from_s(half));
	t.cov[TRACK_CLOCK][TRACK_CLOCK] = half * half;
	t.cov[TRACK_RATE][TRACK_RATE] = e->rate_error * e->rate_error;
	t.cov[TRACK_DELAY][TRACK_DELAY] = 2.25 * queue * queue;
	bank_start(&e->bank, &t, queue);
	for (unsigned i = 0; i < o->count; i++) {
		struct reading r;
		struct bank_lesson l;
		(void)advance(e, o->sample[i].arrived);
		read_sample(e, &o->sample[i], &r);
		for (enum bank_way way = BANK_DOWN; way < r.ways; way++)
			bank_observe(&e->bank, way, &r.measure[way], &l);
		if (r.ways == BANK_WAYS)
			bank_fade(&e->bank);
	}
}

static void begin_exchange(struct estimate *e, const struct sample *s)
{
	struct track t;

	if (e->started) { /* what one-way packets told of the rate is kept */
		bank_merge(&e->bank, 0.0, &t);
		e->rate = t.mean[TRACK_RATE];
		e->rate_error = sqrt(t.cov[TRACK_RATE][TRACK_RATE]);
	}
	e->opening = (struct estimate_opening){true, 1, 1, {*s}};
	e->rivals.active = e->understudy.active = false;
	e->started = e->calibrated = true;
	e->doubted = e->jumped = false;
	reopen(e);
}

/* True if the sample was taken as one of the first. */
static bool add_to_opening(struct estimate *e, const struct sample *s)
{
	struct estimate_opening *o = &e->opening;

	if (!o->open)
		return false;
	double since = span_to_s(mono_sub(s->arrived, o->sample[0].arrived));
	if (o->count == ESTIMATE_OPENING_MAX || o->exchanges == OPENING_EXCHANGES ||
	    since > OPENING_S) {
		o->open = false;
		return false;
	}
	o->sample[o->count++] = *s;
	o->exchanges += s->two_way;
	reopen(e);
	return true;
}

/* ---- jumps ---- */

/* Whether the source's clock, not the path, must have moved; the line is at the arrival. */
static bool is_jump(struct estimate *e, const struct reading *r)
{
	struct track t;
	double down = r->measure[BANK_DOWN].seen;

	bank_merge(&e->bank, 0.0, &t);
	double slack = JUMP_SIGMAS * sqrt(t.cov[TRACK_CLOCK][TRACK_CLOCK]) + JUMP_MARGIN;
	if (r->ways == BANK_WAYS) {
		double middle = r->trip / 2.0 - down;
		bool again = e->jumped &&
			     fabs(middle - e->jump) < (r->trip + e->jump_trip) / 2.0 + slack;
		if (fabs(middle) <= r->trip / 2.0 + slack) {
			e->jumped = false;
			return false;
		}
		e->jump = middle;
		e->jump_trip = r->trip;
		e->jumped = !again;
		return true;
	}
	double late = down - t.mean[TRACK_DELAY];
	double queueing = JUMP_LATE_FOLD * bank_jitter(&e->bank, BANK_DOWN);
	return down < -slack || (late > JUMP_LATE + slack && late > queueing);
}

/* ---- the rest of its life ---- */

/* Another story has won: the bank goes on from it. */
static void adopt(struct estimate *e, enum rival_story story)
{
	struct rivals *r = &e->rivals;
	struct track t;

	if (story == RIVAL_DELAY && r->exchanges == 0) {
		/* Or the clock moved: only an exchange can tell, so both are left open. */
		bank_merge(&e->bank, 0.0, &t);
		double by = r->track[story].mean[TRACK_DELAY] - t.mean[TRACK_DELAY];
		double both[TRACK_ROWS] = {by, 0.0, by};
		track_loosen(&r->track[story], both);
		e->doubted = true;
	}
	bank_replace(&e->bank, &r->track[story]);
	e->bank.belief = r->before;
}

/* The understudy sees what the bank saw, and replaces it if it has done better for long. */
static void compare(struct estimate *e, const struct reading *r, const struct bank_lesson *l)
{
	struct understudy *u = &e->understudy;

	if (!u->active) {
		understudy_start(u, &e->bank);
		return;
	}
	for (enum bank_way way = BANK_DOWN; way < r->ways; way++)
		understudy_observe(u, way, &r->measure[way], l[way].evidence);
	if (!understudy_wins(u))
		return;
	if (u->exchanges >= UNDERSTUDY_EXCHANGES)
		bank_replace(&e->bank, &u->track);
	for (enum bank_way way = BANK_DOWN; way < BANK_WAYS; way++)
		bank_rescale(&e->bank, way, u->noise[way].scale);
}

static double surprise_of(const struct track *t, const struct reading *r)
{
	double most = 0.0;

	for (enum bank_way way = BANK_DOWN; way < r->ways; way++) {
		double x = r->measure[way].seen;
		for (int i = 0; i < TRACK_ROWS; i++)
			x -= r->measure[way].row[i] * t->mean[i];
		most = fabs(x) > most ? fabs(x) : most;
	}
	return most;
}

static enum estimate_verdict learn(struct estimate *e, const struct reading *r,
				   const struct track *before, double seconds, double shift)
{
	struct bank_lesson l[BANK_WAYS];
	enum rival_story story;
	struct track t;
	double narrow = 1.0;

	bank_merge(&e->bank, 0.0, &t);
	bool start = !e->rivals.active;
	if (start) { /* kept only if the packet turns out to surprise */
		rivals_start(&e->rivals, &e->bank, before, seconds, surprise_of(&t, r));
		rivals_shift(&e->rivals, shift);
	}
	for (enum bank_way way = BANK_DOWN; way < r->ways; way++) {
		bank_observe(&e->bank, way, &r->measure[way], &l[way]);
		narrow = l[way].narrow < narrow ? l[way].narrow : narrow;
	}
	if (start && narrow >= SURPRISE) {
		e->rivals.active = false;
	} else {
		for (enum bank_way way = BANK_DOWN; way < r->ways; way++)
			rivals_observe(&e->rivals, &e->bank, way, &r->measure[way],
				       l[way].evidence);
		if (rivals_decide(&e->rivals, &story)) {
			adopt(e, story);
			e->understudy.active = false;
		}
	}
	compare(e, r, l);
	return narrow < SURPRISE ? ESTIMATE_OUTLIER : ESTIMATE_USED;
}

static void note_exchange(struct estimate *e)
{
	struct track t;

	bank_merge(&e->bank, 0.0, &t);
	e->exchanged = e->at;
	e->settled = sqrt(t.cov[TRACK_CLOCK][TRACK_CLOCK]);
	e->doubted = false;
}

enum estimate_verdict estimate_add(struct estimate *e, const struct sample *s)
{
	enum estimate_verdict verdict = ESTIMATE_USED;
	struct reading r;
	struct track before;

	if (e->started && mono_before(s->arrived, e->at))
		return ESTIMATE_OUTLIER;
	if (!e->started && !s->two_way) {
		begin_one_way(e, s);
	} else if (!e->calibrated && s->two_way) {
		begin_exchange(e, s);
	} else {
		mono last = e->at;
		bank_merge(&e->bank, 0.0, &before);
		double shift = advance(e, s->arrived);
		read_sample(e, s, &r);
		if (is_jump(e, &r)) {
			e->doubted = true;
			if (r.ways != BANK_WAYS || e->jumped)
				return ESTIMATE_JUMP;
			/* Two exchanges say the same. */
			estimate_restart(e);
			begin_exchange(e, s);
		} else if (!add_to_opening(e, s)) {
			double seconds = span_to_s(mono_sub(s->arrived, last));
			verdict = learn(e, &r, &before, seconds, shift);
			if (s->two_way)
				bank_fade(&e->bank);
		}
	}
	if (s->two_way)
		note_exchange(e);
	return verdict;
}

void estimate_init(struct estimate *e, bool has_frequency, freq frequency, span frequency_error)
{
	*e = (struct estimate){0};
	e->rate = has_frequency ? freq_to_ratio(frequency) : 0.0;
	double error = span_to_s(frequency_error);
	e->rate_error = error > RATE_ERROR_REMEMBERED ? error : RATE_ERROR_REMEMBERED;
	if (!has_frequency)
		e->rate_error = RATE_ERROR_UNKNOWN;
}

void estimate_assume_delay(struct estimate *e, span path, span half_width)
{
	e->assumed = true;
	e->path = span_to_s(path);
	e->path_error = span_to_s(half_width) / 2.0;
}

void estimate_restart(struct estimate *e)
{
	struct track t;

	if (!e->started)
		return;
	bank_merge(&e->bank, 0.0, &t);
	e->rate = t.mean[TRACK_RATE];
	e->rate_error = sqrt(t.cov[TRACK_RATE][TRACK_RATE]);
	e->started = e->calibrated = e->doubted = e->jumped = false;
	e->rivals.active = e->understudy.active = false;
	e->opening.open = false;
}

void estimate_at(const struct estimate *e, mono at, struct belief *ret)
{
	struct track t;

	*ret = (struct belief){.at = at};
	if (!e->started)
		return;
	span ahead = mono_sub(at, e->at);
	double seconds = span_to_s(ahead);
	bank_merge(&e->bank, seconds > 0.0 ? seconds : 0.0, &t);
	if (seconds < 0.0)
		t.mean[TRACK_CLOCK] += t.mean[TRACK_RATE] * seconds;
	double delay = t.mean[TRACK_DELAY];
	ret->valid = e->calibrated || e->assumed;
	ret->remote = stamp_add(e->remote, span_add(ahead, span_from_s(t.mean[TRACK_CLOCK])));
	ret->rate = freq_from_ratio(t.mean[TRACK_RATE]);
	ret->delay = span_from_s(delay > 0.0 ? 2.0 * delay : 0.0);
	ret->error = span_from_s(BOUND_SIGMAS * sqrt(t.cov[TRACK_CLOCK][TRACK_CLOCK]));
	ret->rate_error = span_from_s(sqrt(t.cov[TRACK_RATE][TRACK_RATE]));
	ret->dispersion = span_add(ret->error, span_from_s(PHI * fabs(seconds)));
	ret->jitter = span_from_s(bank_jitter(&e->bank, BANK_DOWN));
}

/* Another story is about to win; or one packet surprised, on a path where that is rare. */
static bool suspects(const struct estimate *e)
{
	const struct rivals *r = &e->rivals;
	struct track_noise noise;

	if (!r->active || r->exchanges >= 2)
		return false;
	bank_noise_of(&e->bank, BANK_DOWN, &noise);
	return rivals_lead(r) > ASK_LEAD || (r->exchanges == 0 && noise.busy < ASK_BUSY);
}

bool estimate_wants_exchange(const struct estimate *e, mono at)
{
	struct track t;

	if (!e->started || !e->calibrated)
		return true;
	double since = span_to_s(mono_sub(at, e->exchanged));
	if (since < ASK_GAP_S)
		return false;
	if (e->doubted || e->jumped)
		return true;
	if (suspects(e))
		return true;
	/* As of the newest packet: what grew since then the next one will tell. */
	bank_merge(&e->bank, 0.0, &t);
	double error = sqrt(t.cov[TRACK_CLOCK][TRACK_CLOCK]);
	return error > ASK_GROWTH * e->settled && error > bank_jitter(&e->bank, BANK_DOWN);
}
