/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

/* What was said since the last call: stderr is a pipe while a test runs. */
static const char *said(void)
{
	static char text[65536];
	ssize_t n = read(100, text, sizeof text - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int listen_in(void **state)
{
	int ends[2];

	(void)state;
	if (pipe(ends) < 0 || dup2(STDERR_FILENO, 101) < 0 || dup2(ends[0], 100) < 0 ||
	    dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	(void)close(ends[0]);
	(void)close(ends[1]);
	say(SAY_INFO, "ready");
	return strcmp(said(), "<6>ready\n");
}

static int hang_up(void **state)
{
	(void)state;
	(void)dup2(101, STDERR_FILENO);
	(void)close(100);
	return 0;
}

static struct note_action note(enum note n)
{
	struct note_action a = {.note = n, .value = -7};

	a.peer.addr = addr_v4(10, 0, 0, 1);
	a.peer.port = 123;
	a.group = addr_v4(224, 0, 1, 1);
	return a;
}

static void a_note_is_one_line_of_keys_and_values(void **state)
{
	struct say_limits limits = {0};
	struct note_action a = note(NOTE_DEGRADED);
	char want[512];

	(void)state;
	say_note(&limits, (mono){NS_PER_S}, &a, "eth0");
	(void)snprintf(want, sizeof want,
		       "<4>note=DEGRADED iface=eth0 peer=10.0.0.1 port=123 group=224.0.1.1 "
		       "value=-7 text=\"%s\"\n",
		       note_of(NOTE_DEGRADED)->sentence);
	assert_string_equal(said(), want);
}

static void a_line_stays_one_line(void **state)
{
	(void)state;
	say(SAY_ERROR, "one\ntwo%c<0>three", '\n');
	assert_string_equal(said(), "<3>one two <0>three\n");
}

static void a_flood_of_one_note_is_held_back_and_counted(void **state)
{
	struct say_limits limits = {0};
	struct note_action a = note(NOTE_FALSETICKER);
	struct note_action other = note(NOTE_CALIBRATED);
	mono now = {NS_PER_S * 1000};
	unsigned lines = 0;
	const char *text;

	(void)state;
	for (int i = 0; i < 1000; i++)
		say_note(&limits, now, &a, "");
	for (text = said(); *text; text++)
		lines += *text == '\n';
	assert_int_equal(lines, SAY_BURST);
	say_note(&limits, now, &other, "");
	assert_non_null(strstr(said(), "note=CALIBRATED"));
	now = mono_add(now, SAY_REFILL);
	say_note(&limits, now, &a, "");
	assert_non_null(strstr(said(), " held_back=990 "));
	say_note(&limits, now, &a, "");
	assert_null(strstr(said(), "held_back"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_note_is_one_line_of_keys_and_values, listen_in,
						hang_up),
		cmocka_unit_test_setup_teardown(a_line_stays_one_line, listen_in, hang_up),
		cmocka_unit_test_setup_teardown(a_flood_of_one_note_is_held_back_and_counted,
						listen_in, hang_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
