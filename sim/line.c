/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/line.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/measure.h"

int line_complain(struct line *l, const char *format, ...)
{
	char reason[200];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(reason, sizeof reason, format, ap);
	va_end(ap);
	err_set(l->err, "%s:%u: %s", l->file, l->number, reason);
	return -EINVAL;
}

/* Copies one word behind out; returns where reading goes on, NULL if a quote stays open. */
static const char *cut_word(const char *p, const char *end, bool quoted, char **out)
{
	while (p < end) {
		if (quoted && *p == '"') {
			*(*out)++ = '\0';
			return p + 1;
		}
		if (!quoted && (isspace((unsigned char)*p) || *p == '#'))
			break;
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		*(*out)++ = *p++;
	}
	*(*out)++ = '\0';
	return quoted ? NULL : p;
}

int line_read(struct line *l, const char *text, size_t len)
{
	const char *end = text + len;
	char *out = l->chars;

	l->count = 0;
	l->at = 0;
	if (len + 1 > LINE_CHARS_MAX / 2)
		return line_complain(l, "a line has at most %d characters", LINE_CHARS_MAX / 2 - 1);
	for (const char *p = text; p < end;) {
		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		if (*p == '#')
			break;
		if (l->count == LINE_WORDS_MAX)
			return line_complain(l, "a line has at most %d words", LINE_WORDS_MAX);
		bool quoted = *p == '"';

		l->words[l->count] = out;
		l->quoted[l->count++] = quoted;
		p = cut_word(p + quoted, end, quoted, &out);
		if (!p)
			return line_complain(l, "a quote is not closed");
	}
	return 0;
}

bool line_ended(const struct line *l)
{
	return l->at == l->count;
}

const char *line_peek(const struct line *l)
{
	return line_ended(l) || l->quoted[l->at] ? "" : l->words[l->at];
}

bool line_takes(struct line *l, const char *word)
{
	if (strcmp(line_peek(l), word) != 0)
		return false;
	l->at++;
	return true;
}

int line_word(struct line *l, const char *what, const char **ret)
{
	if (line_ended(l))
		return line_complain(l, "%s is missing", what);
	if (l->quoted[l->at])
		return line_complain(l, "%s expected, not a text in quotes", what);
	*ret = l->words[l->at++];
	return 0;
}

int line_quoted(struct line *l, const char **ret)
{
	if (line_ended(l) || !l->quoted[l->at])
		return line_complain(l, "a text in quotes is missing");
	*ret = l->words[l->at++];
	return 0;
}

int line_time(struct line *l, const char *what, int64_t *ret_ns)
{
	const char *word = "";

	if (line_word(l, what, &word) < 0)
		return -EINVAL;
	if (!measure_time(word, ret_ns))
		return line_complain(l, "%s is a time such as 1.5ms, not '%s'", what, word);
	return 0;
}

int line_rate(struct line *l, const char *what, double *ret)
{
	const char *word = "";

	if (line_word(l, what, &word) < 0)
		return -EINVAL;
	if (!measure_rate(word, ret))
		return line_complain(l, "%s is a rate such as 20ppm, not '%s'", what, word);
	return 0;
}

int line_share(struct line *l, const char *what, double *ret)
{
	const char *word = "";

	if (line_word(l, what, &word) < 0)
		return -EINVAL;
	if (!measure_share(word, ret))
		return line_complain(l, "%s is a percentage such as 30%%, not '%s'", what, word);
	return 0;
}

int line_count(struct line *l, const char *what, uint64_t *ret)
{
	const char *word = "";

	if (line_word(l, what, &word) < 0)
		return -EINVAL;
	if (!measure_count(word, ret))
		return line_complain(l, "%s is a number, not '%s'", what, word);
	return 0;
}

int line_end(struct line *l)
{
	if (line_ended(l))
		return 0;
	return line_complain(l, "'%s' is not understood here", l->words[l->at]);
}

/* ---- names ---- */

static bool is_name(const char *text, size_t len)
{
	if (len == 0 || len > 20 || !isalpha((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	}
	return true;
}

static bool read_number(const char **p, unsigned *ret)
{
	unsigned v = 0;
	const char *start = *p;

	while (isdigit((unsigned char)**p) && v < 100000000)
		v = v * 10 + (unsigned)(*(*p)++ - '0');
	*ret = v;
	return *p != start;
}

int line_names(struct line *l, struct line_names *ret)
{
	const char *word = "";

	if (line_word(l, "a name", &word) < 0)
		return -EINVAL;
	struct line_names n = {.many = false};
	const char *brace = strchr(word, '{');
	size_t stem = brace ? (size_t)(brace - word) : strlen(word);

	if (!is_name(word, stem))
		return line_complain(l, "'%s' is not a name: letters, digits, - and _", word);
	memcpy(n.stem, word, stem);
	if (brace) {
		const char *p = brace + 1;

		n.many = true;
		if (!read_number(&p, &n.first) || strncmp(p, "..", 2) != 0 ||
		    (p += 2, !read_number(&p, &n.last)) || strcmp(p, "}") != 0 || n.last < n.first)
			return line_complain(l, "'%s' is not a row of names such as C{1..20}",
					     word);
	}
	*ret = n;
	return 0;
}

bool line_name(const struct line_names *n, unsigned i, char ret[LINE_NAME_MAX])
{
	if (!n->many) {
		(void)snprintf(ret, LINE_NAME_MAX, "%s", n->stem);
		return i == 0;
	}
	if (i > n->last - n->first)
		return false;
	(void)snprintf(ret, LINE_NAME_MAX, "%.20s%u", n->stem, n->first + i);
	return true;
}
