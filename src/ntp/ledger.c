/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/ledger.h"

enum ledger_family ledger_family_of(const struct addr *a)
{
	return a->family == ADDR_V6 ? LEDGER_V6 : LEDGER_V4;
}

bool ledger_is_drop(enum verdict v)
{
	return note_of_verdict(v)->kind != CATEGORY_PROCESSED;
}

void ledger_add_drop(struct ledger *l, const struct drop_row *row)
{
	l->drops[l->drop_count % STATE_DROPS_MAX] = *row;
	l->drop_count++;
}

void ledger_add_event(struct ledger *l, const struct event_row *row)
{
	l->events[l->event_count % STATE_EVENTS_MAX] = *row;
	l->event_count++;
}

bool ledger_drop(const struct ledger *l, unsigned i, struct drop_row *ret)
{
	if (i >= STATE_DROPS_MAX || i >= l->drop_count)
		return false;
	*ret = l->drops[(l->drop_count - 1 - i) % STATE_DROPS_MAX];
	return true;
}

bool ledger_event(const struct ledger *l, unsigned i, struct event_row *ret)
{
	if (i >= STATE_EVENTS_MAX || i >= l->event_count)
		return false;
	*ret = l->events[(l->event_count - 1 - i) % STATE_EVENTS_MAX];
	return true;
}
