/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/expect.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "ntp/note.h"
#include "sim/measure.h"

/* How a kind is written and what it is about. */
enum unit {
	UNIT_NONE, /* true or false */
	UNIT_TIME,
	UNIT_NUMBER,
	UNIT_SHARE,
};

static const struct kind_row {
	const char *words;
	enum unit unit;
	bool sampled; /* may be `by T`; others are counted from `from` to `to` */
} kinds[] = {
	[EXPECT_JOINED] = {"joined", UNIT_NONE, true},
	[EXPECT_SYNCHRONISED] = {"synchronised", UNIT_NONE, true},
	[EXPECT_OFFSET] = {"offset", UNIT_TIME, true},
	[EXPECT_BOUND] = {"bound", UNIT_TIME, true},
	[EXPECT_DISTANCE] = {"distance", UNIT_TIME, true},
	[EXPECT_SESSIONS] = {"sessions", UNIT_NUMBER, true},
	[EXPECT_BOUND_HOLDS] = {"bound holds", UNIT_SHARE, false},
	[EXPECT_DISTANCE_HOLDS] = {"distance holds", UNIT_SHARE, false},
	[EXPECT_RMS] = {"rms", UNIT_TIME, false},
	[EXPECT_STEPS] = {"steps", UNIT_NUMBER, false},
	[EXPECT_SENT] = {"sent", UNIT_NUMBER, false},
	[EXPECT_RECEIVED] = {"received", UNIT_NUMBER, false},
	[EXPECT_PEAK] = {"peak", UNIT_NUMBER, false},
	[EXPECT_VERDICT] = {"verdict", UNIT_NUMBER, false},
	[EXPECT_VERDICTS] = {"verdicts", UNIT_NUMBER, false},
	[EXPECT_PACKETS] = {"packets", UNIT_NUMBER, false},
	[EXPECT_MULTICASTS] = {"multicasts", UNIT_NUMBER, false},
};

/* Told by how much it grows between the first and the last sample. */
static bool is_counted(enum expect_kind k)
{
	return !kinds[k].sampled && kinds[k].unit == UNIT_NUMBER;
}

const struct expect *expects_find_unaligned(const struct expects *es, int64_t sample_ns)
{
	for (unsigned i = 0; i < es->count; i++) {
		const struct expect *e = &es->list[i];

		if (is_counted(e->kind) && (e->from_ns % sample_ns || e->to_ns % sample_ns))
			return e;
	}
	return NULL;
}

bool expect_is_of_lan(const struct expect *e)
{
	return e->kind == EXPECT_PACKETS || e->kind == EXPECT_MULTICASTS;
}

/* ---- reading ---- */

static int read_kind(struct line *l, bool of_lan, struct expect *e)
{
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct expect candidate = {.kind = (enum expect_kind)i};

		if (strchr(kinds[i].words, ' ') || expect_is_of_lan(&candidate) != of_lan ||
		    !line_takes(l, kinds[i].words))
			continue;
		e->kind = candidate.kind;
		if (e->kind == EXPECT_BOUND && line_takes(l, "holds"))
			e->kind = EXPECT_BOUND_HOLDS;
		if (e->kind == EXPECT_DISTANCE && line_takes(l, "holds"))
			e->kind = EXPECT_DISTANCE_HOLDS;
		return 0;
	}
	return line_complain(l, "'%s' cannot be expected", line_peek(l));
}

static int read_verdict(struct line *l, uint8_t *ret)
{
	const char *word;

	if (line_word(l, "a verdict", &word) < 0)
		return -EINVAL;
	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		if (strcasecmp(note_of_verdict((enum verdict)v)->name, word) == 0) {
			*ret = (uint8_t)v;
			return 0;
		}
	}
	return line_complain(l, "there is no verdict %s", word);
}

/* All that may occur, up to the span; of anything else there is less than one. */
static int read_verdicts(struct line *l, struct expect *e)
{
	static_assert(VERDICT_COUNT <= 64, "a bit for each verdict");
	e->limit = 1.0;
	do {
		if (read_verdict(l, &e->verdict) < 0)
			return -EINVAL;
		e->verdicts |= UINT64_C(1) << e->verdict;
	} while (strcmp(line_peek(l), "from") != 0);
	return 0;
}

static int read_group(struct line *l, struct addr *ret)
{
	const char *word;

	if (line_word(l, "a group", &word) < 0)
		return -EINVAL;
	if (!addr_parse(word, ret) || !addr_is_multicast(ret))
		return line_complain(l, "'%s' is not a group address", word);
	return 0;
}

