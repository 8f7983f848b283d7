/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/compile.h"

/* When an undo fails (a full disk), it is tried again this much later. */
#define RETRY SPAN_S(30)

struct commit {
	struct commit_hooks hooks;
	struct history *history; /* borrowed for its life */
	const struct seal *seal; /* borrowed for its life */
	struct store *running;
	uint32_t running_id; /* the point that holds running, 0: none is known to */
	int64_t updated_unix_s;
	char updated_by[64];
	bool weakea;
	bool on_trial;
	mono deadline;
	unsigned trial_session;
	unsigned trial_number; /* counts them, so that one is not taken for the next */
	struct history_trial trial;
	struct err trouble; /* why the trial whose time is over runs on; "" if none does */
};

struct commit *commit_new(const struct commit_hooks *hooks, struct history *history,
			  const struct seal *seal)
{
	struct commit *c = auto_new(1, sizeof *c);

	c->hooks = *hooks;
	c->history = history;
	c->seal = seal;
	c->running = store_new();
	c->updated_unix_s = hooks->unix_s(hooks->context);
	(void)snprintf(c->updated_by, sizeof c->updated_by, "system");
	return c;
}

void commit_free(struct commit *c)
{
	if (!c)
		return;
	store_free(c->running);
	free(c);
}

struct store *commit_running(const struct commit *c)
{
	return c->running;
}

int64_t commit_updated_unix_s(const struct commit *c)
{
	return c->updated_unix_s;
}

const char *commit_updated_by(const struct commit *c)
{
	return c->updated_by;
}

void commit_set_weakea(struct commit *c, bool installed)
{
	c->weakea = installed;
}

bool commit_weakea(const struct commit *c)
{
	return c->weakea;
}

static int keep_point(struct commit *c, const struct store *s, const struct commit_order *order,
		      uint32_t *ret_id, struct err *err)
{
	struct history_point p = {.unix_s = c->hooks.unix_s(c->hooks.context)};
	struct text config = {0};

	(void)snprintf(p.label, sizeof p.label, "%s", order->label);
	(void)snprintf(p.user, sizeof p.user, "%s", order->user);
	(void)snprintf(p.user_intf, sizeof p.user_intf, "%s", order->user_intf);
	(void)snprintf(p.type, sizeof p.type, "%s", order->type);
	(void)snprintf(p.description, sizeof p.description, "%s", order->description);
	c->hooks.print(c->hooks.context, s, &config);
	int r = history_add(c->history, &p, text_chars(&config), err);
	text_fini(&config);
	if (r == 0)
		*ret_id = p.id;
	return r;
}

/* Makes sure that there is a point to come back to: the newest, if it holds what runs. */
static int keep_running(struct commit *c, struct err *err)
{
	static const struct commit_order order = {"system", "-", "SYSTEM", "", ""};
	struct text newest = {0};
	struct text now = {0};
	struct history_point p;

	if (c->running_id != 0)
		return 0;
	if (history_point(c->history, 0, &p) &&
	    history_text(c->history, p.id, &newest, NULL) == 0) {
		c->hooks.print(c->hooks.context, c->running, &now);
		if (strcmp(text_chars(&newest), text_chars(&now)) == 0)
			c->running_id = p.id;
	}
	text_fini(&newest);
	text_fini(&now);
	return c->running_id ? 0 : keep_point(c, c->running, &order, &c->running_id, err);
}

static void publish(struct commit *c, struct store *next, struct key *keys)
{
	const struct settings *s = store_settings(next);

	c->hooks.apply(c->hooks.context, s, keys, keys ? s->key_count : 0);
	store_free(c->running);
	c->running = next;
}

/* Takes next over, whatever happens. */
static int carry_out(struct commit *c, struct store *next, const struct commit_order *order,
		     struct err *err)
{
	struct key *keys = NULL;
	uint32_t id = 0;
	int r = compile_check(store_settings(next), c->weakea, err);

	if (r == 0 && c->seal)
		r = compile_keys(next, c->seal, &keys, err);
	if (r == 0 && order)
		r = keep_running(c, err);
	if (r == 0 && order)
		r = keep_point(c, next, order, &id, err);
	if (r < 0) {
		compile_keys_free(keys, store_settings(next)->key_count);
		store_free(next);
		return r;
	}
	publish(c, next, keys);
	compile_keys_free(keys, store_settings(next)->key_count);
	c->running_id = id;
	c->updated_unix_s = c->hooks.unix_s(c->hooks.context);
	if (order)
		(void)snprintf(c->updated_by, sizeof c->updated_by, "%s", order->user);
	return 1;
}

int commit_run(struct commit *c, const struct store *base, const struct store *mine,
	       const struct commit_order *order, struct err *err)
{
	struct store *next = store_dup(c->running);
	int r = store_rebase(next, base, mine, err);

	if (r < 0 || !store_differs(next, c->running)) {
		store_free(next);
		return r;
	}
	return carry_out(c, next, order, err);
}

