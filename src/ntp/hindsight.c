/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/hindsight.h"

void hindsight_clear(struct hindsight *h)
{
	h->count = 0;
}

static void put(struct hindsight *h, unsigned at, const struct sample *s)
{
	for (unsigned i = h->count; i > at; i--)
		h->list[i] = h->list[i - 1];
	h->list[at] = *s;
	h->count++;
}

/* Tells everything again; what became of sample number which is returned. */
static enum estimate_verdict tell(const struct hindsight *h, unsigned which, struct estimate *ret)
{
	enum estimate_verdict verdict = ESTIMATE_OUTLIER;

	*ret = h->before;
	for (unsigned i = 0; i < h->count; i++) {
		enum estimate_verdict v = estimate_add(ret, &h->list[i]);

		if (i == which)
			verdict = v;
	}
	return verdict;
}

static enum estimate_verdict insert(struct hindsight *h, struct estimate *e, const struct sample *s)
{
	unsigned at = h->count;

	if (h->count == HINDSIGHT_MAX ||
	    (h->before.started && mono_before(s->arrived, h->before.at)))
		return ESTIMATE_OUTLIER;
	while (at > 0 && mono_before(s->arrived, h->list[at - 1].arrived))
		at--;
	put(h, at, s);
	return tell(h, at, e);
}

enum estimate_verdict hindsight_add(struct hindsight *h, struct estimate *e, const struct sample *s,
				    mono open)
{
	if (h->count > 0 && mono_before(s->arrived, h->list[h->count - 1].arrived))
		return insert(h, e, s);
	if (h->count == HINDSIGHT_MAX ||
	    (h->count > 0 && mono_before(h->list[h->count - 1].arrived, open)))
		h->count = 0;
	if (h->count == 0)
		h->before = *e;
	put(h, h->count, s);
	return estimate_add(e, s);
}

bool hindsight_correct(struct hindsight *h, struct estimate *e, mono arrived, stamp transmitted)
{
	for (unsigned i = 0; i < h->count; i++) {
		struct sample *s = &h->list[i];
		struct estimate again;
		stamp before = s->transmitted;

		if (s->arrived.ns != arrived.ns)
			continue;
		if (span_abs(stamp_sub(transmitted, before)).ns <= HINDSIGHT_NOTHING_NS)
			return true;
		s->transmitted = transmitted;
		if (tell(h, i, &again) != ESTIMATE_JUMP) {
			*e = again;
			return true;
		}
		s->transmitted = before;
	}
	return false;
}
