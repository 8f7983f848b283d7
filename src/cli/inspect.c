/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "cli/difference.h"
#include "cli/displays.h"
#include "cli/excerpt.h"
#include "cli/filing.h"
#include "cli/inside.h"
#include "cli/lists.h"
#include "cli/render.h"
#include "conf/block.h"
#include "conf/startup.h"

static void put_json(json_t *j, struct text *out)
{
	displays_dump(j, out);
	json_decref(j);
}

static const struct store *running_of(const struct session *s)
{
	return commit_running(s->office->commit);
}

/* ---- running ---- */

static bool is_same(const void *context, const char *ifname)
{
	return strcmp(context, ifname) == 0;
}

static bool is_any(const void *context, const char *ifname)
{
	(void)context;
	(void)ifname;
	return true;
}

/* Nothing of it takes effect now. */
static bool is_absent(const void *context, const char *ifname)
{
	return !office_has_ifname(context, ifname);
}

/* A part that is outside interfaces, or only interfaces. */
static void put_part(struct session *s, struct store *part, bool defaults, struct text *out)
{
	const struct settings *settings = store_settings(part);

	if (s->json)
		put_json(render_json(part), out);
	else
		text_add(out, "#\n");
	for (const char *at = s->json ? NULL : block_next_ifname(settings, ""); at;
	     at = block_next_ifname(settings, at)) {
		render_interface(s->office->graph, part, at, defaults, out);
		text_add(out, "#\n");
	}
	if (!s->json)
		text_add(out, "return\n");
	store_free(part);
}

static void put_globals(struct session *s, bool defaults, struct text *out)
{
	struct store *part = excerpt_globals(running_of(s));

	if (s->json)
		put_json(render_json(part), out);
	else
		render_config(s->office->graph, part, defaults, out);
	store_free(part);
}

/* Lines of an interface that is not there have an asterisk in their first column. */
static void print_block(struct session *s, bool defaults, struct text *out)
{
	bool absent = !office_has_ifname(s->office, s->ifname);
	struct text block = {0};

	render_interface(s->office->graph, running_of(s), s->ifname, defaults, &block);
	for (char *at = block.chars; absent && at && *at; at++)
		if (*at == ' ' && at[-1] == '\n')
			*at = '*';
	text_add(out, text_chars(&block));
	if (block.len > 0)
		text_add(out, "#\n");
	text_fini(&block);
}

void inspect_this(struct session *s, const struct args *args, struct text *out)
{
	bool defaults = args_has(args, "include-default");

	if (s->json && s->view == VIEW_SYSTEM) {
		put_globals(s, false, out);
		return;
	}
	if (s->json && (s->view & VIEW_ACL)) {
		lists_print(s, out);
		return;
	}
	if (s->json) {
		put_part(s, excerpt_interfaces(running_of(s), is_same, s->ifname), false, out);
		return;
	}
	text_add(out, "#\n");
	if (s->view == VIEW_SYSTEM)
		render_global(s->office->graph, running_of(s), defaults, out);
	else if (s->view == VIEW_INTERFACE)
		print_block(s, defaults, out);
	else if (s->view & VIEW_ACL)
		lists_print(s, out);
	text_add(out, "return\n");
}

void inspect_current(struct session *s, const struct args *args, struct text *out)
{
	const struct store *running = running_of(s);
	bool interface = args_has(args, "interface");
	bool defaults = args_has(args, "include-default");
	char ifname[SETTINGS_IFNAME_MAX];

	if (args_has(args, "inactive"))
		put_part(s, excerpt_interfaces(running, is_absent, s->office), defaults, out);
	else if (args_has(args, "system"))
		put_globals(s, defaults, out);
	else if (interface && args_has(args, "configuration"))
		put_part(s, excerpt_interfaces(running, is_any, NULL), defaults, out);
	else if (interface && ifname_typed(s, args, ifname, out))
		put_part(s, excerpt_interfaces(running, is_same, ifname), defaults, out);
	else if (interface)
		return;
	else if (s->json)
		put_json(render_json(running), out);
	else
		office_print_dated(s->office, running, defaults, out);
}

/* ---- files ---- */

static bool load(struct session *s, const char *name, struct text *ret, struct text *out)
{
	const struct shelf *shelf = s->office->shelf;
	struct err err;

	if (shelf->load(shelf->context, name, ret, &err) == 0)
		return true;
	session_refuse(s, out, "There is no saved configuration %s.", name);
	return false;
}

