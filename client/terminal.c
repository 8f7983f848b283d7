/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/terminal.h"

#include <assert.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "client/pager.h"
#include "client/tty.h"

#define HISTORY_LINES 200
#define COLUMNS_PLAIN "3200" /* a line is never wrapped by us */

/* Tab again and again goes through the words that fit. */
struct cycle {
	char **words; /* owned, with words[0]'s memory holding all of them */
	unsigned count;
	unsigned at;
	struct text line; /* as we left it */
};

struct terminal {
	struct talk *talk;
	struct reply reply; /* with the prompt in force */
	EditLine *edit;
	History *history;
	struct cycle cycle;
	struct err err; /* why the daemon is gone, "" while it is not */
};

static struct terminal *of(EditLine *edit)
{
	struct terminal *t = NULL;

	(void)el_get(edit, EL_CLIENTDATA, &t);
	return t;
}

static char *show_prompt(EditLine *edit)
{
	/* libedit wants it writable and does not write */
	static char nothing[1];
	struct terminal *t = of(edit);

	return t->reply.prompt.chars ? t->reply.prompt.chars : nothing;
}

static bool asks(const struct terminal *t)
{
	return t->reply.flags & FRAME_FLAG_ASKS;
}

/* ---- the line being edited ---- */

/* What is left of the cursor; cut where no frame holds it. */
static void line_so_far(EditLine *edit, struct text *ret)
{
	const LineInfo *l = el_line(edit);
	size_t len = (size_t)(l->cursor - l->buffer);

	text_add_len(ret, l->buffer, len < FRAME_LINE_MAX ? len : FRAME_LINE_MAX);
}

/* Counted in characters, as el_deletestr does, and not in octets. */
static void delete_all(EditLine *edit)
{
	const LineInfoW *l = el_wline(edit);

	(void)el_cursor(edit, (int)(l->lastchar - l->cursor));
	l = el_wline(edit);
	el_deletestr(edit, (int)(l->lastchar - l->buffer));
}

/* A question about the line; the prompt stays what it is. False when the daemon is gone. */
static bool ask(struct terminal *t, char kind, const char *line, struct text *ret)
{
	struct reply r = {0};
	bool good = talk_ask(t->talk, kind, line, &r, &t->err) == 0;

	if (good) {
		text_add_len(ret, text_chars(&r.out), r.out.len);
		t->err.text[0] = '\0';
	}
	reply_fini(&r);
	return good;
}

/* ---- keys ---- */

static unsigned char key_help(EditLine *edit, int key)
{
	struct terminal *t = of(edit);
	struct text line = {0}, out = {0};

	if (asks(t)) {
		const char typed[] = {(char)key, '\0'};

		(void)el_insertstr(edit, typed);
		return CC_REFRESH;
	}
	line_so_far(edit, &line);
	bool good = ask(t, FRAME_HELP, text_chars(&line), &out);
	(void)fputs("?\n", stdout);
	pager_show(&out, t->reply.screen_length);
	text_fini(&line);
	text_fini(&out);
	return good ? CC_REDISPLAY : CC_EOF;
}

static void cycle_fini(struct cycle *c)
{
	if (c->words)
		free(c->words[0]);
	free(c->words);
	text_fini(&c->line);
	*c = (struct cycle){0};
}

/* Takes the words over. */
static void cycle_init(struct cycle *c, struct text *words)
{
	unsigned count = 0;

	cycle_fini(c);
	for (size_t i = 0; i < words->len; i++)
		count += words->chars[i] == '\n';
	if (count == 0)
		return;
	c->words = auto_new(count, sizeof *c->words);
	char *rest = text_take(words);
	for (unsigned i = 0; i < count; i++)
		c->words[i] = strsep(&rest, "\n");
	c->count = count;
}

static void replace_last_word(EditLine *edit, const char *line, const char *word)
{
	const char *space = strrchr(line, ' ');
	int characters = 0;

	for (const char *at = space ? space + 1 : line; *at; at++)
		characters += (*at & 0xc0) != 0x80; /* not inside a UTF-8 character */
	el_deletestr(edit, characters);
	(void)el_insertstr(edit, word);
}

static unsigned char key_complete(EditLine *edit, int key)
{
	struct terminal *t = of(edit);
	struct cycle *c = &t->cycle;
	struct text line = {0}, out = {0};
	bool good = true;

	(void)key;
	if (asks(t))
		return CC_NORM;
	line_so_far(edit, &line);
	if (c->count > 1 && strcmp(text_chars(&c->line), text_chars(&line)) == 0) {
		c->at = (c->at + 1) % c->count;
	} else {
		good = ask(t, FRAME_COMPLETE, text_chars(&line), &out);
		cycle_init(c, &out);
	}
	if (good && c->count > 0) {
		replace_last_word(edit, text_chars(&line), c->words[c->at]);
		if (c->count == 1)
			(void)el_insertstr(edit, " ");
	}
	text_clear(&c->line);
	line_so_far(edit, &c->line);
	text_fini(&line);
	text_fini(&out);
	return good ? CC_REFRESH : CC_EOF;
}

static unsigned char key_return(EditLine *edit, int key)
{
	(void)key;
	delete_all(edit);
	if (el_insertstr(edit, "return\n") < 0)
		return CC_ERROR;
	(void)fputc('\n', stdout);
	(void)fflush(stdout);
	return CC_NEWLINE;
}

