/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that somebody has taken over: a child enters the sandbox exactly as the daemon does and
 * then tries to get out. Each attempt must fail or end the child.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/file.h"
#include "sys/lookup.h"
#include "sys/process.h"
#include "sys/sandbox.h"

/* What a child's attempt came to. */
enum {
	REFUSED,
	DONE,
	ODD,
};

struct place {
	char path[64];	   /* everything is below */
	char state[80];	   /* the daemon's own */
	char control[80];  /* the control socket */
	char outside[80];  /* a file of somebody else, which anybody may read and write */
	char innocent[80]; /* a link inside of state to it */
};

typedef int attempt(const struct place *p);

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct err err;
	FILE *f;

	(void)snprintf(p->path, sizeof p->path, "/tmp/tc-sandbox-%d-XXXXXX", (int)getpid());
	assert_non_null(mkdtemp(p->path));
	(void)snprintf(p->state, sizeof p->state, "%s/state", p->path);
	(void)snprintf(p->control, sizeof p->control, "%s/run/control", p->path);
	(void)snprintf(p->outside, sizeof p->outside, "%s/outside", p->path);
	(void)snprintf(p->innocent, sizeof p->innocent, "%s/state/innocent", p->path);
	assert_int_equal(mkdir(p->state, 0700), 0);
	*strrchr(p->control, '/') = '\0';
	assert_int_equal(file_dir_make(p->control, &err), 0);
	p->control[strlen(p->control)] = '/';
	f = fopen(p->outside, "w");
	assert_non_null(f);
	(void)fputs("not yours", f);
	(void)fclose(f);
	assert_int_equal(chmod(p->outside, 0666), 0);
	assert_int_equal(symlink(p->outside, p->innocent), 0);
	f = fopen(p->control, "w");
	assert_non_null(f);
	(void)fclose(f);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	(void)snprintf(command, sizeof command, "rm -r %s", p->path);
	int r = system(command);
	free(p);
	return r;
}

static void enter(const struct place *p)
{
	struct sandbox_options o = {
		.state_path = p->state, .control_path = p->control, .calls_too = true};
	struct err warning;

	/* Not an assertion of cmocka: this is the child. */
	if (!sandbox_enter(&o, &warning)) {
		(void)fprintf(stderr, "%s\n", warning.text);
		_exit(ODD);
	}
}

/* Exit status of the child, or minus the signal that ended it. */
static int try_in_child(const struct place *p, attempt *try, bool inside)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)alarm(20);
		if (inside)
			enter(p);
		_exit(try(p));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* It works outside, so that it is the sandbox that stops it inside. */
static void expect_stopped(void **state, attempt *try, int how)
{
	assert_int_equal(try_in_child(*state, try, false), DONE);
	assert_int_equal(try_in_child(*state, try, true), how);
}

/* ---- files ---- */

static int open_for(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd >= 0 ? DONE : errno == EACCES ? REFUSED : ODD;
}

static int read_outside(const struct place *p)
{
	return open_for(p->outside, O_RDONLY);
}

static int write_outside(const struct place *p)
{
	return open_for(p->outside, O_WRONLY);
}

static int make_outside(const struct place *p)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/new-%d", p->path, (int)getpid());
	return open_for(path, O_WRONLY | O_CREAT | O_EXCL);
}

static int follow_a_link_out(const struct place *p)
{
	return open_for(p->innocent, O_RDONLY);
}

static int read_users(const struct place *p)
{
	(void)p;
	return open_for("/etc/passwd", O_RDONLY);
}

static int read_own_memory(const struct place *p)
{
	(void)p;
	return open_for("/proc/self/maps", O_RDONLY);
}

static int list_outside(const struct place *p)
{
	return open_for(p->path, O_RDONLY | O_DIRECTORY);
}

static int move_out(const struct place *p)
{
	char from[128], to[128];

	(void)snprintf(from, sizeof from, "%s/mine", p->state);
	(void)snprintf(to, sizeof to, "%s/theirs", p->path);
	if (open_for(from, O_WRONLY | O_CREAT) != DONE)
		return ODD;
	return rename(from, to) == 0 ? DONE : REFUSED;
}

static int make_runnable(const struct place *p)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s/program", p->state);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return ODD;
	return fchmod(fd, 04755) == 0 ? DONE : REFUSED;
}

static void a_file_outside_of_its_state_cannot_be_opened(void **state)
{
	expect_stopped(state, read_outside, REFUSED);
	expect_stopped(state, write_outside, REFUSED);
	expect_stopped(state, make_outside, REFUSED);
	expect_stopped(state, follow_a_link_out, REFUSED);
	expect_stopped(state, read_users, REFUSED);
	expect_stopped(state, read_own_memory, REFUSED);
	expect_stopped(state, list_outside, REFUSED);
}

static void nothing_is_carried_out_or_made_a_program(void **state)
{
	expect_stopped(state, move_out, REFUSED);
	expect_stopped(state, make_runnable, REFUSED);
}

/* ---- processes ---- */

