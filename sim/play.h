/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario from its first nanosecond to its last: orders, samples, judgement. */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include <stdio.h>

#include "sim/plot.h"
#include "sim/scenario.h"
#include "sim/summary.h"

struct play {
	struct scenario scenario;
	struct summary summary;
	struct plot plot;
	bool plotted;
};

/* 0, or -EINVAL with the complaint when something could not be done. show: replies of `show`. */
MUST_CHECK int play_run(struct play *p, FILE *show, struct err *err);
/* Prints a line for each expectation that failed and returns how many. */
unsigned play_judge(struct play *p, FILE *out);

#endif
