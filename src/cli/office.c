/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/render.h"
#include "conf/startup.h"

#define WEAKEA_NAME "weakea"

/* abort trial session names them. */
#define SESSION_ID_MAX 65535

static bool is_taken(const struct office *o, unsigned id)
{
	for (const struct session *s = o->sessions; s; s = s->next)
		if (s->id == id)
			return true;
	return commit_on_trial(o->commit) && commit_trial_session(o->commit) == id;
}

unsigned office_next_session(struct office *o)
{
	do
		o->last_session = o->last_session % SESSION_ID_MAX + 1;
	while (is_taken(o, o->last_session));
	return o->last_session;
}

int64_t office_unix_s(const struct office *o)
{
	int64_t unix_s = 0;
	int64_t ns = 0;

	o->world->wall(o->world->context, &unix_s, &ns);
	return unix_s;
}

mono office_steady(const struct office *o)
{
	return o->world->steady(o->world->context);
}

const char *office_date(int64_t unix_s, char buf[32])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, 32, "%Y-%m-%d %H:%M:%S+00:00", &tm) == 0)
		(void)snprintf(buf, 32, "-");
	return buf;
}

const char *office_sysname(const struct office *o)
{
	const char *name = store_settings(commit_running(o->commit))->sysname;

	return *name ? name : "timecast";
}

bool office_has_ifname(const struct office *o, const char *ifname)
{
	char name[SETTINGS_IFNAME_MAX];

	for (unsigned i = 0; o->world->ifname(o->world->context, i, name); i++)
		if (strcmp(name, ifname) == 0)
			return true;
	return false;
}

void office_print(const struct office *o, const struct store *s, struct text *out)
{
	render_config(o->graph, s, false, out);
}

void office_print_dated(const struct office *o, const struct store *s, bool with_defaults,
			struct text *out)
{
	char date[32];

	text_add(out, "!Software Version Timecast " TIMECAST_VERSION "\n");
	text_addf(out, "!Last configuration was updated at %s by %s\n",
		  office_date(commit_updated_unix_s(o->commit), date),
		  commit_updated_by(o->commit));
	if (o->saved_unix_s != 0)
		text_addf(out, "%s%s\n", &OFFICE_SAVED[1], office_date(o->saved_unix_s, date));
	render_config(o->graph, s, with_defaults, out);
}

/* ---- loading ---- */

/* The sentence of the first line that starts with Error. */
static void take_sentence(const struct text *reply, struct err *err)
{
	const char *at = strstr(text_chars(reply), "Error: ");
	const char *from = at ? at + 7 : text_chars(reply);

	err_set(err, "%.*s", (int)strcspn(from, "\n"), from);
}

static int parse_lines(struct session *s, const char *name, const char *config, struct err *err)
{
	struct text line = {0};
	struct text reply = {0};
	unsigned number = 0;
	int r = 0;

	for (const char *at = config; *at && r == 0;) {
		size_t len = strcspn(at, "\n");
		number++;
		text_clear(&line);
		text_clear(&reply);
		text_add_len(&line, at, len);
		session_run(s, text_chars(&line), &reply);
		if (s->failed) {
			struct err reason;
			take_sentence(&reply, &reason);
			err_set(err, "%s:%u: %s", name, number, reason.text);
			r = -EINVAL;
		}
		at += len + (at[len] == '\n');
	}
	text_fini(&line);
	text_fini(&reply);
	return r;
}

int office_parse(struct office *o, const char *name, const char *config, struct store *next,
		 struct err *err)
{
	struct session s = {
		.office = o,
		.level = SESSION_CONFIGURE,
		.loading = true,
		.view = VIEW_SYSTEM,
		.mine = next,
	};
	int r = parse_lines(&s, name, config, err);

	return r;
}

/* ---- hooks of commit.c ---- */

static void hook_print(void *context, const struct store *s, struct text *out)
{
	office_print(context, s, out);
}

static int hook_parse(void *context, const char *config, struct store *next, struct err *err)
{
	return office_parse(context, "commit point", config, next, err);
}

static void hook_apply(void *context, const struct settings *s, const struct key *keys,
		       unsigned count)
{
	struct office *o = context;

	o->world->apply(o->world->context, s, keys, count);
}

static int64_t hook_unix_s(void *context)
{
	return office_unix_s(context);
}

static mono hook_steady(void *context)
{
	return office_steady(context);
}

