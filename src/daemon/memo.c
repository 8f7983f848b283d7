/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/memo.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FREQUENCY_PPT_MAX (INT64_C(1000) * PPT_PER_PPM)
#define LINE_LEN_MAX 256

static const char *print_or_dash(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	return a->family == ADDR_NONE ? "-" : addr_print(a, buf);
}

void memo_print(const struct memory *m, struct text *ret)
{
	char source[ADDR_TEXT_MAX], group[ADDR_TEXT_MAX];

	text_add(ret, "# Kept by timecastd; lines that are not understood are ignored.\n");
	if (m->has_frequency)
		text_addf(ret, "frequency-ppt %" PRId64 " error-ns %" PRId64 "\n", m->frequency.ppt,
			  m->frequency_error.ns);
	for (unsigned i = 0; i < m->floor_count; i++) {
		const struct memory_floor *f = &m->floors[i];

		text_addf(ret, "floor %s %s key %" PRIu32 " transmit %016" PRIx64 "\n",
			  print_or_dash(&f->source, source), print_or_dash(&f->group, group),
			  f->key_id, f->transmit.frac);
	}
}

/* Cuts line into words at single blanks; false if there are not exactly count of them. */
static bool cut(char *line, char *words[], unsigned count)
{
	unsigned found = 0;
	char *word;

	while ((word = strsep(&line, " "))) {
		if (*word == '\0' || found == count)
			return false;
		words[found++] = word;
	}
	return found == count;
}

static bool parse_signed(const char *word, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(word, &end, 10);
	return errno == 0 && end != word && *end == '\0';
}

static bool parse_unsigned(const char *word, int base, uint64_t max, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(word, &end, base);
	return errno == 0 && end != word && *end == '\0' && *word != '-' && *ret <= max;
}

/* frequency-ppt PPT error-ns NS */
static bool parse_frequency(char *words[4], struct memory *ret)
{
	int64_t ppt, error_ns;

	if (strcmp(words[0], "frequency-ppt") != 0 || !parse_signed(words[1], &ppt) ||
	    strcmp(words[2], "error-ns") != 0 || !parse_signed(words[3], &error_ns))
		return false;
	if (ppt < -FREQUENCY_PPT_MAX || ppt > FREQUENCY_PPT_MAX || error_ns < 0 ||
	    error_ns > NS_PER_S)
		return false;
	ret->has_frequency = true;
	ret->frequency = (freq){ppt};
	ret->frequency_error = (span){error_ns};
	return true;
}

/* floor SOURCE GROUP|- key ID transmit HEX */
static bool parse_floor(char *words[7], struct memory *ret)
{
	struct memory_floor f = {0};
	uint64_t key_id;

	if (strcmp(words[0], "floor") != 0 || !addr_parse(words[1], &f.source))
		return false;
	if (strcmp(words[2], "-") != 0 && !addr_parse(words[2], &f.group))
		return false;
	if (strcmp(words[3], "key") != 0 || !parse_unsigned(words[4], 10, UINT32_MAX, &key_id))
		return false;
	if (strcmp(words[5], "transmit") != 0 ||
	    !parse_unsigned(words[6], 16, UINT64_MAX, &f.transmit.frac))
		return false;
	if (stamp_is_zero(f.transmit) || ret->floor_count == MEMORY_FLOORS_MAX)
		return false;
	f.key_id = (uint32_t)key_id;
	ret->floors[ret->floor_count++] = f;
	return true;
}

static bool parse_line(const char *line, struct memory *ret)
{
	char four[LINE_LEN_MAX], seven[LINE_LEN_MAX];
	char *words[7];

	memcpy(four, line, sizeof four);
	memcpy(seven, line, sizeof seven);
	return (cut(four, words, 4) && parse_frequency(words, ret)) ||
	       (cut(seven, words, 7) && parse_floor(words, ret));
}

unsigned memo_parse(const char *chars, struct memory *ret)
{
	unsigned odd = 0;

	*ret = (struct memory){0};
	while (*chars) {
		size_t len = strcspn(chars, "\n");
		char line[LINE_LEN_MAX] = {0};

		(void)snprintf(line, sizeof line, "%.*s",
			       len < sizeof line ? (int)len : LINE_LEN_MAX - 1, chars);
		chars += len + (chars[len] == '\n');
		if (line[0] == '#' || line[0] == '\0')
			continue;
		odd += !parse_line(line, ret);
	}
	return odd;
}
