/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/volley.h"

#include "ntp/client.h"
#include "ntp/node_state.h"

/* Single exchanges: so long for each question, repeated ones too: at most 8 an hour leave. */
#define STEADY_MIN SPAN_S(450)
#define STEADY_SPREAD SPAN_S(450)
#define START_EXCHANGES 6 /* of a server by address without iburst */
#define PAUSE_FIRST_LOG2S 2
#define REPEATS_MAX 8
#define RETRY_MIN SPAN_S(32)
#define RETRIES_MAX 8		  /* doublings of it */
#define TRIGGER_SPREAD SPAN_S(16) /* a crowd that heard the same asks over so long ... */
#define TRIGGER_PART 8		  /* ... or over such a part of the interval, if that is less */
/* A triggered question costs one; the budget refills in real time. */
#define TRIGGER_COST SPAN_S(120)
#define TRIGGER_BUDGET SPAN_S(480)
/* A suspicion is looked into at once; each of those after it waits twice as long. */
#define SUSPECT_MIN SPAN_S(64)
#define SUSPECTS_MAX 4
#define SUSPECT_CALM SPAN_S(2048) /* without one, and the next counts as the first */

static span interval(const struct assoc *a)
{
	return span_from_log2s(a->poll_log2s);
}

static span gap(const struct assoc *a)
{
	return span_min(VOLLEY_GAP, interval(a));
}

static bool is_polled(const struct assoc *a)
{
	return a->origin != ASSOC_MULTICAST;
}

void volley_begin(struct node *n, struct now now, struct assoc *a)
{
	struct volley *v = &a->volley;

	*v = (struct volley){.next = MONO_NEVER, .budget = {TRIGGER_BUDGET, now.mono}};
	if (is_polled(a)) {
		bool burst = a->origin == ASSOC_MANYCAST || n->unicasts[a->unicast].iburst;

		v->left = burst ? VOLLEY_EXCHANGES : START_EXCHANGES;
		v->next = now.mono;
	} else if (n->volley != VOLLEY_NEVER) {
		v->left = VOLLEY_EXCHANGES;
		v->next = mono_add(now.mono,
				   random_span(&n->random, span_min(interval(a), VOLLEY_SPREAD)));
	}
	assoc_plan(n, a);
}

/*
 * The longer ago the first exchange, the better the rate: after the first questions pauses double,
 * each of them is made twice. False when they are as long as they should ever be.
 */
static bool is_early_pause(struct assoc *a, span longest, span *ret)
{
	struct volley *v = &a->volley;
	unsigned log2s = PAUSE_FIRST_LOG2S + v->pauses / 2;
	span wait = span_from_log2s(
		(int8_t)(log2s < SETTINGS_POLL_LOG2S_MAX ? log2s : SETTINGS_POLL_LOG2S_MAX));

	if (!span_less(wait, longest))
		return false;
	if (v->pauses < UINT8_MAX)
		v->pauses++;
	*ret = wait;
	return true;
}

/* Nothing is out and nothing is left: when to ask again. */
static void rest(struct node *n, struct now now, struct assoc *a)
{
	struct volley *v = &a->volley;

	v->left = 0;
	v->waiting = false;
	v->urgent = false;
	ask_close(n, now, a->ask);
	a->ask = ASK_NONE;
	if (is_polled(a)) {
		span wait = interval(a);
		(void)is_early_pause(a, wait, &wait);
		/* Up to 3 % late, so that hosts that started together drift apart. */
		span late = random_span(&n->random, (span){wait.ns / 32});

		v->next = mono_add(a->asked, span_add(wait, late));
		if (mono_before(v->next, now.mono))
			v->next = now.mono;
		return;
	}
	span wait;
	if (v->retries > 0) {
		wait = (span){RETRY_MIN.ns << (v->retries - 1)};
		wait = span_add(wait, random_span(&n->random, wait));
	} else if (is_early_pause(a, STEADY_MIN, &wait)) {
		wait = span_add(wait, random_span(&n->random, (span){wait.ns / 4}));
	} else {
		wait = (span){STEADY_MIN.ns * (1 + v->repeats)};
		wait = span_add(wait, random_span(&n->random, STEADY_SPREAD));
	}
	v->repeats = 0;
	v->next = mono_add(now.mono, wait);
}

void volley_go_without(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	bool given = n->multicast_delay_us > 0;
	span path = given ? SPAN_US((int64_t)n->multicast_delay_us) : ESTIMATE_DEFAULT_DELAY;

	a->phase = ASSOC_DEGRADED;
	/* A delay that somebody gave is trusted to a quarter of it; the default to all of it. */
	hindsight_clear(&a->hindsight);
	estimate_assume_delay(&a->estimate, path, given ? (span){path.ns / 4} : path);
	node_note(out, NOTE_DEGRADED, a->ifindex, &a->peer, &a->group, 0);
	assoc_event(n, now, a, EVENT_DEGRADED);
	if (a->has_aside) {
		struct sample s = a->aside;

		a->has_aside = false;
		a->newest = s.transmitted;
		(void)assoc_sample(n, now, a, &s, out);
	}
}

static void fail(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	struct volley *v = &a->volley;

	if (v->retries < RETRIES_MAX)
		v->retries++;
	v->unanswered = 0;
	rest(n, now, a);
	if (a->origin == ASSOC_MANYCAST)
		manycast_lost(n, now, a->role);
	if (!is_polled(a) && !a->calibrated && a->phase != ASSOC_DEGRADED &&
	    n->volley == VOLLEY_PREFERRED)
		volley_go_without(n, now, a, out);
}

