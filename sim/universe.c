/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/universe.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define EPOCH_UNIX_S INT64_C(1767225600) /* 2026-01-01 */

static bool joined(void *context, uint32_t host, uint32_t ifindex, const struct addr *group)
{
	struct universe *u = context;

	return host_has_joined(u->hosts[host], ifindex, group);
}

static void deliver(void *context, int64_t at_ns, uint32_t host, uint32_t ifindex, uint8_t ttl,
		    struct parcel *p)
{
	struct universe *u = context;
	struct host_arrival *a = auto_new(1, sizeof *a);

	*a = (struct host_arrival){p, ifindex, ttl};
	calendar_enter(&u->calendar, at_ns + u->hosts[host]->traits.latency_ns, EVENT_HOST_ARRIVAL,
		       host, a);
}

static void overhear(void *context, uint32_t host, struct parcel *p)
{
	struct universe *u = context;

	villain_overhear(u->hosts[host]->villain, p);
}

void universe_init(struct universe *u, uint64_t seed)
{
	memset(u, 0, sizeof *u);
	u->seed = seed;
	u->epoch_unix_ns = EPOCH_UNIX_S * NS_PER_S;
	u->network.seed = seed;
	u->network.context = u;
	u->network.joined = joined;
	u->network.deliver = deliver;
	u->network.overhear = overhear;
}

/* What an event owned goes with it. */
static void drop_event(struct calendar_entry *e)
{
	if (e->kind == EVENT_HOST_ARRIVAL)
		parcel_drop(((struct host_arrival *)e->what)->parcel);
	free(e->what);
}

void universe_fini(struct universe *u)
{
	struct calendar_entry e;

	while (calendar_take(&u->calendar, &e))
		drop_event(&e);
	calendar_fini(&u->calendar);
	for (unsigned i = 0; i < u->host_count; i++)
		host_free(u->hosts[i]);
	free(u->hosts);
	free(u->index);
	network_fini(&u->network);
}

/* Where name is in the index, or the free place where it belongs. */
static uint32_t *look_up(struct universe *u, const char *name)
{
	size_t mask = u->index_room - 1;
	size_t i = (size_t)stream_hash(0, name) & mask;

	while (u->index[i] != 0 && strcmp(u->hosts[u->index[i] - 1]->name, name) != 0)
		i = (i + 1) & mask;
	return &u->index[i];
}

/* At most half of the index is in use. */
static void grow_index(struct universe *u)
{
	if (2 * (u->host_count + 1) <= u->index_room)
		return;
	free(u->index);
	u->index_room = u->index_room ? u->index_room * 2 : 64;
	u->index = auto_new(u->index_room, sizeof *u->index);
	u->hosts = auto_resize(u->hosts, u->index_room, sizeof(struct host *));
	for (uint32_t i = 0; i < u->host_count; i++)
		*look_up(u, u->hosts[i]->name) = i + 1;
}

struct host *universe_add_host(struct universe *u, const char *name)
{
	grow_index(u);
	uint32_t *place = look_up(u, name);
	struct host *h = host_new(u, u->host_count, name);

	u->hosts[u->host_count++] = h;
	*place = u->host_count;
	return h;
}

struct host *universe_find_host(struct universe *u, const char *name)
{
	if (u->host_count == 0)
		return NULL;
	uint32_t place = *look_up(u, name);

	return place ? u->hosts[place - 1] : NULL;
}

int64_t universe_unix_ns(const struct universe *u)
{
	return u->epoch_unix_ns + u->now_ns;
}

bool universe_turn(struct universe *u, struct calendar_entry *ret)
{
	if (!calendar_take(&u->calendar, ret))
		return false;
	u->now_ns = ret->at_ns;
	u->events++;
	switch ((enum universe_event)ret->kind) {
	case EVENT_HOST_WAKE:
		host_wake(u->hosts[ret->who]);
		break;
	case EVENT_HOST_ARRIVAL:
		host_receive(u->hosts[ret->who], ret->what);
		drop_event(ret);
		ret->what = NULL;
		break;
	case EVENT_HOST_OUTCOME:
		host_hear_outcome(u->hosts[ret->who], ret->what);
		drop_event(ret);
		ret->what = NULL;
		break;
	case EVENT_HOST_KERNEL:
		host_look_at_kernel(u->hosts[ret->who]);
		break;
	case EVENT_VILLAIN:
		villain_turn(u->hosts[ret->who]);
		break;
	case EVENT_ORDER:
	case EVENT_SAMPLE:
	case EVENT_END:
		break;
	}
	return true;
}