void inspect_saved(struct session *s, const struct args *args, struct text *out)
{
	struct text config = {0};

	if (!load(s, STARTUP_NAME, &config, out)) {
		text_fini(&config);
		return;
	}
	const char *at = args_has(args, "time") ? strstr(text_chars(&config), OFFICE_SAVED) : NULL;
	if (at)
		text_addf(out, "%.*s\n", (int)strcspn(at + 2, "\n"), at + 2);
	else if (!args_has(args, "time"))
		text_add(out, text_chars(&config));
	text_fini(&config);
}

static const char *file_of(struct session *s, const struct args *args, struct text *out)
{
	const char *before = args_text(args, "old-file");
	const char *name = before ? before : args_text(args, "file-name");

	if (!name)
		return STARTUP_NAME;
	return filing_accepts(s, name, out) ? name : NULL;
}

void inspect_file(struct session *s, const struct args *args, struct text *out)
{
	const char *name = file_of(s, args, out);
	struct text config = {0};

	if (name && load(s, name, &config, out))
		text_add(out, text_chars(&config));
	text_fini(&config);
}

/* What leads from what is saved to what runs, or the other way if running is named first. */
void inspect_changes(struct session *s, const struct args *args, struct text *out)
{
	const struct history *h = s->office->history;
	bool running_first = args_text(args, "file-name") || args_text(args, "label");
	const char *before = args_text(args, "old-label");
	const char *label = before ? before : args_text(args, "label");
	const char *name = label ? NULL : file_of(s, args, out);
	struct history_point p;
	struct text saved = {0};
	struct text running = {0};
	struct err err;
	bool found = false;

	if (name) {
		found = load(s, name, &saved, out);
	} else if (label && !history_find_label(h, label, &p)) {
		session_refuse(s, out, "No commit has the label %s.", label);
	} else if (label) {
		found = history_text(h, p.id, &saved, &err) == 0;
		if (!found)
			session_refuse(s, out, "%s", err.text);
	}
	if (found) {
		office_print(s->office, running_of(s), &running);
		text_add(out, "Building configuration\n");
		if (running_first)
			(void)difference_print(text_chars(&running), text_chars(&saved), out);
		else
			(void)difference_print(text_chars(&saved), text_chars(&running), out);
	}
	text_fini(&saved);
	text_fini(&running);
}

void inspect_compare(struct session *s, const struct args *args, struct text *out)
{
	const char *name = file_of(s, args, out);
	struct text saved = {0};
	struct text running = {0};

	if (name && load(s, name, &saved, out)) {
		office_print(s->office, running_of(s), &running);
		text_add(out, "Building configuration...\n");
		struct text shown = {0};
		if (difference_first(text_chars(&running), text_chars(&saved), &shown))
			text_addf(out,
				  "Warning: The current configuration is not the same as the "
				  "saved one.\n%s",
				  text_chars(&shown));
		else
			text_add(out, "Info: The current configuration is the same as the saved "
				      "one.\n");
		text_fini(&shown);
	}
	text_fini(&saved);
	text_fini(&running);
}

/* ---- candidate ---- */

void inspect_candidate(struct session *s, const struct args *args, struct text *out)
{
	const struct store *running = running_of(s);
	const struct store *base = s->base ? s->base : running;
	struct text before = {0};
	struct text after = {0};
	struct err err;

	if (!args_has(args, "merge") && !args_has(args, "changes") && !s->json) {
		render_changes(s->office->graph, base, s->mine ? s->mine : base, out);
		return;
	}
	struct store *merged = store_dup(running);
	if (s->mine && store_rebase(merged, base, s->mine, &err) < 0) {
		session_refuse(s, out, "%s", err.text);
	} else if (s->json) {
		put_json(render_json(merged), out);
	} else if (args_has(args, "merge")) {
		office_print(s->office, merged, out);
	} else {
		office_print(s->office, running, &before);
		office_print(s->office, merged, &after);
		text_add(out, "Building configuration\n");
		if (base != running)
			text_add(out, "Warning: Another session has changed the running "
				      "configuration; type refresh configuration candidate, or "
				      "commit.\n");
		(void)difference_print(text_chars(&before), text_chars(&after), out);
	}
	text_fini(&before);
	text_fini(&after);
	store_free(merged);
}

/* ---- history ---- */

