/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/operate.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include <jansson.h>

#include "cli/displays.h"
#include "cli/inside.h"
#include "cli/transaction.h"
#include "conf/startup.h"

#define PACKAGE "WEAKEA"

/* ---- views ---- */

void operate_system_view(struct session *s, const struct args *args, struct text *out)
{
	if (s->loading)
		return;
	s->immediate = args_has(args, "immediately");
	if (s->interactive && s->view == VIEW_USER)
		s->refused = false;
	s->view = VIEW_SYSTEM;
	text_add(out, "Enter system view, return user view with return command.\n");
}

void operate_interface(struct session *s, const struct args *args, struct text *out)
{
	char ifname[SETTINGS_IFNAME_MAX];

	if (!ifname_typed(s, args, ifname, out))
		return;
	memcpy(s->ifname, ifname, sizeof ifname);
	s->view = VIEW_INTERFACE;
	if (!s->loading && !office_has_ifname(s->office, ifname))
		text_addf(out,
			  "Warning: There is no interface %s now; what is configured here takes "
			  "effect when it appears.\n",
			  ifname);
}

static void leave_answer(struct session *s, char answer, struct text *out)
{
	if (answer == 'c')
		return;
	if (answer == 'y' && !transaction_commit(s, out))
		return;
	session_drop(s);
	session_leave_to(s, VIEW_USER);
}

static void leave(struct session *s, struct text *out)
{
	if (!s->base) {
		session_leave_to(s, VIEW_USER);
		return;
	}
	/* Nobody is there to say no to half of what was meant. */
	if (s->machine && s->refused) {
		session_refuse(s, out,
			       "The uncommitted configurations were dropped, because an earlier "
			       "line was refused.");
		leave_answer(s, 'n', out);
		return;
	}
	session_ask(s,
		    "Warning: Uncommitted configurations found. Are you sure to commit them before "
		    "exiting? [Y(yes)/N(no)/C(cancel)]:",
		    true, leave_answer, out);
}

void operate_quit(struct session *s, const struct args *args, struct text *out)
{
	(void)args;
	if (s->view & VIEW_INNER)
		session_leave_to(s, VIEW_SYSTEM);
	else if (s->loading)
		return;
	else if (s->view == VIEW_SYSTEM)
		leave(s, out);
	else
		s->over = true;
}

void operate_return(struct session *s, const struct args *args, struct text *out)
{
	(void)args;
	if (s->loading)
		session_leave_to(s, VIEW_SYSTEM);
	else if (s->view != VIEW_USER)
		leave(s, out);
}

void operate_run(struct session *s, const struct args *args, struct text *out)
{
	char line[MATCH_LINE_MAX + 1];
	const char *command = args_text(args, "command");

	if (strncasecmp(command, "rollback", strcspn(command, " ")) == 0 &&
	    strcspn(command, " ") >= 2) {
		session_refuse(s, out,
			       "A rollback cannot be run from another view; type it "
			       "without run.");
		return;
	}
	size_t column = s->office->match.token_count > 1 ? s->office->match.tokens[1].at : 0;

	(void)snprintf(line, sizeof line, "%s", command);
	if (s->interactive)
		column += strlen(session_prompt(s));
	session_run_in(s, VIEW_USER, line, column, out);
}

/* ---- terminal ---- */

void operate_screen_length(struct session *s, const struct args *args, struct text *out)
{
	s->screen_length = (unsigned)args_number(args, "screen-lines", 24);
	text_add(out, "Info: The configuration takes effect on the current user terminal interface "
		      "only.\n");
}

void operate_machine(struct session *s, const struct args *args, struct text *out)
{
	(void)out;
	s->machine = !args_has(args, "undo");
}

void operate_nothing(struct session *s, const struct args *args, struct text *out)
{
	(void)s;
	(void)args;
	(void)out;
}

void operate_reset_statistics(struct session *s, const struct args *args, struct text *out)
{
	(void)args;
	(void)out;
	s->office->world->reset_counters(s->office->world->context);
}

void operate_display_history(struct session *s, const struct args *args, struct text *out)
{
	json_t *rows = json_array();

	(void)args;
	for (unsigned i = 0; i < INSIDE_HISTORY && s->typed[i]; i++) {
		json_array_append_new(rows, json_string(s->typed[i]));
		if (!s->json)
			text_addf(out, "  %s\n", s->typed[i]);
	}
	json_t *data = json_pack("{s:o}", "commands", rows);
	if (s->json)
		displays_dump(data, out);
	json_decref(data);
}

void operate_timestamp(struct session *s, const struct args *args, struct text *out)
{
	(void)out;
	s->dated = !args_has(args, "undo");
}

void operate_print_time(const struct session *s, struct text *out)
{
	const struct world *w = s->office->world;
	int64_t unix_s = 0;
	int64_t ns = 0;
	char date[32];

	w->wall(w->context, &unix_s, &ns);
	text_addf(out, "%.19s.%03d\n", office_date(unix_s, date), (int)(ns / NS_PER_MS));
}

