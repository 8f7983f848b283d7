/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <assert.h>

#include "base/auto.h"
#include "cli/displays.h"
#include "cli/edit.h"
#include "cli/filing.h"
#include "cli/filter_text.h"
#include "cli/help.h"
#include "cli/inside.h"
#include "cli/operate.h"
#include "cli/redirect.h"
#include "cli/render.h"
#include "cli/transaction.h"
#include "cli/verbs.h"
#include "conf/collate.h"
#include "conf/compile.h"

struct session *session_new(struct office *o, const char *user, const char *line,
			    enum session_level level, bool interactive)
{
	struct session *s = auto_new(1, sizeof *s);

	s->office = o;
	s->id = office_next_session(o);
	(void)snprintf(s->user, sizeof s->user, "%s", user);
	(void)snprintf(s->line, sizeof s->line, "%s", line);
	s->level = level;
	s->interactive = interactive;
	s->since_unix_s = office_unix_s(o);
	s->view = VIEW_USER;
	s->screen_length = interactive ? 24 : 0;
	s->next = o->sessions;
	o->sessions = s;
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	struct session **at = &s->office->sessions;
	while (*at && *at != s)
		at = &(*at)->next;
	assert(*at == s);
	*at = s->next;
	if (s->office->lock == s)
		s->office->lock = NULL;
	session_drop(s);
	typed_forget(s);
	free(s);
}

bool session_failed(const struct session *s)
{
	return s->failed;
}

bool session_asks(const struct session *s)
{
	return s->answer;
}

bool session_over(const struct session *s)
{
	return s->over;
}

bool session_pending(const struct session *s)
{
	return s->base;
}

unsigned session_screen_length(const struct session *s)
{
	return s->machine || s->terse ? 0 : s->screen_length;
}

static const char *view_prompt(struct session *s, uint8_t view)
{
	const char *host = office_sysname(s->office);
	const char *mark = s->immediate ? "" : s->base ? "*" : "~";
	size_t room = sizeof s->prompt;

	if (view == VIEW_USER)
		(void)snprintf(s->prompt, room, "<%s>", host);
	else if (view == VIEW_SYSTEM)
		(void)snprintf(s->prompt, room, "[%s%s]", mark, host);
	else if (view & VIEW_ACL)
		(void)snprintf(s->prompt, room, "[%s%s-acl%u-basic-%s]", mark, host, s->acl.family,
			       render_acl_name(&s->acl, (char[SETTINGS_ACL_NAME_MAX]){0}));
	else
		(void)snprintf(s->prompt, room, "[%s%s-%s]", mark, host, s->ifname);
	return s->prompt;
}

const char *session_prompt(const struct session *s)
{
	/* The text is kept in the session; that it is written here changes nothing of it. */
	union {
		const struct session *in;
		struct session *out;
	} self = {s};

	return s->answer ? s->question : view_prompt(self.out, s->view);
}

void session_refuse(struct session *s, struct text *out, const char *format, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(e.text, sizeof e.text, format, ap);
	va_end(ap);
	text_addf(out, "Error: %s\n", e.text);
	s->failed = true;
}

void session_drop(struct session *s)
{
	if (s->loading)
		return;
	store_free(s->base);
	store_free(s->mine);
	s->base = NULL;
	s->mine = NULL;
}

void session_leave_to(struct session *s, enum graph_view view)
{
	s->view = view;
	s->ifname[0] = '\0';
	if (view == VIEW_USER)
		s->immediate = false;
}

struct match_scope session_scope(const struct session *s, uint8_t view)
{
	return (struct match_scope){
		.graph = s->office->graph, .views = view, .look = s->level == SESSION_LOOK};
}

/* ---- questions ---- */

void session_ask(struct session *s, const char *question, bool may_cancel,
		 void (*then)(struct session *s, char answer, struct text *out), struct text *out)
{
	if (s->machine || s->loading) {
		then(s, 'y', out);
		return;
	}
	s->answer = then;
	s->may_cancel = may_cancel;
	(void)snprintf(s->question, sizeof s->question, "%s", question);
}

static bool is_word(const char *line, const char *word)
{
	size_t len = strcspn(line, " \t\r");

	return (len == 1 || len == strlen(word)) && strncasecmp(line, word, len) == 0;
}

