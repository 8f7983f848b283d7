/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only place that opens, writes, syncs and renames files. A text is kept whole or not at all:
 * written beside under a hidden name, synced, renamed, and the directory synced. Knows nothing of
 * what the texts mean. All calls return 0 or -errno with a sentence.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"

/* Larger files are refused when read: nothing of ours comes near. */
#define FILE_LEN_MAX ((size_t)16 * 1024 * 1024)
#define FILE_NAME_LEN_MAX 64

/* An open directory that belongs to this process alone. */
struct file_dir;

/*
 * Makes the directory (0700) and its parents (0755) where they are missing and locks it: -EBUSY if
 * another process has it. What an interrupted file_keep left behind is removed.
 */
MUST_CHECK int file_dir_open(const char *path, struct file_dir **ret, struct err *err);
void file_dir_close(struct file_dir *d);
/* For the control socket's place: makes the directory (0755) and its parents where missing. */
MUST_CHECK int file_dir_make(const char *path, struct err *err);

/* 1 to 64 characters of [A-Za-z0-9._-], not starting with a dot. */
bool file_name_is_good(const char *name);

/* The whole file is added to ret, which is untouched on failure. */
MUST_CHECK int file_read(const struct file_dir *d, const char *name, struct text *ret,
			 struct err *err);
MUST_CHECK int file_read_path(const char *path, struct text *ret, struct err *err);
/* Mode 0600. When it returns 0 the text and its name are on the disk. */
MUST_CHECK int file_keep(const struct file_dir *d, const char *name, const char *chars, size_t len,
			 struct err *err);
/* One name a line, sorted by octets; hidden names are left out. */
MUST_CHECK int file_list(const struct file_dir *d, struct text *ret, struct err *err);
/* 0 also if there was none. */
MUST_CHECK int file_drop(const struct file_dir *d, const char *name, struct err *err);

#ifdef FILE_FAULTS
#include <sys/types.h>
/* Only in test_file, which compiles file.c for itself: every call that changes a disk. */
struct file_calls {
	int (*open)(int dir, const char *name, int flags, mode_t mode);
	ssize_t (*write)(int fd, const void *octets, size_t len);
	int (*sync)(int fd);
	int (*close)(int fd);
	int (*rename)(int old_dir, const char *old, int new_dir, const char *new);
	int (*unlink)(int dir, const char *name, int flags);
};
extern struct file_calls file_calls;
#endif

#endif
