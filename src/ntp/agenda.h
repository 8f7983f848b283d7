/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of a fixed set of items, the earliest first: an indexed binary heap, so that setting
 * one among thousands costs a few comparisons. Knows numbers, not what they stand for.
 */
#ifndef NTP_AGENDA_H
#define NTP_AGENDA_H

#include "base/ntptime.h"
#include "base/room.h"

#define AGENDA_MAX ROOM(5120, 64)

struct agenda {
	unsigned count;		     /* items that have a deadline */
	uint16_t heap[AGENDA_MAX];   /* item numbers, earliest first */
	uint16_t places[AGENDA_MAX]; /* of an item in heap, plus one; 0: no deadline */
	mono due[AGENDA_MAX];
};

/* Replaces the item's deadline; MONO_NEVER takes it away. */
void agenda_set(struct agenda *a, unsigned item, mono due);
mono agenda_due(const struct agenda *a, unsigned item);
/* MONO_NEVER when there is nothing; otherwise *item is the earliest. */
mono agenda_first(const struct agenda *a, unsigned *item);

#endif