static void take_answer(struct session *s, const char *line, struct text *out)
{
	void (*then)(struct session *, char, struct text *) = s->answer;
	char answer = is_word(line, "yes")			 ? 'y'
		      : is_word(line, "no")			 ? 'n'
		      : s->may_cancel && is_word(line, "cancel") ? 'c'
								 : '\0';

	if (answer == '\0') {
		s->failed = true;
		(void)snprintf(s->question, sizeof s->question,
			       "Error: Please choose 'YES'%s first before pressing 'Enter'. %s:",
			       s->may_cancel ? ", 'NO' or 'CANCEL'" : " or 'NO'",
			       s->may_cancel ? "[Y/N/C]" : "[Y/N]");
		return;
	}
	s->answer = NULL;
	then(s, answer, out);
}

/* ---- edits ---- */

static bool begin_work(struct session *s, struct text *out)
{
	struct err err;

	if (s->mine)
		return true;
	if (s->immediate && office_is_closed_to(s->office, s, &err)) {
		session_refuse(s, out, "%s", err.text);
		return false;
	}
	if (s->immediate && !transaction_is_settled(s, out))
		return false;
	s->base = store_hold(commit_running(s->office->commit));
	s->mine = store_dup(s->base);
	return true;
}

static void commit_at_once(struct session *s, struct text *out)
{
	struct commit_order order = {s->user, s->line, "CLI", "", ""};
	struct err err;

	if (commit_run(s->office->commit, s->base, s->mine, &order, &err) < 0)
		session_refuse(s, out, "%s", err.text);
	session_drop(s);
}

/* A list that is named is entered, and one that is gone is left. */
static void follow_list(struct session *s, const struct acl_setting *acl, bool undo)
{
	if (undo && (s->view & VIEW_ACL) && collate_acl(&s->acl, acl) == 0)
		session_leave_to(s, VIEW_SYSTEM);
	if (undo)
		return;
	memcpy(&s->acl, acl, sizeof s->acl);
	s->view = acl->family == ADDR_V6 ? VIEW_ACL6 : VIEW_ACL4;
}

static int make_edit(struct session *s, const struct command_row *row, bool undo, struct err *err)
{
	struct match *m = &s->office->match;
	struct edit_context context = {
		.store = s->mine, .seal = s->office->seal, .ifname = s->ifname, .acl = &s->acl};
	struct edit e;
	int r = edit_read(row, &m->args, undo, &context, &e, err);

	if (row->object == EDIT_KEY) { /* the line holds a key in plain */
		explicit_bzero(m->line, sizeof m->line);
		explicit_bzero(m->chars, sizeof m->chars);
	}
	if (r == 0)
		r = compile_check_edit(store_settings(s->mine), &e,
				       commit_weakea(s->office->commit), err);
	if (r == 0)
		r = store_edit(s->mine, &e, err);
	if (r >= 0 && e.object == EDIT_ACL)
		follow_list(s, &e.value.acl, undo);
	return r;
}

static void run_edit(struct session *s, const struct command_row *row, bool undo, struct text *out)
{
	struct err err;

	if (!begin_work(s, out))
		return;
	int r = make_edit(s, row, undo, &err);
	if (r < 0)
		session_refuse(s, out, "%s", err.text);
	else if (r == 0 && undo && !s->loading)
		text_add(out, "Info: There is no such line; nothing was changed.\n");
	if (s->office->lock == s)
		s->office->lock_used = office_steady(s->office);
	if (s->loading)
		return;
	if (!store_differs(s->base, s->mine))
		session_drop(s);
	else if (s->immediate)
		commit_at_once(s, out);
}

/* ---- matching ---- */

static const char *const result_texts[] = {
	[MATCH_FOUND] = "",
	[MATCH_UNRECOGNIZED] = "Unrecognized command found at '^' position.",
	[MATCH_INCOMPLETE] = "Incomplete command found at '^' position.",
	[MATCH_AMBIGUOUS] = "Ambiguous command found at '^' position.",
	[MATCH_WRONG] = "Wrong parameter found at '^' position.",
	[MATCH_TOO_MANY] = "Too many parameters found at '^' position.",
};

static const char *view_name(uint8_t views)
{
	if ((views & VIEW_ACL) && !(views & (VIEW_USER | VIEW_SYSTEM)))
		return "access list";
	return views & VIEW_USER ? "user" : views & VIEW_SYSTEM ? "system" : "interface";
}