static int read_limit(struct line *l, struct expect *e)
{
	enum unit unit = kinds[e->kind].unit;
	int64_t ns;
	uint64_t number;

	if (unit == UNIT_NONE)
		return 0;
	if (unit == UNIT_SHARE)
		return line_share(l, "how often it holds", &e->limit);
	if (line_takes(l, "over"))
		e->opposite = true;
	else if (!line_takes(l, "under"))
		return line_complain(l, "%s under or over how much?", kinds[e->kind].words);
	if (unit == UNIT_TIME) {
		if (line_time(l, "the limit", &ns) < 0)
			return -EINVAL;
		e->limit = (double)ns;
		return 0;
	}
	if (line_count(l, "the limit", &number) < 0)
		return -EINVAL;
	e->limit = (double)number;
	return 0;
}

static int read_when(struct line *l, struct expect *e)
{
	if (kinds[e->kind].sampled && line_takes(l, "by")) {
		e->by = true;
		return line_time(l, "until when", &e->to_ns);
	}
	if (!line_takes(l, "from"))
		return line_complain(l, "from when to when?");
	if (line_time(l, "from when", &e->from_ns) < 0)
		return -EINVAL;
	if (!line_takes(l, "to"))
		return line_complain(l, "to when?");
	if (line_time(l, "to when", &e->to_ns) < 0)
		return -EINVAL;
	if (e->from_ns < 0 || e->to_ns <= e->from_ns)
		return line_complain(l, "the end is not after the beginning");
	return 0;
}

static int read_claim(struct line *l, bool of_lan, struct expect *e)
{
	e->line = l->number;
	e->together = line_takes(l, "together");
	e->opposite = line_takes(l, "not");
	if (read_kind(l, of_lan, e) < 0)
		return -EINVAL;
	if (e->opposite && kinds[e->kind].unit != UNIT_NONE)
		return line_complain(l, "under or over, not 'not'");
	if (e->together && e->kind != EXPECT_RMS && kinds[e->kind].unit != UNIT_SHARE)
		return line_complain(l, "together: rms, bound holds or distance holds");
	if (e->kind == EXPECT_JOINED && read_group(l, &e->group) < 0)
		return -EINVAL;
	if (e->kind == EXPECT_VERDICT && read_verdict(l, &e->verdict) < 0)
		return -EINVAL;
	if (e->kind == EXPECT_VERDICTS ? read_verdicts(l, e) < 0 : read_limit(l, e) < 0)
		return -EINVAL;
	if (read_when(l, e) < 0)
		return -EINVAL;
	return line_end(l);
}

static void add(struct expects *es, const struct expect *e)
{
	if ((es->count & (es->count - 1)) == 0)
		es->list = auto_resize(es->list, es->count ? es->count * 2 : 1, sizeof *es->list);
	es->list[es->count++] = *e;
	if (e->to_ns > es->last_ns)
		es->last_ns = e->to_ns;
}

static bool claim_begins(const struct line *l)
{
	if (strcmp(line_peek(l), "not") == 0 || strcmp(line_peek(l), "together") == 0)
		return true;
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(line_peek(l), kinds[i].words) == 0)
			return true;
	}
	return false;
}

static int read_of_lan(struct expects *es, struct universe *u, struct line *l)
{
	struct expect e = {0};
	const char *name;

	if (line_word(l, "the name of a LAN", &name) < 0)
		return -EINVAL;
	const struct lan *lan = network_find_lan(&u->network, name);

	if (!lan)
		return line_complain(l, "there is no LAN %s", name);
	if (read_claim(l, true, &e) < 0)
		return -EINVAL;
	e.who = (uint32_t)(lan - u->network.lans);
	add(es, &e);
	return 0;
}

int expects_read(struct expects *es, struct universe *u, struct line *l)
{
	struct line_names names[16];
	unsigned count = 0;
	struct expect e = {0};
	char name[LINE_NAME_MAX];

	if (line_takes(l, "lan"))
		return read_of_lan(es, u, l);
	while (!claim_begins(l)) {
		if (count == 16)
			return line_complain(l, "at most 16 names; C{1..99} is one");
		if (line_names(l, &names[count++]) < 0)
			return -EINVAL;
	}
	if (read_claim(l, false, &e) < 0)
		return -EINVAL;
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; line_name(&names[i], j, name); j++) {
			const struct host *h = universe_find_host(u, name);

			if (!h)
				return line_complain(l, "there is no node %s", name);
			e.who = h->number;
			add(es, &e);
		}
	}
	return count > 0 ? 0 : line_complain(l, "of whom?");
}

