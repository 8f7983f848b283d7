/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiles file.c for itself, with a table in front of every call that changes a disk. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"

#define NAME "startup.cfg"
#define OLD "system-view\nsysname old\n"
#define NEW "system-view\nsysname new\ninterface eth0\n ntp multicast-client\n"

struct place {
	char path[64];
	struct file_dir *dir;
};

static struct file_calls real;

/* ---- a disk that fails at one call ---- */

static unsigned calls;	 /* so far */
static unsigned fail_at; /* 0: never */
static bool for_good;	 /* every call after it fails, too: the power is off */
static char order[64];	 /* one letter a call */

static bool fails(char letter)
{
	size_t len = strlen(order);

	if (len + 1 < sizeof order) {
		order[len] = letter;
		order[len + 1] = '\0';
	}
	calls++;
	if (fail_at == 0 || calls < fail_at || (calls > fail_at && !for_good))
		return false;
	errno = ENOSPC;
	return true;
}

static int bad_open(int dir, const char *name, int flags, mode_t mode)
{
	return fails('o') ? -1 : real.open(dir, name, flags, mode);
}

/* Half of what it is given, so that a write that fails leaves a part behind. */
static ssize_t bad_write(int fd, const void *octets, size_t len)
{
	return fails('w') ? -1 : real.write(fd, octets, len > 1 ? len / 2 : len);
}

static int bad_sync(int fd)
{
	return fails('s') ? -1 : real.sync(fd);
}

static int bad_close(int fd)
{
	int r = real.close(fd);

	return fails('c') ? -1 : r;
}

static int bad_rename(int old_dir, const char *old, int new_dir, const char *new)
{
	return fails('r') ? -1 : real.rename(old_dir, old, new_dir, new);
}

static int bad_unlink(int dir, const char *name, int flags)
{
	return fails('u') ? -1 : real.unlink(dir, name, flags);
}

static void break_disk(unsigned at, bool stays)
{
	calls = 0;
	fail_at = at;
	for_good = stays;
	order[0] = '\0';
	file_calls = (struct file_calls){bad_open,  bad_write,	bad_sync,
					 bad_close, bad_rename, bad_unlink};
}

static void mend_disk(void)
{
	file_calls = real;
}

/* ---- */

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct err err;

	real = file_calls;
	(void)snprintf(p->path, sizeof p->path, "/tmp/tc-file-%d-XXXXXX", (int)getpid());
	assert_non_null(mkdtemp(p->path));
	assert_int_equal(file_dir_open(p->path, &p->dir, &err), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	mend_disk();
	file_dir_close(p->dir);
	(void)snprintf(command, sizeof command, "rm -r %s", p->path);
	int r = system(command);
	free(p);
	return r;
}

static void expect_text(const struct place *p, const char *name, const char *chars)
{
	struct text t = {0};
	struct err err;

	assert_int_equal(file_read(p->dir, name, &t, &err), 0);
	assert_string_equal(text_chars(&t), chars);
	text_fini(&t);
}

static void keep(const struct place *p, const char *name, const char *chars)
{
	struct err err;

	assert_int_equal(file_keep(p->dir, name, chars, strlen(chars), &err), 0);
}