/* Where else the line would have been right. */
static void find_home(struct session *s, struct match *m, uint8_t view)
{
	struct match *other = &s->office->other;
	struct match_scope scope = session_scope(s, VIEW_ALL & (uint8_t)~view);

	if (m->advice.text[0] != '\0' || m->result != MATCH_UNRECOGNIZED)
		return;
	match_line(&scope, m->line, other);
	if (other->result == MATCH_FOUND)
		err_set(&m->advice, "It belongs to the %s view.", view_name(other->row->views));
}

/* True if a level above the session's would have had this command. */
static bool needs_level(struct session *s, const struct match *m, uint8_t view)
{
	struct match_scope scope = session_scope(s, view);

	if (s->level != SESSION_LOOK || m->token_count == 0)
		return false;
	scope.look = false;
	match_line(&scope, m->line, &s->office->other);
	return s->office->other.result == MATCH_FOUND || s->office->other.at > m->at;
}

static void report(struct session *s, struct match *m, uint8_t view, size_t column,
		   struct text *out)
{
	s->failed = true;
	if (needs_level(s, m, view)) {
		text_add(out, "\nError: You do not have permission to run the command or the "
			      "command is incomplete.\n");
		return;
	}
	find_home(s, m, view);
	if (!s->loading)
		text_addf(out, "%*s^\n", (int)(column + m->at), "");
	text_addf(out, "Error: %s%s%s\n", result_texts[m->result], *m->advice.text ? " " : "",
		  m->advice.text);
}

/* Tries the view, then the views above it; *view becomes the one that had it. */
static bool find_row(struct session *s, const char *line, uint8_t *view)
{
	struct match *m = &s->office->match;
	struct match_scope scope = session_scope(s, *view);

	match_line(&scope, line, m);
	bool undo = m->token_count > 0 && strncasecmp(m->tokens[0].text, "undo", 3) == 0;
	bool unknown = m->result == MATCH_UNRECOGNIZED || m->result == MATCH_WRONG ||
		       m->result == MATCH_TOO_MANY;
	if (m->result == MATCH_FOUND || !(*view & VIEW_INNER) || undo || !unknown)
		return m->result == MATCH_FOUND;
	scope.views = VIEW_SYSTEM;
	struct match *above = &s->office->other;
	match_line(&scope, line, above);
	if (above->result == MATCH_FOUND || above->at > m->at) {
		match_line(&scope, line, m);
		*view = VIEW_SYSTEM;
	}
	return m->result == MATCH_FOUND;
}

/* ---- displays ---- */

static void run_display(struct session *s, const struct display_row *row, struct text *out)
{
	struct show show = {.world = s->office->world,
			    .args = &s->office->match.args,
			    .sysname = office_sysname(s->office)};
	json_t *data = row->collect(&show);

	if (s->json)
		displays_dump(data, out);
	else
		row->print(&show, data, out);
	json_decref(data);
}

/* A display without data of its own: its lines are the data. */
static void lines_as_json(struct session *s, const struct verb_row *verb, struct text *out)
{
	struct text lines = {0};
	json_t *array = json_array();
	json_t *data = json_object();

	s->json = false;
	verb->run(s, &s->office->match.args, &lines);
	for (const char *at = text_chars(&lines); *at;) {
		size_t len = strcspn(at, "\n");
		json_array_append_new(array, json_stringn(at, len));
		at += len + (at[len] == '\n');
	}
	json_object_set_new(data, "lines", array);
	if (s->failed)
		text_add(out, text_chars(&lines));
	else
		displays_dump(data, out);
	json_decref(data);
	text_fini(&lines);
}

static void run_verb(struct session *s, const struct verb_row *verb, struct text *out)
{
	if (s->json && !(verb->flags & VERB_JSON))
		lines_as_json(s, verb, out);
	else
		verb->run(s, &s->office->match.args, out);
}

/* In a configuration file: lines of configuration, and the verbs that lead to them. */
static bool may_be_loaded(const struct graph_row *row)
{
	return row->kind == ROW_SET || row->kind == ROW_UNDO ||
	       (row->kind == ROW_VERB &&
		(((const struct verb_row *)row->owner)->flags & VERB_LOAD));
}

