/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be spent comes back as time goes by: one span of it in that span of time, never more
 * than the most that its owner says. Never below nothing, so that who goes on too fast for a while
 * is served again soon after.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include "base/ntptime.h"

struct budget {
	span left;
	mono at; /* as of then */
};

/* True if so much can be spent now. */
static inline bool budget_allows(struct budget *b, mono now, span cost, span most)
{
	b->left = span_min(most, span_add(b->left, mono_sub(now, b->at)));
	b->at = now;
	return !span_less(b->left, cost);
}

/* The same, and then it is spent. */
static inline bool budget_pay(struct budget *b, mono now, span cost, span most)
{
	if (!budget_allows(b, now, cost, most))
		return false;
	b->left = span_sub(b->left, cost);
	return true;
}

#endif
