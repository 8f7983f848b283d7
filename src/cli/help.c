/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "cli/displays.h"
#include "cli/inside.h"
#include "cli/words.h"

static const struct {
	const char *word, *help;
} filters[] = {
	{"begin", "From the first line that matches"},
	{"count", "Only the number of lines"},
	{"exclude", "Lines that do not match"},
	{"ignore-case", "Upper and lower case are the same from here on"},
	{"include", "Lines that match"},
	{"json", "The data itself, as JSON"},
	{"no-more", "Without paging"},
	{"section", "Sections with a line that matches"},
};

/* What a row says of a default, in blanks and brackets; "" if it has none. */
static void default_text(const struct graph_node *n, const struct graph_row *row, char buf[64])
{
	buf[0] = '\0';
	if (row->kind != ROW_SET)
		return;
	const struct command_field *f = command_field(row->owner, n->text);
	if (!f)
		return;
	if (f->kind == FIELD_ADDR && f->address)
		(void)snprintf(buf, 64, " (default %s)", f->address);
	else if (f->kind == FIELD_NUMBER && f->number != 0)
		(void)snprintf(buf, 64, " (default %" PRIu64 ")", f->number);
	else if (f->kind == FIELD_REFCLOCK)
		(void)snprintf(buf, 64, " (default 127.127.1.0)");
}

static const char *help_of(const struct graph_node *n, const struct graph_row *row)
{
	const char *help = words_help(n->text, n->kind == GRAPH_ARG);

	if (*help == '\0' && row->kind == ROW_DISPLAY)
		return ((const struct display_row *)row->owner)->help;
	if (n->kind == GRAPH_ARG && n->type.kind == VALUE_GROUP4)
		return "IPv4 multicast group";
	if (n->kind == GRAPH_ARG && n->type.kind == VALUE_GROUP6)
		return "IPv6 multicast group";
	return help;
}

static const char *label_of(const struct graph_node *n, char buf[64])
{
	if (n->kind == GRAPH_WORD)
		return n->text;
	return value_tag(&n->type, buf);
}

static void list_next(const struct match_next *next, struct text *out)
{
	char buf[64];
	size_t width = 4;

	for (unsigned i = 0; i < next->count; i++) {
		size_t len = strlen(label_of(next->nodes[i], buf));
		width = len > width ? len : width;
	}
	for (unsigned i = 0; i < next->count; i++) {
		char otherwise[64];
		const struct graph_node *n = next->nodes[i];
		default_text(n, next->rows[i], otherwise);
		text_addf(out, "  %-*s  %s%s\n", (int)width, label_of(n, buf),
			  help_of(n, next->rows[i]), otherwise);
	}
	if (next->may_end)
		text_add(out, " <cr>\n");
}

static void list_begun(const struct match_next *next, struct text *out)
{
	char buf[64];
	bool any = false;

	for (unsigned i = 0; i < next->count; i++) {
		const struct graph_node *n = next->nodes[i];
		if (n->kind != GRAPH_WORD)
			continue;
		text_addf(out, "  %s", n->text);
		any = true;
	}
	for (unsigned i = 0; i < next->count && !any; i++) {
		text_addf(out, "  %s", label_of(next->nodes[i], buf));
		any = true;
	}
	if (any)
		text_add(out, "\n");
}

/* A filter that is complete without an expression. */
static bool takes_nothing(const char *word, size_t len)
{
	static const char *const words[] = {"count", "ignore-case", "json", "no-more"};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strncasecmp(words[i], word, len) == 0)
			return true;
	return false;
}

/* Behind a |. */
static bool help_filters(const char *so_far, bool words_only, struct text *out)
{
	const char *at = so_far + strspn(so_far, " \t");
	const char *pipe = strrchr(so_far, '|');

	if (!pipe || strncasecmp(at, "dis", 3) != 0)
		return false;
	pipe += 1 + strspn(pipe + 1, " \t");
	size_t len = strcspn(pipe, " \t");
	if (pipe[len] != '\0') {
		bool begun = pipe[len + strspn(pipe + len, " \t")] != '\0';
		if (!words_only)
			text_add(out, begun || takes_nothing(pipe, len)
					      ? " <cr>\n"
					      : "  STRING<1-255>  Regular expression\n");
		return true;
	}
	for (unsigned i = 0; i < sizeof filters / sizeof *filters; i++) {
		if (strncasecmp(filters[i].word, pipe, len) != 0)
			continue;
		if (words_only)
			text_addf(out, "%s\n", filters[i].word);
		else
			text_addf(out, "  %-11s  %s\n", filters[i].word, filters[i].help);
	}
	return true;
}

/* After run, the user view goes on. */
static const char *skip_run(const char *so_far, uint8_t *view)
{
	const char *at = so_far + strspn(so_far, " \t");

	if (*view == VIEW_USER || strncasecmp(at, "run ", 4) != 0)
		return so_far;
	*view = VIEW_USER;
	return at + 4;
}

/* In an interface view, what only the system view has is still understood. */
static void find_next(struct session *s, const char *so_far, struct match_next *next)
{
	uint8_t view = s->view;

	so_far = skip_run(so_far, &view);
	struct match_scope scope = session_scope(s, view);
	match_what_next(&scope, so_far, &s->office->match, next);
	if (!(view & VIEW_INNER) || (!next->broken && (next->count > 0 || next->may_end)))
		return;
	scope.views = VIEW_SYSTEM;
	match_what_next(&scope, so_far, &s->office->match, next);
}

void help_show(struct session *s, const char *so_far, struct text *out)
{
	struct match_next next;
	size_t len = strlen(so_far);

	if (s->answer || len > MATCH_LINE_MAX || help_filters(so_far, false, out))
		return;
	uint8_t view = s->view;
	size_t skipped = (size_t)(skip_run(so_far, &view) - so_far);
	find_next(s, so_far, &next);
	bool unknown = *next.prefix && next.count == 0;
	if (next.broken || unknown) {
		size_t at = next.broken ? skipped + s->office->match.at : len - strlen(next.prefix);
		text_addf(out, "%*s^\nError: Unrecognized command found at '^' position.\n",
			  (int)(at + (s->interactive ? strlen(session_prompt(s)) : 0)), "");
		return;
	}
	if (s->office->match.token_count == 0)
		text_add(out, "Current view commands:\n");
	if (*next.prefix)
		list_begun(&next, out);
	else
		list_next(&next, out);
}

static void complete_ifnames(const struct session *s, const char *prefix, struct text *out)
{
	const struct world *w = s->office->world;
	char name[SETTINGS_IFNAME_MAX];

	for (unsigned i = 0; w->ifname(w->context, i, name); i++)
		if (strncasecmp(name, prefix, strlen(prefix)) == 0)
			text_addf(out, "%s\n", name);
}

void help_complete(struct session *s, const char *so_far, struct text *out)
{
	struct match_next next;

	if (s->answer || strlen(so_far) > MATCH_LINE_MAX || help_filters(so_far, true, out))
		return;
	find_next(s, so_far, &next);
	for (unsigned i = 0; i < next.count && !next.broken; i++) {
		const struct graph_node *n = next.nodes[i];
		if (n->kind == GRAPH_WORD)
			text_addf(out, "%s\n", n->text);
		else if (n->type.kind == VALUE_IFNAME)
			complete_ifnames(s, next.prefix, out);
	}
}
