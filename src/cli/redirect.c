/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/redirect.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t"

/* True if the line starts like a display. What run is given is a line of its own. */
static bool is_display(const char *line)
{
	static const char *const words[] = {"display", "dir", "more", "compare"};
	size_t len = strcspn(line, BLANKS "|");

	for (unsigned i = 0; len > 0 && i < sizeof words / sizeof *words; i++)
		if (len <= strlen(words[i]) && strncasecmp(line, words[i], len) == 0)
			return true;
	return false;
}

/* > or >> between blanks before the last word; in an expression it stands in quotes or alone. */
static void cut_file(char *line, struct redirect *ret)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(BLANKS, line[len - 1]))
		len--;
	size_t end = len;
	while (len > 0 && !strchr(BLANKS "\">", line[len - 1]))
		len--;
	char *file = line + len;
	while (len > 0 && strchr(BLANKS, line[len - 1]))
		len--;
	if (file == line + end || len < 2 || line[len - 1] != '>')
		return;
	ret->append = line[len - 2] == '>';
	len -= ret->append ? 2 : 1;
	if (len == 0 || !strchr(BLANKS, line[len - 1]))
		return;
	line[end] = '\0';
	line[len] = '\0';
	ret->file = file;
}

struct redirect redirect_cut(char *line)
{
	struct redirect r = {0};
	char *display = line + strspn(line, BLANKS);

	if (!is_display(display))
		return r;
	cut_file(display, &r);
	r.filters = strchr(display, '|');
	if (r.filters)
		*r.filters++ = '\0';
	return r;
}