static void list_json(const struct history *h, unsigned most, const char *label, struct text *out)
{
	struct history_point p;
	char date[32];
	json_t *rows = json_array();

	for (unsigned i = 0; i < most && history_point(h, i, &p); i++) {
		if (label && strcmp(p.label, label) != 0)
			continue;
		json_array_append_new(
			rows, json_pack("{s:I, s:s?, s:s, s:s, s:s, s:s, s:s?}", "commit-id",
					(json_int_t)p.id, "label", *p.label ? p.label : NULL,
					"user", p.user, "user-intf", p.user_intf, "type", p.type,
					"timestamp", office_date(p.unix_s, date), "description",
					*p.description ? p.description : NULL));
	}
	put_json(json_pack("{s:o}", "commits", rows), out);
}

static void list_point(const struct history_point *p, unsigned number, bool verbose,
		       struct text *out)
{
	char date[32];

	(void)office_date(p->unix_s, date);
	if (!verbose) {
		text_addf(out, "%-4u %-13u %-20s %-15s %s\n", number, p->id,
			  *p->label ? p->label : "-", p->user, date);
		return;
	}
	text_addf(out,
		  "%u) CommitId: %u\n        Label: %s\n        User: %s\n        User-Intf: %s\n"
		  "        Type: %s\n        TimeStamp: %s\n        Description: %s\n",
		  number, p->id, *p->label ? p->label : "-", p->user, p->user_intf, p->type, date,
		  p->description);
}

void inspect_commit_list(struct session *s, const struct args *args, struct text *out)
{
	const struct history *h = s->office->history;
	bool verbose = args_has(args, "verbose");
	const char *label = args_text(args, "label");
	unsigned most = (unsigned)args_number(args, "count", HISTORY_MAX + 1);
	struct history_point p;
	char line[80];

	if (s->json) {
		list_json(h, most, label, out);
		return;
	}
	if (!verbose) {
		memset(line, '-', 75);
		line[75] = '\0';
		text_addf(out, "%-4s %-13s %-20s %-15s %s\n%s\n", "No.", "CommitId", "Label",
			  "User", "TimeStamp", line);
	}
	for (unsigned i = 0; i < most && history_point(h, i, &p); i++)
		if (!label || strcmp(p.label, label) == 0)
			list_point(&p, i + 1, verbose, out);
}

/* The text of point i, newest first; an empty configuration past the oldest. */
static bool point_text(struct session *s, unsigned i, struct text *ret, struct text *out)
{
	struct history_point p;
	struct err err;

	if (!history_point(s->office->history, i, &p))
		return true;
	if (history_text(s->office->history, p.id, ret, &err) == 0)
		return true;
	session_refuse(s, out, "%s", err.text);
	return false;
}

/* From point `from` to point `to`, both counted from the newest. */
static void print_between(struct session *s, unsigned from, unsigned to, struct text *out)
{
	struct text before = {0};
	struct text after = {0};

	if (point_text(s, from, &before, out) && point_text(s, to, &after, out))
		(void)difference_print(text_chars(&before), text_chars(&after), out);
	text_fini(&before);
	text_fini(&after);
}

static bool find_index(struct session *s, uint32_t id, unsigned *ret, struct text *out)
{
	struct history_point p;

	for (unsigned i = 0; history_point(s->office->history, i, &p); i++) {
		if (p.id != id)
			continue;
		*ret = i;
		return true;
	}
	session_refuse(s, out, "There is no commit %u; see display configuration commit list.", id);
	return false;
}

static void print_each(struct session *s, unsigned most, struct text *out)
{
	struct history_point p;
	char date[32];

	for (unsigned i = 0; i < most && history_point(s->office->history, i, &p); i++) {
		text_addf(out, "Commit changes of commitId %u %s\n", p.id,
			  office_date(p.unix_s, date));
		print_between(s, i + 1, i, out);
	}
}

void inspect_commit_changes(struct session *s, const struct args *args, struct text *out)
{
	uint32_t id = (uint32_t)args_number(args, "commit-id", 0);
	unsigned count = (unsigned)args_number(args, "count", HISTORY_MAX);
	unsigned i = 0;

	if (id != 0 && !find_index(s, id, &i, out))
		return;
	text_add(out, "Building configuration\n");
	if (args_has(args, "at"))
		print_between(s, i + 1, i, out);
	else if (args_has(args, "since"))
		print_between(s, i, 0, out);
	else if (args_has(args, "last"))
		print_between(s, count, 0, out);
	else
		print_each(s, count, out);
}

void inspect_commit_at(struct session *s, const struct args *args, struct text *out)
{
	uint32_t id = (uint32_t)args_number(args, "commit-id", 0);
	unsigned i;

	if (find_index(s, id, &i, out))
		(void)point_text(s, i, out, out);
}
