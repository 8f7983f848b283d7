/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/pager.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MORE "  ---- More ----"
/* 16 to the left, blanks, 16 to the left: what programs that drive such terminals know. */
#define ERASE "\033[16D                \033[16D"
#define KEY_CTRL_C 3
#define KEY_CTRL_D 4

/* How many more lines may be shown; 0: no more of this. */
static unsigned ask_more(unsigned page)
{
	char key;

	(void)fputs(MORE, stdout);
	(void)fflush(stdout);
	for (;;) {
		ssize_t n = read(STDIN_FILENO, &key, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || key == 'q' || key == 'Q' || key == KEY_CTRL_C || key == KEY_CTRL_D)
			page = 0;
		else if (key == '\r' || key == '\n')
			page = 1;
		else if (key != ' ')
			continue;
		(void)fputs(ERASE, stdout);
		return page;
	}
}

/* Rows that a line takes on a terminal of so many columns; 0: not known. */
static unsigned rows_of(const char *line, size_t len, unsigned columns)
{
	size_t shown = 0;

	for (size_t i = 0; i < len; i++)
		shown += ((unsigned char)line[i] & 0xc0) != 0x80; /* not inside a UTF-8 character */
	return columns && shown > columns ? (unsigned)((shown - 1) / columns + 1) : 1;
}

void pager_show(const struct text *out, unsigned lines)
{
	struct winsize size = {0};
	const char *at = text_chars(out);
	const char *end = at + out->len;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (lines && size.ws_row > 1 && lines >= size.ws_row)
		lines = size.ws_row - 1U;
	unsigned room = lines;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
		unsigned rows = rows_of(at, len, size.ws_col);

		if (lines && room < rows) {
			room = ask_more(lines);
			if (room == 0)
				break;
			if (room < rows)
				room = rows;
		}
		(void)fwrite(at, 1, len, stdout);
		(void)fputc('\n', stdout);
		room -= rows < room ? rows : room;
		at += len + (newline ? 1 : 0);
	}
	(void)fflush(stdout);
}
