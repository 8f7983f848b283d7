/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/estimate.h"

#include <math.h>

#include "base/special.h"

#define RATE_ERROR_UNKNOWN 1e-4	 /* 1-sigma of a clock nobody knows */
#define DELAY_ERROR_UNKNOWN 0.25 /* s; one-way packets alone say nothing of the path */
#define NOISE_COUNT_MAX 128.0	 /* how long the scale of the noise is remembered */
#define QUEUE_MIN 2e-8		 /* s; below it clocks cannot be read */
#define DELAY_DRIFT 1e-9	 /* s per sqrt(s) */
#define SHAPE_FORGET 0.999
#define WANDER_FORGET 0.98
#define JUMP_SIGMAS 8.0
#define PHI 15e-6 /* RFC 5905 figure 6: what an undisciplined clock may drift */

static const double wanders[ESTIMATE_WANDERS] = {1e-10, 3.2e-10, 1e-9, 3.2e-9, 1e-8, 3.2e-8, 1e-7};
/* Reading noise over queueing noise: nearly all queueing, mixed, nearly all reading. */
static const double shapes[ESTIMATE_SHAPES] = {0.03, 0.4, 2.0};

/* The bank taken together. */
struct moments {
	double clock, rate, delay;	 /* means */
	double clock_2, rate_2, delay_2; /* variances */
	double queue;			 /* noise of the way down, RMS */
};

static void normalise(const double *log_weight, int n, double *ret)
{
	double top = log_weight[0];
	double sum = 0.0;

	for (int i = 1; i < n; i++)
		top = log_weight[i] > top ? log_weight[i] : top;
	for (int i = 0; i < n; i++)
		sum += ret[i] = special_exp(log_weight[i] - top);
	for (int i = 0; i < n; i++)
		ret[i] /= sum;
}

/* The chance of every track; they add up to 1. */
static void weigh(const struct estimate *e, double ret[ESTIMATE_SHAPES][ESTIMATE_WANDERS])
{
	double shape[ESTIMATE_SHAPES];

	normalise(e->shape_log, ESTIMATE_SHAPES, shape);
	for (int s = 0; s < ESTIMATE_SHAPES; s++) {
		normalise(e->wander_log[s], ESTIMATE_WANDERS, ret[s]);
		for (int w = 0; w < ESTIMATE_WANDERS; w++)
			ret[s][w] *= shape[s];
	}
}

static void summarise(const struct estimate *e, double seconds, struct moments *ret)
{
	double weight[ESTIMATE_SHAPES][ESTIMATE_WANDERS];
	struct moments m = {0};

	weigh(e, weight);
	for (int s = 0; s < ESTIMATE_SHAPES; s++) {
		for (int w = 0; w < ESTIMATE_WANDERS; w++) {
			struct track t = e->bank[s][w];
			double p = weight[s][w];
			track_advance(&t, seconds, wanders[w], DELAY_DRIFT);
			m.clock += p * t.mean[TRACK_CLOCK];
			m.rate += p * t.mean[TRACK_RATE];
			m.delay += p * t.mean[TRACK_DELAY];
			m.clock_2 += p * (t.cov[TRACK_CLOCK][TRACK_CLOCK] +
					  t.mean[TRACK_CLOCK] * t.mean[TRACK_CLOCK]);
			m.rate_2 += p * (t.cov[TRACK_RATE][TRACK_RATE] +
					 t.mean[TRACK_RATE] * t.mean[TRACK_RATE]);
			m.delay_2 += p * (t.cov[TRACK_DELAY][TRACK_DELAY] +
					  t.mean[TRACK_DELAY] * t.mean[TRACK_DELAY]);
			m.queue += p * e->noise[s][ESTIMATE_DOWN].scale *
				   sqrt(1.0 + shapes[s] * shapes[s]);
		}
	}
	m.clock_2 -= m.clock * m.clock;
	m.rate_2 -= m.rate * m.rate;
	m.delay_2 -= m.delay * m.delay;
	*ret = m;
}

/* Every track the same: around the line, with those uncertainties. */
static void spread(struct estimate *e, double clock_error, double delay, double delay_error,
		   bool one_way)
{
	struct track t = {0};

	t.mean[TRACK_RATE] = e->rate;
	t.mean[TRACK_DELAY] = delay;
	t.cov[TRACK_CLOCK][TRACK_CLOCK] = clock_error * clock_error;
	t.cov[TRACK_RATE][TRACK_RATE] = e->rate_error * e->rate_error;
	t.cov[TRACK_DELAY][TRACK_DELAY] = delay_error * delay_error;
	if (one_way) { /* the packet ties clock to delay: a longer path, a later clock */
		t.cov[TRACK_CLOCK][TRACK_CLOCK] += delay_error * delay_error;
		t.cov[TRACK_CLOCK][TRACK_DELAY] = delay_error * delay_error;
		t.cov[TRACK_DELAY][TRACK_CLOCK] = delay_error * delay_error;
	}
	for (int s = 0; s < ESTIMATE_SHAPES; s++)
		for (int w = 0; w < ESTIMATE_WANDERS; w++)
			e->bank[s][w] = t;
}

