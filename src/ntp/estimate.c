/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/estimate.h"

#include <math.h>

#include <assert.h>

#include "ntp/opening.h"
#include "ntp/reading.h"

#define RATE_ERROR_UNKNOWN 5e-5	   /* 1-sigma of an oscillator that nobody knows */
#define RATE_MAX 3e-4		   /* no oscillator is further off than that */
#define RATE_ERROR_REMEMBERED 1e-7 /* it moves on while nobody looks */
#define OPENING_S 120.0
#define TYPICAL_SIGMAS 4.0     /* a fit further off than that is none */
#define YOUNG_S 900.0	       /* until then the rate may be what is wrong */
#define JUMPS_MAX 3	       /* exchanges in a row that contradict, each its own way */
#define SURPRISE 0.1	       /* an ordinary packet less likely than that is one */
#define JUMP_SIGMAS 10.0       /* beyond what causality allows */
#define JUMP_MARGIN 20e-6      /* s; clocks are read as badly as that, now and then */
#define JUMP_LATE 0.05	       /* s; one-way: later than expected by more is asked about first */
#define JUMP_LATE_FOLD 400     /* and by more than so many times the usual queueing */
#define BOUND_SIGMAS 2.4       /* for 95 %, with some room for what is not Gaussian ... */
#define BOUND_YOUNG 20.0       /* ... and for noise known from few exchanges: more by this ... */
#define BOUND_COUNT 10.0       /* ... over their number and this */
#define UNDERSTUDY_EXCHANGES 4 /* without them it has learned noise, but nothing of the path */
#define PHI 15e-6	       /* RFC 5905 figure 6: what a clock may drift unobserved */
#define ASK_LEAD (-3.0)	       /* log odds of another story at which asking is worth while */
#define ASK_BUSY 0.08	       /* share of busy packets; with more, surprises are every day's */
#define ASK_GROWTH 4.0	       /* times the error after the last exchange */

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
	if (e->watch.active) {
		watch_advance(&e->watch, seconds);
		watch_shift(&e->watch, span_to_s(shift));
	}
	if (e->understudy.active) {
		understudy_advance(&e->understudy, seconds);
		understudy_shift(&e->understudy, span_to_s(shift));
	}
	return span_to_s(shift);
}

/* ---- the beginning ---- */

static void begin_at(struct estimate *e, mono at, stamp remote, const struct guess_start *start)
{
	e->at = at;
	e->remote = remote;
	bank_start(&e->bank, &start->track, start->queue);
	e->started = true;
}

/* Nothing but one-way packets yet: the delay is assumed, and the clock as uncertain as it is. */
static void begin_one_way(struct estimate *e, const struct sample *s)
{
	struct guess_start start;

	guess_alone(&e->guess, e->rate, e->rate_error, &start);
	begin_at(e, s->arrived, stamp_add(s->transmitted, span_from_s(start.path)), &start);
}

/* A track of the moment of that exchange, and the line through it. */
static void draw_line(struct estimate *e, const struct sample *s, double delay, double queue)
{
	double half = opening_trip(s) / 2.0;
	struct track t = {.mean = {0.0, e->rate, delay > 0.0 ? delay : 0.0}};

	e->at = s->arrived;
	e->remote = stamp_add(s->transmitted, span_from_s(half));
	t.cov[TRACK_CLOCK][TRACK_CLOCK] = half * half;
	t.cov[TRACK_RATE][TRACK_RATE] = e->rate_error * e->rate_error;
	t.cov[TRACK_DELAY][TRACK_DELAY] = 2.25 * queue * queue;
	bank_start(&e->bank, &t, queue);
}

/* Whether what is believed lies between the times of every typical exchange of the opening. */
static bool fits_opening(const struct estimate *e, double least, double queue)
{
	const struct estimate_opening *o = &e->opening;
	struct track t;

	bank_merge(&e->bank, 0.0, &t);
	for (unsigned i = 0; i < o->count; i++) {
		const struct sample *s = &o->sample[i];
		if (!opening_is_typical(s, least, queue))
			continue;
		span ahead = mono_sub(s->arrived, e->at);
		double seconds = span_to_s(ahead);
		double half = opening_trip(s) / 2.0;
		double middle =
			half - span_to_s(stamp_sub(stamp_add(e->remote, ahead), s->transmitted));
		double variance = t.cov[TRACK_CLOCK][TRACK_CLOCK] +
				  seconds * (2.0 * t.cov[TRACK_CLOCK][TRACK_RATE] +
					     seconds * t.cov[TRACK_RATE][TRACK_RATE]);
		double slack = JUMP_MARGIN + TYPICAL_SIGMAS * sqrt(variance > 0.0 ? variance : 0.0);
		double off = t.mean[TRACK_CLOCK] + seconds * t.mean[TRACK_RATE] - middle;
		if (fabs(off) > half + slack)
			return false;
	}
	return true;
}

