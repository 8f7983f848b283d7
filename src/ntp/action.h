/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a node may ask of the world: a bounded list of flat values that the daemon carries out, the
 * simulator models and a test compares. Nothing here is a call.
 */
#ifndef NTP_ACTION_H
#define NTP_ACTION_H

#include "base/addr.h"
#include "base/ntptime.h"
#include "ntp/note.h"

#define ACTIONS_MAX 32
#define ACTION_OCTETS_MAX 256

enum action_kind {
	ACT_SEND,  /* one datagram */
	ACT_CLOSE, /* an asking port is not needed any more */
	ACT_JOIN,  /* group membership on an interface */
	ACT_LEAVE,
	ACT_LISTEN, /* open a service port, both families; 123 is open from the start */
	ACT_UNLISTEN,
	ACT_STEP,   /* move the wall clock at once */
	ACT_RATE,   /* set the wall clock's rate relative to the free-running one */
	ACT_STATUS, /* tell the kernel how good the clock is */
	ACT_NOTE,   /* something to be said once, rate limited by the shell */
};

struct send_action {
	uint32_t id;	  /* comes back in the outcome; 0: an outcome only if it failed */
	uint32_t ifindex; /* leave by this interface; 0: as routed */
	uint16_t ask;	  /* asking port: 1.. belongs to an association until ACT_CLOSE, opened by
			     the shell on first use with a fresh random port; 0: service port */
	uint16_t service_port; /* when ask is 0: the local port it leaves from */
	struct endpoint to;
	struct addr from; /* source address; ADDR_NONE: the kernel's choice */
	uint8_t ttl;	  /* 0: the system's default */
	bool want_stamp;  /* ask the kernel for the transmit time */
	uint16_t len;
	uint8_t octets[ACTION_OCTETS_MAX];
};

struct group_action {
	uint32_t id;
	uint32_t ifindex;
	struct addr group;
};

struct status_action {
	bool synchronised;
	uint8_t leap;	/* 0 none, 1 insert, 2 delete (RFC 5905 figure 9) */
	span max_error; /* root distance */
	span estimated_error;
};

struct note_action {
	enum note note;
	uint32_t ifindex;     /* 0: none */
	struct endpoint peer; /* ADDR_NONE: none */
	struct addr group;
	int64_t value; /* meaning is the note's, said in note.def */
};

struct action {
	enum action_kind kind;
	union {
		struct send_action send;
		struct group_action group; /* ACT_JOIN, ACT_LEAVE */
		uint16_t port; /* ACT_LISTEN, ACT_UNLISTEN, ACT_CLOSE (the asking port) */
		span step;     /* ACT_STEP: add this to the wall clock */
		freq rate;     /* ACT_RATE: absolute, replaces the last one */
		struct status_action status;
		struct note_action note;
	};
};

struct actions {
	unsigned count;
	struct action list[ACTIONS_MAX];
};

/* By how much the list steps the clock, all in all. */
static inline span action_steps(const struct actions *list)
{
	span sum = SPAN_ZERO;

	for (unsigned i = 0; i < list->count; i++) {
		if (list->list[i].kind == ACT_STEP)
			sum = span_add(sum, list->list[i].step);
	}
	return sum;
}

#endif
