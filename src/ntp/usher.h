/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's side of manycast: who is answered, how often, and after what delay, so that a
 * thousand servers do not answer at once and nobody can be flooded in another's name.
 */
#ifndef NTP_USHER_H
#define NTP_USHER_H

#include "base/budget.h"
#include "ntp/assoc.h"

#define USHER_PENDING_MAX ROOM(64, 4)
#define USHER_SOURCES ROOM(256, 8)

/* An answer that waits for its random delay. */
struct usher_pending {
	bool used;
	uint16_t role;
	uint16_t service_port;
	uint32_t ifindex;
	uint32_t key_id;
	struct endpoint to;
	struct addr from;
	struct packet request;
	mono arrived;
	mono due;
};

/* Answers that may still be given; they come back as time goes by. */
struct usher_bucket {
	bool used;
	struct addr source;
	struct budget budget;
};

struct usher {
	uint64_t salt; /* so that nobody can choose whose bucket he shares */
	struct usher_pending pending[USHER_PENDING_MAX];
	struct usher_bucket sources[2][USHER_SOURCES]; /* of the unsigned, and the signed */
	struct budget all;			       /* who sign have no part in it */
};

/* A mode 3 packet to a group. */
enum verdict usher_asked(struct node *n, struct now now, struct arrival *v);
/* A delayed answer is due. */
void usher_wake(struct node *n, struct now now, struct actions *out);

#endif