/* The estimate from the opening alone; false if no such clock can have given it. */
static bool reopen(struct estimate *e)
{
	const struct estimate_opening *o = &e->opening;
	double least;
	double queue = opening_queue(o, &least);
	unsigned first = 0;

	while (!opening_is_typical(&o->sample[first], least, queue))
		first++;
	draw_line(e, &o->sample[first], least / 2.0 - queue, queue);
	for (unsigned i = first; i < o->count; i++) {
		struct reading r;
		struct bank_lesson l;
		(void)advance(e, o->sample[i].arrived);
		if (o->sample[i].two_way && !opening_is_typical(&o->sample[i], least, queue))
			continue;
		reading_take(&r, e->remote, &o->sample[i]);
		for (enum bank_way way = BANK_DOWN; way < r.ways; way++)
			bank_observe(&e->bank, way, &r.measure[way], &l);
		if (r.ways == BANK_WAYS)
			bank_fade(&e->bank);
	}
	return fits_opening(e, least, queue);
}

static void forget_rate(struct estimate *e)
{
	e->rate = 0.0;
	e->rate_error = RATE_ERROR_UNKNOWN;
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
	e->rivals.active = e->understudy.active = e->watch.active = false;
	e->started = e->calibrated = true;
	e->doubted = false;
	e->jumps = 0;
	e->refuted = 0.0;
	e->born = s->arrived;
	e->least = opening_trip(s);
	(void)reopen(e);
}

/* What is believed is wrong, and the rate may be why: all there is is this exchange. */
static void begin_anew(struct estimate *e, const struct sample *s)
{
	e->started = false;
	forget_rate(e);
	begin_exchange(e, s);
}

/* True if the sample was taken as one of the first. */
static bool add_to_opening(struct estimate *e, const struct sample *s)
{
	struct estimate_opening *o = &e->opening;

	if (!o->open)
		return false;
	double since = span_to_s(mono_sub(s->arrived, o->sample[0].arrived));
	if (o->count == ESTIMATE_OPENING_MAX || o->exchanges == ESTIMATE_OPENING_EXCHANGES ||
	    since > OPENING_S) {
		o->open = false;
		return false;
	}
	o->sample[o->count++] = *s;
	o->exchanges += s->two_way;
	if (s->two_way && opening_trip(s) < e->least)
		e->least = opening_trip(s);
	if (reopen(e))
		return true;
	forget_rate(e); /* it was remembered, or learned, and is no longer so */
	if (!reopen(e) && s->two_way)
		begin_anew(e, s);
	return true;
}

/* ---- jumps ---- */

enum contradiction {
	CONTRADICTION_NONE,
	CONTRADICTION_OPEN,   /* to be confirmed by an exchange */
	CONTRADICTION_PROVED, /* by exchanges: what was believed is wrong */
};

static bool is_young(const struct estimate *e)
{
	return span_to_s(mono_sub(e->at, e->born)) < YOUNG_S;
}

static enum contradiction contradict_by_exchange(struct estimate *e, const struct reading *r,
						 double slack)
{
	double middle = r->trip / 2.0 - r->measure[BANK_DOWN].seen;
	double since = span_to_s(mono_sub(e->at, e->exchanged));
	double apart = fabs(middle - e->jump);

	if (fabs(middle) <= r->trip / 2.0 + slack) {
		e->jumps = 0;
		return CONTRADICTION_NONE;
	}
	/* A source that was set is asked twice; where a wrong rate would do, once is proof. */
	if (is_young(e) && fabs(middle) < RATE_MAX * since + r->trip / 2.0 + slack)
		return CONTRADICTION_PROVED;
	bool again =
		e->jumps > 0 && apart < (r->trip + e->jump_trip) / 2.0 + slack +
						RATE_MAX * span_to_s(mono_sub(e->at, e->jump_at));
	e->jumps++;
	e->jump = middle;
	e->jump_trip = r->trip;
	e->jump_at = e->at;
	e->refuted = fabs(middle) + r->trip / 2.0;
	return again || e->jumps >= JUMPS_MAX ? CONTRADICTION_PROVED : CONTRADICTION_OPEN;
}