static void what_is_kept_reads_back_and_is_private(void **state)
{
	const struct place *p = *state;
	char path[128];
	struct stat st;

	keep(p, NAME, OLD);
	expect_text(p, NAME, OLD);
	keep(p, NAME, NEW);
	expect_text(p, NAME, NEW);
	keep(p, "empty", "");
	expect_text(p, "empty", "");
	(void)snprintf(path, sizeof path, "%s/%s", p->path, NAME);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_directory_is_made_with_its_parents_and_belongs_to_one(void **state)
{
	const struct place *p = *state;
	struct file_dir *one = NULL, *two = NULL;
	char path[128];
	struct stat st;
	struct err err;
	mode_t mask = umask(077);

	(void)snprintf(path, sizeof path, "%s/a/b", p->path);
	assert_int_equal(file_dir_open(path, &one, &err), 0);
	(void)umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(file_dir_open(path, &two, &err), -EBUSY);
	assert_non_null(strstr(err.text, "in use"));
	assert_null(two);
	file_dir_close(one);
	assert_int_equal(file_dir_open(path, &two, &err), 0);
	file_dir_close(two);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
}

static unsigned folders_synced;

static int count_sync(int fd)
{
	struct stat st;

	folders_synced += fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	return real.sync(fd);
}

/* Else a power cut takes the new directory away, and all that is in it. */
static void the_parents_of_new_directories_are_synced(void **state)
{
	const struct place *p = *state;
	struct file_dir *d = NULL;
	char path[128];
	struct err err;

	folders_synced = 0;
	file_calls.sync = count_sync;
	(void)snprintf(path, sizeof path, "%s/c/d", p->path);
	assert_int_equal(file_dir_open(path, &d, &err), 0);
	assert_int_equal(folders_synced, 2);
	mend_disk();
	file_dir_close(d);
}

static ssize_t write_nothing(int fd, const void *octets, size_t len)
{
	(void)fd;
	(void)octets;
	(void)len;
	errno = 0;
	return 0;
}

static void a_disk_that_takes_nothing_is_an_error(void **state)
{
	const struct place *p = *state;
	struct err err;

	keep(p, NAME, OLD);
	file_calls.write = write_nothing;
	assert_true(file_keep(p->dir, NAME, NEW, strlen(NEW), &err) < 0);
	mend_disk();
	expect_text(p, NAME, OLD);
}

static void a_directory_that_cannot_be_made_gives_a_sentence(void **state)
{
	const struct place *p = *state;
	struct file_dir *d = NULL;
	char path[128];
	struct err err;

	keep(p, "plain", "x");
	(void)snprintf(path, sizeof path, "%s/plain/sub", p->path);
	assert_int_equal(file_dir_open(path, &d, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, path));
	assert_null(d);
}

static void the_list_is_sorted_and_shows_no_hidden_names(void **state)
{
	const struct place *p = *state;
	struct text t = {0};
	struct err err;

	assert_int_equal(file_list(p->dir, &t, &err), 0);
	assert_string_equal(text_chars(&t), "");
	keep(p, "b", "2");
	keep(p, "a-1", "1");
	keep(p, "B", "0");
	assert_int_equal(file_list(p->dir, &t, &err), 0);
	assert_string_equal(text_chars(&t), "B\na-1\nb\n");
	text_fini(&t);
}

static void what_is_dropped_is_gone_and_may_be_dropped_again(void **state)
{
	const struct place *p = *state;
	struct text t = {0};
	struct err err;

	keep(p, "a", "1");
	assert_int_equal(file_drop(p->dir, "a", &err), 0);
	assert_int_equal(file_drop(p->dir, "a", &err), 0);
	assert_int_equal(file_read(p->dir, "a", &t, &err), -ENOENT);
	assert_string_equal(text_chars(&t), "");
}

static void names_that_could_leave_the_directory_are_not_good(void **state)
{
	static const char *const good[] = {"a", "startup.cfg", "A-b_c.9"};
	static const char *const bad[] = {"",	 ".",	"..",  ".hidden",
					  "a/b", "a b", "a\n", "\303\244"};
	char longest[FILE_NAME_LEN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(file_name_is_good(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(file_name_is_good(bad[i]));
	memset(longest, 'x', sizeof longest);
	longest[FILE_NAME_LEN_MAX + 1] = '\0';
	assert_false(file_name_is_good(longest));
	longest[FILE_NAME_LEN_MAX] = '\0';
	assert_true(file_name_is_good(longest));
}

static void what_a_crash_left_beside_is_removed_at_the_next_start(void **state)
{
	struct place *p = *state;
	char path[128];
	struct err err;

	(void)snprintf(path, sizeof path, "%s/.%s.new", p->path, NAME);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	file_dir_close(p->dir);
	p->dir = NULL;
	assert_int_equal(file_dir_open(p->path, &p->dir, &err), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_file_beyond_the_limit_and_a_fifo_are_refused_at_once(void **state)
{
	const struct place *p = *state;
	char path[128];
	struct text t = {0};
	struct err err;

	text_add(&t, "before");
	(void)snprintf(path, sizeof path, "%s/huge", p->path);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(ftruncate(fd, (off_t)FILE_LEN_MAX + 1), 0);
	(void)close(fd);
	assert_int_equal(file_read(p->dir, "huge", &t, &err), -EFBIG);
	assert_string_equal(text_chars(&t), "before");
	text_clear(&t);
	(void)snprintf(path, sizeof path, "%s/fifo", p->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read(p->dir, "fifo", &t, &err), 0);
	assert_string_equal(text_chars(&t), "");
	text_fini(&t);
}

/* The text is on the disk before its name is, and the name before success is reported. */
static void the_file_is_synced_before_and_the_directory_after_the_rename(void **state)
{
	const struct place *p = *state;

	break_disk(0, false);
	keep(p, NAME, "x");
	assert_string_equal(order, "owscrs");
	order[0] = '\0';
	struct err err;
	assert_int_equal(file_drop(p->dir, NAME, &err), 0);
	assert_string_equal(order, "us");
}

/* Every call fails in turn, alone or with all that follow: the old text or the new one, whole. */
static void whatever_fails_the_old_text_or_the_new_one_is_there(void **state)
{
	const struct place *p = *state;

	for (unsigned stays = 0; stays < 2; stays++) {
		bool reached = true;

		for (unsigned at = 1; reached; at++) {
			struct text t = {0};
			struct err err = {0};

			assert_true(at < 100);
			mend_disk();
			keep(p, NAME, OLD);
			break_disk(at, stays);
			int r = file_keep(p->dir, NAME, NEW, strlen(NEW), &err);
			reached = calls >= at;
			mend_disk();
			assert_int_equal(file_read(p->dir, NAME, &t, &err), 0);
			if (r == 0) {
				assert_string_equal(text_chars(&t), NEW);
			} else {
				assert_int_equal(r, -ENOSPC);
				assert_true(strcmp(text_chars(&t), OLD) == 0 ||
					    strcmp(text_chars(&t), NEW) == 0);
			}
			assert_true(reached ? r < 0 : r == 0);
			text_fini(&t);
		}
	}
}

static void a_failed_keep_leaves_no_litter(void **state)
{
	const struct place *p = *state;
	char path[128];
	struct err err;

	break_disk(3, false);
	assert_int_equal(file_keep(p->dir, NAME, NEW, strlen(NEW), &err), -ENOSPC);
	mend_disk();
	assert_non_null(strstr(err.text, NAME));
	(void)snprintf(path, sizeof path, "%s/.%s.new", p->path, NAME);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- kill -9 ---- */

#define TEXT_LEN 60000

static void write_for_ever(const struct place *p)
{
	static char texts[2][TEXT_LEN];
	struct err err;

	memset(texts[0], 'a', sizeof texts[0]);
	memset(texts[1], 'b', sizeof texts[1]);
	for (unsigned i = 0;; i++)
		if (file_keep(p->dir, NAME, texts[i & 1], TEXT_LEN - (i & 1), &err) < 0)
			_exit(1);
}

static void a_writer_killed_at_any_moment_leaves_a_whole_text(void **state)
{
	const struct place *p = *state;
	unsigned seed = 20261122;

	keep(p, NAME, "first");
	for (unsigned round = 0; round < 150; round++) {
		struct text t = {0};
		struct err err;
		struct timespec pause = {0, 0};
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			write_for_ever(p);
		pause.tv_nsec = rand_r(&seed) % 4000000;
		(void)nanosleep(&pause, NULL);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(file_read(p->dir, NAME, &t, &err), 0);
		if (strcmp(text_chars(&t), "first") != 0) {
			char letter = t.chars[0];

			assert_int_equal(t.len, letter == 'a' ? TEXT_LEN : TEXT_LEN - 1);
			for (size_t i = 0; i < t.len; i++)
				assert_int_equal(t.chars[i], letter);
		}
		text_fini(&t);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_reads_back_and_is_private),
		TEST(a_directory_is_made_with_its_parents_and_belongs_to_one),
		TEST(the_parents_of_new_directories_are_synced),
		TEST(a_disk_that_takes_nothing_is_an_error),
		TEST(a_directory_that_cannot_be_made_gives_a_sentence),
		TEST(the_list_is_sorted_and_shows_no_hidden_names),
		TEST(what_is_dropped_is_gone_and_may_be_dropped_again),
		TEST(names_that_could_leave_the_directory_are_not_good),
		TEST(what_a_crash_left_beside_is_removed_at_the_next_start),
		TEST(a_file_beyond_the_limit_and_a_fifo_are_refused_at_once),
		TEST(the_file_is_synced_before_and_the_directory_after_the_rename),
		TEST(whatever_fails_the_old_text_or_the_new_one_is_there),
		TEST(a_failed_keep_leaves_no_litter),
		TEST(a_writer_killed_at_any_moment_leaves_a_whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
