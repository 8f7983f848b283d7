/* SPDX-License-Identifier: BSD-2-Clause */
/* A commit is whole or not at all, whatever the disk does, and fast with many interfaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "../cli/world.h"
#include "cli/session.h"
#include "conf/startup.h"
#include "shelf_memory.h"

struct desk {
	struct stage stage;
	struct world world;
	struct memory_shelf memory;
	struct shelf shelf;
	struct seal seal;
	struct office *office;
	struct session *session;
	struct text reply;
};

static void start(struct desk *d)
{
	struct err err = {{0}};

	d->shelf = memory_shelf(&d->memory);
	d->world = stage_world(&d->stage);
	d->seal.random = stage_random;
	assert_int_equal(office_new(&d->world, &d->shelf, &d->seal, &d->office, &err), 0);
	if (office_load_startup(d->office, &err) < 0)
		fail_msg("%s", err.text);
	d->session = session_new(d->office, "tester", "vty0", SESSION_CONFIGURE, false);
}

static void stop(struct desk *d)
{
	office_free(d->office);
	memory_fini(&d->memory);
	stage_fini(&d->stage);
	text_fini(&d->reply);
}

static bool type(struct desk *d, const char *line)
{
	text_clear(&d->reply);
	session_run(d->session, line, &d->reply);
	while (session_asks(d->session))
		session_run(d->session, "y", &d->reply);
	return !session_failed(d->session);
}

static void must_type(struct desk *d, const char *line)
{
	if (!type(d, line))
		fail_msg("%s: %s", line, text_chars(&d->reply));
}

static char *running(struct desk *d)
{
	must_type(d, "display current-configuration | exclude ^!");
	return text_take(&d->reply);
}

/* Port 1100 is on trial for a minute. */
static void start_trial(struct desk *d)
{
	start(d);
	must_type(d, "system-view");
	must_type(d, "ntp listen-port 1100");
	must_type(d, "commit trial 60");
}

static void a_commit_that_cannot_be_kept_changes_nothing(void **state)
{
	(void)state;
	for (unsigned fail_at = 1; fail_at < 12; fail_at++) {
		struct desk d = {0};
		start(&d);
		must_type(&d, "system-view");
		must_type(&d, "ntp listen-port 1100");
		must_type(&d, "commit");
		char *before = running(&d);
		unsigned applied = d.stage.applied;
		must_type(&d, "ntp refclock-master 3");
		d.memory.fail_from = d.memory.changes + fail_at;
		bool done = type(&d, "commit");
		char *after = running(&d);
		if (done) {
			assert_string_not_equal(before, after);
			assert_int_equal(d.stage.applied, applied + 1);
		} else {
			assert_string_equal(before, after);
			assert_int_equal(d.stage.applied, applied);
			assert_true(session_pending(d.session));
			d.memory.fail_from = 0;
			must_type(&d, "commit");
		}
		free(before);
		free(after);
		stop(&d);
	}
}

static void power_may_go_at_any_change_of_the_disk(void **state)
{
	(void)state;
	for (unsigned fail_at = 1; fail_at < 16; fail_at++) {
		struct desk d = {0};
		start(&d);
		must_type(&d, "system-view");
		must_type(&d, "ntp listen-port 1100");
		must_type(&d, "commit");
		must_type(&d, "save");
		char *old = running(&d);
		must_type(&d, "ntp refclock-master 3");
		d.memory.fail_from = d.memory.changes + fail_at;
		(void)type(&d, "commit trial 60");
		(void)type(&d, "commit");
		(void)type(&d, "save");
		char *new = running(&d);
		office_free(d.office);
		d.memory.fail_from = 0;
		start(&d);
		char *now = running(&d);
		if (strcmp(now, old) != 0 && strcmp(now, new) != 0)
			fail_msg("neither old nor new after %u: %s", fail_at, now);
		free(old);
		free(new);
		free(now);
		stop(&d);
	}
}

static void plain_keys_are_handed_down_and_nowhere_else(void **state)
{
	struct desk d = {0};

	(void)state;
	start(&d);
	must_type(&d, "system-view");
	must_type(&d, "ntp authentication-keyid 5 authentication-mode hmac-sha256 cipher Sesame-1");
	must_type(&d, "ntp trusted authentication-keyid 5");
	must_type(&d, "commit description the key");
	must_type(&d, "save");
	assert_int_equal(d.stage.key_count, 1);
	assert_int_equal(d.stage.keys[0].id, 5);
	assert_true(d.stage.keys[0].trusted);
	assert_int_equal(d.stage.keys[0].len, 8);
	assert_memory_equal(d.stage.keys[0].octets, "Sesame-1", 8);
	for (unsigned i = 0; i < d.memory.count; i++)
		assert_null(strstr(text_chars(&d.memory.texts[i].text), "Sesame"));
	assert_non_null(strstr(memory_text(&d.memory, STARTUP_NAME), "cipher %^%#"));
	must_type(&d, "display history-command");
	assert_null(strstr(text_chars(&d.reply), "Sesame"));
	stop(&d);
}

