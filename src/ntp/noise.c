/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/noise.h"

#include <math.h>

#define COUNT_MAX 128.0 /* how long the scale is remembered, samples */
#define SCALE_MIN 2e-8	/* s; nobody reads clocks better than that */
#define WEIGHT_MIN 1e-6
#define LENT 8.0 /* samples that the lender's scale weighs */

void noise_start(struct noise *n, double shape, double queue)
{
	double scale = queue > SCALE_MIN ? queue : SCALE_MIN;

	*n = (struct noise){scale, scale * scale * shape * shape, 1.0, scale};
}

void noise_learn(struct noise *n, double shape, double weight, double queue, double reading_2)
{
	if (weight < WEIGHT_MIN)
		return;
	n->count = n->count + weight < COUNT_MAX ? n->count + weight : COUNT_MAX;
	n->queue += weight / n->count * (queue - n->queue);
	n->reading_2 += weight / n->count * (reading_2 - n->reading_2);
	double scale =
		(n->queue + sqrt(n->queue * n->queue + 8.0 * n->reading_2 / (shape * shape))) / 4.0;
	n->scale = scale > SCALE_MIN ? scale : SCALE_MIN;
}

double noise_scale(const struct noise *n, const struct noise *lender)
{
	return (n->count * n->scale + LENT * lender->scale) / (n->count + LENT);
}
