/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers found without knowing them: a client asks a group in widening rings and keeps the best
 * few of those that answer (RFC 5905 section 3.1). The servers' side is usher.h.
 */
#ifndef NTP_MANYCAST_H
#define NTP_MANYCAST_H

#include "ntp/assoc.h"

#define MANYCAST_SEARCHES_MAX ROOM(256, 6)
#define MANYCAST_NONE UINT16_MAX
#define MANYCAST_NONCES 3
#define MANYCAST_ENOUGH 3 /* servers that a client looks for: MINCLOCK of RFC 5905 figure 27 */

/* A solicitation that may still be answered. */
struct manycast_nonce {
	uint16_t ask;
	uint8_t ttl;
	stamp nonce;
	mono sent;
};

/* What a manycast client role keeps beside its role. */
struct manycast_search {
	bool used;
	uint16_t role;
	uint8_t ttl;   /* of the next solicitation; 0: the silent period after the widest ring */
	uint8_t ring;  /* the ring that servers are kept from; 0: none found yet */
	uint8_t tries; /* solicitations since the smallest ring: the period grows with them */
	uint8_t idle;  /* solicitations of the ring that brought nobody new */
	bool satisfied;
	mono restarted;				       /* when it last began anew */
	struct manycast_nonce nonces[MANYCAST_NONCES]; /* newest first */
	unsigned ring_count;
	struct ring_row rings[STATE_TTL_ROWS];
};

struct manycast {
	struct manycast_search searches[MANYCAST_SEARCHES_MAX];
};

/* A manycast client role came or went. */
void manycast_begin(struct node *n, struct now now, uint16_t role);
void manycast_finish(struct node *n, struct now now, uint16_t role);
/* The next solicitation of a client role is due. */
void manycast_send(struct node *n, struct now now, uint16_t role, struct actions *out);
/* A mode 4 packet that came to an asking port of a search. */
enum verdict manycast_hear(struct node *n, struct now now, struct arrival *v, uint16_t search,
			   struct actions *out);
/* An association of the role ended or became unfit. */
void manycast_lost(struct node *n, struct now now, uint16_t role);
/* After a sample: keeps the best, drops the rest. */
void manycast_prune(struct node *n, struct now now, uint16_t role, struct actions *out);

#endif