/* Whether the source's clock, not the path, must have moved; the line is at the arrival. */
static enum contradiction contradict(struct estimate *e, const struct reading *r)
{
	struct track t;
	double down = r->measure[BANK_DOWN].seen;

	bank_merge(&e->bank, 0.0, &t);
	double slack = JUMP_SIGMAS * sqrt(t.cov[TRACK_CLOCK][TRACK_CLOCK]) + JUMP_MARGIN;
	if (r->ways == BANK_WAYS)
		return contradict_by_exchange(e, r, slack);
	double late = down - t.mean[TRACK_DELAY];
	double queueing = JUMP_LATE_FOLD * bank_jitter(&e->bank, BANK_DOWN);
	if (down >= -slack && !(late > JUMP_LATE + slack && late > queueing))
		return CONTRADICTION_NONE;
	/* Anybody can send it: no more is doubted than an oscillator could have done. */
	double most = RATE_MAX * span_to_s(mono_sub(e->at, e->exchanged));
	double by = fabs(late) < most ? fabs(late) : most;
	e->refuted = by > e->refuted ? by : e->refuted;
	return CONTRADICTION_OPEN;
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

/* The bank goes on from what has foretold better for a while: true if so. */
static bool look_out(struct estimate *e, const struct reading *r, const struct bank_lesson *l)
{
	struct watch *w = &e->watch;

	if (!w->active) {
		watch_start(w, &e->bank);
		return false;
	}
	for (enum bank_way way = BANK_DOWN; way < r->ways; way++)
		watch_observe(w, &e->bank, way, &r->measure[way], l[way].evidence);
	const struct watch_track *t = watch_winner(w, &e->bank);
	if (!t)
		return false;
	bank_replace(&e->bank, &t->track);
	e->bank.belief = t->before;
	return true;
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
		rivals_start(&e->rivals, &e->bank, before, seconds, reading_surprise(r, &t));
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
			e->understudy.active = e->watch.active = false;
		}
	}
	if (look_out(e, r, l)) {
		e->rivals.active = e->understudy.active = false;
		return ESTIMATE_USED;
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
	e->refuted = 0.0;
}

/*
 * What the filter says; but no less than what so few exchanges leave open that their spread means
 * little, or than samples say that were not used.
 */
static double bound_of(const struct estimate *e, const struct track *t, double sigmas)
{
	double bound = sigmas * sqrt(t->cov[TRACK_CLOCK][TRACK_CLOCK]);

	if (e->opening.open) {
		double since = span_to_s(mono_sub(e->at, e->born));
		double open = opening_bound(&e->opening, RATE_ERROR_UNKNOWN * since);
		bound = open > bound ? open : bound;
	}
	return e->refuted > bound ? e->refuted : bound;
}

/* Whether an exchange with that round trip tells more by itself than is believed. */
static bool is_outdone(const struct estimate *e, double trip)
{
	struct track t;

	bank_merge(&e->bank, 0.0, &t);
	return bound_of(e, &t, BOUND_SIGMAS) > trip + 2.0 * JUMP_MARGIN;
}

/* A path that nobody measured is as wrong as it was said to be. */
static double sigmas_of(const struct estimate *e)
{
	if (!e->calibrated)
		return BOUND_SIGMAS;
	return BOUND_SIGMAS * (1.0 + BOUND_YOUNG / (BOUND_COUNT + bank_exchanges(&e->bank)));
}

static void restart_by(struct estimate *e, const struct sample *s)
{
	if (is_young(e)) {
		begin_anew(e, s);
		return;
	}
	estimate_restart(e);
	begin_exchange(e, s);
}

static enum estimate_verdict add_later(struct estimate *e, const struct sample *s)
{
	struct reading r;
	struct track before;
	mono last = e->at;

