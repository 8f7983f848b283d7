/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/noise.h"

#include <math.h>

#define COUNT_MAX 128.0 /* how long the scale is remembered, samples */
#define SCALE_MIN 2e-8	/* s; nobody reads clocks better than that */
#define WEIGHT_MIN 1e-6
#define BUSY_MIN 0.05
#define BUSY_MAX 0.5
#define BUSY_GAIN 0.01
#define WIDE_START 15.0 /* queueing of a busy path over the usual */
#define WIDE_MIN 8.0
#define WIDE_MAX 200.0
#define WIDE_GAIN 0.02
#define LENT 8.0 /* samples that the lender's scale weighs */

void noise_start(struct noise *n, double shape, double queue)
{
	double scale = queue > SCALE_MIN ? queue : SCALE_MIN;

	*n = (struct noise){
		.queue = scale,
		.reading_2 = scale * scale * shape * shape,
		.count = 1.0,
		.busy = BUSY_MIN,
		.wide = WIDE_START,
		.scale = scale,
	};
}

static double within(double x, double low, double high)
{
	return x > low ? (x < high ? x : high) : low;
}

void noise_learn(struct noise *n, double shape, const struct track_lesson *l)
{
	n->busy += BUSY_GAIN * (l->busy - n->busy);
	n->wide += WIDE_GAIN * l->busy * (within(l->wide / n->scale, 0.0, WIDE_MAX) - n->wide);
	if (l->narrow < WEIGHT_MIN)
		return;
	double count = n->count + l->narrow;
	n->count = count < COUNT_MAX ? count : COUNT_MAX;
	n->queue += l->narrow / n->count * (l->queue - n->queue);
	n->reading_2 += l->narrow / n->count * (l->reading_2 - n->reading_2);
	double scale =
		(n->queue + sqrt(n->queue * n->queue + 8.0 * n->reading_2 / (shape * shape))) / 4.0;
	n->scale = scale > SCALE_MIN ? scale : SCALE_MIN;
}

void noise_for_track(const struct noise *n, const struct noise *lender, double shape,
		     struct track_noise *ret)
{
	double lent = n == lender ? 0.0 : LENT;
	double scale = (n->count * n->scale + lent * lender->scale) / (n->count + lent);

	*ret = (struct track_noise){
		.queue = scale,
		.reading = scale * shape,
		.busy = within(n->busy, BUSY_MIN, BUSY_MAX),
		.wide = scale * within(n->wide, WIDE_MIN, WIDE_MAX),
	};
}
