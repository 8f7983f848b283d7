/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/noise.h"

#include <math.h>

#define COUNT_MAX 128.0 /* how long the scale is remembered, samples */
#define SCALE_MIN 2e-8	/* s; nobody reads clocks better than that */
#define WEIGHT_MIN 1e-6
#define BUSY_MIN 0.05
#define BUSY_MAX 0.5
#define BUSY_GAIN 0.01
#define LENT 8.0 /* samples that the lender's scale weighs */

void noise_start(struct noise *n, double shape, double queue)
{
	double scale = queue > SCALE_MIN ? queue : SCALE_MIN;

	*n = (struct noise){
		.queue = scale,
		.reading_2 = scale * scale * shape * shape,
		.count = 1.0,
		.busy = BUSY_MIN,
		.scale = scale,
	};
}

void noise_learn(struct noise *n, double shape, double weight, double queue, double reading_2)
{
	n->busy += BUSY_GAIN * (1.0 - weight - n->busy);
	if (weight < WEIGHT_MIN)
		return;
	n->count = n->count + weight < COUNT_MAX ? n->count + weight : COUNT_MAX;
	n->queue += weight / n->count * (queue - n->queue);
	n->reading_2 += weight / n->count * (reading_2 - n->reading_2);
	double scale =
		(n->queue + sqrt(n->queue * n->queue + 8.0 * n->reading_2 / (shape * shape))) / 4.0;
	n->scale = scale > SCALE_MIN ? scale : SCALE_MIN;
}

void noise_for_track(const struct noise *n, const struct noise *lender, double shape,
		     struct track_noise *ret)
{
	double lent = n == lender ? 0.0 : LENT;
	double scale = (n->count * n->scale + lent * lender->scale) / (n->count + lent);
	double busy = n->busy > BUSY_MIN ? n->busy : BUSY_MIN;

	*ret = (struct track_noise){scale, scale * shape, busy < BUSY_MAX ? busy : BUSY_MAX};
}