	bank_merge(&e->bank, 0.0, &before);
	double shift = advance(e, s->arrived);
	e->jump -= shift;
	reading_take(&r, e->remote, s);
	switch (contradict(e, &r)) {
	case CONTRADICTION_OPEN:
		e->doubted = true;
		return ESTIMATE_JUMP;
	case CONTRADICTION_PROVED:
		if (!add_to_opening(e, s))
			restart_by(e, s);
		return ESTIMATE_USED;
	case CONTRADICTION_NONE:
		break;
	}
	if (add_to_opening(e, s))
		return ESTIMATE_USED;
	enum estimate_verdict verdict =
		learn(e, &r, &before, span_to_s(mono_sub(s->arrived, last)), shift);
	if (!s->two_way)
		return verdict;
	bank_fade(&e->bank);
	e->least = r.trip < e->least ? r.trip : e->least;
	if (is_outdone(e, r.trip)) { /* what was learned of the noise is why */
		estimate_restart(e);
		begin_exchange(e, s);
	}
	return verdict;
}

enum estimate_verdict estimate_add(struct estimate *e, const struct sample *s)
{
	enum estimate_verdict verdict = ESTIMATE_USED;

	if (e->started && mono_before(s->arrived, e->at))
		return ESTIMATE_OUTLIER;
	if (!e->started && !s->two_way)
		begin_one_way(e, s);
	else if (!e->calibrated && s->two_way)
		begin_exchange(e, s);
	else
		verdict = add_later(e, s);
	if (s->two_way && verdict != ESTIMATE_JUMP)
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
	guess_make(&e->guess, path, half_width);
}

bool estimate_begin_by(struct estimate *e, const struct sample *s, const struct belief *others)
{
	double path = span_to_s(stamp_sub(others->remote, s->transmitted));
	struct guess_start start;

	if (e->calibrated || !guess_by_others(&e->guess, path, others, &start))
		return false;
	estimate_restart(e);
	begin_at(e, s->arrived, others->remote, &start);
	return true;
}

void estimate_leap(struct estimate *e, span by)
{
	e->remote = stamp_add(e->remote, by);
	opening_leap(&e->opening, by);
}

void estimate_restart(struct estimate *e)
{
	struct track t;

	if (!e->started)
		return;
	bank_merge(&e->bank, 0.0, &t);
	e->rate = t.mean[TRACK_RATE];
	e->rate_error = sqrt(t.cov[TRACK_RATE][TRACK_RATE]);
	e->started = e->calibrated = e->doubted = false;
	e->jumps = 0;
	e->refuted = 0.0;
	e->rivals.active = e->understudy.active = e->watch.active = false;
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
	ret->valid = e->calibrated || e->guess.made;
	ret->remote = stamp_add(e->remote, span_add(ahead, span_from_s(t.mean[TRACK_CLOCK])));
	ret->rate = freq_from_ratio(t.mean[TRACK_RATE]);
	ret->delay = span_from_s(delay > 0.0 ? 2.0 * delay : 0.0);
	ret->error = span_from_s(bound_of(e, &t, sigmas_of(e)));
	ret->rate_error = span_from_s(sqrt(t.cov[TRACK_RATE][TRACK_RATE]));
	ret->dispersion = span_add(ret->error, span_from_s(PHI * fabs(seconds)));
	ret->jitter = span_from_s(bank_jitter(&e->bank, BANK_DOWN));
}

/*
 * Another story is about to win; or packets were late in a row, or one surprised, on a path where
 * that is rare.
 */
static bool suspects(const struct estimate *e)
{
	const struct rivals *r = &e->rivals;
	struct track_noise noise;

	bank_noise_of(&e->bank, BANK_DOWN, &noise);
	if (noise.busy < ASK_BUSY && watch_suspects(&e->watch))
		return true;
	if (!r->active || r->exchanges >= 2)
		return false;
	return rivals_lead(r) > ASK_LEAD || (r->exchanges == 0 && noise.busy < ASK_BUSY);
}

bool estimate_wants_exchange(const struct estimate *e)
{
	struct track t;

	if (!e->started || !e->calibrated)
		return true;
	if (e->doubted || e->jumps > 0 || suspects(e))
		return true;
	/* As of the newest packet: what grew since then the next one will tell. */
	bank_merge(&e->bank, 0.0, &t);
	double error = sqrt(t.cov[TRACK_CLOCK][TRACK_CLOCK]);
	if (is_outdone(e, e->least))
		return true;
	return error > ASK_GROWTH * e->settled && error > bank_jitter(&e->bank, BANK_DOWN);
}
