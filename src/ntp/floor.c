/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/floor.h"

#include "ntp/node_state.h"

#include <string.h>

bool floor_find(const struct node *n, const struct addr *source, const struct addr *group,
		uint32_t key_id, stamp *ret)
{
	for (unsigned i = 0; i < n->floors.count; i++) {
		const struct memory_floor *f = &n->floors.list[i];

		if (f->key_id == key_id && addr_equal(&f->source, source) &&
		    addr_equal(&f->group, group)) {
			*ret = f->transmit;
			return true;
		}
	}
	return false;
}

static void put(struct floors *t, const struct assoc *a)
{
	struct memory_floor *place = NULL;

	/* By address the server answers a nonce each time: no floor is needed. */
	if (stamp_is_zero(a->newest) || a->origin != ASSOC_MULTICAST)
		return;
	for (unsigned i = 0; i < t->count && !place; i++) {
		struct memory_floor *f = &t->list[i];

		if (f->key_id == a->key_id && addr_equal(&f->source, &a->peer.addr) &&
		    addr_equal(&f->group, &a->group))
			place = f;
	}
	if (!place && t->count < MEMORY_FLOORS_MAX) {
		place = &t->list[t->count++];
	} else if (!place) {
		place = &t->list[t->next];
		t->next = (t->next + 1) % MEMORY_FLOORS_MAX;
	}
	*place = (struct memory_floor){a->peer.addr, a->group, a->key_id, a->newest};
}

void floor_keep(struct node *n, const struct assoc *a)
{
	put(&n->floors, a);
}

void floor_recall(struct node *n, const struct memory *m)
{
	struct floors *t = &n->floors;

	t->next = 0;
	t->count = m->floor_count < MEMORY_FLOORS_MAX ? m->floor_count : MEMORY_FLOORS_MAX;
	memcpy(t->list, m->floors, t->count * sizeof t->list[0]);
}

void floor_report(const struct node *n, struct memory *ret)
{
	struct floors all = n->floors;

	for (unsigned i = 0; i < n->assoc_used; i++) {
		if (n->assocs[i].used)
			put(&all, &n->assocs[i]);
	}
	ret->floor_count = all.count;
	memcpy(ret->floors, all.list, all.count * sizeof all.list[0]);
}