void expects_sort(struct expects *es, unsigned host_count)
{
	struct expect *sorted = auto_new(es->count, sizeof *sorted);
	unsigned *next = auto_new(host_count + 2, sizeof *next);

	es->first = auto_new(host_count + 2, sizeof *es->first);
	for (unsigned i = 0; i < es->count; i++) {
		const struct expect *e = &es->list[i];

		es->first[(expect_is_of_lan(e) ? host_count : e->who) + 1]++;
	}
	for (unsigned i = 0; i <= host_count; i++) {
		es->first[i + 1] += es->first[i];
		next[i] = es->first[i];
	}
	for (unsigned i = 0; i < es->count; i++) {
		const struct expect *e = &es->list[i];

		sorted[next[expect_is_of_lan(e) ? host_count : e->who]++] = *e;
	}
	free(next);
	free(es->list);
	es->list = sorted;
}

/* ---- seeing ---- */

static bool joined(const struct host *h, const struct addr *group)
{
	for (uint32_t i = 1; i <= h->port_count; i++) {
		if (host_has_joined(h, i, group))
			return true;
	}
	return false;
}

static uint64_t count_verdict(const struct host *h, uint8_t verdict)
{
	struct counter_row v4, v6;
	uint64_t n = 0;

	if (h->node && node_counter(h->node, ADDR_V4, 0, &v4))
		n += v4.verdicts[verdict];
	if (h->node && node_counter(h->node, ADDR_V6, 0, &v6))
		n += v6.verdicts[verdict];
	return n;
}

/* How many packets were judged otherwise; the last such verdict is remembered. */
static uint64_t count_others(const struct host *h, struct expect *e)
{
	uint64_t n = 0;

	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		uint64_t others = e->verdicts >> v & 1 ? 0 : count_verdict(h, (uint8_t)v);

		if (others > 0)
			e->verdict = (uint8_t)v;
		n += others;
	}
	return n;
}

/* The quantity itself; for true-or-false kinds 0 is true, so that it is "under 0.5". */
static double quantity(struct expect *e, const struct universe *u, const struct gauge *g)
{
	const struct host *h = expect_is_of_lan(e) ? NULL : u->hosts[e->who];
	static const struct gauge nothing;

	if (!g) /* a kind that is not read off a gauge */
		g = &nothing;
	double offset = fabs((double)g->offset_ns);

	switch (e->kind) {
	case EXPECT_JOINED:
		return joined(h, &e->group) ? 0.0 : 1.0;
	case EXPECT_SYNCHRONISED:
		return g->synchronised ? 0.0 : 1.0;
	case EXPECT_OFFSET:
	case EXPECT_RMS:
		return offset;
	case EXPECT_BOUND:
		return (double)g->bound_ns;
	case EXPECT_DISTANCE:
		return (double)g->distance_ns;
	case EXPECT_SESSIONS:
		return g->sessions;
	case EXPECT_BOUND_HOLDS:
		return offset <= (double)g->bound_ns ? 0.0 : 1.0;
	case EXPECT_DISTANCE_HOLDS:
		return offset <= (double)g->distance_ns ? 0.0 : 1.0;
	case EXPECT_STEPS:
		return (double)h->counts.steps;
	case EXPECT_SENT:
		return (double)h->counts.sent;
	case EXPECT_RECEIVED:
	case EXPECT_PEAK:
		return (double)h->counts.received;
	case EXPECT_VERDICT:
		return (double)count_verdict(h, e->verdict);
	case EXPECT_VERDICTS:
		return (double)count_others(h, e);
	case EXPECT_PACKETS:
		return (double)u->network.lans[e->who].packets;
	case EXPECT_MULTICASTS:
		return (double)u->network.lans[e->who].multicasts;
	}
	return 0.0;
}

/* Counters count from nothing again after a restart. */
static void see_counter(struct expect *e, double v)
{
	if (!e->begun)
		e->base = v;
	else if (v < e->last)
		e->base -= e->last; /* what was counted before stays counted */
	else if (v - e->last > e->highest)
		e->highest = v - e->last;
	e->begun = true;
	e->last = v;
}

void expect_see(struct expect *e, struct universe *u, int64_t at_ns, const struct gauge *g)
{
	bool whole = kinds[e->kind].unit == UNIT_NONE || kinds[e->kind].unit == UNIT_SHARE;

	if (at_ns < e->from_ns || at_ns > e->to_ns)
		return;
	double v = quantity(e, u, g);
	double limit = whole ? 0.5 : e->limit;
	/* Who is not synchronised admits no error at all: that is not a small one. */
	bool told = g && g->synchronised;
	bool silent = !told && (e->kind == EXPECT_BOUND || e->kind == EXPECT_DISTANCE);
	if (silent)
		v = e->opposite ? 0.0 : (double)INFINITY;
	bool good = !silent && (e->opposite ? v > limit : v < limit);

	e->samples++;
	e->good += good;
	if (e->kind == EXPECT_RMS)
		e->sum += v * v;
	else if (!kinds[e->kind].sampled && !whole)
		see_counter(e, v);
	if (!good && (e->samples - e->good == 1 || (e->opposite ? v < e->worst : v > e->worst))) {
		e->worst = v;
		e->worst_ns = at_ns;
	}
}

