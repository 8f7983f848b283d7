/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/track.h"

#include <math.h>

#include "base/special.h"

#define SQRT_2 1.41421356237309504880
#define SQRT_2_OVER_PI 0.79788456080286535588

/* A Gaussian cut off from above: what is left of it. */
struct cut {
	double evidence;
	double mean;
	double variance;
};

void track_advance(struct track *t, double seconds, double wander, double drift)
{
	double(*p)[TRACK_ROWS] = t->cov;
	double q = wander * wander * seconds;
	double xy = p[TRACK_CLOCK][TRACK_RATE];
	double yd = p[TRACK_RATE][TRACK_DELAY];
	double yy = p[TRACK_RATE][TRACK_RATE];

	t->mean[TRACK_CLOCK] += t->mean[TRACK_RATE] * seconds;
	p[TRACK_CLOCK][TRACK_CLOCK] +=
		seconds * (2.0 * xy + seconds * yy) + q * seconds * seconds / 3.0;
	xy += seconds * yy + q * seconds / 2.0;
	p[TRACK_CLOCK][TRACK_RATE] = p[TRACK_RATE][TRACK_CLOCK] = xy;
	p[TRACK_CLOCK][TRACK_DELAY] += seconds * yd;
	p[TRACK_DELAY][TRACK_CLOCK] = p[TRACK_CLOCK][TRACK_DELAY];
	p[TRACK_RATE][TRACK_RATE] += q;
	p[TRACK_DELAY][TRACK_DELAY] += drift * drift * seconds;
}

/*
 * u is Gaussian around prior with that variance, and seen = u + q, q exponential: u is then a
 * Gaussian moved up by variance / queue and cut off at seen, which is a sigmas from its centre.
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

/* The moments of the two components together; returns the log evidence, and narrow's chance. */
static double mix(const struct cut part[2], double busy, struct cut *ret, double *narrow)
{
	double log_0 = part[0].evidence + special_log(1.0 - busy);
	double log_1 = part[1].evidence + special_log(busy);
	double top = log_0 > log_1 ? log_0 : log_1;
	double w0 = special_exp(log_0 - top);
	double w1 = special_exp(log_1 - top);
	double share = w0 / (w0 + w1);
	double apart = part[0].mean - part[1].mean;

	*narrow = share;
	ret->mean = share * part[0].mean + (1.0 - share) * part[1].mean;
	ret->variance = share * part[0].variance + (1.0 - share) * part[1].variance +
			share * (1.0 - share) * apart * apart;
	return top + special_log(w0 + w1);
}

void track_observe(struct track *t, const double row[TRACK_ROWS], double seen,
		   const struct track_noise *noise, struct track_lesson *ret)
{
	double gain[TRACK_ROWS];
	double prior = 0.0;
	double variance = 0.0;

	for (int i = 0; i < TRACK_ROWS; i++) {
		gain[i] = 0.0;
		for (int j = 0; j < TRACK_ROWS; j++)
			gain[i] += t->cov[i][j] * row[j];
		variance += row[i] * gain[i];
		prior += row[i] * t->mean[i];
	}
	double reading_2 = noise->reading * noise->reading;
	double total = variance + reading_2;
	double above = seen - prior;
	struct cut part[2], all;

	cut_at(&part[0], above, total, noise->queue);
	cut_at(&part[1], above, total, noise->queue * noise->wide);
	ret->evidence = mix(part, noise->busy, &all, &ret->narrow);
	ret->queue = above - part[0].mean;
	double share = reading_2 / total;
	ret->reading_2 =
		share * variance + share * share * (part[0].mean * part[0].mean + part[0].variance);

	double shrink = (all.variance - total) / (total * total);
	for (int i = 0; i < TRACK_ROWS; i++) {
		t->mean[i] += gain[i] / total * all.mean;
		for (int j = 0; j < TRACK_ROWS; j++)
			t->cov[i][j] += gain[i] * gain[j] * shrink;
	}
}
