/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a wire does to a packet: a constant delay, queueing that is never negative, busy periods,
 * loss and duplication, each direction on its own. Knows no addresses.
 */
#ifndef SIM_LAN_H
#define SIM_LAN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/stream.h"

struct profile {
	int64_t delay_ns;      /* no packet is faster */
	double jitter_ns;      /* mean of the exponential queueing on top */
	double loss;	       /* 0 to 1 */
	double duplicate;      /* 0 to 1 */
	double busy_ns;	       /* mean of a second exponential while the wire is busy */
	int64_t busy_for_ns;   /* busy at the start of every period */
	int64_t busy_every_ns; /* 0: never */
};

#define LAN_COPIES_MAX 2

/* How many copies arrive of a packet that leaves at true_ns, and how long each takes. */
unsigned profile_carry(const struct profile *p, struct stream *luck, int64_t true_ns,
		       int64_t ret[LAN_COPIES_MAX]);

/* One that sends by another profile than the others on its LAN. */
struct lan_exception {
	uint32_t member;
	struct profile profile;
};

/* A host's or a router's foot on a LAN. */
struct lan_member {
	bool router;
	uint32_t who;	  /* index of the host or router */
	uint32_t ifindex; /* of that host, from 1 */
	bool ear;	  /* hears what is not for it */
	uint64_t name;	  /* hash of its name, for the luck of its packets */
};

#define LAN_MEMBERS_MAX 65000
#define LAN_NAME_MAX 32

struct lan {
	char name[LAN_NAME_MAX];
	uint64_t luck; /* hash of seed and name */
	bool cut;      /* nothing passes */
	struct profile profile;
	unsigned exception_count;
	struct lan_exception *exceptions; /* owned */
	unsigned member_count;
	struct lan_member *members; /* owned */
	unsigned ears;		    /* members that hear everything */
	uint64_t packets;	    /* put on the wire */
	uint64_t multicasts;	    /* of these, to a group */
};

const struct profile *lan_profile_from(const struct lan *l, uint32_t member);
/* The profile of that member's packets, to be changed; made as a copy of the general one. */
struct profile *lan_except(struct lan *l, uint32_t member);
uint32_t lan_add_member(struct lan *l, bool router, uint32_t who, uint32_t ifindex, uint64_t name);
void lan_fini(struct lan *l);

#endif