/* ---- judging ---- */

void expects_pool(struct expects *es)
{
	for (unsigned i = 0; i < es->count; i++) {
		struct expect *e = &es->list[i];

		for (unsigned j = i + 1; e->together && j < es->count; j++) {
			struct expect *other = &es->list[j];

			if (other->line != e->line || !other->together)
				continue;
			e->samples += other->samples;
			e->good += other->good;
			e->sum += other->sum;
			other->together = false;
			other->pooled = true;
		}
	}
}

static void print_value(const struct expect *e, double v, char buf[MEASURE_TEXT_MAX])
{
	if (kinds[e->kind].unit == UNIT_TIME)
		(void)measure_print_time(v, buf);
	else
		(void)snprintf(buf, MEASURE_TEXT_MAX, "%.0f", v);
}

static bool judge_share(const struct expect *e, const char *name, struct err *why)
{
	double share = (double)e->good / (double)e->samples;

	if (share >= e->limit)
		return true;
	err_set(why, "%s: %s %.2f %% of the time, %.2f %% expected", name, kinds[e->kind].words,
		share * 100.0, e->limit * 100.0);
	return false;
}

static const char *verdict_words(const struct expect *e)
{
	bool named = e->kind == EXPECT_VERDICT || e->kind == EXPECT_VERDICTS;

	return named ? note_of_verdict((enum verdict)e->verdict)->name : "";
}

static bool judge_total(const struct expect *e, const char *name, struct err *why)
{
	char value[MEASURE_TEXT_MAX], limit[MEASURE_TEXT_MAX];
	double v = e->kind == EXPECT_RMS    ? sqrt(e->sum / (double)e->samples)
		   : e->kind == EXPECT_PEAK ? e->highest
					    : e->last - e->base;

	if (e->opposite ? v > e->limit : v < e->limit)
		return true;
	print_value(e, v, value);
	print_value(e, e->limit, limit);
	err_set(why, "%s: %s%s%s %s, %s %s expected", name, kinds[e->kind].words,
		*verdict_words(e) ? " " : "", verdict_words(e), value,
		e->opposite ? "over" : "under", limit);
	return false;
}

static bool judge_sampled(const struct expect *e, const char *name, struct err *why)
{
	char value[MEASURE_TEXT_MAX], limit[MEASURE_TEXT_MAX], when[MEASURE_TEXT_MAX];

	if (e->by ? e->good > 0 : e->good == e->samples)
		return true;
	(void)measure_print_time((double)(e->by ? e->to_ns : e->worst_ns), when);
	if (kinds[e->kind].unit == UNIT_NONE) {
		err_set(why, "%s: %s %s %s %s", name, e->opposite ? "still" : "not",
			kinds[e->kind].words, e->by ? "by" : "at", when);
		return false;
	}
	print_value(e, e->worst, value);
	print_value(e, e->limit, limit);
	err_set(why, "%s: %s never %s %s by %s", name, kinds[e->kind].words,
		e->opposite ? "over" : "under", limit, when);
	if (!e->by)
		err_set(why, "%s: %s %s at %s, %s %s expected", name, kinds[e->kind].words, value,
			when, e->opposite ? "over" : "under", limit);
	return false;
}

bool expect_judge(const struct expect *e, const struct universe *u, struct err *why)
{
	char name[2 * LINE_NAME_MAX];

	if (e->pooled)
		return true;
	(void)snprintf(name, sizeof name, "%s%s",
		       expect_is_of_lan(e) ? u->network.lans[e->who].name : u->hosts[e->who]->name,
		       e->together ? " and others together" : "");
	if (e->samples == 0) {
		err_set(why, "%s: %s was never looked at", name, kinds[e->kind].words);
		return false;
	}
	if (kinds[e->kind].sampled)
		return judge_sampled(e, name, why);
	if (kinds[e->kind].unit == UNIT_SHARE)
		return judge_share(e, name, why);
	return judge_total(e, name, why);
}

void expects_fini(struct expects *e)
{
	free(e->list);
	free(e->first);
	*e = (struct expects){0};
}
