/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/calendar.h"

#include <stdlib.h>

#include "base/auto.h"

static bool earlier(const struct calendar_entry *a, const struct calendar_entry *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	return a->order < b->order;
}

void calendar_enter(struct calendar *a, int64_t at_ns, uint32_t kind, uint32_t who, void *what)
{
	if (a->count == a->room) {
		a->room = a->room ? a->room * 2 : 1024;
		a->heap = auto_resize(a->heap, a->room, sizeof *a->heap);
	}
	struct calendar_entry e = {at_ns, a->entered++, kind, who, what};
	size_t i = a->count++;

	while (i > 0 && earlier(&e, &a->heap[(i - 1) / 2])) {
		a->heap[i] = a->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	a->heap[i] = e;
}

bool calendar_take(struct calendar *a, struct calendar_entry *ret)
{
	if (a->count == 0)
		return false;
	*ret = a->heap[0];
	struct calendar_entry e = a->heap[--a->count];
	size_t i = 0;

	for (size_t child = 1; child < a->count; child = 2 * i + 1) {
		if (child + 1 < a->count && earlier(&a->heap[child + 1], &a->heap[child]))
			child++;
		if (!earlier(&a->heap[child], &e))
			break;
		a->heap[i] = a->heap[child];
		i = child;
	}
	if (a->count > 0)
		a->heap[i] = e;
	return true;
}

void calendar_fini(struct calendar *a)
{
	free(a->heap);
	*a = (struct calendar){0};
}
