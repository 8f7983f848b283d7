/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/pairs.h"

#include <string.h>

/* Spreads over the table; who finds collisions only drives out pairs of others. */
unsigned pairs_place(const struct addr *asker, stamp received)
{
	uint64_t h = addr_hash(asker, received.frac);

	return (unsigned)(h * UINT64_C(0x9e3779b97f4a7c15) >> 54) % PAIRS_MAX;
}

static bool holds(const struct pair *p, const struct addr *asker, stamp received)
{
	return p->asker.family != ADDR_NONE && stamp_equal(p->received, received) &&
	       addr_equal(&p->asker, asker);
}

stamp pairs_unique(const struct pairs *p, const struct addr *asker, stamp received)
{
	while (stamp_is_zero(received) ||
	       holds(&p->list[pairs_place(asker, received)], asker, received))
		received.frac++;
	return received;
}

bool pairs_afford(struct pairs *p, mono now)
{
	return budget_pay(&p->budget, now, PAIRS_COST, PAIRS_BUDGET);
}

void pairs_keep(struct pairs *p, const struct addr *asker, stamp received, uint32_t send_id)
{
	p->list[pairs_place(asker, received)] =
		(struct pair){.asker = *asker, .send_id = send_id, .received = received};
}

void pairs_sent(struct pairs *p, unsigned place, uint32_t send_id, stamp transmitted)
{
	struct pair *k = &p->list[place % PAIRS_MAX];

	if (k->asker.family != ADDR_NONE && k->send_id == send_id)
		k->transmitted = transmitted;
}

bool pairs_take(struct pairs *p, const struct addr *asker, stamp received, stamp *ret)
{
	struct pair *k = &p->list[pairs_place(asker, received)];

	if (!holds(k, asker, received) || stamp_is_zero(k->transmitted))
		return false;
	*ret = k->transmitted;
	k->asker.family = ADDR_NONE;
	return true;
}

void pairs_forget(struct pairs *p)
{
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		if (p->list[i].asker.family != ADDR_NONE) /* untouched rows cost no memory */
			p->list[i].asker.family = ADDR_NONE;
	}
}