static int run_a_program(const struct place *p)
{
	char program[] = "/bin/true", *words[] = {program, NULL}, *none[] = {NULL};
	int status;
	pid_t child = fork();

	(void)p;
	if (child == 0) {
		(void)execve(program, words, none);
		_exit(ODD);
	}
	return waitpid(child, &status, 0) == child && status == 0 ? DONE : ODD;
}

static int become_a_program(const struct place *p)
{
	char shell[] = "/bin/sh", c[] = "-c", line[] = "exit 1", *words[] = {shell, c, line, NULL};
	char *none[] = {NULL};

	(void)p;
	(void)execve(shell, words, none);
	return ODD;
}

static int spawn(const struct place *p)
{
	char program[] = "/bin/true", *words[] = {program, NULL}, *none[] = {NULL};
	pid_t child;

	(void)p;
	return posix_spawn(&child, program, NULL, NULL, words, none) == 0 ? DONE : REFUSED;
}

static int be_traced(const struct place *p)
{
	(void)p;
	/* Asks for the call, not for a right: this one always works. */
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? DONE : REFUSED;
}

static int read_the_parent(const struct place *p)
{
	char here[8] = "", there[8] = "";
	struct iovec to = {here, sizeof here}, from = {there, sizeof there};

	(void)p;
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)sizeof here ? DONE
										       : REFUSED;
}

static int signal_another(const struct place *p)
{
	(void)p;
	return kill(getppid(), 0) == 0 ? DONE : REFUSED;
}

static int gain_by_unshare(const struct place *p)
{
	(void)p;
	return syscall(SYS_unshare, 0) == 0 ? DONE : REFUSED;
}

static void no_program_can_be_started(void **state)
{
	expect_stopped(state, run_a_program, -SIGSYS);
	expect_stopped(state, become_a_program, -SIGSYS);
	/* By a kind of clone whose arguments cannot be seen: refused, then by the kind that can. */
	int r = try_in_child(*state, spawn, true);
	assert_true(r == REFUSED || r == -SIGSYS);
	assert_int_equal(try_in_child(*state, spawn, false), DONE);
}

static void other_processes_are_out_of_reach(void **state)
{
	expect_stopped(state, be_traced, -SIGSYS);
	expect_stopped(state, read_the_parent, -SIGSYS);
	expect_stopped(state, signal_another, -SIGSYS);
	expect_stopped(state, gain_by_unshare, -SIGSYS);
}

/* ---- the network ---- */

static int open_tcp(const struct place *p)
{
	(void)p;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? DONE : REFUSED;
}

static int open_unix(const struct place *p)
{
	(void)p;
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? DONE : REFUSED;
}

static int open_uevents(const struct place *p)
{
	(void)p;
	return socket(AF_NETLINK, SOCK_RAW, 15) >= 0 ? DONE : REFUSED;
}

static int kept_tcp = -1; /* one that the daemon might have had before */

static int connect_tcp(const struct place *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};

	(void)p;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(kept_tcp, (struct sockaddr *)&to, sizeof to) == 0 || errno == ECONNREFUSED ||
			       errno == ENETUNREACH
		       ? DONE
		       : REFUSED;
}

static int bind_tcp(const struct place *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	(void)p;
	to.sin_addr.s_addr = htonl(INADDR_ANY);
	return bind(kept_tcp, (struct sockaddr *)&to, sizeof to) == 0 ? DONE : REFUSED;
}

static void nobody_is_talked_to_but_by_udp(void **state)
{
	expect_stopped(state, open_tcp, REFUSED);
	expect_stopped(state, open_unix, REFUSED);
	expect_stopped(state, open_uevents, REFUSED);
	kept_tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(kept_tcp >= 0);
	expect_stopped(state, connect_tcp, -SIGSYS);
	expect_stopped(state, bind_tcp, REFUSED);
	(void)close(kept_tcp);
}

/* ---- code ---- */

static int map_code(const struct place *p)
{
	(void)p;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED
		       ? DONE
		       : REFUSED;
}

static int make_code(const struct place *p)
{
	void *block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)p;
	if (block == MAP_FAILED)
		return ODD;
	return mprotect(block, 4096, PROT_READ | PROT_EXEC) == 0 ? DONE : REFUSED;
}

static void data_does_not_become_code(void **state)
{
	expect_stopped(state, map_code, REFUSED);
	expect_stopped(state, make_code, REFUSED);
}

/* ---- calls that nobody expects ---- */

#define CALLS_MAX 470
#define FIRST_OF_X32 0x40000000

/* With arguments that do no harm should the call be carried out after all. */
static long call_number;

static int call_one(const struct place *p)
{
	(void)p;
	errno = 0;
	long r = syscall(call_number, -1L, -1L, -1L, -1L, -1L, -1L);
	return r == -1 && errno == ENOSYS ? REFUSED : DONE;
}

static bool is_stopped(const struct place *p, long number)
{
	call_number = number;
	int r = try_in_child(p, call_one, true);
	return r == REFUSED || r == -SIGSYS;
}

