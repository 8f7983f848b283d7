/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/bank.h"

#include <math.h>

#include "base/special.h"

#define SHAPE_MEMORY 0.999
#define WANDER_MEMORY 0.995
#define DOUBT_MAX (-15.0) /* nothing is ruled out so far that it takes long to come back */
#define FADE 0.5
#define CHANCE_MIN 1e-9 /* nothing is divided by less */

static const double wanders[BANK_WANDERS] = {1e-10, 3.2e-10, 1e-9, 3.2e-9, 1e-8, 3.2e-8, 1e-7};
/* Log odds before any evidence: hardly a quartz wanders like the last two. */
static const double odds_before[BANK_WANDERS] = {0.0, 0.0, 0.0, 0.0, 0.0, -2.0, -4.0};
/* Reading noise over queueing: nearly all queueing, mixed, nearly all reading. */
static const double shapes[BANK_SHAPES] = {0.03, 0.4, 2.0};

/*
 * What is doubted most weighs nothing, not even a little: a track that took the clock to be far
 * steadier than it is ends so sure of itself that no packet fits. After hours it is off by
 * milliseconds, and the variance of a mixture has that squared.
 */
static void normalise(const double *log_weight, int n, double *ret)
{
	double least = special_exp(DOUBT_MAX);
	double sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += ret[i] = special_exp(log_weight[i]) - least;
	for (int i = 0; i < n; i++)
		ret[i] /= sum;
}

/* The chance of every track; they add up to 1. */
static void weigh(const struct bank *b, double ret[BANK_SHAPES][BANK_WANDERS])
{
	double shape[BANK_SHAPES];

	normalise(b->belief.shape, BANK_SHAPES, shape);
	for (int s = 0; s < BANK_SHAPES; s++) {
		normalise(b->belief.wander[s], BANK_WANDERS, ret[s]);
		for (int w = 0; w < BANK_WANDERS; w++)
			ret[s][w] *= shape[s];
	}
}

/* Only differences matter: the largest becomes 0. */
static void recentre(double *log_weight, int n)
{
	double top = log_weight[0];

	for (int i = 1; i < n; i++)
		top = log_weight[i] > top ? log_weight[i] : top;
	for (int i = 0; i < n; i++) {
		log_weight[i] -= top;
		if (!(log_weight[i] > DOUBT_MAX))
			log_weight[i] = DOUBT_MAX;
	}
}

void bank_replace(struct bank *b, const struct track *start)
{
	for (int s = 0; s < BANK_SHAPES; s++)
		for (int w = 0; w < BANK_WANDERS; w++)
			b->track[s][w] = *start;
}

void bank_start(struct bank *b, const struct track *start, double queue)
{
	*b = (struct bank){0};
	for (int s = 0; s < BANK_SHAPES; s++)
		for (int w = 0; w < BANK_WANDERS; w++)
			b->belief.wander[s][w] = odds_before[w];
	bank_replace(b, start);
	for (enum bank_way way = BANK_DOWN; way < BANK_WAYS; way++)
		bank_rescale(b, way, queue);
}

void bank_advance(struct bank *b, double seconds)
{
	for (int s = 0; s < BANK_SHAPES; s++)
		for (int w = 0; w < BANK_WANDERS; w++)
			track_advance(&b->track[s][w], seconds, wanders[w]);
}

void bank_shift(struct bank *b, double clock)
{
	for (int s = 0; s < BANK_SHAPES; s++)
		for (int w = 0; w < BANK_WANDERS; w++)
			b->track[s][w].mean[TRACK_CLOCK] -= clock;
}

static void noise_at(const struct bank *b, int s, enum bank_way way, struct track_noise *ret)
{
	noise_for_track(&b->noise[s][way], &b->noise[s][BANK_DOWN], shapes[s], ret);
}

void bank_rescale(struct bank *b, enum bank_way way, double queue)
{
	for (int s = 0; s < BANK_SHAPES; s++)
		noise_start(&b->noise[s][way], shapes[s], queue / (1.0 + shapes[s]));
}

/* Sums what tracks were taught; the means are weighed by the chances they go with. */
static void add_lesson(struct track_lesson *sum, double chance, const struct track_lesson *l)
{
	sum->narrow += chance * l->narrow;
	sum->queue += chance * l->narrow * l->queue;
	sum->reading_2 += chance * l->narrow * l->reading_2;
	sum->busy += chance * l->busy;
	sum->wide += chance * l->busy * l->wide;
}

static void divide_lesson(struct track_lesson *sum)
{
	double narrow = sum->narrow > CHANCE_MIN ? sum->narrow : CHANCE_MIN;

	sum->queue /= narrow;
	sum->reading_2 /= narrow;
	sum->wide /= sum->busy > CHANCE_MIN ? sum->busy : CHANCE_MIN;
}

/* What one shape's tracks say together, each weighing its chance before the measurement. */
static void observe_shape(struct bank *b, int s, enum bank_way way, const struct track_measure *m,
			  struct bank_lesson *ret)
{
	struct track_lesson sum = {0}, lesson[BANK_WANDERS];
	double chance[BANK_WANDERS];
	struct track_noise noise;
	double top = -HUGE_VAL;
	double likely = 0.0;

