/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/session.h"
#include "sys/file.h"

#define INSTALL "install feature-software WEAKEA"

/* ---- a world in which nothing happens ---- */

static void see_system(void *context, struct system_row *ret)
{
	(void)context;
	*ret = (struct system_row){.stratum = 16, .leap = 3};
}

static bool see_assoc(void *context, unsigned i, struct assoc_row *ret)
{
	(void)context, (void)i, (void)ret;
	return false;
}

static bool see_group(void *context, unsigned i, struct group_row *ret)
{
	(void)context, (void)i, (void)ret;
	return false;
}

static bool see_ring(void *context, unsigned i, unsigned j, struct ring_row *ret)
{
	(void)context, (void)i, (void)j, (void)ret;
	return false;
}

static bool see_counter(void *context, enum addr_family family, unsigned i, struct counter_row *ret)
{
	(void)context, (void)family, (void)i, (void)ret;
	return false;
}

static bool see_drop(void *context, unsigned i, struct drop_row *ret)
{
	(void)context, (void)i, (void)ret;
	return false;
}

static bool see_event(void *context, unsigned i, struct event_row *ret)
{
	(void)context, (void)i, (void)ret;
	return false;
}

static void reset_counters(void *context)
{
	(void)context;
}

static void see_wall(void *context, int64_t *ret_unix_s, int64_t *ret_ns)
{
	(void)context;
	*ret_unix_s = time(NULL);
	*ret_ns = 0;
}

static mono see_steady(void *context)
{
	(void)context;
	return (mono){0};
}

static bool see_ifname(void *context, unsigned i, char ret[SETTINGS_IFNAME_MAX])
{
	(void)context, (void)i, (void)ret;
	return false;
}

static void apply(void *context, const struct settings *s, const struct key *keys,
		  unsigned key_count)
{
	(void)context, (void)s, (void)keys, (void)key_count;
}

static const struct world nowhere = {
	.system = see_system,
	.assoc = see_assoc,
	.group = see_group,
	.ring = see_ring,
	.counter = see_counter,
	.drop = see_drop,
	.event = see_event,
	.reset_counters = reset_counters,
	.wall = see_wall,
	.steady = see_steady,
	.ifname = see_ifname,
	.apply = apply,
};

/* ---- checking ---- */

static void install_weak(struct office *o)
{
	struct session *s = session_new(o, "check", "check", SESSION_CONFIGURE, false);
	struct text out = {0};

	session_run(s, INSTALL, &out);
	if (session_asks(s))
		session_run(s, "Y", &out);
	text_fini(&out);
	session_free(s);
}

static int try(const char *path, const char *config, bool weak, struct err *err)
{
	struct shelf *shelf = shelf_new();
	struct office *o = NULL;
	int error = office_new(&nowhere, shelf, NULL, &o, err);

	if (!error) {
		if (weak)
			install_weak(o);
		error = office_load_text(o, path, config, err);
		office_free(o);
	}
	shelf_free(shelf);
	return error;
}

int check_file(const char *path)
{
	struct text config = {0};
	struct err err = {0}, weak_err;
	int error = file_read_path(path, &config, &err);
	bool weak = false;

	if (!error && text_has_nul(&config)) {
		err_set(&err, "%s: it has a NUL octet", path);
		error = -EINVAL;
	} else if (!error) {
		error = try(path, text_chars(&config), false, &err);
		weak = error && try(path, text_chars(&config), true, &weak_err) == 0;
	}
	if (weak)
		(void)fprintf(stderr, "Warning: %s\n", err.text);
	else if (error)
		(void)fprintf(stderr, "%s\n", err.text);
	text_fini(&config);
	return error && !weak ? 1 : 0;
}
