/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How well the time could be known at all: a particle filter that is told the true model (how the
 * oscillator wanders, how long packets queue and when the path is busy), not the true time. One
 * line a profile: two-way every interval, and one-way every interval with exchanges now and then.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "plant.h"

#define HOUR 3600.0
#define WANDER 1e-9
#define VOLLEY 8
#define POLL_MAX 17

enum row {
	AHEAD, /* of our clock, s */
	RATE,  /* it gains so much */
	DELAY, /* one way, s */
	ROWS,
};

struct cloud {
	int n;
	double (*at)[ROWS];
	double (*next)[ROWS];
	double *weight;
	double mean[ROWS];
	struct draw draw;
};

static void cloud_mean(struct cloud *c)
{
	for (int k = 0; k < ROWS; k++)
		c->mean[k] = 0.0;
	for (int i = 0; i < c->n; i++)
		for (int k = 0; k < ROWS; k++)
			c->mean[k] += c->weight[i] * c->at[i][k];
}

/* The lower triangle L with L L' = the cloud's covariance. */
static void cloud_root(const struct cloud *c, double root[ROWS][ROWS])
{
	double cov[ROWS][ROWS] = {{0}};

	for (int i = 0; i < c->n; i++)
		for (int j = 0; j < ROWS; j++)
			for (int k = 0; k <= j; k++)
				cov[j][k] += c->weight[i] * (c->at[i][j] - c->mean[j]) *
					     (c->at[i][k] - c->mean[k]);
	memset(root, 0, sizeof(double[ROWS][ROWS]));
	for (int j = 0; j < ROWS; j++) {
		for (int k = 0; k <= j; k++) {
			double sum = cov[j][k];
			for (int m = 0; m < k; m++)
				sum -= root[j][m] * root[k][m];
			if (j == k)
				root[j][j] = sum > 0.0 ? sqrt(sum) : 0.0;
			else if (root[k][k] > 0.0)
				root[j][k] = sum / root[k][k];
		}
	}
}

/* Systematic resampling, then a smoothing kernel that keeps mean and covariance. */
static void cloud_resample(struct cloud *c, double width)
{
	double root[ROWS][ROWS];
	double shrink = sqrt(1.0 - width * width);
	double place = draw_uniform(&c->draw) / c->n;
	double sum = c->weight[0];

	cloud_mean(c);
	cloud_root(c, root);
	for (int i = 0, from = 0; i < c->n; i++) {
		while (sum < place && from + 1 < c->n)
			sum += c->weight[++from];
		double z[ROWS];
		for (int k = 0; k < ROWS; k++)
			z[k] = width * draw_normal(&c->draw);
		for (int k = 0; k < ROWS; k++) {
			c->next[i][k] = c->mean[k] + shrink * (c->at[from][k] - c->mean[k]);
			for (int m = 0; m <= k; m++)
				c->next[i][k] += root[k][m] * z[m];
		}
		place += 1.0 / c->n;
	}
	double(*swap)[ROWS] = c->at;
	c->at = c->next;
	c->next = swap;
	for (int i = 0; i < c->n; i++)
		c->weight[i] = 1.0 / c->n;
}

/* The density of queueing q: the usual, plus what a busy period adds while there is one. */
static double density(const struct plant_way *w, double q, double t)
{
	if (q < 0.0)
		return 0.0;
	if (w->busy_every <= 0.0 || fmod(t, w->busy_every) >= w->busy_for)
		return special_exp(-q / w->queue) / w->queue;
	return (special_exp(-q / w->busy) - special_exp(-q / w->queue)) / (w->busy - w->queue);
}

/* seen = sign * AHEAD + DELAY + queueing */
static void cloud_observe(struct cloud *c, double sign, double seen, const struct plant_way *w,
			  double t)
{
	double sum = 0.0, squares = 0.0;

	for (int i = 0; i < c->n; i++) {
		double q = seen - sign * c->at[i][AHEAD] - c->at[i][DELAY];
		double p = density(w, q, t);
		c->next[i][0] = c->weight[i] * p;
		sum += c->next[i][0];
	}
	if (!(sum > 0.0)) { /* nobody foresaw it: look further afield before giving up */
		cloud_resample(c, 0.0);
		for (int i = 0; i < c->n; i++) {
			double q = seen - sign * c->at[i][AHEAD] - c->at[i][DELAY];
			c->at[i][DELAY] += q < 0.0 ? q / 2.0 : 0.0;
			c->at[i][AHEAD] += q < 0.0 ? sign * q / 2.0 : 0.0;
		}
		return;
	}
	for (int i = 0; i < c->n; i++) {
		c->weight[i] = c->next[i][0] / sum;
		squares += c->weight[i] * c->weight[i];
	}
	if (1.0 / squares < 0.5 * c->n)
		cloud_resample(c, 0.15);
}

static void cloud_wait(struct cloud *c, double seconds)
{
	double y = WANDER * sqrt(seconds);
	double x = y * seconds / sqrt(12.0);

	for (int i = 0; i < c->n; i++) {
		double a = y * draw_normal(&c->draw);
		double b = x * draw_normal(&c->draw);
		c->at[i][AHEAD] += (c->at[i][RATE] + a / 2.0) * seconds + b;
		c->at[i][RATE] += a;
	}
}

