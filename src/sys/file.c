/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

/* ".NAME.new": hidden, so that no listing shows it and no name of ours collides. */
#define BESIDE_MAX (FILE_NAME_LEN_MAX + 6)
#define PATH_LEN_MAX 1024

#define LOCK_NAME ".lock"

struct file_dir {
	int fd;
	int lock; /* open as long as we are; its name is never removed */
	char path[PATH_LEN_MAX];
};

#ifdef FILE_FAULTS

static int real_open(int dir, const char *name, int flags, mode_t mode)
{
	return openat(dir, name, flags, mode);
}

struct file_calls file_calls = {real_open, write, fsync, close, renameat, unlinkat};
#define DO(call) file_calls.call

#else

#define DO(call) do_##call
#define do_open openat
#define do_write write
#define do_sync fsync
#define do_close close
#define do_rename renameat
#define do_unlink unlinkat

#endif

static int failed(struct err *err, const char *what, const char *path, const char *name)
{
	int error = errno ? errno : EIO;

	err_set(err, "cannot %s %s%s%s: %s", what, path, *name ? "/" : "", name, strerror(error));
	return -error;
}

bool file_name_is_good(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= FILE_NAME_LEN_MAX && name[0] != '.' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       len;
}

/* ---- directories ---- */

/* The name of a new directory is durable when its parent is. */
static int sync_parent(const char *path, struct err *err)
{
	char parent[PATH_LEN_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	(void)snprintf(parent, sizeof parent, "%.*s", len ? (int)len : 1, len ? path : ".");
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* One that we may not look into was made to hold others': whose it is keeps it. */
	if (fd < 0 && errno == EACCES)
		return 0;
	int error = fd < 0 || DO(sync)(fd) < 0 ? failed(err, "sync", parent, "") : 0;
	if (fd >= 0)
		(void)close(fd);
	return error;
}

static int make_one(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) == 0) {
		/* as asked for, whatever the umask is */
		if (chmod(path, mode) < 0)
			return failed(err, "make directory", path, "");
		return sync_parent(path, err);
	}
	if (errno == EEXIST)
		return 0;
	/* a parent that we may not write but that is there is no obstacle */
	int error = errno;
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	errno = error;
	return failed(err, "make directory", path, "");
}

static int make_with_parents(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_LEN_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof part) {
		err_set(err, "the path of a directory must have 1 to %d octets", PATH_LEN_MAX - 1);
		return -ENAMETOOLONG;
	}
	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		int error = make_one(part, 0755, err);
		if (error)
			return error;
		part[i] = '/';
	}
	return make_one(part, mode, err);
}

int file_dir_make(const char *path, struct err *err)
{
	return make_with_parents(path, 0755, err);
}

static bool is_beside(const char *name)
{
	size_t len = strlen(name);

	return name[0] == '.' && len > 5 && strcmp(name + len - 4, ".new") == 0;
}

/* Calls each for every name; the order is the directory's. */
static int walk(const struct file_dir *d, void (*each)(const char *name, void *context),
		void *context, struct err *err)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		int error = failed(err, "list", d->path, "");
		if (fd >= 0)
			(void)close(fd);
		return error;
	}
	const struct dirent *entry;
	errno = 0;
	while ((entry = readdir(dir)))
		each(entry->d_name, context);
	int error = errno ? failed(err, "list", d->path, "") : 0;
	(void)closedir(dir);
	return error;
}

static void clean(const char *name, void *context)
{
	const struct file_dir *d = context;

	if (is_beside(name))
		(void)DO(unlink)(d->fd, name, 0);
}

/* 0, or -errno: -EBUSY if another process has the directory. */
static int lock(struct file_dir *d, struct err *err)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	d->lock = openat(d->fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock < 0)
		return failed(err, "write", d->path, LOCK_NAME);
	if (fcntl(d->lock, F_OFD_SETLK, &all) < 0 && (errno == EAGAIN || errno == EACCES)) {
		err_set(err, "%s is in use by another timecastd", d->path);
		return -EBUSY;
	}
	return 0;
}

