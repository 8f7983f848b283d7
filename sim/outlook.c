/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/outlook.h"

static void system_of(void *context, struct system_row *ret)
{
	struct host *h = context;

	node_system(h->node, host_now(h), ret);
}

static bool assoc_of(void *context, unsigned i, struct assoc_row *ret)
{
	struct host *h = context;

	return node_assoc(h->node, host_now(h), i, ret);
}

static bool group_of(void *context, unsigned i, struct group_row *ret)
{
	struct host *h = context;

	return node_group(h->node, host_now(h), i, ret);
}

static bool ring_of(void *context, unsigned i, unsigned j, struct ring_row *ret)
{
	struct host *h = context;

	return node_ring(h->node, i, j, ret);
}

static bool counter_of(void *context, enum addr_family family, unsigned i, struct counter_row *ret)
{
	struct host *h = context;

	return node_counter(h->node, family, i, ret);
}

static bool drop_of(void *context, unsigned i, struct drop_row *ret)
{
	struct host *h = context;

	return node_drop(h->node, i, ret);
}

static bool event_of(void *context, unsigned i, struct event_row *ret)
{
	struct host *h = context;

	return node_event(h->node, i, ret);
}

static void reset_counters(void *context)
{
	struct host *h = context;

	node_reset_counters(h->node);
}

static void wall(void *context, int64_t *ret_unix_s, int64_t *ret_ns)
{
	struct host *h = context;
	int64_t ns = wallclock_unix_ns(&h->wallclock, host_now(h).mono);

	*ret_unix_s = ns / NS_PER_S;
	*ret_ns = ns % NS_PER_S;
	if (*ret_ns < 0) {
		*ret_ns += NS_PER_S;
		*ret_unix_s -= 1;
	}
}

static mono steady(void *context)
{
	struct host *h = context;

	return host_now(h).mono;
}

static bool ifname(void *context, unsigned i, char ret[SETTINGS_IFNAME_MAX])
{
	const struct host *h = context;

	if (i >= h->port_count)
		return false;
	(void)snprintf(ret, SETTINGS_IFNAME_MAX, "eth%u", i);
	return true;
}

static void apply(void *context, const struct settings *s, const struct key *keys,
		  unsigned key_count)
{
	host_apply(context, s, keys, key_count);
}

struct world outlook_of(struct host *h)
{
	return (struct world){
		.context = h,
		.system = system_of,
		.assoc = assoc_of,
		.group = group_of,
		.ring = ring_of,
		.counter = counter_of,
		.drop = drop_of,
		.event = event_of,
		.reset_counters = reset_counters,
		.wall = wall,
		.steady = steady,
		.ifname = ifname,
		.apply = apply,
	};
}