static double ahead_of(struct plant *p, double t)
{
	(void)plant_mono(p, t);
	return p->ahead + p->rate * (t - p->second);
}

/* Not far from the truth, as after some hours: the beginning is not what is measured. */
static void cloud_start(struct cloud *c, struct plant *p, uint64_t seed)
{
	const struct plant_profile *f = p->profile;
	double spread[ROWS] = {f->down.queue / 2.0, 5e-8, f->down.queue / 2.0};
	double centre[ROWS] = {ahead_of(p, 0.0), p->rate, f->path};

	c->draw = draw_start(seed, 7);
	for (int k = 0; k < ROWS; k++)
		centre[k] += spread[k] * draw_normal(&c->draw);
	for (int i = 0; i < c->n; i++) {
		for (int k = 0; k < ROWS; k++)
			c->at[i][k] = centre[k] + spread[k] * draw_normal(&c->draw);
		c->weight[i] = 1.0 / c->n;
	}
}

static void cloud_new(struct cloud *c, int particles)
{
	size_t room = (size_t)particles;

	*c = (struct cloud){
		.n = particles,
		.at = calloc(room, sizeof *c->at),
		.next = calloc(room, sizeof *c->next),
		.weight = calloc(room, sizeof *c->weight),
	};
	if (!c->at || !c->next || !c->weight)
		abort();
}

static void cloud_free(struct cloud *c)
{
	free(c->at);
	free(c->next);
	free(c->weight);
}

/*
 * One packet, and one the other way too if it is an exchange. A question that is lost has no
 * answer, and one whose answer is lost tells nothing.
 */
static void hear(struct cloud *c, struct plant *p, double t, bool exchange, bool one_way)
{
	const struct plant_profile *f = p->profile;
	double down = plant_down(p, t);
	double up = exchange ? plant_up(p, t) : -1.0;
	double ahead = ahead_of(p, t);

	if (down >= 0.0 && (one_way || up >= 0.0))
		cloud_observe(c, 1.0, ahead + down, &f->down, t);
	if (down >= 0.0 && up >= 0.0)
		cloud_observe(c, -1.0, up - ahead, &f->up, t);
	cloud_mean(c);
}

static double run(const struct options *o, const struct plant_profile *f, bool one_way,
		  double interval, int seed)
{
	struct plant p;
	struct cloud c;
	struct draw schedule = draw_start((uint64_t)seed, 6);
	double squares = 0.0, count = 0.0, t = 1.0, last = 0.0;
	double next_exchange = o->exchange_every;
	int volley = one_way ? VOLLEY : 0;

	cloud_new(&c, o->particles);
	plant_start(&p, f, (uint64_t)seed, 0.0, 10e-6, WANDER);
	cloud_start(&c, &p, (uint64_t)seed);
	while (t < o->hours * HOUR) {
		bool exchange = !one_way || volley > 0 || t >= next_exchange;
		cloud_wait(&c, t - last);
		last = t;
		hear(&c, &p, t, exchange, one_way);
		if (volley > 0)
			volley--;
		else if (one_way && exchange)
			next_exchange = t + o->exchange_every * (0.5 + draw_uniform(&schedule));
		double next = t + (volley > 0 ? 2.0 : interval);
		while (t < next) {
			double wrong = c.mean[AHEAD] + c.mean[RATE] * (t - last) - ahead_of(&p, t);
			if (t >= o->hours * HOUR / 3.0) {
				squares += wrong * wrong;
				count++;
			}
			t += 1.0;
		}
	}
	cloud_free(&c);
	return 1e6 * sqrt(squares / count);
}

static double median(const struct options *o, const struct plant_profile *f, bool one_way,
		     double interval)
{
	double v[OPTIONS_SEEDS_MAX];

	for (int i = 0; i < o->seeds; i++)
		v[i] = run(o, f, one_way, interval, o->first_seed + i);
	return options_median(v, o->seeds);
}

/* Those whose model the filter knows. */
static bool plain(const struct plant_profile *f)
{
	return f->down.queue > 0.0 && f->down.shape == 0.0 && f->reading == 0.0 &&
	       f->route_at == 0.0 && f->step_at == 0.0 && f->mute_at == 0.0 && f->swing == 0.0;
}

int main(int argc, char **argv)
{
	struct options o = options_read(argc, argv);

	printf("RMS in us of a filter that knows the true model, medians of %d seeds, %d "
	       "particles\n"
	       "%-8s %s %8s %8s\n",
	       o.seeds, o.particles, "profile", "  ", "two-way", "one-way");
	for (const struct plant_profile *f = plant_profiles; f->name; f++) {
		if (!plain(f) || (o.profile && strcmp(o.profile, f->name) != 0))
			continue;
		for (int poll = 0; poll <= POLL_MAX; poll++) {
			if (o.poll != 0 ? o.poll != poll : poll != 4 && poll != 6)
				continue;
			double interval = ldexp(1.0, poll);
			printf("%-8s p%d %8.2f", f->name, poll, median(&o, f, false, interval));
			printf(" %8.2f\n", median(&o, f, true, interval));
			(void)fflush(stdout);
		}
	}
	return 0;
}
