/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system process of RFC 5905 section 11: from the associations to the clock, and what the
 * clock is worth to others. Where a server's time comes from is decided here.
 */
#ifndef NTP_SYSTEM_H
#define NTP_SYSTEM_H

#include "ntp/action.h"
#include "ntp/node.h"
#include "ntp/select.h"
#include "ntp/server.h"
#include "ntp/servo.h"

#define SYSTEM_TICK SPAN_S(128)	  /* without news, growing bounds are looked at this often */
#define SYSTEM_AHEAD SPAN_S(4096) /* how far the growth of the estimated error is foreseen */
#define SYSTEM_COMPANY_AFTER SPAN_S(300)
#define SYSTEM_KERNEL_STRATUM 10

enum system_source {
	SYSTEM_NOTHING,
	SYSTEM_REFCLOCK, /* our clock is the reference by decree */
	SYSTEM_KERNEL,	 /* another program keeps it */
	SYSTEM_PEERS,	 /* we follow others, or did until recently */
};

struct node;

struct system {
	uint8_t source;	      /* enum system_source */
	bool following;	      /* belief is what the clock follows, or followed until recently */
	bool selected;	      /* by a majority, at the last update */
	bool measured;	      /* belief rests on an exchange with somebody */
	uint32_t company_key; /* of the master; since when without a break */
	mono company_since;
	bool recalled; /* the remembered rate was set, or another since */
	bool doubted;  /* candidates went away since the last update */
	bool was_set;  /* the clock was synchronised once */
	bool refused;  /* the last offset was beyond what may be stepped */
	uint8_t leap, stratum;
	uint32_t refid;
	struct addr master; /* ADDR_NONE: nobody is followed right now */
	struct addr leader; /* the last master: whom refid stands for */
	span root_delay;
	span root_dispersion; /* without the offset and the age */
	span peer_dispersion;
	span estimated_error; /* at the last update */
	span error_ahead;     /* and what it will be SYSTEM_AHEAD later without a packet */
	struct belief belief; /* the combined one of the last update */
	stamp reference;      /* wall time of the last update */
	struct servo servo;
	freq rate_in_force;
	struct kernel_clock kernel;
	mono kernel_at;
	bool has_memory;
	freq frequency; /* remembered, or learned */
	span frequency_error;
};

void system_init(struct node *n);
/* Candidates went away: an update follows with one of the next wakes, one for all of them. */
void system_doubt(struct node *n, struct now now);
/* What the clock that is followed showed then; false if that rests on no exchange. */
bool system_belief_at(const struct node *n, mono at, struct belief *ret);
/* Candidates changed: selection, combination, discipline. */
void system_update(struct node *n, struct now now, struct actions *out);
/* The source of time is decided again: settings or the kernel's clock changed. */
void system_review(struct node *n, struct now now, struct actions *out);
/* The bounds are looked at; the end of a slew. */
void system_wake(struct node *n, struct now now, struct actions *out);
void system_slewed(struct node *n, struct now now, struct actions *out);
void system_stepped(struct node *n, struct now now, const struct outcome *o, struct actions *out);
void system_rated(struct node *n, const struct outcome *o, struct actions *out);
bool system_synchronised(const struct node *n);
void system_snapshot(const struct node *n, struct now now, struct server_snapshot *ret);
void system_row(const struct node *n, struct now now, struct system_row *ret);

#endif
