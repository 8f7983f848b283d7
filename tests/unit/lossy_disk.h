/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk that may lose its power: everything done through file_calls is done for real, and what of
 * it would outlive a power cut is kept account of. Names are journaled in order, data is not.
 */
#ifndef TESTS_LOSSY_DISK_H
#define TESTS_LOSSY_DISK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/file.h"

#define LOSSY_FILES_MAX 4096
#define LOSSY_NAMES_MAX 256
#define LOSSY_NEWS_MAX 64
#define LOSSY_FDS_MAX 1024
#define LOSSY_NO_FILE (-1)

struct lossy_name {
	char name[80];
	int file; /* LOSSY_NO_FILE: the name is gone */
};

struct lossy_file {
	struct text now;
	struct text safe; /* what was synced */
};

struct lossy_disk {
	bool paused; /* calls are real, fast, and nobody's business */
	unsigned calls;
	unsigned fail_at; /* 0: never */
	bool for_good;
	void (*before)(void *context); /* each call */
	void *context;
	unsigned file_count;
	struct lossy_file files[LOSSY_FILES_MAX];
	unsigned safe_count;
	struct lossy_name safe[LOSSY_NAMES_MAX];
	unsigned news_count; /* changes of names that are not synced, oldest first */
	struct lossy_name news[LOSSY_NEWS_MAX][2];
	int file_of_fd[LOSSY_FDS_MAX];
};

static struct lossy_disk lossy;

/* What becomes of what was not synced. */
enum lossy_fate {
	LOSSY_NAMES_LOST,   /* names as of the last sync */
	LOSSY_DATA_LOST,    /* names are new, unsynced data is not there */
	LOSSY_DATA_HALF,    /* ... half of it is */
	LOSSY_DATA_ZERO,    /* ... its length is, but not its octets */
	LOSSY_NOTHING_LOST, /* only we were killed */
	LOSSY_RANDOM,	    /* some of the news, some of the data */
	LOSSY_FATES,
};

static inline void lossy_set(struct lossy_name *names, unsigned *count, const struct lossy_name *n)
{
	for (unsigned i = 0; i < *count; i++) {
		if (strcmp(names[i].name, n->name) == 0) {
			names[i].file = n->file;
			return;
		}
	}
	if (*count == LOSSY_NAMES_MAX)
		abort();
	names[(*count)++] = *n;
}

static inline int lossy_find(const char *name)
{
	int file = LOSSY_NO_FILE;

	for (unsigned i = 0; i < lossy.safe_count; i++)
		if (strcmp(lossy.safe[i].name, name) == 0)
			file = lossy.safe[i].file;
	for (unsigned i = 0; i < lossy.news_count; i++)
		for (unsigned k = 0; k < 2; k++)
			if (strcmp(lossy.news[i][k].name, name) == 0)
				file = lossy.news[i][k].file;
	return file;
}

/* One change of names, which is whole or not at all: a rename has two parts. */
static inline void lossy_tell(const char *name, int file, const char *gone)
{
	struct lossy_name *n = lossy.news[lossy.news_count++];

	if (lossy.news_count == LOSSY_NEWS_MAX)
		abort();
	n[0] = n[1] = (struct lossy_name){.file = LOSSY_NO_FILE};
	(void)snprintf(n[0].name, sizeof n[0].name, "%s", name);
	n[0].file = file;
	(void)snprintf(n[1].name, sizeof n[1].name, "%s", gone);
}

/* True if the call is to fail. */
static inline bool lossy_enter(void)
{
	if (lossy.paused)
		return false;
	lossy.calls++;
	if (lossy.before)
		lossy.before(lossy.context);
	if (lossy.fail_at == 0 || lossy.calls < lossy.fail_at ||
	    (lossy.calls > lossy.fail_at && !lossy.for_good))
		return false;
	errno = ENOSPC;
	return true;
}

static inline int lossy_open(int dir, const char *name, int flags, mode_t mode)
{
	if (lossy_enter())
		return -1;
	int fd = openat(dir, name, flags, mode);
	if (fd < 0 || lossy.paused)
		return fd;
	int file = lossy_find(name);
	if (file == LOSSY_NO_FILE) {
		file = (int)lossy.file_count++;
		if (lossy.file_count == LOSSY_FILES_MAX || fd >= LOSSY_FDS_MAX)
			abort();
		lossy_tell(name, file, "");
	}
	text_clear(&lossy.files[file].now); /* always opened to be emptied */
	lossy.file_of_fd[fd] = file;
	return fd;
}

/* Half of what it is given, so that a text takes more than one call. */
static inline ssize_t lossy_write(int fd, const void *octets, size_t len)
{
	if (lossy_enter())
		return -1;
	ssize_t n = write(fd, octets, len > 64 && !lossy.paused ? len / 2 : len);
	if (n > 0 && !lossy.paused)
		text_add_len(&lossy.files[lossy.file_of_fd[fd]].now, octets, (size_t)n);
	return n;
}

