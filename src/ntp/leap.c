/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/leap.h"

#include "ntp/node_state.h"

#define DAY_S 86400
#define INSERT 1 /* of the leap field */
#define DELETE 2
/* A move is noticed at the next thing that is due, and measured by a clock nobody knows better. */
#define LATE_MAX_S 3600
#define UNSURE SPAN_MS(10)
/* 2038-01-01: any second from 1970 to 2105 gets its own era. */
#define PIVOT_UNIX_S INT64_C(2145916800)

bool leap_explains(const struct node *n, struct now now, span by)
{
	const struct system *s = &n->system;
	uint8_t leap = by.ns < 0 ? INSERT : DELETE;
	span second = by.ns < 0 ? SPAN_S(-1) : SPAN_S(1);
	int64_t unix_s = stamp_to_unix_s(now.wall, PIVOT_UNIX_S);

	return (s->leap == leap || s->kernel.leap == leap) &&
	       span_less(span_abs(span_sub(by, second)), UNSURE) &&
	       (unix_s + 1) % DAY_S <= LATE_MAX_S; /* 23:59:59 comes twice */
}

static void pass(struct assoc *a, span by)
{
	estimate_leap(&a->estimate, by);
	/* What they hold is from before, and is not worth the trouble. */
	hindsight_clear(&a->hindsight);
	a->prior.open = false;
	a->beacon_open = false;
	a->has_aside = false;
	if (a->last.leap == INSERT || a->last.leap == DELETE)
		a->last.leap = 0;
}

void leap_pass(struct node *n, span by)
{
	for (unsigned i = 0; i < n->assoc_used; i++) {
		if (n->assocs[i].used)
			pass(&n->assocs[i], by);
	}
	n->system.belief.remote = stamp_add(n->system.belief.remote, by);
	n->system.servo.line_wall = stamp_add(n->system.servo.line_wall, by);
	n->system.leap = 0;
	n->system.kernel.leap = 0;
}
