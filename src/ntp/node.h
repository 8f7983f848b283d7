/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One NTP speaker as a value: events go in, a bounded list of actions comes out. It knows no
 * socket, clock, file, thread or configuration text; time is an argument. Same seed and same
 * events give the same actions, bit for bit.
 *
 * No call here can fail: what is wrong with a packet is a verdict, counted; what is wrong with
 * settings was refused before they got here.
 */
#ifndef NTP_NODE_H
#define NTP_NODE_H

#include "base/ntptime.h"
#include "ntp/action.h"
#include "ntp/settings.h"
#include "ntp/state.h"

struct node;

struct node_options {
	bool steer;	    /* false: the clock is observed, never stepped or slewed */
	bool static_ifaces; /* mode 5 to the interface's own address counts for its groups (judge)
			     */
	int8_t precision_log2s; /* of the wall clock, RFC 5905 7.3 */
	freq frequency_max;	/* the largest rate the clock accepts, e.g. 500 ppm */
};

#define LINK_ADDRS_MAX 8

/* Everything known about an interface; sent again whole at every change. */
struct iface_link {
	char name[SETTINGS_IFNAME_MAX];
	uint32_t ifindex; /* 0: the interface is gone */
	bool up;	  /* IFF_UP and running */
	bool multicast;
	bool loopback;
	unsigned addr_count;
	struct prefix addrs[LINK_ADDRS_MAX]; /* IPv6: global before link-local */
};

/* One received packet. */
struct datagram {
	const uint8_t *octets; /* borrowed for the call */
	size_t len;
	struct endpoint from;
	struct addr to;	  /* destination address as the kernel reported it; ADDR_NONE: unknown */
	uint32_t ifindex; /* where it arrived; 0: unknown */
	uint16_t ask;	  /* the asking port it came to; 0: a service port */
	uint16_t service_port; /* when ask is 0 */
	uint8_t ttl;	       /* 0: unknown */
	struct now at;	       /* when it arrived, by the kernel's stamp if there is one */
	bool at_lost; /* the stamp was lost to a jump of the clock: count it, do not use it */
};

enum outcome_kind {
	OUTCOME_SENT,	/* id of the send; error with to and ifindex, or stamped with at */
	OUTCOME_GROUP,	/* id of the join or leave; error */
	OUTCOME_LISTEN, /* port; error */
	OUTCOME_STEP,	/* error; by: what was really done */
	OUTCOME_RATE,	/* error; rate: what the clock really runs at now */
};

struct outcome {
	enum outcome_kind kind;
	uint32_t id;
	uint16_t port;
	int error;     /* errno, 0: done */
	bool stamped;  /* at is the transmit time */
	bool hardware; /* of the kernel's stamp */
	struct now at;
	struct endpoint to; /* of a send, read when it failed: where it was to go, */
	uint32_t ifindex;   /* and by which interface; 0: as routed */
	span by;
	freq rate;
};

/* What the kernel's clock says when someone else keeps it; polled by the shell about every 16 s. */
struct kernel_clock {
	bool synchronised; /* not STA_UNSYNC and maxerror below 16 s */
	uint8_t leap;
	span max_error;
	span estimated_error;
};

#define MEMORY_FLOORS_MAX ROOM(128, 8)
/* What survives a restart: newest transmit time believed per source and key, and the rate. */
struct memory {
	bool has_frequency;
	freq frequency;
	span frequency_error; /* 1-sigma, ns per s */
	unsigned floor_count;
	struct memory_floor {
		struct addr source;
		struct addr group; /* ADDR_NONE: unicast */
		uint32_t key_id;
		stamp transmit;
	} floors[MEMORY_FLOORS_MAX];
};

/* Octets a node needs; block must be zeroed and aligned for any type. It never grows. */
size_t node_size(void);
/* block is borrowed until node_free, which wipes the keys in it. */
struct node *node_new(void *block, const uint8_t seed[32], const struct node_options *options);
void node_free(struct node *n);

void node_recall(struct node *n, struct now now, const struct memory *m);
void node_memory(const struct node *n, struct memory *ret);

/* The whole table; replaces the last one. Octets are copied. */
void node_keys(struct node *n, struct now now, const struct key *keys, unsigned count);
/* The whole wish; joins and sends that follow from it are due things of node_wake. */
void node_configure(struct node *n, struct now now, const struct settings *s, struct actions *out);
void node_link(struct node *n, struct now now, const struct iface_link *l, struct actions *out);
void node_receive(struct node *n, struct now now, const struct datagram *d, struct actions *out);
void node_outcome(struct node *n, struct now now, const struct outcome *o, struct actions *out);
/* A deadline passed: does at most one due thing; call again while node_next_wake is due. */
void node_wake(struct node *n, struct now now, struct actions *out);
/* Somebody else moved the wall clock by that much, or a leap second did. */
void node_stepped(struct node *n, struct now now, span by, struct actions *out);
/*
 * The machine was suspended for so long: now.mono counts it, but as a coarse clock did. Nothing
 * that was measured before is good enough to be followed or served.
 */
void node_slept(struct node *n, struct now now, span by, struct actions *out);
void node_kernel_clock(struct node *n, struct now now, const struct kernel_clock *k,
		       struct actions *out);
/* `reset ntp statistics packet`. */
void node_reset_counters(struct node *n);

mono node_next_wake(const struct node *n);

/* State, row by row: false when i is past the end. */
void node_system(const struct node *n, struct now now, struct system_row *ret);
bool node_assoc(const struct node *n, struct now now, unsigned i, struct assoc_row *ret);
bool node_group(const struct node *n, struct now now, unsigned i, struct group_row *ret);
/* Rings of group i (a manycast client); j counts rings that were used. */
bool node_ring(const struct node *n, unsigned i, unsigned j, struct ring_row *ret);
/* i = 0: totals of the family; 1..: interfaces that have seen a packet. */
bool node_counter(const struct node *n, enum addr_family family, unsigned i,
		  struct counter_row *ret);
/* Newest first. */
bool node_drop(const struct node *n, unsigned i, struct drop_row *ret);
bool node_event(const struct node *n, unsigned i, struct event_row *ret);

#endif
