/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/wire_words.h"

#include <errno.h>
#include <string.h>

#include "sim/measure.h"

bool wire_words_begin(const struct line *l)
{
	static const char *const words[] = {"delay", "jitter", "loss", "duplicate", "busy", "from"};

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(line_peek(l), words[i]) == 0)
			return true;
	}
	return false;
}

/* `+T` and `-T` change what there is. */
static int read_delay(struct line *l, struct profile *p)
{
	bool relative = *line_peek(l) == '+' || *line_peek(l) == '-';
	int64_t ns;

	if (line_time(l, "the delay", &ns) < 0)
		return -EINVAL;
	p->delay_ns = relative ? p->delay_ns + ns : ns;
	if (p->delay_ns < 0)
		return line_complain(l, "a delay below zero");
	return 0;
}

static int read_mean(struct line *l, const char *what, double *ret)
{
	int64_t ns;

	if (line_time(l, what, &ns) < 0)
		return -EINVAL;
	if (ns < 0)
		return line_complain(l, "%s below zero", what);
	*ret = (double)ns;
	return 0;
}

static int read_busy(struct line *l, struct profile *p)
{
	if (read_mean(l, "the queueing of a busy wire", &p->busy_ns) < 0)
		return -EINVAL;
	if (!line_takes(l, "for"))
		return line_complain(l, "busy T for T every T");
	if (line_time(l, "how long it is busy", &p->busy_for_ns) < 0)
		return -EINVAL;
	if (!line_takes(l, "every"))
		return line_complain(l, "busy T for T every T");
	if (line_time(l, "the period", &p->busy_every_ns) < 0)
		return -EINVAL;
	if (p->busy_every_ns <= 0 || p->busy_for_ns < 0)
		return line_complain(l, "a period is longer than nothing");
	return 0;
}

/* One word and its value, without taking the word first. */
static int read_one(struct line *l, struct profile *p)
{
	if (line_takes(l, "delay"))
		return read_delay(l, p);
	if (line_takes(l, "jitter"))
		return read_mean(l, "the jitter", &p->jitter_ns);
	if (line_takes(l, "loss"))
		return line_share(l, "the loss", &p->loss);
	if (line_takes(l, "duplicate"))
		return line_share(l, "the duplication", &p->duplicate);
	if (line_takes(l, "busy"))
		return read_busy(l, p);
	return line_complain(l, "'%s' does not describe a wire", line_peek(l));
}

static int read_from(struct line *l, struct universe *u, struct lan *lan, struct profile **ret)
{
	const char *name;

	if (line_word(l, "who sends", &name) < 0)
		return -EINVAL;
	uint64_t hash = stream_hash(u->seed, name);

	for (uint32_t i = 0; i < lan->member_count; i++) {
		if (lan->members[i].name == hash) {
			*ret = lan_except(lan, i);
			return 0;
		}
	}
	return line_complain(l, "%s is not on that LAN", name);
}

/* Without `from`, the exceptions change as well. */
static int read_for_all(struct line *l, struct lan *lan)
{
	unsigned at = l->at;

	for (unsigned i = 0; i < lan->exception_count; i++) {
		l->at = at;
		if (read_one(l, &lan->exceptions[i].profile) < 0)
			return -EINVAL;
	}
	l->at = at;
	return read_one(l, &lan->profile);
}

int wire_words_read(struct line *l, struct universe *u, struct lan *lan)
{
	struct profile *from = NULL;

	while (!line_ended(l)) {
		int r = line_takes(l, "from") ? read_from(l, u, lan, &from)
			: from		      ? read_one(l, from)
					      : read_for_all(l, lan);

		if (r < 0)
			return r;
	}
	return 0;
}
