/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/filing.h"
#include "cli/inside.h"
#include "cli/render.h"
#include "conf/startup.h"

/* ---- commit ---- */

static struct commit_order order_of(const struct session *s, const char *type)
{
	return (struct commit_order){s->user, s->line, type, "", ""};
}

static bool is_open(struct session *s, struct text *out)
{
	struct err err;

	if (!office_is_closed_to(s->office, s, &err))
		return true;
	session_refuse(s, out, "%s", err.text);
	return false;
}

bool transaction_is_settled(struct session *s, struct text *out)
{
	if (!commit_on_trial(s->office->commit))
		return true;
	session_refuse(s, out, "A trial configuration is running; commit or abort it first.");
	return false;
}

/* The work of a session without any is nothing on top of running. */
static int commit_work(struct session *s, const struct commit_order *order,
		       const struct commit_trial *trial, struct text *out)
{
	struct commit *c = s->office->commit;
	const struct store *base = s->base ? s->base : commit_running(c);
	const struct store *mine = s->mine ? s->mine : commit_running(c);
	bool stale = s->base && s->base != commit_running(c);
	struct err err;
	int r = trial ? commit_try(c, base, mine, order, trial, &err)
		      : commit_run(c, base, mine, order, &err);

	if (r < 0) {
		session_refuse(s, out, "%s", err.text);
		if (stale)
			text_add(out,
				 "Commit canceled, the configuration conflicted with other user.\n"
				 "Correct it and commit again, or drop it with clear configuration "
				 "candidate.\n");
		return r;
	}
	session_drop(s);
	return r;
}

/* If a trial is running, it is one no more. */
static bool confirm(struct session *s, struct text *out)
{
	struct err err;

	if (commit_confirm(s->office->commit, &err) == 0)
		return true;
	session_refuse(s, out, "The configuration stays on trial; it cannot be confirmed: %s",
		       err.text);
	return false;
}

bool transaction_commit(struct session *s, struct text *out)
{
	struct commit_order order = order_of(s, "CLI");

	return is_open(s, out) && commit_work(s, &order, NULL, out) >= 0 && confirm(s, out);
}

static bool is_label_free(struct session *s, const char *label, struct text *out)
{
	struct history_point p;

	if (*label == '\0' || !history_find_label(s->office->history, label, &p))
		return true;
	session_refuse(s, out, "The label %s names commit %u already; choose another.", label,
		       p.id);
	return false;
}

static void try_commit(struct session *s, const struct commit_order *order,
		       const struct commit_trial *trial, struct text *out)
{
	int r = commit_work(s, order, trial, out);

	if (r < 0)
		return;
	if (r == 0) {
		text_add(out, "Info: Nothing is pending; there is nothing to try.\n");
		return;
	}
	text_addf(out,
		  "Info: The system enters the trial configuration mode.\n"
		  "Info: The configuration is undone after %u seconds unless it is committed.\n",
		  trial->seconds);
}