int commit_start(struct commit *c, const struct store *whole, struct err *err)
{
	int r = carry_out(c, store_dup(whole), NULL, err);

	return r < 0 ? r : 0;
}

int commit_replace(struct commit *c, const struct store *whole, const struct commit_order *order,
		   struct err *err)
{
	if (!store_differs(whole, c->running))
		return 0;
	return carry_out(c, store_dup(whole), order, err);
}

static int load_point(struct commit *c, uint32_t id, struct store *whole, struct err *err)
{
	struct text config = {0};
	int r = history_text(c->history, id, &config, err);

	if (r == 0)
		r = c->hooks.parse(c->hooks.context, text_chars(&config), whole, err);
	text_fini(&config);
	return r;
}

int commit_restore(struct commit *c, uint32_t id, const struct commit_order *order, struct err *err)
{
	struct store *whole = store_new();
	int r = load_point(c, id, whole, err);

	if (r == 0)
		r = commit_replace(c, whole, order, err);
	store_free(whole);
	return r;
}

/* ---- trials ---- */

bool commit_on_trial(const struct commit *c)
{
	return c->on_trial;
}

unsigned commit_trial_session(const struct commit *c)
{
	return c->trial_session;
}

unsigned commit_trial_number(const struct commit *c)
{
	return c->on_trial ? c->trial_number : 0;
}

const char *commit_trial_persist(const struct commit *c)
{
	return c->on_trial ? c->trial.persist : "";
}

span commit_trial_left(const struct commit *c)
{
	if (!c->on_trial)
		return SPAN_ZERO;
	return span_max(mono_sub(c->deadline, c->hooks.steady(c->hooks.context)), SPAN_ZERO);
}

static void end_trial(struct commit *c)
{
	c->on_trial = false;
	c->trouble.text[0] = '\0';
}

int commit_confirm(struct commit *c, struct err *err)
{
	int r = c->on_trial ? history_trial_drop(c->history, err) : 0;

	/* What the disk still calls a trial is none that we may call confirmed. */
	if (r == 0)
		end_trial(c);
	return r;
}

/* Should its record stay on the disk, then the next start says the same: not confirmed. */
static void forget_trial(struct commit *c)
{
	end_trial(c);
	(void)!history_trial_drop(c->history, NULL);
}

int commit_try(struct commit *c, const struct store *base, const struct store *mine,
	       const struct commit_order *order, const struct commit_trial *trial, struct err *err)
{
	struct history_trial t = c->trial;
	bool extends = c->on_trial;
	int r = keep_running(c, err);

	if (r < 0)
		return r;
	if (!extends)
		t = (struct history_trial){.back_to_id = c->running_id};
	t.deadline_unix_s = c->hooks.unix_s(c->hooks.context) + trial->seconds;
	(void)snprintf(t.persist, sizeof t.persist, "%s", trial->persist);
	(void)snprintf(t.user, sizeof t.user, "%s", order->user);
	/* Durable before the commit: a crash in between only forgets a trial that never ran. */
	r = history_trial_keep(c->history, &t, err);
	if (r < 0)
		return r;
	r = commit_run(c, base, mine, order, err);
	if (r <= 0 && !extends)
		forget_trial(c);
	if (r < 0 || (r == 0 && !extends))
		return r;
	c->trial_number += !extends;
	c->on_trial = true;
	c->trouble.text[0] = '\0';
	c->trial = t;
	c->trial.trial_id = c->running_id;
	c->trial_session = trial->session;
	c->deadline = mono_add(c->hooks.steady(c->hooks.context), SPAN_S((int64_t)trial->seconds));
	return 1;
}

int commit_abort(struct commit *c, struct err *err)
{
	struct commit_order order = {c->trial.user, "-", "ROLLBACK", "", "trial ended"};
	struct store *whole = store_new();
	int r = load_point(c, c->trial.back_to_id, whole, err);

	/* A full disk must not keep on what was only tried: then it goes without a point. */
	if (r == 0 && commit_replace(c, whole, &order, err) < 0)
		r = commit_start(c, whole, err);
	store_free(whole);
	if (r == 0)
		forget_trial(c);
	return r;
}

bool commit_wake(struct commit *c)
{
	if (!c->on_trial || mono_before(c->hooks.steady(c->hooks.context), c->deadline))
		return false;
	if (commit_abort(c, &c->trouble) == 0)
		return true;
	c->deadline = mono_add(c->hooks.steady(c->hooks.context), RETRY);
	return false;
}

const char *commit_trouble(const struct commit *c)
{
	return c->trouble.text;
}

mono commit_next_wake(const struct commit *c)
{
	return c->on_trial ? c->deadline : MONO_NEVER;
}
