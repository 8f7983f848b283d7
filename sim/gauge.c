/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/gauge.h"

#include "sim/universe.h"

struct gauge gauge_read(struct host *h)
{
	struct gauge g = {.at_ns = h->universe->now_ns, .offset_ns = host_offset_ns(h)};
	struct system_row row;

	if (!h->node)
		return g;
	node_system(h->node, host_now(h), &row);
	g.running = true;
	g.synchronised = row.synchronised;
	g.sessions = row.assoc_count;
	g.estimate_ns = row.offset.ns;
	g.bound_ns = row.estimated_error.ns;
	g.distance_ns = row.root_delay.ns / 2 + row.root_dispersion.ns;
	return g;
}