static unsigned char key_cancel(EditLine *edit, int key)
{
	(void)key;
	delete_all(edit);
	(void)fputs("^C\n", stdout);
	(void)fflush(stdout);
	return CC_REDISPLAY;
}

static void bind_keys(EditLine *edit)
{
	(void)el_set(edit, EL_ADDFN, "timecast-help", "What may come next", key_help);
	(void)el_set(edit, EL_ADDFN, "timecast-complete", "Complete the word", key_complete);
	(void)el_set(edit, EL_ADDFN, "timecast-return", "To the user view", key_return);
	(void)el_set(edit, EL_ADDFN, "timecast-cancel", "Forget the line", key_cancel);
	(void)el_set(edit, EL_BIND, "?", "timecast-help", NULL);
	(void)el_set(edit, EL_BIND, "^I", "timecast-complete", NULL);
	(void)el_set(edit, EL_BIND, "^Z", "timecast-return", NULL);
	(void)el_set(edit, EL_BIND, "^C", "timecast-cancel", NULL);
	(void)el_set(edit, EL_BIND, "^W", "ed-delete-prev-word", NULL);
	(void)el_set(edit, EL_BIND, "^X", "vi-kill-line-prev", NULL);
	(void)el_set(edit, EL_BIND, "^Y", "ed-kill-line", NULL);
	(void)el_set(edit, EL_BIND, "^R", "ed-redisplay", NULL);
}

/* ---- the terminal itself ---- */

/*
 * Programs that drive a terminal say vt100 or dumb and want the echo of what they send and nothing
 * else; these get no cursor movement at all.
 */
static bool is_plain(void)
{
	static const char *const plain[] = {"",	    "dumb",    "vt100",	 "vt102",
					    "ansi", "network", "unknown"};
	const char *term = getenv("TERM");

	for (size_t i = 0; !term || i < sizeof plain / sizeof plain[0]; i++)
		if (!term || strcmp(term, plain[i]) == 0)
			return true;
	return false;
}

/* Octets beyond ASCII pass as they are, whatever the locale says. */
static void set_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static void terminal_init(struct terminal *t)
{
	bool plain = is_plain();
	HistEvent event;

	set_locale();
	if (plain)
		(void)setenv("TERM", "dumb", 1);
	t->edit = el_init("timecast", stdin, stdout, stderr);
	t->history = history_init();
	assert(t->edit && t->history);
	(void)history(t->history, &event, H_SETSIZE, HISTORY_LINES);
	(void)history(t->history, &event, H_SETUNIQUE, 1);
	(void)el_set(t->edit, EL_CLIENTDATA, t);
	(void)el_set(t->edit, EL_EDITOR, "emacs");
	(void)el_set(t->edit, EL_HIST, history, t->history);
	(void)el_set(t->edit, EL_PROMPT, show_prompt);
	(void)el_set(t->edit, EL_SIGNAL, 1);
	if (plain)
		(void)el_set(t->edit, EL_SETTC, "co", COLUMNS_PLAIN, NULL);
	/* The same modes while a line is edited and while one runs: what is typed ahead is neither
	 * echoed twice nor turned into a signal. */
	(void)el_set(t->edit, EL_SETTY, "-d", "-isig", "-echo", "-icanon", NULL);
	(void)el_set(t->edit, EL_SETTY, "-x", "-isig", "-echo", "-icanon", NULL);
	bind_keys(t->edit);
}

static void terminal_fini(struct terminal *t)
{
	el_end(t->edit);
	history_end(t->history);
	cycle_fini(&t->cycle);
	reply_fini(&t->reply);
}

static void remember(struct terminal *t, const char *line)
{
	HistEvent event;

	if (line[strspn(line, " \t")])
		(void)history(t->history, &event, H_ENTER, line);
}

/* True while there is more to do. */
static bool one_line(struct terminal *t)
{
	int len = 0;
	const char *typed = el_gets(t->edit, &len);

	if (!typed || len <= 0 || t->err.text[0])
		return false;
	char *line = strndup(typed, strcspn(typed, "\r\n"));
	assert(line);
	if (strlen(line) > FRAME_LINE_MAX) {
		(void)puts("Error: The line is longer than 3100 characters.");
		free(line);
		return true;
	}
	if (!asks(t))
		remember(t, line);
	int error = talk_ask(t->talk, FRAME_LINE, line, &t->reply, &t->err);
	free(line);
	pager_show(&t->reply.out, t->reply.screen_length);
	if (!error)
		t->err.text[0] = '\0';
	return !error && !(t->reply.flags & FRAME_FLAG_OVER);
}

int terminal_run(struct talk *talk, const struct reply *first)
{
	struct terminal t = {.talk = talk, .reply = *first};

	tty_keep();
	terminal_init(&t);
	pager_show(&t.reply.out, t.reply.screen_length);
	while (one_line(&t))
		;
	if (t.err.text[0])
		(void)fprintf(stderr, "timecast: %s\n", t.err.text);
	bool dropped = t.reply.flags & FRAME_FLAG_PENDING;
	if (dropped)
		(void)puts("\nWarning: Uncommitted configurations were dropped.");
	int status = t.err.text[0] || dropped ? 1 : 0;
	terminal_fini(&t);
	return status;
}
