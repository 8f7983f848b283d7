/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened, counted and remembered: verdicts by family, the last dropped packets, the last
 * changes of associations. Knows no packet and no association.
 */
#ifndef NTP_LEDGER_H
#define NTP_LEDGER_H

#include "ntp/state.h"

struct tally {
	uint64_t sent;
	uint64_t send_failed;
	uint64_t received;
	uint64_t verdicts[VERDICT_COUNT];
};

enum ledger_family {
	LEDGER_V4,
	LEDGER_V6,
	LEDGER_FAMILIES,
};

struct ledger {
	struct tally totals[LEDGER_FAMILIES];
	uint64_t drop_count; /* since the start: the ring's next place is drop_count % its size */
	struct drop_row drops[STATE_DROPS_MAX];
	uint64_t event_count;
	struct event_row events[STATE_EVENTS_MAX];
};

enum ledger_family ledger_family_of(const struct addr *a);
/* True for a verdict that means the packet was of no use. */
bool ledger_is_drop(enum verdict v);
void ledger_add_drop(struct ledger *l, const struct drop_row *row);
void ledger_add_event(struct ledger *l, const struct event_row *row);
/* Newest first; false past the end. */
bool ledger_drop(const struct ledger *l, unsigned i, struct drop_row *ret);
bool ledger_event(const struct ledger *l, unsigned i, struct event_row *ret);

#endif
