/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types the lines of standard input into a session of an office of its own, with nothing around
 * it, and prints what it answers. Ends with status 1 at the first line that is refused.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/shelf_memory.h"
#include "cli/session.h"

static void no_system(void *context, struct system_row *ret)
{
	(void)context;
	*ret = (struct system_row){.stratum = 16};
}

static bool no_assoc(void *context, unsigned i, struct assoc_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

static bool no_group(void *context, unsigned i, struct group_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

static bool no_drop(void *context, unsigned i, struct drop_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

static bool no_event(void *context, unsigned i, struct event_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

static bool no_ring(void *context, unsigned i, unsigned j, struct ring_row *ret)
{
	(void)j;
	return no_group(context, i, NULL) || ret == NULL;
}

static bool no_counter(void *context, enum addr_family family, unsigned i, struct counter_row *ret)
{
	(void)family;
	return no_group(context, i, NULL) || ret == NULL;
}

static void nothing(void *context)
{
	(void)context;
}

static void a_wall(void *context, int64_t *ret_unix_s, int64_t *ret_ns)
{
	(void)context;
	*ret_unix_s = 1795305600;
	*ret_ns = 0;
}

static mono a_steady(void *context)
{
	(void)context;
	return (mono){1};
}

static bool two_ifnames(void *context, unsigned i, char ret[SETTINGS_IFNAME_MAX])
{
	(void)context;
	if (i < 2)
		(void)snprintf(ret, SETTINGS_IFNAME_MAX, "eth%u", i);
	return i < 2;
}

static void applied(void *context, const struct settings *s, const struct key *keys,
		    unsigned key_count)
{
	(void)context;
	(void)s;
	(void)keys;
	(void)key_count;
}

static void count_up(void *context, uint8_t *octets, size_t len)
{
	uint8_t *next = context;

	for (size_t i = 0; i < len; i++)
		octets[i] = (*next)++;
}

static const struct world world = {
	.system = no_system,
	.assoc = no_assoc,
	.group = no_group,
	.ring = no_ring,
	.counter = no_counter,
	.drop = no_drop,
	.event = no_event,
	.reset_counters = nothing,
	.wall = a_wall,
	.steady = a_steady,
	.ifname = two_ifnames,
	.apply = applied,
};

/* 0 if every line was accepted. */
static int type_lines(struct session *s)
{
	char line[4096];
	struct text out = {0};
	int failed = 0;

	while (!failed && fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		text_clear(&out);
		session_run(s, line, &out);
		failed = session_failed(s);
		if (failed)
			(void)fprintf(stderr, "%s\n%s", line, text_chars(&out));
		else
			(void)fputs(text_chars(&out), stdout);
	}
	text_fini(&out);
	return failed;
}

int main(void)
{
	uint8_t next = 0;
	struct memory_shelf memory = {0};
	const struct shelf shelf = memory_shelf(&memory);
	const struct seal seal = {.master = {1, 2, 3}, .random = count_up, .context = &next};
	struct office *office;
	struct err err = {{0}};

	if (office_new(&world, &shelf, &seal, &office, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	struct session *s = session_new(office, "test", "vty0", SESSION_CONFIGURE, false);
	int failed = type_lines(s);
	session_free(s);
	office_free(office);
	memory_fini(&memory);
	return failed;
}