int file_dir_open(const char *path, struct file_dir **ret, struct err *err)
{
	int error = make_with_parents(path, 0700, err);

	if (error)
		return error;
	struct file_dir *d = auto_new(1, sizeof *d);
	(void)snprintf(d->path, sizeof d->path, "%s", path);
	d->lock = -1;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = d->fd < 0 ? failed(err, "open", path, "") : lock(d, err);
	if (!error)
		error = walk(d, clean, d, err);
	if (error) {
		file_dir_close(d);
		return error;
	}
	*ret = d;
	return 0;
}

void file_dir_close(struct file_dir *d)
{
	if (!d)
		return;
	if (d->lock >= 0)
		(void)close(d->lock);
	if (d->fd >= 0)
		(void)close(d->fd);
	free(d);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void note_name(const char *name, void *context)
{
	struct text *names = context;

	if (file_name_is_good(name)) {
		text_add(names, name);
		text_add(names, "\n");
	}
}

int file_list(const struct file_dir *d, struct text *ret, struct err *err)
{
	struct text names = {0};
	int error = walk(d, note_name, &names, err);
	size_t count = 0;

	for (size_t i = 0; i < names.len; i++)
		count += names.chars[i] == '\n';
	if (error || count == 0) {
		text_fini(&names);
		return error;
	}
	char **sorted = auto_new(count, sizeof *sorted);
	char *rest = names.chars;
	for (size_t i = 0; i < count; i++)
		sorted[i] = strsep(&rest, "\n");
	qsort(sorted, count, sizeof *sorted, compare_names);
	for (size_t i = 0; i < count; i++) {
		text_add(ret, sorted[i]);
		text_add(ret, "\n");
	}
	free(sorted);
	text_fini(&names);
	return 0;
}

/* ---- files ---- */

static int read_all(int fd, struct text *ret)
{
	char chunk[16384];
	size_t start = ret->len;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return 0;
		if (n > 0 && ret->len - start + (size_t)n > FILE_LEN_MAX)
			errno = EFBIG;
		else if (n > 0) {
			text_add_len(ret, chunk, (size_t)n);
			continue;
		}
		int error = -errno;
		text_cut(ret, start);
		errno = -error;
		return error;
	}
}

static int read_at(int dir, const char *name, struct text *ret)
{
	/* not blocking: a FIFO in place of a file must not hang the desk */
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int error = read_all(fd, ret);
	(void)close(fd);
	errno = -error;
	return error;
}

int file_read(const struct file_dir *d, const char *name, struct text *ret, struct err *err)
{
	assert(file_name_is_good(name));
	if (read_at(d->fd, name, ret) < 0)
		return failed(err, "read", d->path, name);
	return 0;
}

int file_read_path(const char *path, struct text *ret, struct err *err)
{
	if (read_at(AT_FDCWD, path, ret) < 0)
		return failed(err, "read", path, "");
	return 0;
}

static int write_all(int fd, const char *chars, size_t len)
{
	while (len > 0) {
		ssize_t n = DO(write)(fd, chars, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		chars += n;
		len -= (size_t)n;
	}
	return 0;
}

/* 0 or -1 with errno; the file is on the disk, its name need not be. */
static int write_beside(int dir, const char *beside, const char *chars, size_t len)
{
	int fd = DO(open)(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	int failing = write_all(fd, chars, len) < 0 || DO(sync)(fd) < 0 ? errno : 0;
	if (DO(close)(fd) < 0 && !failing)
		failing = errno;
	errno = failing;
	return failing ? -1 : 0;
}

int file_keep(const struct file_dir *d, const char *name, const char *chars, size_t len,
	      struct err *err)
{
	char beside[BESIDE_MAX];

	assert(file_name_is_good(name));
	(void)snprintf(beside, sizeof beside, ".%s.new", name);
	if (write_beside(d->fd, beside, chars, len) < 0 ||
	    DO(rename)(d->fd, beside, d->fd, name) < 0) {
		int error = failed(err, "write", d->path, name);
		(void)DO(unlink)(d->fd, beside, 0);
		return error;
	}
	if (DO(sync)(d->fd) < 0)
		return failed(err, "sync", d->path, name);
	return 0;
}

int file_drop(const struct file_dir *d, const char *name, struct err *err)
{
	assert(file_name_is_good(name));
	/* One that is gone already may be gone in memory only. */
	if (DO(unlink)(d->fd, name, 0) < 0 && errno != ENOENT)
		return failed(err, "remove", d->path, name);
	if (DO(sync)(d->fd) < 0)
		return failed(err, "sync", d->path, name);
	return 0;
}
