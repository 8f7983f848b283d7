/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/guess.h"

#include "ntp/estimate.h"

#define ERROR_UNKNOWN 0.25 /* s; one-way packets alone say nothing of the path */
#define LONGEST 0.05	   /* s; if nobody gave a delay */
#define QUEUE_SHARE 5.0
#define OTHERS_SIGMAS 1.2 /* in a bound of others: half of what it claims */

void guess_make(struct guess *g, span path, span half_width)
{
	*g = (struct guess){true, span_to_s(path), span_to_s(half_width) / 2.0};
}

void guess_alone(const struct guess *g, double rate, double rate_error, struct guess_start *ret)
{
	double path = g->made ? g->path : span_to_s(ESTIMATE_DEFAULT_DELAY);
	double error = g->made ? g->error : ERROR_UNKNOWN;
	double both[TRACK_ROWS] = {error, 0.0, error};

	*ret = (struct guess_start){
		.path = path,
		.track = {.mean = {0.0, rate, path}},
		.queue = path / QUEUE_SHARE,
	};
	ret->track.cov[TRACK_CLOCK][TRACK_CLOCK] = path * path / 16.0;
	ret->track.cov[TRACK_RATE][TRACK_RATE] = rate_error * rate_error;
	track_loosen(&ret->track, both);
}

bool guess_by_others(const struct guess *g, double path, const struct belief *others,
		     struct guess_start *ret)
{
	double sigma = span_to_s(others->error) / OTHERS_SIGMAS;
	double rate_sigma = span_to_s(others->rate_error);
	double half = 2.0 * g->error;
	double longest = half < g->path ? g->path + half : LONGEST;

	if (!g->made || path < g->path - half - sigma || path > longest + sigma)
		return false;
	path = path > 0.0 ? path : 0.0;
	double queued = path / 2.0; /* of that packet's way, perhaps */
	double usual = g->path / QUEUE_SHARE;

	*ret = (struct guess_start){
		.path = path,
		.track = {.mean = {0.0, freq_to_ratio(others->rate), path}},
		.queue = queued < usual ? queued : usual,
	};
	ret->track.cov[TRACK_CLOCK][TRACK_CLOCK] = sigma * sigma;
	ret->track.cov[TRACK_RATE][TRACK_RATE] = rate_sigma * rate_sigma;
	ret->track.cov[TRACK_DELAY][TRACK_DELAY] = (queued + sigma) * (queued + sigma);
	return true;
}
