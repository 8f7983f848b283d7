/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture of a simulation, as SVG: a panel a host with its true offset, what it believed, and
 * the bound it gave around that. Written directly, so the same run gives the same octets.
 */
#ifndef SIM_PLOT_H
#define SIM_PLOT_H

#include <stdio.h>

#include "sim/gauge.h"
#include "sim/universe.h"

#define PLOT_PANELS_MAX 12

struct plot {
	int64_t from_ns; /* the vertical scale fits what comes from then on */
	unsigned count;
	struct plot_panel {
		uint32_t host;
		unsigned count;
		unsigned room;
		struct gauge *gauges; /* owned */
	} panels[PLOT_PANELS_MAX];
};

/* Up to PLOT_PANELS_MAX hosts, those that only serve left out. */
void plot_init(struct plot *p, const struct universe *u, int64_t from_ns);
void plot_see(struct plot *p, const struct host *h, const struct gauge *g);
void plot_write(const struct plot *p, const struct universe *u, FILE *out);
void plot_fini(struct plot *p);

#endif
