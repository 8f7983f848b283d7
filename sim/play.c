/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/play.h"

#include <errno.h>

/*
 * Everybody is measured this long after a whole period, so that what an order of that second
 * causes at once has been seen.
 */
#define SAMPLE_AFTER_NS NS_PER_MS

static int start_hosts(struct scenario *s, struct err *err)
{
	struct universe *u = &s->universe;
	struct err why = {0};

	for (unsigned i = 0; i < u->host_count; i++) {
		if (s->off[i])
			continue;
		if (host_start(u->hosts[i], &why) < 0) {
			err_set(err, "%s: %s: %s", s->file, u->hosts[i]->name, why.text);
			return -EINVAL;
		}
	}
	return 0;
}

static void take_sample(struct play *p, int64_t at_ns)
{
	struct scenario *s = &p->scenario;
	struct universe *u = &s->universe;

	for (unsigned i = 0; i < u->host_count; i++) {
		struct gauge g = gauge_read(u->hosts[i]);

		g.at_ns = at_ns;
		summary_see(&p->summary, u->hosts[i], &g);
		if (p->plotted)
			plot_see(&p->plot, u->hosts[i], &g);
		for (unsigned j = s->expects.first[i]; j < s->expects.first[i + 1]; j++)
			expect_see(&s->expects.list[j], u, at_ns, &g);
	}
	for (unsigned e = s->expects.first[u->host_count]; e < s->expects.count; e++)
		expect_see(&s->expects.list[e], u, at_ns, NULL);
	calendar_enter(&u->calendar, u->now_ns + s->sample_ns, EVENT_SAMPLE, 0, NULL);
}

int play_run(struct play *p, FILE *show, struct err *err)
{
	struct scenario *s = &p->scenario;
	struct universe *u = &s->universe;
	struct calendar_entry e;

	expects_sort(&s->expects, u->host_count);
	if (start_hosts(s, err) < 0)
		return -EINVAL;
	calendar_enter(&u->calendar, SAMPLE_AFTER_NS, EVENT_SAMPLE, 0, NULL);
	calendar_enter(&u->calendar, s->duration_ns + 2 * SAMPLE_AFTER_NS, EVENT_END, 0, NULL);
	while (universe_turn(u, &e)) {
		switch ((enum universe_event)e.kind) {
		case EVENT_ORDER:
			if (orders_do(&s->orders.list[e.who], u, s->file, show, err) < 0)
				return -EINVAL;
			break;
		case EVENT_SAMPLE:
			take_sample(p, u->now_ns - SAMPLE_AFTER_NS);
			break;
		case EVENT_END:
			u->now_ns = s->duration_ns;
			return 0;
		case EVENT_HOST_WAKE:
		case EVENT_HOST_ARRIVAL:
		case EVENT_HOST_OUTCOME:
		case EVENT_HOST_KERNEL:
		case EVENT_VILLAIN:
			break;
		}
	}
	return 0;
}

unsigned play_judge(struct play *p, FILE *out)
{
	struct scenario *s = &p->scenario;
	unsigned failed = 0;
	struct err why;

	expects_pool(&s->expects);
	for (unsigned i = 0; i < s->expects.count; i++) {
		if (expect_judge(&s->expects.list[i], &s->universe, &why))
			continue;
		failed++;
		(void)fprintf(out, "%s:%u: %s (seed %llu)\n", s->file, s->expects.list[i].line,
			      why.text, (unsigned long long)s->universe.seed);
	}
	return failed;
}