static void guess_noise(struct estimate *e, double queue)
{
	if (queue < QUEUE_MIN)
		queue = QUEUE_MIN;
	for (int s = 0; s < ESTIMATE_SHAPES; s++) {
		double scale = queue / (1.0 + shapes[s]);
		for (int way = 0; way < ESTIMATE_WAYS; way++)
			e->noise[s][way] = (struct estimate_noise){
				scale, scale * scale * shapes[s] * shapes[s], 1.0, scale};
	}
}

static void begin(struct estimate *e, const struct sample *s)
{
	double path = e->assumed ? e->path : span_to_s(ESTIMATE_DEFAULT_DELAY);
	double path_error = e->assumed ? e->path_error : DELAY_ERROR_UNKNOWN;

	e->at = s->arrived;
	e->remote = stamp_add(s->transmitted, span_from_s(path));
	guess_noise(e, path / 5.0);
	spread(e, path / 5.0, path, path_error, true);
	e->started = true;
}

/* The first exchange fixes the clock to within its round trip and starts the noise from it. */
static void begin_exchange(struct estimate *e, const struct sample *s)
{
	span up = stamp_sub(s->received, s->transmitted);
	double trip = span_to_s(span_add(mono_sub(s->arrived, s->sent), up));

	if (trip < QUEUE_MIN)
		trip = QUEUE_MIN;
	e->at = s->arrived;
	e->remote = stamp_add(s->transmitted, span_from_s(trip / 2.0));
	guess_noise(e, trip / 10.0);
	spread(e, trip / 2.0, 0.4 * trip, 0.1 * trip, false);
	e->started = true;
	e->calibrated = true;
}

/* The newest sample's instant becomes the reference: what the tracks hold stays small. */
static void advance(struct estimate *e, mono to)
{
	double seconds = span_to_s(mono_sub(to, e->at));
	struct moments m;

	for (int s = 0; s < ESTIMATE_SHAPES; s++)
		for (int w = 0; w < ESTIMATE_WANDERS; w++)
			track_advance(&e->bank[s][w], seconds, wanders[w], DELAY_DRIFT);
	summarise(e, 0.0, &m);
	span shift = span_from_s(m.clock);
	e->remote = stamp_add(e->remote, span_add(mono_sub(to, e->at), shift));
	e->at = to;
	for (int s = 0; s < ESTIMATE_SHAPES; s++)
		for (int w = 0; w < ESTIMATE_WANDERS; w++)
			e->bank[s][w].mean[TRACK_CLOCK] -= span_to_s(shift);
}

/*
 * Expectation maximisation on line: the running means of what the filters believe to have been
 * queueing and reading error give the likeliest scale with the shape's ratio between them.
 */
static void learn(struct estimate_noise *n, double shape, double weight, double queue,
		  double reading_2)
{
	if (weight < 1e-6)
		return;
	n->count = n->count + weight < NOISE_COUNT_MAX ? n->count + weight : NOISE_COUNT_MAX;
	n->queue += weight / n->count * (queue - n->queue);
	n->reading_2 += weight / n->count * (reading_2 - n->reading_2);
	n->scale =
		(n->queue + sqrt(n->queue * n->queue + 8.0 * n->reading_2 / (shape * shape))) / 4.0;
	if (!(n->scale > QUEUE_MIN))
		n->scale = QUEUE_MIN;
}

/* Only differences matter: the largest becomes 0, none is so small that it never comes back. */
static void recentre(double *log_weight, int n)
{
	double top = log_weight[0];

	for (int i = 1; i < n; i++)
		top = log_weight[i] > top ? log_weight[i] : top;
	for (int i = 0; i < n; i++) {
		log_weight[i] -= top;
		if (log_weight[i] < -50.0)
			log_weight[i] = -50.0;
	}
}