void operate_display_version(struct session *s, const struct args *args, struct text *out)
{
	int64_t up = mono_sub(office_steady(s->office), s->office->born).ns / NS_PER_S;

	(void)args;
	if (s->json) {
		json_t *j = json_pack("{s:s, s:s, s:s, s:I}", "product", "Timecast", "version",
				      TIMECAST_VERSION, "hostname", office_sysname(s->office),
				      "uptime-s", (json_int_t)up);
		displays_dump(j, out);
		json_decref(j);
		return;
	}
	text_add(out, "Timecast Software, Version " TIMECAST_VERSION "\n");
	text_add(out, "NTP multicast and manycast for Linux\n");
	text_addf(out, "%s uptime is %lld days, %lld hours, %lld minutes\n",
		  office_sysname(s->office), (long long)(up / 86400), (long long)(up / 3600 % 24),
		  (long long)(up / 60 % 60));
}

/* ---- feature packages ---- */

static bool knows_package(struct session *s, const struct args *args, struct text *out)
{
	const char *name = args_text(args, "package-name");

	if (strcmp(name, PACKAGE) == 0)
		return true;
	session_refuse(s, out, "There is no package %s. Available: " PACKAGE ".", name);
	return false;
}

void operate_install(struct session *s, const struct args *args, struct text *out)
{
	struct err err;

	if (!knows_package(s, args, out))
		return;
	if (commit_weakea(s->office->commit)) {
		text_add(out, "Info: The package " PACKAGE " is installed already.\n");
		return;
	}
	text_add(out, "Info: Checking, please wait for a moment...done.\n"
		      "Info: Start to install the package " PACKAGE ".\n"
		      "Info: Operating, please wait for a moment...");
	if (office_set_weakea(s->office, true, &err) < 0) {
		text_add(out, "\n");
		session_refuse(s, out, "%s", err.text);
		return;
	}
	text_add(out, "done.\nInfo: Succeeded in installing the software.\n");
}

static bool has_weak_key(const struct store *s, uint32_t *ret_id)
{
	const struct settings *settings = store_settings(s);

	for (unsigned i = 0; i < settings->key_count; i++) {
		if (settings->keys[i].algorithm != KEY_MD5)
			continue;
		*ret_id = settings->keys[i].id;
		return true;
	}
	return false;
}

/* What is saved must start again; what does not read today is no reason to keep the package. */
static bool is_saved_with_weak_key(struct session *s, uint32_t *ret_id)
{
	const struct shelf *shelf = s->office->shelf;
	struct store *saved = store_new();
	struct text config = {0};
	struct err err;
	bool weak = shelf->load(shelf->context, STARTUP_NAME, &config, NULL) == 0 &&
		    office_parse(s->office, STARTUP_NAME, text_chars(&config), saved, &err) == 0 &&
		    has_weak_key(saved, ret_id);

	text_fini(&config);
	store_free(saved);
	return weak;
}

/* Nothing that runs, that is saved, or that may run again when a trial ends needs it. */
static bool may_uninstall(struct session *s, struct text *out)
{
	uint32_t id;

	if (!transaction_is_settled(s, out))
		return false;
	if (has_weak_key(commit_running(s->office->commit), &id))
		session_refuse(s, out,
			       "The package " PACKAGE " is in use by authentication key %u (md5); "
			       "remove that key first.",
			       id);
	else if (is_saved_with_weak_key(s, &id))
		session_refuse(s, out,
			       "The saved configuration needs the package " PACKAGE
			       " for authentication key %u (md5); save one without that key first.",
			       id);
	else
		return true;
	return false;
}

static void uninstall_answer(struct session *s, char answer, struct text *out)
{
	struct err err;

	if (answer != 'y' || !may_uninstall(s, out))
		return;
	text_add(out, "Info: Checking, please wait for a moment...done.\n"
		      "Info: Start to uninstall the package " PACKAGE ".\n"
		      "Info: Operating, please wait for a moment...");
	if (office_set_weakea(s->office, false, &err) < 0) {
		text_add(out, "\n");
		session_refuse(s, out, "%s", err.text);
		return;
	}
	text_add(out, "done.\nInfo: Succeeded in uninstalling the software.\n");
}

void operate_uninstall(struct session *s, const struct args *args, struct text *out)
{
	if (!knows_package(s, args, out))
		return;
	if (!commit_weakea(s->office->commit)) {
		text_add(out, "Info: The package " PACKAGE " is not installed.\n");
		return;
	}
	if (!may_uninstall(s, out))
		return;
	session_ask(s,
		    "Warning: This will uninstall the package " PACKAGE ", Continue? [Y/N]:", false,
		    uninstall_answer, out);
}

void operate_display_features(struct session *s, const struct args *args, struct text *out)
{
	bool installed = commit_weakea(s->office->commit);
	char date[32];
	static const char rule[] =
		"----------------------------------------------------------------"
		"------------\n";

	(void)args;
	if (s->json) {
		(void)office_date(s->office->weakea_unix_s, date);
		json_t *j = json_pack("{s:[{s:s, s:b, s:s, s:s?}]}", "packages", "name", PACKAGE,
				      "installed", installed, "version", TIMECAST_VERSION,
				      "activated-time", installed ? date : NULL);
		displays_dump(j, out);
		json_decref(j);
		return;
	}
	if (installed)
		(void)office_date(s->office->weakea_unix_s, date);
	else
		(void)snprintf(date, sizeof date, "-");
	text_add(out, rule);
	text_addf(out, "%-12s %-12s %-9s %-9s %s\n", "FeatureName", "Location", "Status", "Version",
		  "ActivatedTime");
	text_add(out, rule);
	text_addf(out, "%-12s %-12s %-9s %-9s %s\n", PACKAGE, "weakea.cc",
		  installed ? "active" : "deactive", TIMECAST_VERSION, date);
	text_add(out, rule);
}