/* commit persist P: the trial of that name is confirmed by whoever knows the name. */
static void confirm_persist(struct session *s, const char *name, struct text *out)
{
	struct commit *c = s->office->commit;

	if (!commit_on_trial(c) || strcmp(commit_trial_persist(c), name) != 0) {
		session_refuse(s, out, "No trial of the name %s is running.", name);
		return;
	}
	(void)confirm(s, out);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void transaction_run_commit(struct session *s, const struct args *args, struct text *out)
{
	struct commit_order order = order_of(s, "CLI");
	const char *persist = or_empty(args_text(args, "persist-id"));
	bool trial = args_has(args, "trial");

	if (s->loading)
		return;
	order.label = or_empty(args_text(args, "label"));
	order.description = or_empty(args_text(args, "description"));
	if (!trial && *persist) {
		confirm_persist(s, persist, out);
		return;
	}
	if (!is_open(s, out) || !is_label_free(s, order.label, out))
		return;
	if (trial) {
		struct commit_trial t = {.session = s->id,
					 .seconds = (uint32_t)args_number(args, "trial-time",
									  COMMIT_TRIAL_S_DEFAULT),
					 .persist = persist};
		try_commit(s, &order, &t, out);
		return;
	}
	int r = commit_work(s, &order, NULL, out);
	if (r >= 0 && !confirm(s, out))
		return;
	if (r == 0 && *order.label)
		text_add(out, "Info: Nothing is pending; no commit was labelled.\n");
}

static void abort_answer(struct session *s, char answer, struct text *out)
{
	struct err err;

	if (answer != 'y')
		return;
	if (commit_trial_number(s->office->commit) != s->asked_id)
		session_refuse(s, out, "The trial configuration that was to be undone is over.");
	else if (commit_abort(s->office->commit, &err) < 0)
		session_refuse(s, out, "%s", err.text);
	else
		text_add(out, "Info: The trial configuration rollback succeeded.\n");
}

void transaction_abort_trial(struct session *s, const struct args *args, struct text *out)
{
	struct commit *c = s->office->commit;
	const char *persist = args_text(args, "persist-id");
	uint64_t session = args_number(args, "session-id", s->id);

	if (!commit_on_trial(c)) {
		session_refuse(s, out, "No trial configuration is running.");
	} else if (persist ? strcmp(persist, commit_trial_persist(c)) != 0
			   : session != commit_trial_session(c)) {
		session_refuse(s, out,
			       "The trial that is running belongs to session %u; name it with "
			       "abort trial session %u.",
			       commit_trial_session(c), commit_trial_session(c));
	} else {
		s->asked_id = commit_trial_number(c);
		session_ask(s, "Warning: The trial configuration will be undone. Continue? [Y/N]:",
			    false, abort_answer, out);
	}
}

/* ---- the candidate ---- */

void transaction_clear(struct session *s, const struct args *args, struct text *out)
{
	(void)args;
	(void)out;
	session_drop(s);
	if (s->view & VIEW_INNER)
		session_leave_to(s, VIEW_SYSTEM);
}

struct conflict {
	struct session *session;
	struct edit mine;
	struct text *out;
	unsigned named;
};

static void compare_conflict(void *context, const struct edit *theirs)
{
	struct conflict *c = context;

	if (!store_same_item(&c->mine, theirs) || c->named++ >= INSIDE_EDITS_NAMED)
		return;
	text_add(c->out, "Info: Another session changed the same: ");
	if (theirs->object == EDIT_ROLE)
		text_addf(c->out, "interface %s, ", theirs->value.role.ifname);
	if (theirs->object == EDIT_RECEIVE)
		text_addf(c->out, "interface %s, ", theirs->value.receive.ifname);
	struct text line = {0};
	render_edit(c->session->office->graph, theirs, &line);
	text_addf(c->out, "%s\n", text_chars(&line));
	text_fini(&line);
}

static void name_conflict(void *context, const struct edit *mine)
{
	struct conflict *c = context;

	if (c->named >= INSIDE_EDITS_NAMED)
		return;
	c->mine = *mine;
	store_diff(c->session->base, commit_running(c->session->office->commit), compare_conflict,
		   c);
}

void transaction_refresh(struct session *s, const struct args *args, struct text *out)
{
	struct store *running = commit_running(s->office->commit);
	struct conflict conflict = {.session = s, .out = out};
	struct err err;

	(void)args;
	if (!s->base || s->base == running)
		return;
	struct store *next = store_dup(running);
	if (store_rebase(next, s->base, s->mine, &err) < 0) {
		store_free(next);
		session_refuse(s, out, "%s", err.text);
		return;
	}
	store_diff(s->base, s->mine, name_conflict, &conflict);
	session_drop(s);
	if (!store_differs(running, next)) {
		store_free(next);
		return;
	}
	s->base = store_hold(running);
	s->mine = next;
}

static void clear_interface_answer(struct session *s, char answer, struct text *out)
{
	const struct settings *running = store_settings(commit_running(s->office->commit));
	struct commit_order order = order_of(s, "CLI");
	struct err err;

	if (answer != 'y' || !is_open(s, out) || !transaction_is_settled(s, out))
		return;
	struct store *next = store_dup(commit_running(s->office->commit));
	unsigned i = store_first_role(running, s->asked_name);
	for (; i < running->role_count && strcmp(running->roles[i].ifname, s->asked_name) == 0;
	     i++) {
		struct edit e = {.object = EDIT_ROLE, .undo = true};
		memcpy(&e.value.role, &running->roles[i], sizeof e.value.role);
		if (store_edit(next, &e, &err) < 0)
			session_refuse(s, out, "%s", err.text);
	}
	for (i = 0; i < running->receive_count; i++) {
		struct edit e = {.object = EDIT_RECEIVE, .undo = true};
		memcpy(&e.value.receive, &running->receives[i], sizeof e.value.receive);
		if (strcmp(e.value.receive.ifname, s->asked_name) == 0 &&
		    store_edit(next, &e, &err) < 0)
			session_refuse(s, out, "%s", err.text);
	}
	if (commit_replace(s->office->commit, next, &order, &err) < 0)
		session_refuse(s, out, "%s", err.text);
	store_free(next);
}

void transaction_clear_interface(struct session *s, const struct args *args, struct text *out)
{
	char ifname[SETTINGS_IFNAME_MAX];
	char question[160];

	if (!ifname_typed(s, args, ifname, out) || !transaction_is_settled(s, out))
		return;
	memcpy(s->asked_name, ifname, sizeof ifname);
	(void)snprintf(question, sizeof question,
		       "Warning: All configurations of the interface %s will be removed at once. "
		       "Continue? [Y/N]:",
		       ifname);
	session_ask(s, question, false, clear_interface_answer, out);
}

/* ---- rolling back ---- */

static void rollback_done(struct session *s, int r, const struct err *err, struct text *out)
{
	s->office->rollback_error.text[0] = '\0';
	if (r < 0) {
		s->office->rollback_error = *err;
		session_refuse(s, out, "%s", err->text);
		return;
	}
	text_add(out, "Checking changes...\nLoading rollback changes\nCommitting\n"
		      "Check rollback result\nConfiguration rollback succeeded.\n"
		      "To see what changed, type display configuration commit changes last 1.\n");
}

static void rollback_answer(struct session *s, char answer, struct text *out)
{
	struct commit_order order = order_of(s, "ROLLBACK");
	struct err err;

	if (answer != 'y' || !is_open(s, out))
		return;
	int r = commit_restore(s->office->commit, s->asked_id, &order, &err);
	if (r >= 0 && !confirm(s, out))
		return;
	rollback_done(s, r, &err, out);
}

static void rollback_file_answer(struct session *s, char answer, struct text *out)
{
	struct commit_order order = order_of(s, "ROLLBACK");
	const struct shelf *shelf = s->office->shelf;
	struct text config = {0};
	struct err err;

	if (answer != 'y' || !is_open(s, out))
		return;
	struct store *whole = store_new();
	int r = shelf->load(shelf->context, s->asked_name, &config, &err);
	if (r == 0 && text_has_nul(&config)) {
		err_set(&err, "%s: it has a NUL octet", s->asked_name);
		r = -EINVAL;
	}
	if (r == 0)
		r = office_parse(s->office, s->asked_name, text_chars(&config), whole, &err);
	if (r == 0)
		r = commit_replace(s->office->commit, whole, &order, &err);
	if (r < 0 || confirm(s, out))
		rollback_done(s, r, &err, out);
	store_free(whole);
	text_fini(&config);
}

static bool find_point(struct session *s, const struct args *args, struct history_point *p,
		       struct text *out)
{
	const struct history *h = s->office->history;
	const char *label = args_text(args, "label");
	unsigned id = (unsigned)args_number(args, "commit-id", 0);
	unsigned last = (unsigned)args_number(args, "count", 0);

	if (label && !history_find_label(h, label, p)) {
		session_refuse(s, out, "No commit has the label %s.", label);
		return false;
	}
	if (id != 0 && !history_find_id(h, id, p)) {
		session_refuse(s, out,
			       "There is no commit %u; see display configuration commit "
			       "list.",
			       id);
		return false;
	}
	if (last != 0 && !history_point(h, last, p)) {
		session_refuse(s, out,
			       "There are not that many commits; see display configuration "
			       "commit list.");
		return false;
	}
	return true;
}

void transaction_rollback(struct session *s, const struct args *args, struct text *out)
{
	const char *file = args_text(args, "file-name");
	struct history_point p = {0};
	char question[160];

	if (s->base) {
		session_refuse(s, out,
			       "There are uncommitted changes; commit them or clear the "
			       "candidate first.");
		return;
	}
	if (file) {
		if (!filing_accepts(s, file, out) || !filing_exists(s, file, out))
			return;
		(void)snprintf(s->asked_name, sizeof s->asked_name, "%s", file);
		(void)snprintf(question, sizeof question,
			       "Warning: The running configuration will become that of %s. "
			       "Continue? [Y/N]:",
			       s->asked_name);
		session_ask(s, question, false, rollback_file_answer, out);
		return;
	}
	if (!find_point(s, args, &p, out))
		return;
	s->asked_id = p.id;
	(void)snprintf(question, sizeof question,
		       "Warning: The running configuration will become that of commit %u. "
		       "Continue? [Y/N]:",
		       p.id);
	session_ask(s, question, false, rollback_answer, out);
}

/* ---- lock ---- */

#define LOCK_TIMEOUT_S 30

void transaction_lock(struct session *s, const struct args *args, struct text *out)
{
	struct office *o = s->office;

	if (!is_open(s, out))
		return;
	o->lock = s;
	o->lock_by_user = args_has(args, "by-user-name");
	o->lock_unix_s = office_unix_s(o);
	o->lock_used = office_steady(o);
	o->lock_timeout = SPAN_S((int64_t)args_number(args, "timeout-value", LOCK_TIMEOUT_S));
}

void transaction_unlock(struct session *s, const struct args *args, struct text *out)
{
	(void)args;
	if (s->office->lock && s->office->lock != s)
		(void)is_open(s, out);
	else
		s->office->lock = NULL;
}

/* ---- saving ---- */

/* What is on trial must not survive a restart. */
static bool may_save(struct session *s, struct text *out)
{
	if (!commit_on_trial(s->office->commit))
		return true;
	session_refuse(s, out,
		       "A trial configuration is running; commit or abort it before saving.");
	return false;
}

static void save_answer(struct session *s, char answer, struct text *out)
{
	struct office *o = s->office;
	struct text config = {0};
	struct err err;
	bool named = *s->asked_name && strcmp(s->asked_name, STARTUP_NAME) != 0;

	if (answer != 'y' || !may_save(s, out))
		return;
	int64_t before = o->saved_unix_s;
	o->saved_unix_s = office_unix_s(o);
	office_print_dated(o, commit_running(o->commit), false, &config);
	int r = named ? o->shelf->keep(o->shelf->context, s->asked_name, text_chars(&config),
				       config.len, &err)
		: o->startup_refused ? startup_replace_refused(o->shelf, text_chars(&config), &err)
				     : startup_save(o->shelf, text_chars(&config), &err);
	text_fini(&config);
	if (r >= 0 && !named)
		o->startup_refused = false;
	if (r < 0 || named)
		o->saved_unix_s = before;
	if (r < 0) {
		session_refuse(s, out, "%s", err.text);
		return;
	}
	text_add(out, "Info: Save the configuration successfully.\n");
}

void transaction_save(struct session *s, const struct args *args, struct text *out)
{
	const char *file = args_text(args, "file-name");
	char question[160];

	if (file && !filing_accepts(s, file, out))
		return;
	if (!may_save(s, out))
		return;
	(void)snprintf(s->asked_name, sizeof s->asked_name, "%s", file ? file : "");
	if (file)
		(void)snprintf(question, sizeof question,
			       "Warning: Are you sure to save the configuration to %s? "
			       "Continue? [Y/N]:",
			       s->asked_name);
	session_ask(s,
		    file ? question
			 : "Warning: The current configuration will be written to the device. "
			   "Continue? [Y/N]:",
		    false, save_answer, out);
}

/* ---- labels ---- */

void transaction_set_label(struct session *s, const struct args *args, struct text *out)
{
	struct history_point p = {0};
	struct err err;
	const char *label = args_text(args, "new-label");

	if (!find_point(s, args, &p, out) || !is_label_free(s, label, out))
		return;
	if (history_set_label(s->office->history, p.id, label, &err) < 0)
		session_refuse(s, out, "%s", err.text);
}

static void clear_label_answer(struct session *s, char answer, struct text *out)
{
	struct err err;

	if (answer == 'y' && history_set_label(s->office->history, s->asked_id, "", &err) < 0)
		session_refuse(s, out, "%s", err.text);
}

void transaction_clear_label(struct session *s, const struct args *args, struct text *out)
{
	struct history_point p = {0};
	char question[120];

	if (!find_point(s, args, &p, out))
		return;
	s->asked_id = p.id;
	(void)snprintf(question, sizeof question,
		       "Warning: The label of commit %u will be removed. Continue? [Y/N]:", p.id);
	session_ask(s, question, false, clear_label_answer, out);
}

static void forget_answer(struct session *s, char answer, struct text *out)
{
	struct err err;

	if (answer == 'y' && transaction_is_settled(s, out) &&
	    history_drop_oldest(s->office->history, s->asked_id, &err) < 0)
		session_refuse(s, out, "%s", err.text);
}

void transaction_forget(struct session *s, const struct args *args, struct text *out)
{
	char question[120];

	if (!transaction_is_settled(s, out))
		return;
	s->asked_id = (uint32_t)args_number(args, "count", 0);
	(void)snprintf(question, sizeof question,
		       "Warning: The oldest commits, %u of them, will be forgotten. Continue? "
		       "[Y/N]:",
		       s->asked_id);
	session_ask(s, question, false, forget_answer, out);
}