/* One direction's measurement goes through the whole bank; returns the chance it was not busy. */
static double observe(struct estimate *e, enum estimate_way way, const double row[TRACK_ROWS],
		      double seen)
{
	double weight[ESTIMATE_SHAPES][ESTIMATE_WANDERS];
	double narrow_all = 0.0;

	weigh(e, weight);
	for (int s = 0; s < ESTIMATE_SHAPES; s++) {
		struct estimate_noise *n = &e->noise[s][way];
		struct track_noise noise = {n->scale, n->scale * shapes[s], 0.05, 15.0};
		double shape_weight = 0.0, narrow = 0.0, queue = 0.0, reading_2 = 0.0, likely = 0.0;

		for (int w = 0; w < ESTIMATE_WANDERS; w++) {
			struct track_lesson l;
			track_observe(&e->bank[s][w], row, seen, &noise, &l);
			e->wander_log[s][w] = e->wander_log[s][w] * WANDER_FORGET + l.evidence;
			shape_weight += weight[s][w];
			narrow += weight[s][w] * l.narrow;
			queue += weight[s][w] * l.narrow * l.queue;
			reading_2 += weight[s][w] * l.narrow * l.reading_2;
			likely += weight[s][w] * special_exp(l.evidence > -600 ? l.evidence : -600);
		}
		e->shape_log[s] = e->shape_log[s] * SHAPE_FORGET;
		if (shape_weight > 1e-300 && narrow > 1e-300) {
			e->shape_log[s] += special_log(likely / shape_weight + 1e-300);
			learn(n, shapes[s], narrow / shape_weight, queue / narrow,
			      reading_2 / narrow);
		}
		recentre(e->wander_log[s], ESTIMATE_WANDERS);
		narrow_all += narrow;
	}
	recentre(e->shape_log, ESTIMATE_SHAPES);
	return narrow_all;
}

void estimate_init(struct estimate *e, bool has_frequency, freq frequency, span frequency_error)
{
	*e = (struct estimate){0};
	e->has_rate = has_frequency;
	e->rate = has_frequency ? freq_to_ratio(frequency) : 0.0;
	e->rate_error = has_frequency ? span_to_s(frequency_error) : RATE_ERROR_UNKNOWN;
}

void estimate_assume_delay(struct estimate *e, span path, span half_width)
{
	e->assumed = true;
	e->path = span_to_s(path);
	e->path_error = span_to_s(half_width) / 2.0;
}

void estimate_restart(struct estimate *e)
{
	struct moments m;

	if (!e->started)
		return;
	summarise(e, 0.0, &m);
	e->rate = m.rate;
	e->rate_error = sqrt(m.rate_2);
	e->has_rate = true;
	e->started = false;
	e->calibrated = false;
	e->jumps = 0;
}

enum estimate_verdict estimate_add(struct estimate *e, const struct sample *s)
{
	static const double row_down[TRACK_ROWS] = {-1.0, 0.0, 1.0};
	double narrow;

	if (!e->started || (s->two_way && !e->calibrated)) {
		if (s->two_way)
			begin_exchange(e, s);
		else
			begin(e, s);
	} else {
		advance(e, s->arrived);
	}
	/* The line shows e->remote at arrival; a packet shows less by path and queueing. */
	double down = span_to_s(stamp_sub(e->remote, s->transmitted));
	narrow = observe(e, ESTIMATE_DOWN, row_down, down);
	if (s->two_way) {
		span ago = mono_sub(s->arrived, s->sent);
		double row_up[TRACK_ROWS] = {1.0, -span_to_s(ago), 1.0};
		double up = span_to_s(span_add(stamp_sub(s->received, e->remote), ago));
		double narrow_up = observe(e, ESTIMATE_UP, row_up, up);
		narrow = narrow_up < narrow ? narrow_up : narrow;
		e->exchanged = s->arrived;
	}
	return narrow < 0.1 ? ESTIMATE_OUTLIER : ESTIMATE_USED;
}

void estimate_at(const struct estimate *e, mono at, struct belief *ret)
{
	struct moments m;

	*ret = (struct belief){.at = at};
	if (!e->started)
		return;
	span ahead = mono_sub(at, e->at);
	summarise(e, span_to_s(ahead), &m);
	ret->valid = e->calibrated || e->assumed;
	ret->remote = stamp_add(e->remote, span_add(ahead, span_from_s(m.clock)));
	ret->rate = freq_from_ratio(m.rate);
	ret->delay = span_from_s(m.delay > 0.0 ? 2.0 * m.delay : 0.0);
	ret->error = span_from_s(2.0 * sqrt(m.clock_2));
	ret->rate_error = span_from_s(sqrt(m.rate_2));
	ret->dispersion = span_add(ret->error, span_from_s(PHI * fabs(span_to_s(ahead))));
	ret->jitter = span_from_s(m.queue);
}

bool estimate_wants_exchange(const struct estimate *e, mono at)
{
	(void)at;
	return e->started && !e->calibrated;
}