static inline int lossy_sync(int fd)
{
	if (lossy_enter())
		return -1;
	if (lossy.paused)
		return 0;
	int file = lossy.file_of_fd[fd];
	if (file != LOSSY_NO_FILE) {
		struct lossy_file *f = &lossy.files[file];
		text_clear(&f->safe);
		text_add_len(&f->safe, text_chars(&f->now), f->now.len);
		return 0;
	}
	for (unsigned i = 0; i < lossy.news_count; i++)
		for (unsigned k = 0; k < 2; k++)
			lossy_set(lossy.safe, &lossy.safe_count, &lossy.news[i][k]);
	lossy.news_count = 0;
	return 0;
}

static inline int lossy_close(int fd)
{
	bool fails = lossy_enter();

	if (!lossy.paused)
		lossy.file_of_fd[fd] = LOSSY_NO_FILE;
	int r = close(fd);
	if (fails)
		errno = ENOSPC;
	return fails ? -1 : r;
}

static inline int lossy_rename(int old_dir, const char *old, int new_dir, const char *new)
{
	if (lossy_enter())
		return -1;
	int r = renameat(old_dir, old, new_dir, new);
	if (r == 0 && !lossy.paused)
		lossy_tell(new, lossy_find(old), old);
	return r;
}

static inline int lossy_unlink(int dir, const char *name, int flags)
{
	if (lossy_enter())
		return -1;
	int r = unlinkat(dir, name, flags);
	if (r == 0 && !lossy.paused)
		lossy_tell(name, LOSSY_NO_FILE, "");
	return r;
}

static inline void lossy_start(void)
{
	for (unsigned i = 0; i < lossy.file_count; i++) {
		text_fini(&lossy.files[i].now);
		text_fini(&lossy.files[i].safe);
	}
	lossy = (struct lossy_disk){0};
	for (unsigned i = 0; i < LOSSY_FDS_MAX; i++)
		lossy.file_of_fd[i] = LOSSY_NO_FILE;
	file_calls = (struct file_calls){lossy_open,  lossy_write,  lossy_sync,
					 lossy_close, lossy_rename, lossy_unlink};
}

/* ---- after the power cut ---- */

static inline void lossy_empty(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	char full[512];

	while (d && (e = readdir(d))) {
		(void)snprintf(full, sizeof full, "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.' || strlen(e->d_name) > 2)
			(void)unlink(full);
	}
	if (d)
		(void)closedir(d);
}

static inline size_t lossy_kept(const struct lossy_file *f, enum lossy_fate fate)
{
	switch (fate) {
	case LOSSY_NAMES_LOST:
	case LOSSY_DATA_LOST:
	case LOSSY_FATES:
		break;
	case LOSSY_DATA_HALF:
		return f->now.len / 2;
	case LOSSY_DATA_ZERO:
	case LOSSY_NOTHING_LOST:
		return f->now.len;
	case LOSSY_RANDOM:
		return f->now.len ? (size_t)rand() % (f->now.len + 1) : 0;
	}
	return 0;
}

static inline void lossy_write_out(const char *path, const struct lossy_name *n,
				   enum lossy_fate fate)
{
	const struct lossy_file *f = &lossy.files[n->file];
	bool synced = f->now.len == f->safe.len &&
		      memcmp(text_chars(&f->now), text_chars(&f->safe), f->now.len) == 0;
	size_t len = synced ? f->now.len : lossy_kept(f, fate);
	char full[512];

	(void)snprintf(full, sizeof full, "%s/%s", path, n->name);
	FILE *out = fopen(full, "w");
	if (!out)
		abort();
	for (size_t i = 0; i < len; i++)
		(void)fputc(!synced && fate == LOSSY_DATA_ZERO ? 0 : f->now.chars[i], out);
	(void)fclose(out);
}

/* What the disk holds when the power is back, in a directory that exists. */
static inline void lossy_leave(const char *path, enum lossy_fate fate)
{
	static struct lossy_name names[LOSSY_NAMES_MAX];
	unsigned count = lossy.safe_count;

	memcpy(names, lossy.safe, sizeof names);
	for (unsigned i = 0; i < lossy.news_count && fate != LOSSY_NAMES_LOST; i++) {
		if (fate == LOSSY_RANDOM && rand() % 2)
			break;
		lossy_set(names, &count, &lossy.news[i][0]);
		lossy_set(names, &count, &lossy.news[i][1]);
	}
	lossy_empty(path);
	for (unsigned i = 0; i < count; i++)
		if (names[i].file != LOSSY_NO_FILE)
			lossy_write_out(path, &names[i], fate);
}

#endif
