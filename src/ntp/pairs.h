/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When our answers really left, for askers who come back for it (RFC 9769, section 2): a table of
 * fixed size, each pair good for one answer. Losing one costs its asker nothing but a basic answer.
 */
#ifndef NTP_PAIRS_H
#define NTP_PAIRS_H

#include "base/addr.h"
#include "base/budget.h"
#include "base/ntptime.h"
#include "base/room.h"

#define PAIRS_MAX ROOM(1024, 8) /* a power of two */
#define PAIRS_COST SPAN_MS(1)	/* a stamp asked of the kernel; the budget refills in real time */
#define PAIRS_BUDGET SPAN_MS(64)

struct pair {
	struct addr asker; /* its ports change (RFC 9109); ADDR_NONE: free */
	uint32_t send_id;
	stamp received;	   /* of the question, as our answer said */
	stamp transmitted; /* of the answer; 0: not known yet */
};

struct pairs {
	struct budget budget;
	struct pair list[PAIRS_MAX];
};

/* Changes a question's receive time by as little as makes it the only one of that asker. */
stamp pairs_unique(const struct pairs *p, const struct addr *asker, stamp received);
/* True when the kernel may be asked for one more stamp: floods are answered without. */
bool pairs_afford(struct pairs *p, mono now);
/* Its place, for the outcome of the send; what was there is lost. */
unsigned pairs_place(const struct addr *asker, stamp received);
void pairs_keep(struct pairs *p, const struct addr *asker, stamp received, uint32_t send_id);
/* The kernel's stamp. */
void pairs_sent(struct pairs *p, unsigned place, uint32_t send_id, stamp transmitted);
/* Takes the pair out; false if there is none, or its stamp is not known. */
bool pairs_take(struct pairs *p, const struct addr *asker, stamp received, stamp *ret);
/* The wall clock was stepped. */
void pairs_forget(struct pairs *p);

#endif
