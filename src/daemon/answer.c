/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/answer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void answer_assoc(const struct node *n, struct now now, struct letter *l)
{
	while (l->rows < LETTER_ROWS && node_assoc(n, now, l->first + l->rows, &l->assocs[l->rows]))
		l->rows++;
}

static void answer_group(const struct node *n, struct now now, struct letter *l)
{
	while (l->rows < LETTER_ROWS && node_group(n, now, l->first + l->rows, &l->groups[l->rows]))
		l->rows++;
}

static void answer_ring(const struct node *n, struct letter *l)
{
	while (l->rows < LETTER_ROWS &&
	       node_ring(n, l->group, l->first + l->rows, &l->rings[l->rows]))
		l->rows++;
}

static void answer_counter(const struct node *n, struct letter *l)
{
	while (l->rows < LETTER_ROWS &&
	       node_counter(n, l->family, l->first + l->rows, &l->counters[l->rows]))
		l->rows++;
}

static void answer_drop(const struct node *n, struct letter *l)
{
	while (l->rows < STATE_DROPS_MAX && node_drop(n, l->first + l->rows, &l->drops[l->rows]))
		l->rows++;
}

static void answer_event(const struct node *n, struct letter *l)
{
	while (l->rows < LETTER_ROWS && node_event(n, l->first + l->rows, &l->events[l->rows]))
		l->rows++;
}

static void tell_stamps(const struct answer_sources *of, const struct hwstamp_row *r,
			struct stamps_row *ret)
{
	static_assert((int)HWSTAMP_CARD == (int)STAMPS_HARDWARE, "one order");
	static_assert((int)HWSTAMP_KINDS == (int)STAMPS_KINDS, "one order");
	*ret = (struct stamps_row){.newest = (uint8_t)r->newest, .phc = r->phc};
	(void)snprintf(ret->ifname, sizeof ret->ifname, "%s", names_find(of->names, r->ifindex));
	(void)snprintf(ret->reason, sizeof ret->reason, "%s%s%s", r->reason, r->error ? ": " : "",
		       r->error ? strerrordesc_np(r->error) : "");
	memcpy(ret->received, r->received, sizeof ret->received);
	memcpy(ret->sent, r->sent, sizeof ret->sent);
}

static void answer_stamps(const struct answer_sources *of, struct letter *l)
{
	struct hwstamp_row r;

	while (l->rows < LETTER_ROWS && hwstamp_row(of->hwstamp, l->first + l->rows, &r))
		tell_stamps(of, &r, &l->stamps[l->rows++]);
}

bool answer_letter(const struct answer_sources *of, struct now now, struct letter *l)
{
	const struct node *n = of->node;

	l->rows = 0;
	switch (l->kind) {
	case LETTER_SYSTEM:
		node_system(n, now, &l->system);
		return true;
	case LETTER_ASSOC:
		answer_assoc(n, now, l);
		return true;
	case LETTER_GROUP:
		answer_group(n, now, l);
		return true;
	case LETTER_RING:
		answer_ring(n, l);
		return true;
	case LETTER_COUNTER:
		answer_counter(n, l);
		return true;
	case LETTER_DROP:
		answer_drop(n, l);
		return true;
	case LETTER_EVENT:
		answer_event(n, l);
		return true;
	case LETTER_STAMPS:
		answer_stamps(of, l);
		return true;
	case LETTER_MEMORY:
		node_memory(n, &l->memory);
		return true;
	case LETTER_NOW:
		l->now = now;
		return true;
	case LETTER_APPLY:
	case LETTER_RESET:
		return false;
	}
	return false;
}
