/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A computer of the made world: a quartz, a clock on it, interfaces, and the same node and command
 * line as the daemon's. Carries out what its node asks for. Clocks and wires are simulated;
 * nothing of Timecast is.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "cli/session.h"
#include "ntp/node.h"
#include "sim/network.h"
#include "sim/oscillator.h"
#include "sim/villain.h"
#include "sim/wallclock.h"

#define HOST_PORTS_MAX 16
#define HOST_LISTENS_MAX 16
#define HOST_KERNEL_NS (16 * NS_PER_S) /* how often somebody else's clock is looked at */

struct universe;

struct host_traits {
	bool reference;		   /* another program keeps the clock true */
	bool observe;		   /* the clock may not be steered */
	bool attacker;		   /* a villain */
	bool crowd;		   /* one of so many that its command line is closed after use */
	int64_t offset_ns;	   /* reference - local at the beginning: positive, behind */
	double rate;		   /* of the quartz, s per s */
	double wander;		   /* per square root of a second */
	int64_t latency_ns;	   /* from a packet's arrival until the node is told */
	double stamps_ns;	   /* 1-sigma of the reading error of packet stamps */
	int64_t transmit_ns;	   /* from the node's word to the wire */
	double transmit_jitter_ns; /* exponential, on top */
};

struct host_port {
	uint32_t lan;
	uint32_t member;
	bool down; /* the link */
};

struct host_arrival {
	struct parcel *parcel; /* a share of it */
	uint32_t ifindex;
	uint8_t ttl;
};

struct host_outcome {
	unsigned life; /* of the host that asked */
	struct outcome outcome;
};

struct host_ask {
	uint16_t ask;
	uint16_t port;
};

struct host_membership {
	uint32_t ifindex;
	struct addr group;
};

struct host_counts {
	uint64_t sent, received;
	uint64_t steps; /* of the clock, by its own node */
};

struct host {
	struct universe *universe; /* its parent */
	uint32_t number;
	char name[LAN_NAME_MAX];
	struct host_traits traits;
	struct stream luck; /* of its ports, stamps and sending */
	struct oscillator oscillator;
	struct wallclock wallclock;
	bool silent; /* cable pulled behind the link light: no packet in or out */
	unsigned port_count;
	struct host_port ports[HOST_PORTS_MAX]; /* ifindex - 1; ethN is N + 1 */
	unsigned life;				/* how often it was started */
	struct villain *villain; /* owned; NULL: an honest host. A villain runs no node */
	/* while it runs */
	void *block;
	struct node *node; /* NULL: it is off */
	struct world world;
	struct office *office; /* borrows world, shelf and seal */
	unsigned listen_count;
	uint16_t listens[HOST_LISTENS_MAX];
	unsigned ask_count;
	struct host_ask *asks; /* owned */
	unsigned membership_count;
	struct host_membership *memberships; /* owned */
	int64_t wake_ns;		     /* when it will be woken; INT64_MAX: it will not */
	/* what survives being off */
	struct shelf *shelf;
	struct seal seal;
	bool has_memory;
	struct memory memory;
	struct status_action status; /* the last one */
	struct host_counts counts;
};

struct host *host_new(struct universe *u, uint32_t number, const char *name);
void host_free(struct host *h);
/* Traits are set: the clocks begin. */
void host_set_clocks(struct host *h);
void host_plug(struct host *h, uint32_t lan);
/* Power on and off. 0, or -errno with a sentence when its start-up file is bad. */
MUST_CHECK int host_start(struct host *h, struct err *err);
void host_kill(struct host *h);

/* Read both clocks. */
struct now host_now(struct host *h);
/* reference - local, by the truth. */
int64_t host_offset_ns(struct host *h);

/* A dialogue with its command line, in the user view; ended by session_free. */
struct session *host_session(struct host *h);
/* One line into it, and what follows from it; false if it was refused. */
MUST_CHECK bool host_type(struct host *h, struct session *s, const char *line, struct text *reply);
/* The command line is given up, the node runs on: a crowd must fit into memory. */
void host_close_office(struct host *h);
/* Settings from the command line to the node. */
void host_apply(struct host *h, const struct settings *s, const struct key *keys,
		unsigned key_count);
void host_set_link(struct host *h, uint32_t ifindex, bool down);
/* Somebody moves the clock by hand. */
void host_step(struct host *h, span by);

bool host_has_joined(const struct host *h, uint32_t ifindex, const struct addr *group);
void host_receive(struct host *h, const struct host_arrival *a);
void host_hear_outcome(struct host *h, const struct host_outcome *o);
void host_wake(struct host *h);
void host_look_at_kernel(struct host *h);

#endif
