/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the desk and the protocol thread: one letter at a time, flat, whose owner changes. The
 * desk posts and waits; the protocol thread is rung by an eventfd, answers at its next turn and
 * never waits for the desk.
 */
#ifndef DAEMON_MAIL_H
#define DAEMON_MAIL_H

#include "cli/world.h"
#include "ntp/node.h"

enum letter_kind {
	LETTER_APPLY, /* settings and keys go down */
	LETTER_SYSTEM,
	LETTER_ASSOC,
	LETTER_GROUP,
	LETTER_RING,
	LETTER_COUNTER,
	LETTER_DROP,
	LETTER_EVENT,
	LETTER_STAMPS,
	LETTER_RESET,
	LETTER_MEMORY, /* what is to be kept over a restart comes back */
	LETTER_NOW,    /* the clock that is kept, as struct now */
};

#define LETTER_ROWS 16 /* rows come back at most this many at a time */

struct letter {
	enum letter_kind kind;
	unsigned first; /* row asked for; ring: of group `group` */
	unsigned group;
	enum addr_family family;
	const struct settings *settings; /* borrowed until answered */
	const struct key *keys;
	unsigned key_count;
	unsigned rows; /* out: how many are filled */
	union {
		struct system_row system;
		struct assoc_row assocs[LETTER_ROWS];
		struct group_row groups[LETTER_ROWS];
		struct ring_row rings[LETTER_ROWS];
		struct counter_row counters[LETTER_ROWS];
		struct drop_row drops[STATE_DROPS_MAX];
		struct event_row events[LETTER_ROWS];
		struct stamps_row stamps[LETTER_ROWS];
		struct memory memory;
		struct now now;
	};
};

struct mail;

/* NULL with errno set if the kernel gives no eventfd. */
struct mail *mail_new(void);
void mail_free(struct mail *m);
/* Desk: posts and waits until answered. */
void mail_post(struct mail *m, struct letter *l);
/* Protocol thread: the descriptor to poll, and the letter that waits or NULL. */
int mail_fd(const struct mail *m);
struct letter *mail_take(struct mail *m);
/* The letter that was taken is the desk's again; never waits. */
void mail_answer(struct mail *m);
/* Wakes the protocol thread without a letter: safe in a signal handler. */
void mail_ring(struct mail *m);

#endif
