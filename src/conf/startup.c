/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/startup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Bad texts kept aside: startup.bad, startup.bad.2 ... startup.bad.9; the ninth is reused. */
#define BAD_MAX 9

static const char *bad_name(unsigned i, char buf[32])
{
	if (i == 1)
		(void)snprintf(buf, 32, "%s", STARTUP_BAD_NAME);
	else
		(void)snprintf(buf, 32, "%s.%u", STARTUP_BAD_NAME, i);
	return buf;
}

/* The number under which config is, or may be, kept aside; *ret_kept if it already is. */
static unsigned bad_number(const struct shelf *shelf, const struct text *config, bool *ret_kept)
{
	unsigned room = BAD_MAX;

	*ret_kept = false;
	for (unsigned i = BAD_MAX; i >= 1 && !*ret_kept; i--) {
		struct text other = {0};
		char name[32];
		int r = shelf->load(shelf->context, bad_name(i, name), &other, NULL);
		*ret_kept = r == 0 && other.len == config->len &&
			    memcmp(text_chars(&other), text_chars(config), config->len) == 0;
		text_fini(&other);
		if (*ret_kept || r == -ENOENT)
			room = i;
	}
	return room;
}

/* What is on the shelf now is worth going back to unless it was refused when it was tried. */
static int promote(const struct shelf *shelf, const char *config, struct err *err)
{
	struct text now = {0};
	int r = 0;
	bool bad = true;

	/* An unreadable one is nothing to go back to, and must not stop a new one. */
	if (shelf->load(shelf->context, STARTUP_NAME, &now, NULL) == 0 &&
	    strcmp(text_chars(&now), config) != 0)
		(void)bad_number(shelf, &now, &bad);
	if (!bad)
		r = shelf->keep(shelf->context, STARTUP_GOOD_NAME, text_chars(&now), now.len, err);
	text_fini(&now);
	return r;
}

int startup_save(const struct shelf *shelf, const char *config, struct err *err)
{
	int r = promote(shelf, config, err);

	if (r < 0)
		return r;
	return shelf->keep(shelf->context, STARTUP_NAME, config, strlen(config), err);
}

/* Says where the bad text went; false if it could not be kept. */
static bool set_aside(const struct shelf *shelf, const struct text *config, char ret[96])
{
	char name[32];
	bool kept;
	unsigned i = bad_number(shelf, config, &kept);

	kept = kept || shelf->keep(shelf->context, bad_name(i, name), text_chars(config),
				   config->len, NULL) == 0;
	if (kept)
		(void)snprintf(ret, 96, "it is kept as %s", bad_name(i, name));
	else
		(void)snprintf(ret, 96, "it could not be kept aside");
	return kept;
}

int startup_replace_refused(const struct shelf *shelf, const char *config, struct err *err)
{
	struct text now = {0};
	char aside[96];
	bool kept = shelf->load(shelf->context, STARTUP_NAME, &now, NULL) != 0 ||
		    set_aside(shelf, &now, aside);

	text_fini(&now);
	if (!kept) {
		err_set(err, "%s was refused at the start and cannot be kept aside", STARTUP_NAME);
		return -EIO;
	}
	return shelf->keep(shelf->context, STARTUP_NAME, config, strlen(config), err);
}

typedef int try_config(void *context, const char *config, struct err *err);

/* Zeros are what a power cut may leave of a file; what stands behind one would not be read. */
static int try_whole(const char *name, const struct text *config, try_config *try, void *context,
		     struct err *err)
{
	if (!text_has_nul(config))
		return try(context, text_chars(config), err);
	err_set(err, "%s: it has a NUL octet", name);
	return -EBADMSG;
}

static int try_good(const struct shelf *shelf, try_config *try, void *context, struct err *err)
{
	struct text good = {0};
	int r = shelf->load(shelf->context, STARTUP_GOOD_NAME, &good, err);

	if (r == 0)
		r = try_whole(STARTUP_GOOD_NAME, &good, try, context, err);
	text_fini(&good);
	return r;
}

int startup_load(const struct shelf *shelf,
		 int (*try)(void *context, const char *config, struct err *err), void *context,
		 struct err *err)
{
	struct text now = {0};
	struct err why = {0}, why_good = {0};
	char aside[96] = "it cannot be read";
	int r = shelf->load(shelf->context, STARTUP_NAME, &now, &why);

	if (err)
		err->text[0] = '\0';
	if (r == -ENOENT) {
		text_fini(&now);
		return 0;
	}
	if (r == 0) {
		r = try_whole(STARTUP_NAME, &now, try, context, &why);
		if (r < 0)
			(void)set_aside(shelf, &now, aside);
	}
	text_fini(&now);
	if (r == 0)
		return 0;
	int g = try_good(shelf, try, context, &why_good);
	if (g == 0)
		err_set(err, "%s was refused and %s; %s is used instead. %.150s", STARTUP_NAME,
			aside, STARTUP_GOOD_NAME, why.text);
	else
		err_set(err, "%s was refused and %s; %s. %.150s", STARTUP_NAME, aside,
			g == -ENOENT ? "there is no " STARTUP_GOOD_NAME
				     : STARTUP_GOOD_NAME " was refused too",
			why.text);
	return g == 0 ? 0 : r;
}
