/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No memory at any moment of a session's life: each allocation in turn is the first to fail. What
 * was begun is finished as ever, or the process ends with a line that says why; nothing is left
 * out silently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "../cli/world.h"

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/session.h"
#include "heap.h"

#define CALLS_MIN 2000 /* as long as the life does what it should */

static const char *const lines[] = {
	"system-view",
	"sysname scarce",
	"ntp authentication-keyid 1 authentication-mode aes-128-cmac cipher 0123456789abcdef",
	"ntp trusted authentication-keyid 1",
	"acl 2000",
	"rule 5 permit source 10.0.0.0 0.0.0.255",
	"quit",
	"ntp access query 2000",
	"interface eth0",
	"ntp multicast-server authentication-keyid 1",
	"commit label one description the first",
	"display configuration candidate changes",
	"return",
	"save",
	"y",
	"display current-configuration | json",
	"display current-configuration | include ntp | count",
	"display configuration commit list verbose 2",
	"display ntp status | json",
	"display history-command | json",
	"dir",
	"rollback configuration last 1",
	"y",
};

/* Everything that is said. */
static void live(struct text *said)
{
	struct stage stage = {0};
	struct world world = stage_world(&stage);
	struct seal seal = {.random = stage_random};
	struct shelf *shelf = shelf_new();
	struct office *office;
	struct err err;
	int r = office_new(&world, shelf, &seal, &office, &err);

	assert_int_equal(r, 0);
	struct session *s = session_new(office, "a", "vty0", SESSION_CONFIGURE, true);

	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		session_run(s, lines[i], said);
		session_help(s, "display ", said);
		session_complete(s, "dis", said);
	}
	office_free(office);
	shelf_free(shelf);
	stage_fini(&stage);
}

/* Says where they part. */
static bool is_same(const char *said, const char *as_ever)
{
	if (strcmp(said, as_ever) == 0)
		return true;
	while (*said == *as_ever)
		said++, as_ever++;
	(void)fprintf(stderr, "'%.100s' instead of '%.100s'", said, as_ever);
	return false;
}

/* A process in which that many allocations succeed; true if it came to its end as ever. */
static bool live_with(int64_t left, const char *as_ever)
{
	char why[256] = "";
	int fds[2], status;

	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();

	if (child == 0) {
		struct text said = {0};

		(void)dup2(fds[1], STDERR_FILENO);
		heap_left = left;
		live(&said);
		heap_left = -1;
		_exit(is_same(text_chars(&said), as_ever) ? 0 : 1);
	}
	(void)close(fds[1]);
	ssize_t n = read(fds[0], why, sizeof why - 1);

	(void)close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || n <= 0)
		fail_msg("after %lld allocations: status %x, %s", (long long)left, (unsigned)status,
			 why);
	return false;
}

static void each_in_turn(void)
{
	struct text as_ever = {0};
	uint64_t before = heap_calls;
	unsigned unharmed = 0;

	live(&as_ever);
	int64_t calls = (int64_t)(heap_calls - before);
	assert_non_null(strstr(text_chars(&as_ever), "scarce"));
	assert_true(calls > CALLS_MIN);
	for (int64_t left = 0; left < calls; left++)
		unharmed += live_with(left, text_chars(&as_ever));
	print_message("%lld allocations, %u not missed\n", (long long)calls, unharmed);
	text_fini(&as_ever);
}

static void without_memory_the_end_is_one_with_a_line(void **state)
{
	(void)state;
	heap_recovers = false;
	each_in_turn();
}

static void what_could_not_be_made_once_is_not_left_out(void **state)
{
	(void)state;
	heap_recovers = true;
	each_in_turn();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_the_end_is_one_with_a_line),
		cmocka_unit_test(what_could_not_be_made_once_is_not_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