/* pause, sigreturn and exit do not come back or end the child in their own way. */
static void most_of_the_kernel_is_not_there(void **state)
{
	unsigned open = 0;

	for (long n = 0; n < CALLS_MAX; n++)
		open += !is_stopped(*state, n);
	print_message("%u of %d numbers do something\n", open, CALLS_MAX);
	assert_true(open >= 40 && open <= 75);
#ifdef __x86_64__
	assert_true(is_stopped(*state, FIRST_OF_X32 + SYS_getpid));
#endif
}

/* ---- rights ---- */

static bool has_capabilities_to_spare(void)
{
	const uint32_t kept = 1U << CAP_SYS_TIME | 1U << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return true;
	return d[0].effective & ~kept || d[0].permitted & ~kept || d[0].inheritable ||
	       d[1].effective || d[1].permitted || d[1].inheritable;
}

static int look_at_rights(const struct place *p)
{
	struct rlimit core;

	(void)p;
	if (has_capabilities_to_spare() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return DONE;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || getrlimit(RLIMIT_CORE, &core) < 0)
		return DONE;
	return core.rlim_cur == 0 && core.rlim_max == 0 ? REFUSED : DONE;
}

static int drop_and_look(const struct place *p)
{
	struct sandbox_options o = {.state_path = p->state, .calls_too = false};
	struct err warning;

	return sandbox_enter(&o, &warning) ? look_at_rights(p) : ODD;
}

static void rights_and_core_dumps_are_gone(void **state)
{
	assert_int_equal(try_in_child(*state, look_at_rights, false), DONE);
	assert_int_equal(try_in_child(*state, drop_and_look, false), REFUSED);
}

/* ---- and what the daemon does still works ---- */

static void *work(void *context)
{
	char *block = malloc(1 << 20);

	memset(block, 1, 1 << 20);
	free(block);
	*(bool *)context = true;
	return NULL;
}

static bool starts_threads(void)
{
	pthread_t t;
	bool worked = false;

	return pthread_create(&t, NULL, work, &worked) == 0 && pthread_join(t, NULL) == 0 && worked;
}

static bool keeps_files(struct file_dir *d)
{
	struct text t = {0}, names = {0};
	struct err err;
	bool good = file_keep(d, "a", "one", 3, &err) == 0 &&
		    file_keep(d, "a", "two", 3, &err) == 0 && file_read(d, "a", &t, &err) == 0 &&
		    strcmp(text_chars(&t), "two") == 0 && file_list(d, &names, &err) == 0 &&
		    strstr(text_chars(&names), "a\n") && file_drop(d, "a", &err) == 0;

	text_fini(&t);
	text_fini(&names);
	return good;
}

static bool opens_ports(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0 && close(fd) == 0 &&
	       socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}

static bool knows_the_time(void)
{
	struct timespec t;
	struct tm tm;
	char words[32];
	time_t now = time(NULL);

	return clock_gettime(CLOCK_MONOTONIC_RAW, &t) == 0 && gmtime_r(&now, &tm) &&
	       strftime(words, sizeof words, "%Y %Z", &tm) > 0;
}

static int do_its_work(const struct place *p)
{
	struct sandbox_options o = {
		.state_path = p->state, .control_path = p->control, .calls_too = true};
	struct lookup *lookup;
	struct file_dir *d;
	struct err err;
	uint8_t octets[8];
	char name[LOOKUP_USER_MAX];

	if (lookup_new(&lookup, &err) < 0 || file_dir_open(p->state, &d, &err) < 0 ||
	    !sandbox_enter(&o, &err))
		return ODD;
	lookup_user(lookup, 0, name);
	if (strcmp(name, "root") != 0)
		return 10;
	lookup_user(lookup, 4294967000U, name);
	if (strcmp(name, "uid4294967000") != 0)
		return 11;
	if (!starts_threads())
		return 12;
	if (!keeps_files(d))
		return 13;
	if (!opens_ports())
		return 14;
	if (!knows_the_time() || process_random(octets, sizeof octets, &err) < 0)
		return 15;
	if (unlink(p->control) < 0)
		return 16;
	return DONE;
}

static int fail_an_assertion(const struct place *p)
{
	(void)p;
	abort();
}

static void what_the_daemon_does_still_works(void **state)
{
	assert_int_equal(try_in_child(*state, do_its_work, false), DONE);
}

static void a_failed_assertion_still_says_so(void **state)
{
	assert_int_equal(try_in_child(*state, fail_an_assertion, true), -SIGABRT);
}

static void without_its_child_a_user_is_a_number(void **state)
{
	char name[LOOKUP_USER_MAX];

	(void)state;
	lookup_user(NULL, 7, name);
	assert_string_equal(name, "uid7");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_outside_of_its_state_cannot_be_opened),
		TEST(nothing_is_carried_out_or_made_a_program),
		TEST(no_program_can_be_started),
		TEST(other_processes_are_out_of_reach),
		TEST(nobody_is_talked_to_but_by_udp),
		TEST(data_does_not_become_code),
		TEST(most_of_the_kernel_is_not_there),
		TEST(rights_and_core_dumps_are_gone),
		TEST(what_the_daemon_does_still_works),
		TEST(a_failed_assertion_still_says_so),
		TEST(without_its_child_a_user_is_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
