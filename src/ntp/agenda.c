/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/agenda.h"

#include <assert.h>

/* Equal deadlines go by item number, so that the order is the same on every machine. */
static bool earlier(const struct agenda *a, uint16_t x, uint16_t y)
{
	if (a->due[x].ns != a->due[y].ns)
		return mono_before(a->due[x], a->due[y]);
	return x < y;
}

static void put(struct agenda *a, unsigned at, uint16_t item)
{
	a->heap[at] = item;
	a->places[item] = (uint16_t)(at + 1);
}

static void sift_up(struct agenda *a, unsigned at)
{
	uint16_t item = a->heap[at];

	while (at > 0) {
		unsigned parent = (at - 1) / 2;

		if (!earlier(a, item, a->heap[parent]))
			break;
		put(a, at, a->heap[parent]);
		at = parent;
	}
	put(a, at, item);
}

static void sift_down(struct agenda *a, unsigned at)
{
	uint16_t item = a->heap[at];

	for (;;) {
		unsigned child = 2 * at + 1;

		if (child >= a->count)
			break;
		if (child + 1 < a->count && earlier(a, a->heap[child + 1], a->heap[child]))
			child++;
		if (!earlier(a, a->heap[child], item))
			break;
		put(a, at, a->heap[child]);
		at = child;
	}
	put(a, at, item);
}

static void take_away(struct agenda *a, unsigned item)
{
	unsigned at = a->places[item] - 1U;

	a->places[item] = 0;
	a->count--;
	if (at == a->count)
		return;
	put(a, at, a->heap[a->count]);
	sift_up(a, at);
	sift_down(a, a->places[a->heap[at]] - 1U);
}

void agenda_set(struct agenda *a, unsigned item, mono due)
{
	assert(item < AGENDA_MAX);
	if (due.ns == INT64_MAX) {
		if (a->places[item])
			take_away(a, item);
		return;
	}
	a->due[item] = due;
	if (!a->places[item]) {
		a->count++;
		put(a, a->count - 1, (uint16_t)item);
	}
	sift_up(a, a->places[item] - 1U);
	sift_down(a, a->places[item] - 1U);
}

mono agenda_due(const struct agenda *a, unsigned item)
{
	assert(item < AGENDA_MAX);
	return a->places[item] ? a->due[item] : MONO_NEVER;
}

mono agenda_first(const struct agenda *a, unsigned *item)
{
	if (a->count == 0)
		return MONO_NEVER;
	*item = a->heap[0];
	return a->due[a->heap[0]];
}