static void a_trial_is_undone_when_nobody_confirms(void **state)
{
	struct desk d = {0};

	(void)state;
	start(&d);
	must_type(&d, "system-view");
	char *before = running(&d);
	must_type(&d, "ntp listen-port 1100");
	must_type(&d, "commit trial 60");
	must_type(&d, "ntp listen-port 1200");
	must_type(&d, "commit trial 60"); /* extends, goes back to the same */
	d.stage.passed_s += 59;
	office_wake(d.office);
	assert_int_equal(d.stage.settings->port_count, 2);
	assert_int_equal(mono_sub(office_next_wake(d.office), stage_steady(&d.stage)).ns, NS_PER_S);
	d.stage.passed_s += 1;
	office_wake(d.office);
	assert_int_equal(d.stage.settings->port_count, 0);
	assert_int_equal(office_next_wake(d.office).ns, MONO_NEVER.ns);
	char *after = running(&d);
	assert_string_equal(before, after);
	free(before);
	free(after);
	stop(&d);
}

static void a_trial_is_undone_on_a_full_disk(void **state)
{
	struct desk d = {0};

	(void)state;
	start_trial(&d);
	d.memory.fail_from = d.memory.changes + 1;
	d.stage.passed_s += 60;
	office_wake(d.office);
	assert_int_equal(d.stage.settings->port_count, 0);
	stop(&d);
}

/* A clock that moves on each time it is read. */
static mono running_clock(void *context)
{
	struct stage *s = context;

	s->passed_s++;
	return stage_steady(s);
}

static void a_trial_does_not_end_in_the_middle_of_a_line(void **state)
{
	struct desk d = {0};
	struct session *tries;

	(void)state;
	start(&d);
	tries = d.session;
	must_type(&d, "system-view");
	must_type(&d, "ntp listen-port 1100");
	must_type(&d, "commit trial 60");
	d.session = session_new(d.office, "other", "vty1", SESSION_CONFIGURE, false);
	must_type(&d, "system-view immediately");
	d.stage.passed_s = 58;
	d.world.steady = running_clock;
	assert_false(type(&d, "ntp refclock-master 127.127.1.3 5"));
	assert_non_null(strstr(text_chars(&d.reply), "trial configuration of session 1"));
	assert_int_equal(d.stage.settings->port_count, 1);
	must_type(&d, "ntp refclock-master 127.127.1.3 5");
	assert_int_equal(d.stage.settings->port_count, 0);
	assert_int_equal(d.stage.settings->refclock_unit, 3);
	assert_int_equal(d.stage.settings->refclock_stratum, 5);
	d.session = tries;
	stop(&d);
}

static void however_often_a_trial_is_extended_it_can_be_undone(void **state)
{
	struct desk d = {0};
	char line[40];

	(void)state;
	start(&d);
	must_type(&d, "system-view");
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(line, sizeof line, "sysname try%u", i);
		must_type(&d, line);
		must_type(&d, "commit trial 60");
	}
	d.stage.passed_s += 60;
	office_wake(d.office);
	assert_string_equal(d.stage.settings->sysname, "");
	assert_string_equal(office_trouble(d.office), "");
	stop(&d);
}

static void a_trial_that_cannot_be_undone_says_why(void **state)
{
	struct desk d = {0};

	(void)state;
	start_trial(&d);
	struct text *back = &d.memory.texts[memory_find(&d.memory, "point.1000000001")].text;
	back->chars[back->len - 2] ^= 1;
	assert_string_equal(office_trouble(d.office), "");
	for (unsigned i = 0; i < 3; i++) {
		d.stage.passed_s += 60;
		office_wake(d.office);
		assert_string_equal(office_trouble(d.office),
				    "Commit point 1000000001 cannot be used: its configuration is "
				    "damaged.");
	}
	assert_int_equal(d.stage.settings->port_count, 1);
	must_type(&d, "commit");
	assert_string_equal(office_trouble(d.office), "");
	stop(&d);
}