static void load_weakea(struct office *o)
{
	struct text t = {0};

	if (o->shelf->load(o->shelf->context, WEAKEA_NAME, &t, NULL) == 0) {
		commit_set_weakea(o->commit, true);
		o->weakea_unix_s = strtoll(text_chars(&t), NULL, 10);
	}
	text_fini(&t);
}

int office_set_weakea(struct office *o, bool installed, struct err *err)
{
	char text[32];
	int64_t now = office_unix_s(o);
	int n = snprintf(text, sizeof text, "%lld\n", (long long)now);
	int r = installed ? o->shelf->keep(o->shelf->context, WEAKEA_NAME, text, (size_t)n, err)
			  : o->shelf->drop(o->shelf->context, WEAKEA_NAME, err);

	if (r < 0)
		return r;
	commit_set_weakea(o->commit, installed);
	o->weakea_unix_s = installed ? now : 0;
	return 0;
}

int office_new(const struct world *world, const struct shelf *shelf, const struct seal *seal,
	       struct office **ret, struct err *err)
{
	struct office *o = auto_new(1, sizeof *o);
	struct commit_hooks hooks = {.context = o,
				     .print = hook_print,
				     .parse = hook_parse,
				     .apply = hook_apply,
				     .unix_s = hook_unix_s,
				     .steady = hook_steady};

	o->world = world;
	o->shelf = shelf;
	o->seal = seal;
	int r = history_new(shelf, &o->history, err);
	if (r < 0) {
		free(o);
		return r;
	}
	o->born = office_steady(o);
	o->graph = rows_hold();
	o->commit = commit_new(&hooks, o->history, seal);
	load_weakea(o);
	*ret = o;
	return 0;
}

void office_free(struct office *o)
{
	if (!o)
		return;
	while (o->sessions)
		session_free(o->sessions);
	commit_free(o->commit);
	history_free(o->history);
	rows_release();
	free(o);
}

static int load(struct office *o, const char *name, const char *config, struct err *err)
{
	struct store *whole = store_new();
	int r = office_parse(o, name, config, whole, err);

	if (r == 0)
		r = commit_start(o->commit, whole, err);
	store_free(whole);
	return r;
}

static int try_startup(void *context, const char *config, struct err *err)
{
	return load(context, STARTUP_NAME, config, err);
}

/* What was on trial when we went down was never confirmed; what is saved is older. */
static void forget_trial(struct office *o)
{
	struct history_trial trial;

	if (history_trial_load(o->history, &trial))
		(void)!history_trial_drop(o->history, NULL);
}

int office_load_startup(struct office *o, struct err *err)
{
	struct err why = {{0}};

	forget_trial(o);
	int r = startup_load(o->shelf, try_startup, o, &why);
	o->startup_refused = *why.text;
	err_set(err, "%s", why.text);
	return r;
}

int office_load_text(struct office *o, const char *name, const char *config, struct err *err)
{
	forget_trial(o);
	return load(o, name, config, err);
}

/* ---- time ---- */

static bool lock_is_idle(const struct office *o)
{
	return o->lock && o->lock_timeout.ns > 0 &&
	       !mono_before(office_steady(o), mono_add(o->lock_used, o->lock_timeout));
}

void office_wake(struct office *o)
{
	if (lock_is_idle(o))
		o->lock = NULL;
	(void)commit_wake(o->commit);
}

mono office_next_wake(const struct office *o)
{
	mono next = commit_next_wake(o->commit);

	if (o->lock && o->lock_timeout.ns > 0)
		next = mono_min(next, mono_add(o->lock_used, o->lock_timeout));
	return next;
}

const char *office_trouble(const struct office *o)
{
	return commit_trouble(o->commit);
}

bool office_is_closed_to(struct office *o, const struct session *s, struct err *err)
{
	bool shared = o->lock && o->lock_by_user && strcmp(o->lock->user, s->user) == 0;
	if (o->lock && o->lock != s && !shared) {
		err_set(err, "The configuration is locked by other user. [Session ID = %u]",
			o->lock->id);
		return true;
	}
	if (commit_on_trial(o->commit) && commit_trial_session(o->commit) != s->id) {
		err_set(err,
			"A trial configuration of session %u is running; wait until it is "
			"confirmed or aborted.",
			commit_trial_session(o->commit));
		return true;
	}
	return false;
}