static void run_row(struct session *s, const struct graph_row *row, struct text *out)
{
	if (s->loading && !may_be_loaded(row)) {
		session_refuse(s, out, "This command has no place in a configuration file.");
		return;
	}
	switch ((enum rows_kind)row->kind) {
	case ROW_SET:
	case ROW_UNDO:
		run_edit(s, row->owner, row->kind == ROW_UNDO, out);
		break;
	case ROW_VERB:
		run_verb(s, row->owner, out);
		break;
	case ROW_DISPLAY:
		run_display(s, row->owner, out);
		break;
	}
}

/* Whether what stands behind | is a filter, not a part of an argument. */
static bool has_filters(const struct graph_row *row)
{
	return row->kind == ROW_DISPLAY ||
	       (row->kind == ROW_VERB &&
		(((const struct verb_row *)row->owner)->flags & VERB_SHOW));
}

/* A display and what stands behind its |. */
static void run_filtered(struct session *s, const char *pipeline, struct text *out)
{
	struct text whole = {0};
	struct err err;

	s->json = filter_text_wants_json(pipeline);
	run_row(s, s->office->match.row, &whole);
	s->json = false;
	s->terse = filter_text_wants_no_more(pipeline);
	if (s->failed)
		text_add(out, text_chars(&whole));
	else if (filter_text_run(pipeline, text_chars(&whole), out, &err) < 0)
		session_refuse(s, out, "%s", err.text);
	text_fini(&whole);
}

/* What belongs to a display only; false and refused for anything else. */
static bool may_redirect(struct session *s, const struct redirect *to, struct text *out)
{
	if (!has_filters(s->office->match.row)) {
		session_refuse(s, out, "Only a display can be filtered.");
		return false;
	}
	return !to->file || filing_may_write(s, to->file, out);
}

static void run_redirected(struct session *s, const struct redirect *to, struct text *out)
{
	struct text whole = {0};
	const struct graph_row *row = s->office->match.row;

	if ((to->filters || to->file) && !may_redirect(s, to, out))
		return;
	if (s->dated && has_filters(row))
		operate_print_time(s, to->file ? &whole : out);
	if (to->filters)
		run_filtered(s, to->filters, to->file ? &whole : out);
	else
		run_row(s, row, to->file ? &whole : out);
	if (to->file && s->failed)
		text_add(out, text_chars(&whole));
	else if (to->file)
		filing_write(s, to->file, to->append, &whole, out);
	text_fini(&whole);
}

void session_run_in(struct session *s, uint8_t view, const char *line, size_t column,
		    struct text *out)
{
	char head[MATCH_LINE_MAX + 1];
	size_t len = strlen(line);
	uint8_t found = view;

	memcpy(head, line, len + 1);
	struct redirect to = redirect_cut(head);
	bool is_known = find_row(s, head, &found);
	if (view == s->view)
		typed_remember(s, line);
	if (!is_known) {
		report(s, &s->office->match, found, column, out);
	} else {
		if (found != view)
			session_leave_to(s, found);
		run_redirected(s, &to, out);
	}
	explicit_bzero(head, len);
}

/* ---- lines ---- */

static void run_line(struct session *s, const char *line, struct text *out)
{
	size_t blanks = strspn(line, " \t\r");

	if (s->answer) {
		take_answer(s, line + blanks, out);
		return;
	}
	if (line[blanks] == '\0' || line[blanks] == '!')
		return;
	if (line[blanks] == '#') {
		if (blanks == 0 && (s->view & VIEW_INNER))
			session_leave_to(s, VIEW_SYSTEM);
		return;
	}
	if (strlen(line) > MATCH_LINE_MAX) {
		session_refuse(s, out, "A line has at most %d characters.", MATCH_LINE_MAX);
		return;
	}
	session_run_in(s, s->view, line, s->interactive ? strlen(view_prompt(s, s->view)) : 0, out);
}

void session_run(struct session *s, const char *line, struct text *out)
{
	s->failed = false;
	s->terse = false;
	/* Time passes between lines: nothing is undone, nor parsed, in the middle of one. */
	if (!s->loading)
		office_wake(s->office);
	run_line(s, line, out);
	s->refused = s->refused || s->failed;
}

void session_help(struct session *s, const char *so_far, struct text *out)
{
	help_show(s, so_far, out);
}

void session_complete(struct session *s, const char *so_far, struct text *out)
{
	help_complete(s, so_far, out);
}
