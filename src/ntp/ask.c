/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/ask.h"

#include "ntp/node_state.h"

#include <assert.h>

#define CLOSES_A_WAKE 16

#define SEARCHES_MAX (ASKS_MAX - ASSOC_MAX) /* an association can always ask */

static bool may_search(const struct node *n)
{
	unsigned open = 0;

	for (unsigned i = 0; i < ASKS_MAX; i++)
		open += n->asks.list[i].owner == ASK_SEARCH;
	return open < SEARCHES_MAX;
}

uint16_t ask_open(struct node *n, enum ask_owner owner, uint16_t whose)
{
	if (owner == ASK_SEARCH && !may_search(n))
		return ASK_NONE;
	for (uint16_t i = 0; i < ASKS_MAX; i++) {
		struct ask *k = &n->asks.list[i];

		if (k->owner != ASK_FREE)
			continue;
		k->owner = (uint8_t)owner;
		k->whose = whose;
		return (uint16_t)(i + 1);
	}
	return ASK_NONE;
}

void ask_close(struct node *n, struct now now, uint16_t port)
{
	if (port == ASK_NONE)
		return;
	assert(port <= ASKS_MAX);
	struct ask *k = &n->asks.list[port - 1];

	assert(k->owner == ASK_ASSOC || k->owner == ASK_SEARCH);
	k->owner = ASK_CLOSING;
	n->asks.closing++;
	agenda_set(&n->agenda, ITEM_ASKS, now.mono);
}

const struct ask *ask_find(const struct node *n, uint16_t port)
{
	if (port == ASK_NONE || port > ASKS_MAX)
		return NULL;
	const struct ask *k = &n->asks.list[port - 1];
	return k->owner == ASK_ASSOC || k->owner == ASK_SEARCH ? k : NULL;
}

void ask_wake(struct node *n, struct actions *out)
{
	unsigned closed = 0;

	for (uint16_t i = 0; i < ASKS_MAX && closed < CLOSES_A_WAKE; i++) {
		if (n->asks.list[i].owner != ASK_CLOSING)
			continue;
		n->asks.list[i].owner = ASK_FREE;
		node_push(out, ACT_CLOSE)->port = (uint16_t)(i + 1);
		closed++;
	}
	n->asks.closing -= closed;
	if (n->asks.closing == 0)
		agenda_set(&n->agenda, ITEM_ASKS, MONO_NEVER);
}
