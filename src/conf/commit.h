/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions: what a session changed is put on top of today's running configuration, checked,
 * kept durably as a point of history, and only then handed down. Trials undo themselves unless
 * confirmed. Knows command text only through its hooks.
 */
#ifndef CONF_COMMIT_H
#define CONF_COMMIT_H

#include "base/ntptime.h"
#include "conf/history.h"
#include "conf/store.h"

struct commit_hooks {
	void *context;
	void (*print)(void *context, const struct store *s, struct text *out);
	/* Fills next, which is at its defaults; 0 or negative with a sentence. */
	int (*parse)(void *context, const char *config, struct store *next, struct err *err);
	/* Cannot fail; the keys are wiped afterwards. */
	void (*apply)(void *context, const struct settings *s, const struct key *keys,
		      unsigned count);
	int64_t (*unix_s)(void *context);
	mono (*steady)(void *context);
};

/* Who asks, and what is to be remembered of it; empty texts where there is nothing. */
struct commit_order {
	const char *user;
	const char *user_intf;
	const char *type; /* as in history: CLI, ROLLBACK ... */
	const char *label;
	const char *description;
};

struct commit;

/* history and seal outlive it; seal NULL: keys are not opened and none are handed down. */
struct commit *commit_new(const struct commit_hooks *hooks, struct history *history,
			  const struct seal *seal);
void commit_free(struct commit *c);
/* Borrowed until the next commit; hold it to keep it. */
struct store *commit_running(const struct commit *c);
int64_t commit_updated_unix_s(const struct commit *c);
const char *commit_updated_by(const struct commit *c);
void commit_set_weakea(struct commit *c, bool installed);
bool commit_weakea(const struct commit *c);

/*
 * What mine changed since base, on top of running: 1 if committed, 0 if nothing differed, negative
 * with a sentence and nothing changed.
 */
MUST_CHECK int commit_run(struct commit *c, const struct store *base, const struct store *mine,
			  const struct commit_order *order, struct err *err);
/* Start-up: whole becomes running; no point of history is made. */
MUST_CHECK int commit_start(struct commit *c, const struct store *whole, struct err *err);
/* Back to a point of history, whole. Same results as commit_run. */
MUST_CHECK int commit_restore(struct commit *c, uint32_t id, const struct commit_order *order,
			      struct err *err);
/* A whole configuration from elsewhere. Same results as commit_run. */
MUST_CHECK int commit_replace(struct commit *c, const struct store *whole,
			      const struct commit_order *order, struct err *err);

#define COMMIT_TRIAL_S_DEFAULT 600

struct commit_trial {
	unsigned session;
	uint32_t seconds;
	const char *persist; /* "" none */
};

/* As commit_run, and back to what runs now unless confirmed in time. 1 also if only extended. */
MUST_CHECK int commit_try(struct commit *c, const struct store *base, const struct store *mine,
			  const struct commit_order *order, const struct commit_trial *trial,
			  struct err *err);
bool commit_on_trial(const struct commit *c);
unsigned commit_trial_session(const struct commit *c);
/* Which trial it is since the start, 0 without one; the same while it is only extended. */
unsigned commit_trial_number(const struct commit *c);
const char *commit_trial_persist(const struct commit *c);
span commit_trial_left(const struct commit *c);
/* 0 also without a trial; negative with a sentence: it stays on trial. */
MUST_CHECK int commit_confirm(struct commit *c, struct err *err);
/* The trial is undone now: 0, or negative with a sentence (it stays on trial). */
MUST_CHECK int commit_abort(struct commit *c, struct err *err);
/* Undoes a trial whose time is over; true if it did. */
bool commit_wake(struct commit *c);
/* Why a trial whose time is over could not be undone yet; "" if there is none such. */
const char *commit_trouble(const struct commit *c);
mono commit_next_wake(const struct commit *c);

#endif