/* Else it would look unconfirmed after a restart. */
static void a_confirmation_that_the_disk_refuses_is_none(void **state)
{
	struct desk d = {0};

	(void)state;
	start(&d);
	must_type(&d, "system-view");
	must_type(&d, "ntp listen-port 1100");
	must_type(&d, "commit trial 60 persist tonight");
	d.memory.fail_from = d.memory.changes + 1;
	assert_false(type(&d, "commit"));
	assert_non_null(strstr(text_chars(&d.reply), "stays on trial"));
	assert_false(type(&d, "commit persist tonight"));
	d.memory.fail_from = 0;
	d.stage.passed_s += 59;
	office_wake(d.office);
	assert_int_equal(d.stage.settings->port_count, 1);
	must_type(&d, "commit persist tonight");
	d.stage.passed_s += 60;
	office_wake(d.office);
	assert_int_equal(d.stage.settings->port_count, 1);
	stop(&d);
}

static void another_random(void *context, uint8_t *octets, size_t len)
{
	static uint8_t count;

	(void)context;
	count++;
	memset(octets, count, len);
}

static void a_key_typed_again_is_no_change(void **state)
{
	struct desk d = {0};

	(void)state;
	start(&d);
	d.seal.random = another_random;
	must_type(&d, "system-view");
	must_type(&d, "ntp authentication-keyid 5 authentication-mode hmac-sha256 cipher Sesame-1");
	must_type(&d, "commit");
	must_type(&d, "ntp authentication-keyid 5 authentication-mode hmac-sha256 Sesame-1");
	assert_false(session_pending(d.session));
	must_type(&d, "ntp authentication-keyid 5 authentication-mode hmac-sha256 Sesame-2");
	assert_true(session_pending(d.session));
	stop(&d);
}

static void a_bad_file_is_refused_with_its_line(void **state)
{
	struct desk d = {0};
	struct err err;

	(void)state;
	start(&d);
	assert_int_equal(office_load_text(d.office, "site.cfg",
					  "#\ninterface eth0\n ntp multicast-server ttl 300\n",
					  &err),
			 -EINVAL);
	assert_string_equal(err.text, "site.cfg:3: Wrong parameter found at '^' position. "
				      "Allowed: 1-255.");
	assert_int_equal(d.stage.applied, 0);
	stop(&d);
}

static void assert_refused(struct desk *d, const char *config, const char *why)
{
	struct err err;

	assert_int_equal(office_load_text(d->office, "site.cfg", config, &err), -EINVAL);
	assert_string_equal(err.text, why);
}

static void a_file_holds_configuration_and_nothing_else(void **state)
{
	static const char no_place[] =
		"site.cfg:2: This command has no place in a configuration file.";
	struct desk d = {0};

	(void)state;
	start(&d);
	assert_refused(&d, "#\ndisplay ntp status\n", no_place);
	assert_refused(&d, "#\ndisplay ntp status > note.txt\n", no_place);
	assert_refused(&d, "#\ndisplay version\n", no_place);
	assert_refused(&d, "#\nsave\n", no_place);
	assert_int_equal(memory_find(&d.memory, "note.txt"), -1);
	stop(&d);
}

/* What a power cut may leave: behind the zeros nothing would be read. */
static void a_file_with_zeros_is_not_gone_back_to(void **state)
{
	static const char config[] = "#\nsysname half\n#\n\0\0\0\0\0\0\nreturn\n";
	struct desk d = {0};
	struct err err;

	(void)state;
	start(&d);
	assert_int_equal(d.shelf.keep(d.shelf.context, "half.cfg", config, sizeof config - 1, &err),
			 0);
	assert_false(type(&d, "rollback configuration to file half.cfg"));
	assert_non_null(strstr(text_chars(&d.reply), "half.cfg: it has a NUL octet"));
	must_type(&d, "display this");
	assert_null(strstr(text_chars(&d.reply), "half"));
	stop(&d);
}

static void a_block_that_is_shown_can_be_typed_back(void **state)
{
	struct desk d = {0};
	struct err err;

	(void)state;
	start(&d);
	assert_int_equal(office_load_text(d.office, "site.cfg",
					  "interface LO\n ntp multicast-client\n"
					  "interface ETH0\n ntp receive disable\n",
					  &err),
			 0);
	must_type(&d, "system-view");
	must_type(&d, "interface LO");
	must_type(&d, "undo ntp multicast-client");
	must_type(&d, "interface ETH 0");
	must_type(&d, "undo ntp receive disable");
	must_type(&d, "interface ETH1"); /* no block: the kernel's spelling */
	must_type(&d, "ntp manycast-client");
	must_type(&d, "commit");
	assert_int_equal(d.stage.settings->role_count, 1);
	assert_string_equal(d.stage.settings->roles[0].ifname, "eth1");
	assert_int_equal(d.stage.settings->receive_count, 0);
	stop(&d);
}

