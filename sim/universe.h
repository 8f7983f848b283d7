/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The made world: true time, what is to happen in it, the wires and the hosts. One event at a
 * time, in order; nothing here looks at the machine's own clock.
 */
#ifndef SIM_UNIVERSE_H
#define SIM_UNIVERSE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/calendar.h"
#include "sim/host.h"
#include "sim/network.h"

enum universe_event {
	EVENT_HOST_WAKE,    /* who: the host */
	EVENT_HOST_ARRIVAL, /* who: the host, what: struct host_arrival */
	EVENT_HOST_OUTCOME, /* who: the host, what: struct host_outcome */
	EVENT_HOST_KERNEL,  /* who: the host; somebody else's clock is looked at */
	EVENT_VILLAIN,	    /* who: the host */
	EVENT_ORDER,	    /* who: number of the scenario's order */
	EVENT_SAMPLE,	    /* everybody is measured */
	EVENT_END,
};

struct universe {
	uint64_t seed;
	int64_t now_ns;	       /* true time since the beginning */
	int64_t epoch_unix_ns; /* what a true clock shows at 0 */
	struct calendar calendar;
	struct network network;
	unsigned host_count;
	struct host **hosts; /* owned, each in its own memory */
	size_t index_room;   /* a power of two */
	uint32_t *index;     /* owned; by name: number of the host + 1, 0 free */
	FILE *notes;	     /* where hosts' notices are told, NULL: nowhere */
	uint64_t events;
};

void universe_init(struct universe *u, uint64_t seed);
void universe_fini(struct universe *u);
/* name is copied; the host is not started. */
struct host *universe_add_host(struct universe *u, const char *name);
struct host *universe_find_host(struct universe *u, const char *name);
/* What a true clock shows now. */
int64_t universe_unix_ns(const struct universe *u);
/* The next event, done if it is a host's; false at the end. Others are for the caller to do. */
bool universe_turn(struct universe *u, struct calendar_entry *ret);

#endif
