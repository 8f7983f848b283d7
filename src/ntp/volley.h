/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to ask a server, and how often: volleys that learn the delay, single exchanges that keep
 * it true, retries that grow rare, all spread at random over the crowd. client.h asks.
 */
#ifndef NTP_VOLLEY_H
#define NTP_VOLLEY_H

#include "base/budget.h"
#include "ntp/action.h"

#define VOLLEY_EXCHANGES 8 /* BCOUNT of RFC 5905 figure 29 */
#define VOLLEY_GAP SPAN_S(2)
#define VOLLEY_SPREAD SPAN_S(64) /* first questions wait up to this long */
#define VOLLEY_UNANSWERED_MAX 3

struct node;
struct assoc;

struct volley {
	uint8_t left;	      /* questions of this volley still to be asked */
	uint8_t unanswered;   /* in a row */
	uint8_t repeats;      /* questions asked again since the last rest */
	uint8_t retries;      /* volleys in a row that failed */
	uint8_t pauses;	      /* short ones after the first questions, so far */
	bool waiting;	      /* a question is out */
	bool urgent;	      /* what is asked now was triggered, not planned */
	mono next;	      /* next question, or the end of waiting for an answer */
	struct budget budget; /* of triggered questions */
	mono suspect_next;    /* no suspicion makes us ask before */
	uint8_t suspects;     /* of late */
};

/* A new association: the first question waits a random time. */
void volley_begin(struct node *n, struct now now, struct assoc *a);
void volley_wake(struct node *n, struct now now, struct assoc *a, struct actions *out);
/* The question that is out was answered. */
void volley_answered(struct node *n, struct now now, struct assoc *a, struct actions *out);
/* So many exchanges would tell more than waiting, or must confirm something; rate limited. False if
 * none comes of it. */
bool volley_trigger(struct node *n, struct now now, struct assoc *a, uint8_t count);
/* What was known is none any more: a whole volley soon, or what is planned within VOLLEY_SPREAD. */
void volley_resume(struct node *n, struct now now, struct assoc *a);
/*
 * A packet is older than the last, or contradicts what is known: was the server's clock set, or
 * does somebody send old packets? Asked at once the first time, then rarer, so that nobody can make
 * a whole group ask by sending one packet again and again.
 */
void volley_suspect(struct node *n, struct now now, struct assoc *a);
/* Nobody answers, or nobody is to be asked: follow the group with a delay that was not measured. */
void volley_go_without(struct node *n, struct now now, struct assoc *a, struct actions *out);
/* The server asks for fewer questions (RFC 5905 7.4, RATE). */
void volley_slow_down(struct node *n, struct now now, struct assoc *a, struct actions *out);

#endif