	normalise(b->belief.wander[s], BANK_WANDERS, chance);
	noise_at(b, s, way, &noise);
	for (int w = 0; w < BANK_WANDERS; w++) {
		track_observe(&b->track[s][w], m, &noise, &lesson[w]);
		top = lesson[w].evidence > top ? lesson[w].evidence : top;
	}
	for (int w = 0; w < BANK_WANDERS; w++) {
		double *doubt = &b->belief.wander[s][w];
		*doubt = *doubt * WANDER_MEMORY + lesson[w].evidence;
		likely += chance[w] * special_exp(lesson[w].evidence - top);
		add_lesson(&sum, chance[w], &lesson[w]);
	}
	recentre(b->belief.wander[s], BANK_WANDERS);
	divide_lesson(&sum);
	noise_learn(&b->noise[s][way], shapes[s], &sum);
	ret->evidence = top + special_log(likely);
	ret->narrow = sum.narrow;
}

void bank_observe(struct bank *b, enum bank_way way, const struct track_measure *m,
		  struct bank_lesson *ret)
{
	struct bank_lesson lesson[BANK_SHAPES];
	double chance[BANK_SHAPES];
	double top = -HUGE_VAL;
	double likely = 0.0, narrow = 0.0;

	normalise(b->belief.shape, BANK_SHAPES, chance);
	for (int s = 0; s < BANK_SHAPES; s++) {
		observe_shape(b, s, way, m, &lesson[s]);
		top = lesson[s].evidence > top ? lesson[s].evidence : top;
	}
	for (int s = 0; s < BANK_SHAPES; s++) {
		b->belief.shape[s] = b->belief.shape[s] * SHAPE_MEMORY + lesson[s].evidence;
		likely += chance[s] * special_exp(lesson[s].evidence - top);
		narrow += chance[s] * lesson[s].narrow;
	}
	recentre(b->belief.shape, BANK_SHAPES);
	ret->evidence = top + special_log(likely);
	ret->narrow = narrow;
}

void bank_fade(struct bank *b)
{
	for (int s = 0; s < BANK_SHAPES; s++) {
		double share = FADE / b->noise[s][BANK_UP].count;
		for (int w = 0; w < BANK_WANDERS; w++) {
			struct track *t = &b->track[s][w];
			/* Of clock + delay; moving both alike moves it by twice that. */
			double variance = t->cov[TRACK_CLOCK][TRACK_CLOCK] +
					  2.0 * t->cov[TRACK_CLOCK][TRACK_DELAY] +
					  t->cov[TRACK_DELAY][TRACK_DELAY];
			double by = variance > 0.0 ? sqrt(share * variance) / 2.0 : 0.0;
			double direction[TRACK_ROWS] = {by, 0.0, by};
			track_loosen(t, direction);
		}
	}
}

/* Adds t's share to the covariance of a mixture around sum's mean. */
static void mix_in(struct track *sum, const struct track *t, double chance)
{
	for (int i = 0; i < TRACK_ROWS; i++) {
		double x = t->mean[i] - sum->mean[i];
		for (int j = 0; j < TRACK_ROWS; j++)
			sum->cov[i][j] += chance * (t->cov[i][j] + x * (t->mean[j] - sum->mean[j]));
	}
}

void bank_merge(const struct bank *b, double seconds, struct track *ret)
{
	double chance[BANK_SHAPES][BANK_WANDERS];
	struct track ahead[BANK_SHAPES][BANK_WANDERS];
	struct track sum = {0};

	weigh(b, chance);
	for (int s = 0; s < BANK_SHAPES; s++) {
		for (int w = 0; w < BANK_WANDERS; w++) {
			struct track *t = &ahead[s][w];
			*t = b->track[s][w];
			track_advance(t, seconds, wanders[w]);
			for (int i = 0; i < TRACK_ROWS; i++)
				sum.mean[i] += chance[s][w] * t->mean[i];
		}
	}
	for (int s = 0; s < BANK_SHAPES; s++)
		for (int w = 0; w < BANK_WANDERS; w++)
			mix_in(&sum, &ahead[s][w], chance[s][w]);
	*ret = sum;
}

static int largest(const double *v, int n)
{
	int best = 0;

	for (int i = 1; i < n; i++)
		if (v[i] > v[best])
			best = i;
	return best;
}

void bank_noise_of(const struct bank *b, enum bank_way way, struct track_noise *ret)
{
	noise_at(b, largest(b->belief.shape, BANK_SHAPES), way, ret);
}

double bank_wander(const struct bank *b)
{
	int s = largest(b->belief.shape, BANK_SHAPES);

	return wanders[largest(b->belief.wander[s], BANK_WANDERS)];
}

double bank_exchanges(const struct bank *b)
{
	return b->noise[largest(b->belief.shape, BANK_SHAPES)][BANK_UP].count;
}

double bank_jitter(const struct bank *b, enum bank_way way)
{
	struct track_noise n;

	bank_noise_of(b, way, &n);
	return sqrt(n.queue * n.queue + n.reading * n.reading);
}
