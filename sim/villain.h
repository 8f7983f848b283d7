/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody on a LAN who hears every packet on it and sends what it likes in anybody's name: keeps
 * packets and sends them again, or makes multicast packets of its own. It has no keys.
 */
#ifndef SIM_VILLAIN_H
#define SIM_VILLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "sim/network.h"

#define VILLAIN_KEPT_MAX 4096

struct host;

/* What it is told to send, and how often. */
struct villain_plan {
	bool replay; /* what was kept, in order, over and over; otherwise forged packets */
	int64_t every_ns;
	int64_t offset_ns; /* forged: the true time plus this */
	struct addr group; /* forged: where to */
	struct addr as;	   /* forged: in whose name */
};

struct villain {
	bool keeps;
	bool active;
	struct villain_plan plan;
	int64_t next_ns;
	unsigned turn;
	unsigned count;
	struct parcel *kept[VILLAIN_KEPT_MAX]; /* shares */
};

struct villain *villain_new(void);
void villain_free(struct villain *v);
/* From now on the first VILLAIN_KEPT_MAX packets are kept. */
void villain_listen(struct villain *v);
void villain_overhear(struct villain *v, struct parcel *p);
void villain_begin(struct host *h, const struct villain_plan *plan);
void villain_rest(struct villain *v);
/* Its next packet is due. */
void villain_turn(struct host *h);

#endif
