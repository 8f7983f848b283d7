/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of inspect.h about who is there, who holds the lock, and what is on trial. */
#include <string.h>

#include "cli/displays.h"
#include "cli/inside.h"
#include "cli/inspect.h"

static void put_json(json_t *j, struct text *out)
{
	displays_dump(j, out);
	json_decref(j);
}

void inspect_who_trial(struct session *s, const struct args *args, struct text *out)
{
	const struct commit *c = s->office->commit;
	bool active = commit_on_trial(c);
	long long left = (long long)((commit_trial_left(c).ns + NS_PER_S - 1) / NS_PER_S);

	(void)args;
	if (s->json) {
		const char *name = commit_trial_persist(c);
		put_json(json_pack("{s:s, s:s?, s:o}", "status", active ? "active" : "inactive",
				   "persist-id", *name ? name : NULL, "left-s",
				   active ? json_integer(left) : json_null()),
			 out);
		return;
	}
	text_addf(out, "Trial status: %s\n", active ? "ACTIVE" : "INACTIVE");
	if (*commit_trial_persist(c))
		text_addf(out, "Persist id: %s\n", commit_trial_persist(c));
	if (active)
		text_addf(out, "Trial time left (sec): %lld\n", left);
}

static json_t *lock_json(const struct office *o)
{
	const struct session *x = o->lock;
	char date[32];

	if (!x)
		return json_pack("{s:b}", "locked", 0);
	return json_pack(
		"{s:b, s:i, s:s, s:s, s:s, s:b, s:o}", "locked", 1, "session", (int)x->id,
		"user-intf", x->line, "user", x->user, "locked-time",
		office_date(o->lock_unix_s, date), "by-user-name", o->lock_by_user, "timeout-s",
		o->lock_timeout.ns > 0 ? json_integer(o->lock_timeout.ns / NS_PER_S) : json_null());
}

void inspect_who_lock(struct session *s, const struct args *args, struct text *out)
{
	const struct office *o = s->office;
	char locked[32];

	(void)args;
	if (s->json) {
		put_json(lock_json(o), out);
		return;
	}
	if (!o->lock)
		return;
	text_addf(out,
		  "User Index: %u\nUser Session Name: %s\nUser Name: %s\nIP Address: -\n"
		  "Locked Time: %s\n",
		  o->lock->id, o->lock->line, o->lock->user, office_date(o->lock_unix_s, locked));
	if (o->lock_by_user)
		text_add(out, "All sessions of this user may configure.\n");
	if (o->lock_timeout.ns > 0)
		text_addf(out,
			  "The configuration exclusive lock is given up after %lld idle "
			  "seconds.\n",
			  (long long)(o->lock_timeout.ns / NS_PER_S));
}

static const char *level_name(const struct session *s)
{
	return s->level == SESSION_LOOK ? "look" : "configure";
}

static json_t *session_json(const struct session *s, const struct session *x)
{
	char date[32];

	return json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:b, s:s}", "session", (int)x->id,
			 "user-intf", x->line, "user", x->user, "since",
			 office_date(x->since_unix_s, date), "own", x == s, "lock",
			 x == s->office->lock, "uncommitted", x->base ? 1 : 0, "level",
			 level_name(x));
}

void inspect_who_sessions(struct session *s, const struct args *args, struct text *out)
{
	const struct office *o = s->office;
	bool verbose = args_has(args, "verbose");
	json_t *rows = json_array();
	char date[32];

	for (const struct session *x = o->sessions; x; x = x->next)
		json_array_append_new(rows, session_json(s, x));
	if (s->json) {
		put_json(json_pack("{s:o}", "sessions", rows), out);
		return;
	}
	json_decref(rows);
	text_addf(out, " %-8s %-12s %-16s %-26s %s\n", "Session", "User-Intf", "User", "Date",
		  verbose ? "Lock Uncommitted Level" : "Lock");
	for (const struct session *x = o->sessions; x; x = x->next) {
		const char *lock = x == o->lock ? "Yes" : "No";
		text_addf(out, "%c%-8u %-12s %-16s %-26s ", x == s ? '*' : ' ', x->id, x->line,
			  x->user, office_date(x->since_unix_s, date));
		if (verbose)
			text_addf(out, "%-4s %-11s %s\n", lock, x->base ? "Yes" : "No",
				  level_name(x));
		else
			text_addf(out, "%s\n", lock);
	}
}

void inspect_who_rollback(struct session *s, const struct args *args, struct text *out)
{
	const char *why = s->office->rollback_error.text;

	(void)args;
	if (s->json)
		put_json(json_pack("{s:s?}", "commit-error", *why ? why : NULL), out);
	else if (*why)
		text_addf(out, "!commit error information\n%s\n", why);
}
