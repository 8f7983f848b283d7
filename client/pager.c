/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/pager.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/filter_text.h"

#define MORE "  ---- More ----"
/* 16 to the left, blanks, 16 to the left: what programs that drive such terminals know. */
#define ERASE "\033[16D                \033[16D"
#define KEY_CTRL_C 3
#define KEY_CTRL_D 4
#define KEY_BACKSPACE 8
#define KEY_ESCAPE 27
#define KEY_DELETE 127
#define KEYS " \r\nqQ/+-\003\004"

/* What is left to show; after a filter it is a text of ours. */
struct page {
	const char *at, *end;
	unsigned lines;
	struct text left;
};

static int read_key(void)
{
	char key;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, &key, 1);
		if (n < 0 && errno == EINTR)
			continue;
		return n == 1 ? (unsigned char)key : KEY_CTRL_D;
	}
}

/* The rest of a line that is typed behind key, echoed; false if it was given up. */
static bool read_expression(int key, char ret[FILTER_PATTERN_MAX + 1])
{
	size_t len = 0;

	(void)printf("%s%c", ERASE, key);
	for (;;) {
		(void)fflush(stdout);
		int c = read_key();
		if (c == '\r' || c == '\n')
			break;
		if (c == KEY_CTRL_C || c == KEY_CTRL_D || c == KEY_ESCAPE) {
			len = 0;
			break;
		}
		if ((c == KEY_BACKSPACE || c == KEY_DELETE) && len > 0) {
			len--;
			(void)fputs("\b \b", stdout);
		} else if (c >= ' ' && c < KEY_DELETE && len < FILTER_PATTERN_MAX) {
			ret[len++] = (char)c;
			(void)fputc(c, stdout);
		}
	}
	ret[len] = '\0';
	(void)fputc('\n', stdout);
	return len > 0;
}

/* / from the next line that matches, + only lines that match, - only those that do not. */
static void narrow(struct page *p, int key)
{
	static const char *const verbs[] = {['/'] = "begin", ['+'] = "include", ['-'] = "exclude"};
	char expression[FILTER_PATTERN_MAX + 1];
	struct text filter = {0}, rest = {0}, kept = {0};
	struct err err;

	if (read_expression(key, expression)) {
		const char *quote = strchr(expression, '"') ? "" : "\"";
		text_addf(&filter, "%s %s%s%s", verbs[key], quote, expression, quote);
		text_add_len(&rest, p->at, (size_t)(p->end - p->at));
		if (filter_text_run(text_chars(&filter), text_chars(&rest), &kept, &err) < 0) {
			(void)printf("Error: %s\n", err.text);
		} else {
			text_fini(&p->left);
			p->left = kept;
			kept = (struct text){0};
			p->at = text_chars(&p->left);
			p->end = p->at + p->left.len;
		}
	}
	text_fini(&filter);
	text_fini(&rest);
	text_fini(&kept);
}

/* How many more lines may be shown; 0: no more of this. */
static unsigned ask_more(struct page *p)
{
	(void)fputs(MORE, stdout);
	(void)fflush(stdout);
	int key = read_key();
	while (key == 0 || !strchr(KEYS, key))
		key = read_key();
	if (key == '/' || key == '+' || key == '-') {
		narrow(p, key);
		return p->at < p->end ? p->lines : 0;
	}
	(void)fputs(ERASE, stdout);
	return key == ' ' ? p->lines : key == '\r' || key == '\n' ? 1 : 0;
}

/* Rows that a line takes on a terminal of so many columns; 0: not known. */
static unsigned rows_of(const char *line, size_t len, unsigned columns)
{
	size_t shown = 0;

	for (size_t i = 0; i < len; i++)
		shown += ((unsigned char)line[i] & 0xc0) != 0x80; /* not inside a UTF-8 character */
	return columns && shown > columns ? (unsigned)((shown - 1) / columns + 1) : 1;
}

static size_t line_len(const struct page *p)
{
	const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at));

	return (size_t)((newline ? newline : p->end) - p->at);
}

void pager_show(const struct text *out, unsigned lines)
{
	struct winsize size = {0};
	struct page p = {.at = text_chars(out), .end = text_chars(out) + out->len};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (lines && size.ws_row > 1 && lines >= size.ws_row)
		lines = size.ws_row - 1U;
	p.lines = lines;
	unsigned room = lines;
	while (p.at < p.end) {
		size_t len = line_len(&p);
		unsigned rows = rows_of(p.at, len, size.ws_col);

		if (lines && room < rows) {
			room = ask_more(&p);
			if (room == 0)
				break;
			len = line_len(&p);
			rows = rows_of(p.at, len, size.ws_col);
			room = room < rows ? rows : room;
		}
		(void)fwrite(p.at, 1, len, stdout);
		(void)fputc('\n', stdout);
		room -= rows < room ? rows : room;
		p.at += len + (p.at + len < p.end ? 1 : 0);
	}
	text_fini(&p.left);
	(void)fflush(stdout);
}
