/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay floors: the newest transmit time ever believed of a source, a group and a key. They
 * outlive the association and, through node_memory, the process.
 */
#ifndef NTP_FLOOR_H
#define NTP_FLOOR_H

#include "ntp/assoc.h"

struct floors {
	unsigned next; /* the oldest is forgotten first */
	unsigned count;
	struct memory_floor list[MEMORY_FLOORS_MAX];
};

/* False when nothing is remembered. */
bool floor_find(const struct node *n, const struct addr *source, const struct addr *group,
		uint32_t key_id, stamp *ret);
/* An association ends; what it believed is kept. */
void floor_keep(struct node *n, const struct assoc *a);
void floor_recall(struct node *n, const struct memory *m);
/* Those kept, and those of the associations that live. */
void floor_report(const struct node *n, struct memory *ret);

#endif
