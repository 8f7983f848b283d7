/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to happen, earliest first; at the same nanosecond in the order it was entered.
 * Knows instants and numbers, not what they mean.
 */
#ifndef SIM_CALENDAR_H
#define SIM_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct calendar_entry {
	int64_t at_ns; /* true time */
	uint64_t order;
	uint32_t kind;
	uint32_t who;
	void *what; /* the kind says who owns it */
};

struct calendar {
	struct calendar_entry *heap; /* owned */
	size_t count;
	size_t room;
	uint64_t entered;
};

/* Stops the program when memory is gone, as base/text.c does. */
void calendar_enter(struct calendar *a, int64_t at_ns, uint32_t kind, uint32_t who, void *what);
/* false when nothing is left; ret is the earliest and is gone from the calendar. */
bool calendar_take(struct calendar *a, struct calendar_entry *ret);
void calendar_fini(struct calendar *a);

#endif
