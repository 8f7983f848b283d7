/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/drawer.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/memo.h"
#include "sys/file.h"

#define SECRET_NAME "secret"

struct drawer {
	struct file_dir *dir; /* NULL: shelf is in memory */
	struct shelf *shelf;  /* in memory only */
	struct shelf disk;
	char secret_path[PATH_MAX + sizeof "/" SECRET_NAME];
};

static bool is_ours(const char *name)
{
	return strcmp(name, SECRET_NAME) == 0 || strcmp(name, MEMO_NAME) == 0;
}

static int refuse_name(const char *name, int error, struct err *err)
{
	err_set(err, "the name %s cannot be used for a configuration", name);
	return error;
}

static int load(void *context, const char *name, struct text *ret, struct err *err)
{
	const struct drawer *d = context;

	if (!file_name_is_good(name) || is_ours(name))
		return refuse_name(name, -ENOENT, err);
	return file_read(d->dir, name, ret, err);
}

static int keep(void *context, const char *name, const char *chars, size_t len, struct err *err)
{
	const struct drawer *d = context;

	if (!file_name_is_good(name) || is_ours(name))
		return refuse_name(name, -EPERM, err);
	return file_keep(d->dir, name, chars, len, err);
}

static int list(void *context, struct text *ret, struct err *err)
{
	const struct drawer *d = context;
	struct text all = {0};
	int error = file_list(d->dir, &all, err);
	char *rest = all.chars;
	const char *name;

	while (!error && (name = strsep(&rest, "\n")))
		if (*name && !is_ours(name))
			text_addf(ret, "%s\n", name);
	text_fini(&all);
	return error;
}

static int drop(void *context, const char *name, struct err *err)
{
	const struct drawer *d = context;

	if (!file_name_is_good(name) || is_ours(name))
		return refuse_name(name, -EPERM, err);
	return file_drop(d->dir, name, err);
}

/* Whole, as a recording may be read from another folder. */
static void locate_secret(struct drawer *d, const char *path)
{
	if (realpath(path, d->secret_path))
		memcpy(d->secret_path + strlen(d->secret_path), "/" SECRET_NAME,
		       sizeof "/" SECRET_NAME);
	else
		d->secret_path[0] = '\0';
}

int drawer_new(const char *path, struct drawer **ret, struct err *err)
{
	struct drawer *d = auto_new(1, sizeof *d);

	if (path) {
		int error = file_dir_open(path, &d->dir, err);

		if (error) {
			free(d);
			return error;
		}
		d->disk = (struct shelf){d, load, keep, list, drop};
		locate_secret(d, path);
	} else {
		d->shelf = shelf_new();
	}
	*ret = d;
	return 0;
}

void drawer_free(struct drawer *d)
{
	if (!d)
		return;
	file_dir_close(d->dir);
	shelf_free(d->shelf);
	free(d);
}

const char *drawer_secret_path(const struct drawer *d)
{
	return d->secret_path;
}

const struct shelf *drawer_shelf(const struct drawer *d)
{
	return d->dir ? &d->disk : d->shelf;
}

void drawer_random(void *context, uint8_t *octets, size_t len)
{
	(void)context;
	while (len > 0) {
		ssize_t n = getrandom(octets, len, 0);

		assert(n > 0 || errno == EINTR);
		if (n > 0) {
			octets += n;
			len -= (size_t)n;
		}
	}
}

int drawer_secret(struct drawer *d, uint8_t ret[SEAL_MASTER_LEN], struct err *err)
{
	struct text t = {0};
	int error = d->dir ? file_read(d->dir, SECRET_NAME, &t, err) : -ENOENT;

	if (error == -ENOENT) {
		uint8_t fresh[SEAL_MASTER_LEN];

		drawer_random(NULL, fresh, sizeof fresh);
		error = d->dir ? file_keep(d->dir, SECRET_NAME, (const char *)fresh, sizeof fresh,
					   err)
			       : 0;
		if (!error)
			memcpy(ret, fresh, sizeof fresh);
		explicit_bzero(fresh, sizeof fresh);
		return error;
	}
	if (!error && t.len != SEAL_MASTER_LEN) {
		err_set(err,
			"the file " SECRET_NAME " in the state directory is damaged: put back its "
			"backup, or remove it and type all keys again");
		error = -EINVAL;
	}
	if (!error)
		memcpy(ret, t.chars, SEAL_MASTER_LEN);
	if (t.chars)
		explicit_bzero(t.chars, t.room);
	text_fini(&t);
	return error;
}

void drawer_recall(struct drawer *d, struct memory *ret, struct err *err)
{
	struct text t = {0};

	*ret = (struct memory){0};
	err_set(err, "%s", "");
	if (!d->dir)
		return;
	int error = file_read(d->dir, MEMO_NAME, &t, err);
	if (error == -ENOENT)
		err_set(err, "%s", "");
	if (error)
		return;
	unsigned odd = memo_parse(text_chars(&t), ret);
	if (odd)
		err_set(err, "the file " MEMO_NAME " has lines that are not understood: %u", odd);
	text_fini(&t);
}

int drawer_keep(struct drawer *d, const struct memory *m, struct err *err)
{
	struct text next = {0}, last = {0};
	int error = 0;

	if (!d->dir)
		return 0;
	memo_print(m, &next);
	if (file_read(d->dir, MEMO_NAME, &last, err) != 0 || last.len != next.len ||
	    memcmp(last.chars, next.chars, next.len) != 0)
		error = file_keep(d->dir, MEMO_NAME, next.chars, next.len, err);
	text_fini(&next);
	text_fini(&last);
	return error;
}