/* Or JSON could not show it. */
static void what_is_shown_again_is_utf8(void **state)
{
	static const char *const lines[] = {
		"commit label caf\xe9",
		"commit trial 60 persist \xc3",
		"commit description over\xc0\xaflong",
		"commit comment half \xed\xa0\x80",
		"commit comment beyond \xf4\x90\x80\x80",
		"set configuration commit 1000000001 label \xff",
	};
	struct desk d = {0};

	(void)state;
	start(&d);
	must_type(&d, "system-view");
	must_type(&d, "ntp authentication-keyid 5 authentication-mode hmac-sha256 Sesame\xff");
	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_false(type(&d, lines[i]));
		assert_non_null(strstr(text_chars(&d.reply), "It is not UTF-8."));
	}
	assert_true(session_pending(d.session));
	must_type(&d, "commit label caf\xc3\xa9 description \xe2\x82\xac \xf0\x9f\x95\x90");
	assert_memory_equal(d.stage.keys[0].octets, "Sesame\xff", 7);
	must_type(&d, "display configuration commit list | json");
	assert_non_null(strstr(text_chars(&d.reply), "caf\xc3\xa9"));
	stop(&d);
}

static void session_ids_begin_again_and_are_never_taken_twice(void **state)
{
	struct desk d = {0};
	struct session *s = NULL;

	(void)state;
	start(&d); /* session 1 stays */
	for (unsigned i = 2; i <= 65535; i++) {
		session_free(s);
		s = session_new(d.office, "next", "vty1", SESSION_CONFIGURE, false);
	}
	session_free(s);
	s = session_new(d.office, "last", "vty1", SESSION_CONFIGURE, false);
	must_type(&d, "display configuration sessions");
	if (!strstr(text_chars(&d.reply), "\n 2 ") && strncmp(text_chars(&d.reply), " 2 ", 3) != 0)
		fail_msg("%s", text_chars(&d.reply));
	stop(&d);
}

static double seconds(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void a_thousand_interfaces_are_quick(void **state)
{
	enum {
		COUNT = 1000
	};
	struct desk d = {0};
	char line[80];

	(void)state;
	start(&d);
	must_type(&d, "system-view");
	double t0 = seconds();
	for (unsigned i = 0; i < COUNT; i++) {
		(void)snprintf(line, sizeof line, "interface if%u", i);
		must_type(&d, line);
		must_type(&d, "ntp multicast-server ttl 4 minpoll 4");
		must_type(&d, "ntp multicast-client ipv6");
	}
	double a_line = (seconds() - t0) / (3 * COUNT);
	t0 = seconds();
	must_type(&d, "commit");
	must_type(&d, "ntp multicast-server ttl 5");
	must_type(&d, "commit");
	double a_commit = (seconds() - t0) / 2;
	print_message("%.1f us a line, %.1f ms a commit\n", 1e6 * a_line, 1e3 * a_commit);
	assert_int_equal(d.stage.settings->role_count, 2 * COUNT);
	/* Ten times the goal: this must also hold with sanitizers on a busy machine. */
	assert_true(a_line < 500e-6);
	assert_true(a_commit < 2);
	stop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_that_cannot_be_kept_changes_nothing),
		cmocka_unit_test(power_may_go_at_any_change_of_the_disk),
		cmocka_unit_test(plain_keys_are_handed_down_and_nowhere_else),
		cmocka_unit_test(a_trial_is_undone_when_nobody_confirms),
		cmocka_unit_test(a_trial_is_undone_on_a_full_disk),
		cmocka_unit_test(a_trial_does_not_end_in_the_middle_of_a_line),
		cmocka_unit_test(however_often_a_trial_is_extended_it_can_be_undone),
		cmocka_unit_test(a_trial_that_cannot_be_undone_says_why),
		cmocka_unit_test(a_confirmation_that_the_disk_refuses_is_none),
		cmocka_unit_test(a_key_typed_again_is_no_change),
		cmocka_unit_test(a_bad_file_is_refused_with_its_line),
		cmocka_unit_test(a_file_holds_configuration_and_nothing_else),
		cmocka_unit_test(a_file_with_zeros_is_not_gone_back_to),
		cmocka_unit_test(a_block_that_is_shown_can_be_typed_back),
		cmocka_unit_test(what_is_shown_again_is_utf8),
		cmocka_unit_test(session_ids_begin_again_and_are_never_taken_twice),
		cmocka_unit_test(a_thousand_interfaces_are_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
