/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/track.h"

#include <math.h>

#include "base/special.h"

#define SQRT_2 1.41421356237309504880
#define SQRT_2_OVER_PI 0.79788456080286535588

#define VARIANCE_MIN 1e-24
#define PARTS 3
#define ODD 0.001 /* chance of what fits nothing */
/* No queue makes a packet early: what fits nothing is that much rarer there. */
#define LOG_EARLY (-6.907755278982)

/* A Gaussian cut off from above: what is left of it. */
struct cut {
	double evidence;
	double mean;
	double variance;
};

void track_advance(struct track *t, double seconds, double wander)
{
	double(*p)[TRACK_ROWS] = t->cov;
	double q = wander * wander * seconds;
	double xy = p[TRACK_CLOCK][TRACK_RATE];
	double yy = p[TRACK_RATE][TRACK_RATE];

	t->mean[TRACK_CLOCK] += t->mean[TRACK_RATE] * seconds;
	p[TRACK_CLOCK][TRACK_CLOCK] +=
		seconds * (2.0 * xy + seconds * yy) + q * seconds * seconds / 3.0;
	xy += seconds * yy + q * seconds / 2.0;
	p[TRACK_CLOCK][TRACK_RATE] = p[TRACK_RATE][TRACK_CLOCK] = xy;
	p[TRACK_CLOCK][TRACK_DELAY] += seconds * p[TRACK_RATE][TRACK_DELAY];
	p[TRACK_DELAY][TRACK_CLOCK] = p[TRACK_CLOCK][TRACK_DELAY];
	p[TRACK_RATE][TRACK_RATE] += q;
}

void track_loosen(struct track *t, const double direction[TRACK_ROWS])
{
	for (int i = 0; i < TRACK_ROWS; i++)
		for (int j = 0; j < TRACK_ROWS; j++)
			t->cov[i][j] += direction[i] * direction[j];
}

/*
 * u is Gaussian with that variance, its centre below seen = u + q by above, q exponential: u is
 * then a Gaussian moved up by variance / queue and cut off at seen, which is a sigmas from its
 * centre.
 */
static void cut_at(struct cut *ret, double above, double variance, double queue)
{
	double s = sqrt(variance);
	double r = above / s;
	double a = r - s / queue;

	if (a < -20.0) { /* the asymptotic series of the tail, where the closed form cancels */
		double b = 1.0 / (a * a);
		ret->mean = above + s / a * (1.0 - b * (2.0 - 10.0 * b));
		ret->variance = variance * b * (1.0 - b * (6.0 - 50.0 * b));
		ret->evidence = -0.5 * r * r + special_log(special_erfcx(-a / SQRT_2) / 2.0);
	} else if (a < 0.0) {
		double x = special_erfcx(-a / SQRT_2);
		double lambda = SQRT_2_OVER_PI / x;
		ret->mean = above - s * (a + lambda);
		ret->variance = variance * (1.0 - lambda * (a + lambda));
		ret->evidence = -0.5 * r * r + special_log(x / 2.0);
	} else {
		double e = special_exp(-0.5 * a * a);
		double phi = 1.0 - 0.5 * e * special_erfcx(a / SQRT_2);
		double lambda = SQRT_2_OVER_PI / 2.0 * e / phi;
		ret->mean = above - s * (a + lambda);
		ret->variance = variance * (1.0 - lambda * (a + lambda));
		ret->evidence = 0.5 * (a * a - r * r) + special_log(phi);
	}
	ret->evidence -= special_log(queue);
}

/* Fits nothing: the state stays as it was. The tail is so heavy that no size is impossible. */
static void set_aside(struct cut *ret, double above, double variance, double scale)
{
	double far = 1.0 + fabs(above) / scale;
	double evidence = -special_log(2.0 * scale * far * far);

	*ret = (struct cut){above < 0.0 ? evidence + LOG_EARLY : evidence, 0.0, variance};
}

/*
 * The moments of the components together; returns the log evidence. weight becomes the chance of
 * each component.
 */
static double mix(const struct cut part[PARTS], double busy, struct cut *ret, double weight[PARTS])
{
	const double chance[PARTS] = {1.0 - busy - ODD, busy, ODD};
	double top = part[0].evidence;
	double sum = 0.0, mean = 0.0, square = 0.0;

	for (int i = 1; i < PARTS; i++)
		top = part[i].evidence > top ? part[i].evidence : top;
	for (int i = 0; i < PARTS; i++) {
		weight[i] = chance[i] * special_exp(part[i].evidence - top);
		sum += weight[i];
	}
	for (int i = 0; i < PARTS; i++) {
		weight[i] /= sum;
		mean += weight[i] * part[i].mean;
		square += weight[i] * (part[i].variance + part[i].mean * part[i].mean);
	}
	ret->mean = mean;
	ret->variance = square - mean * mean;
	return top + special_log(sum);
}

void track_observe(struct track *t, const struct track_measure *m, const struct track_noise *noise,
		   struct track_lesson *ret)
{
	double gain[TRACK_ROWS];
	double above = m->seen;
	double variance = 0.0;

	for (int i = 0; i < TRACK_ROWS; i++) {
		gain[i] = 0.0;
		for (int j = 0; j < TRACK_ROWS; j++)
			gain[i] += t->cov[i][j] * m->row[j];
		variance += m->row[i] * gain[i];
		above -= m->row[i] * t->mean[i];
	}
	if (!(variance > VARIANCE_MIN))
		variance = VARIANCE_MIN;
	double reading_2 = noise->reading * noise->reading;
	double total = variance + reading_2;
	double share = reading_2 / total;
	double weight[PARTS];
	struct cut part[PARTS], all;

	cut_at(&part[0], above, total, noise->queue);
	cut_at(&part[1], above, total, noise->wide);
	set_aside(&part[2], above, total, noise->wide + sqrt(total));
	ret->evidence = mix(part, noise->busy, &all, weight);
	ret->narrow = weight[0];
	ret->queue = above - part[0].mean;
	ret->busy = weight[1];
	ret->wide = above - part[1].mean;
	ret->reading_2 =
		share * variance + share * share * (part[0].mean * part[0].mean + part[0].variance);

	double shrink = (all.variance - total) / (total * total);
	for (int i = 0; i < TRACK_ROWS; i++) {
		t->mean[i] += gain[i] / total * all.mean;
		for (int j = 0; j < TRACK_ROWS; j++)
			t->cov[i][j] += gain[i] * gain[j] * shrink;
	}
}
