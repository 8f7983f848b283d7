/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any lines to two sessions of a whole office: @ at the start is the other session, ? asks for
 * help with the rest, a tab completes it. What runs at the end must print and read back.
 */
#include <assert.h>

#include "../cli/world.h"
#include "cli/rows.h"
#include "printed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void feed(struct session **who, const char *line, struct text *out)
{
	struct session *s = who[*line == '@'];

	line += *line == '@';
	if (*line == '?')
		session_help(s, line + 1, out);
	else if (*line == '\t')
		session_complete(s, line + 1, out);
	else
		session_run(s, line, out);
	assert(session_prompt(s)[0] != '\0');
	text_clear(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct stage stage = {0};
	struct world world = stage_world(&stage);
	struct seal seal = {.random = stage_random};
	struct shelf *shelf = shelf_new();
	struct office *office;
	static const struct graph *held; /* across inputs */
	struct err err;
	struct text out = {0};
	char *copy = calloc(1, len + 1);

	if (!held)
		held = rows_hold();
	if (!copy || office_new(&world, shelf, &seal, &office, &err) < 0)
		abort();
	memcpy(copy, bytes, len);
	struct session *who[] = {session_new(office, "a", "vty0", SESSION_CONFIGURE, true),
				 session_new(office, "b", "vty1", SESSION_CONFIGURE, false)};
	session_run(who[0], "system-view", &out);
	for (char *at = copy; at < copy + len;) {
		size_t n = strcspn(at, "\n");
		at[n] = '\0';
		feed(who, at, &out);
		at += strlen(at) + 1;
		stage.passed_s += 7;
		office_wake(office);
	}
	printed_reads_back(office, &world, &seal);
	office_free(office);
	shelf_free(shelf);
	stage_fini(&stage);
	text_fini(&out);
	free(copy);
	return 0;
}
