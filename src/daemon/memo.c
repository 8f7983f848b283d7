/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/memo.h"

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

static bool parse_frequency(const char *line, struct memory *ret)
{
	int64_t ppt, error_ns;
	int end = 0;

	if (sscanf(line, "frequency-ppt %" SCNd64 " error-ns %" SCNd64 "%n", &ppt, &error_ns,
		   &end) != 2 ||
	    line[end] != '\0')
		return false;
	if (ppt < -FREQUENCY_PPT_MAX || ppt > FREQUENCY_PPT_MAX || error_ns < 0 ||
	    error_ns > NS_PER_S)
		return false;
	ret->has_frequency = true;
	ret->frequency = (freq){ppt};
	ret->frequency_error = (span){error_ns};
	return true;
}

static bool parse_floor(const char *line, struct memory *ret)
{
	char source[ADDR_TEXT_MAX], group[ADDR_TEXT_MAX];
	struct memory_floor f = {0};
	int end = 0;

	if (sscanf(line, "floor %45s %45s key %" SCNu32 " transmit %16" SCNx64 "%n", source, group,
		   &f.key_id, &f.transmit.frac, &end) != 4 ||
	    line[end] != '\0')
		return false;
	if (!addr_parse(source, &f.source))
		return false;
	if (strcmp(group, "-") != 0 && !addr_parse(group, &f.group))
		return false;
	if (stamp_is_zero(f.transmit) || ret->floor_count == MEMORY_FLOORS_MAX)
		return false;
	ret->floors[ret->floor_count++] = f;
	return true;
}

unsigned memo_parse(const char *chars, struct memory *ret)
{
	unsigned odd = 0;

	*ret = (struct memory){0};
	while (*chars) {
		size_t len = strcspn(chars, "\n");
		char line[LINE_LEN_MAX];

		(void)snprintf(line, sizeof line, "%.*s",
			       len < sizeof line ? (int)len : LINE_LEN_MAX - 1, chars);
		chars += len + (chars[len] == '\n');
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (!parse_frequency(line, ret) && !parse_floor(line, ret))
			odd++;
	}
	return odd;
}
