/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/answer.h"

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

bool answer_letter(const struct node *n, struct now now, struct letter *l)
{
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
