/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking ports: numbers for the shell's sockets with random local ports, and who waits behind
 * each. A port serves one volley or one solicitation and is then closed (RFC 9109 section 3).
 */
#ifndef NTP_ASK_H
#define NTP_ASK_H

#include "base/room.h"
#include "ntp/action.h"

#define ASKS_MAX ROOM(512, 24)
#define ASK_NONE 0

struct node;

enum ask_owner {
	ASK_FREE,
	ASK_ASSOC,  /* whose is a place in the association table */
	ASK_SEARCH, /* whose is a place in the manycast table */
	ASK_CLOSING,
};

struct ask {
	uint8_t owner; /* enum ask_owner */
	uint16_t whose;
};

struct asks {
	unsigned closing;
	struct ask list[ASKS_MAX]; /* asking port p is list[p - 1] */
};

/* ASK_NONE when all are taken, or all that searches may have. */
uint16_t ask_open(struct node *n, enum ask_owner owner, uint16_t whose);
/* Closing reaches the shell with one of the next wakes; ASK_NONE is fine. */
void ask_close(struct node *n, struct now now, uint16_t port);
/* NULL when nobody waits there. */
const struct ask *ask_find(const struct node *n, uint16_t port);
void ask_wake(struct node *n, struct actions *out);

#endif