static void ask_again(struct volley *v)
{
	v->left = 1;
	if (v->repeats < REPEATS_MAX)
		v->repeats++;
}

static void miss(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	struct volley *v = &a->volley;

	v->waiting = false;
	a->prior.open = false; /* what the lost answer told will not be told again */
	if (v->unanswered < UINT8_MAX)
		v->unanswered++;
	if (is_polled(a))
		assoc_missed(n, now, a, out);
	if (!a->used)
		return;
	if (a->origin == ASSOC_UNICAST ? v->left == 0 : v->unanswered >= VOLLEY_UNANSWERED_MAX)
		fail(n, now, a, out);
	else if (v->left == 0 && a->phase == ASSOC_LISTENING && v->repeats > 0)
		rest(n, now, a); /* the group is heard: that can wait */
	else if (v->left == 0)
		ask_again(v);
}

void volley_wake(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	struct volley *v = &a->volley;

	if (v->waiting) {
		miss(n, now, a, out);
		if (!a->used)
			return;
		if (v->left == 0) {
			assoc_plan(n, a);
			return;
		}
	} else if (v->left == 0) {
		v->left = 1;
	}
	v->next = mono_add(now.mono, gap(a));
	if (client_ask(n, now, a, out)) {
		v->left--;
		v->waiting = true;
		if (a->phase == ASSOC_WAITING)
			a->phase = ASSOC_VOLLEY;
	} else if (!is_polled(a) && ++v->unanswered >= VOLLEY_UNANSWERED_MAX) {
		fail(n, now, a, out); /* no port to ask from: the same as no answer */
	}
	assoc_plan(n, a);
}

void volley_answered(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	struct volley *v = &a->volley;

	v->waiting = false;
	v->unanswered = 0;
	v->retries = 0;
	if (!a->calibrated) {
		a->calibrated = true;
		if (!is_polled(a)) {
			if (v->left == 0) /* an answer to a lone retry: now the whole volley */
				v->left = VOLLEY_EXCHANGES - 1;
			a->phase = ASSOC_VOLLEY;
		}
		assoc_event(n, now, a, EVENT_CALIBRATED);
	}
	if (v->left == 0) {
		rest(n, now, a);
		if (a->phase == ASSOC_VOLLEY) {
			struct belief b;

			a->phase = ASSOC_LISTENING;
			estimate_at(&a->estimate, now.mono, &b);
			node_note(out, NOTE_CALIBRATED, a->ifindex, &a->peer, &a->group,
				  b.delay.ns);
		}
	}
	assoc_plan(n, a);
}

bool volley_trigger(struct node *n, struct now now, struct assoc *a, uint8_t count)
{
	struct volley *v = &a->volley;

	if (v->waiting || v->left > 0 || v->urgent || n->volley == VOLLEY_NEVER)
		return false;
	if (!budget_allows(&v->budget, now.mono, TRIGGER_COST, TRIGGER_BUDGET))
		return false;
	span most = span_min((span){interval(a).ns / TRIGGER_PART}, TRIGGER_SPREAD);
	span wait = random_span(&n->random, most);
	mono from = mono_add(a->asked, gap(a));
	mono want = mono_add(mono_before(from, now.mono) ? now.mono : from, wait);

	if (!mono_before(want, v->next) ||
	    !budget_pay(&v->budget, now.mono, TRIGGER_COST, TRIGGER_BUDGET))
		return false;
	v->urgent = true;
	v->left = count;
	v->next = want;
	assoc_plan(n, a);
	return true;
}

void volley_resume(struct node *n, struct now now, struct assoc *a)
{
	mono latest = mono_add(now.mono, VOLLEY_SPREAD);

	if (volley_trigger(n, now, a, VOLLEY_EXCHANGES) || n->volley == VOLLEY_NEVER)
		return;
	a->volley.next = mono_min(a->volley.next, latest);
	assoc_plan(n, a);
}

void volley_suspect(struct node *n, struct now now, struct assoc *a)
{
	struct volley *v = &a->volley;

	if (mono_before(now.mono, v->suspect_next))
		return;
	if (!volley_trigger(n, now, a, 2))
		return;
	if (span_less(SUSPECT_CALM, mono_sub(now.mono, v->suspect_next)))
		v->suspects = 0;
	v->suspect_next = mono_add(now.mono, (span){SUSPECT_MIN.ns << v->suspects});
	if (v->suspects < SUSPECTS_MAX)
		v->suspects++;
}

void volley_slow_down(struct node *n, struct now now, struct assoc *a, struct actions *out)
{
	struct volley *v = &a->volley;

	if (a->origin != ASSOC_MULTICAST && a->poll_log2s < a->maxpoll_log2s)
		a->poll_log2s++;
	if (v->retries < RETRIES_MAX)
		v->retries++;
	v->pauses = UINT8_MAX;
	rest(n, now, a);
	if (is_polled(a))
		assoc_missed(n, now, a, out); /* no time came */
	else if (!a->calibrated && a->phase != ASSOC_DEGRADED &&
		 v->retries >= VOLLEY_UNANSWERED_MAX && n->volley == VOLLEY_PREFERRED)
		volley_go_without(n, now, a, out);
	assoc_plan(n, a);
}
