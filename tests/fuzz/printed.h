/* SPDX-License-Identifier: BSD-2-Clause */
/* The promise of printed configurations: another office reads one and prints the same. */
#ifndef TESTS_FUZZ_PRINTED_H
#define TESTS_FUZZ_PRINTED_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session.h"
#include "conf/shelf.h"

static inline char *printed_now(struct office *o)
{
	struct session *s = session_new(o, "printer", "vty9", SESSION_CONFIGURE, false);
	struct text out = {0};

	session_run(s, "display current-configuration | exclude ^!", &out);
	assert(!session_failed(s));
	session_free(s);
	return text_take(&out);
}

/* Most inputs configure nothing, and a second office is half the work. */
static inline bool printed_is_default(const char *config)
{
	return strcmp(config, "#\nreturn\n") == 0;
}

static inline void printed_reads_back(struct office *o, const struct world *world,
				      const struct seal *seal)
{
	struct shelf *shelf;
	struct office *other;
	struct err err;
	struct text reply = {0};
	char *once = printed_now(o);

	if (printed_is_default(once)) {
		free(once);
		return;
	}
	shelf = shelf_new();
	if (office_new(world, shelf, seal, &other, &err) < 0)
		abort();
	struct session *s = session_new(other, "reader", "vty8", SESSION_CONFIGURE, false);
	session_run(s, "install feature-software WEAKEA", &reply);
	if (office_load_text(other, "printed", once, &err) < 0)
		abort();
	char *twice = printed_now(other);
	if (strcmp(once, twice) != 0)
		abort();
	free(once);
	free(twice);
	text_fini(&reply);
	office_free(other);
	shelf_free(shelf);
}

#endif
