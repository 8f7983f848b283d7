/* SPDX-License-Identifier: BSD-2-Clause */
/* What is typed, printed and typed again stays the same, for every command and random arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../cli/world.h"
#include "cli/session.h"
#include "cli/words.h"
#include "typist.h"

struct desk {
	struct stage stage;
	struct world world;
	struct shelf *shelf;
	struct seal seal;
	struct office *office;
	struct session *session;
	struct text reply;
};

static void open_desk(struct desk *d)
{
	struct err err;

	*d = (struct desk){.seal = {.random = stage_random}};
	d->world = stage_world(&d->stage);
	d->shelf = shelf_new();
	assert_int_equal(office_new(&d->world, d->shelf, &d->seal, &d->office, &err), 0);
	d->session = session_new(d->office, "tester", "vty0", SESSION_CONFIGURE, false);
}

static void close_desk(struct desk *d)
{
	office_free(d->office);
	shelf_free(d->shelf);
	stage_fini(&d->stage);
	text_fini(&d->reply);
}

static bool type(struct desk *d, const char *line)
{
	text_clear(&d->reply);
	session_run(d->session, line, &d->reply);
	if (session_asks(d->session))
		session_run(d->session, "y", &d->reply);
	return !session_failed(d->session);
}

static void must_type(struct desk *d, const char *line)
{
	if (!type(d, line))
		fail_msg("%s: %s", line, text_chars(&d->reply));
}

/* The configuration without its dated header; the caller frees it. */
static char *printed(struct desk *d, const char *what)
{
	must_type(d, what);
	return text_take(&d->reply);
}
#define RUNNING "display current-configuration | exclude ^!"
#define MERGED "display configuration candidate merge"

static void type_keys(struct desk *d)
{
	must_type(d, "install feature-software WEAKEA");
	must_type(d, "system-view");
	must_type(d, "ntp authentication-keyid 1 authentication-mode md5 one");
	must_type(d, "ntp authentication-keyid 2 authentication-mode hmac-sha256 two");
	must_type(d,
		  "ntp authentication-keyid 3 authentication-mode aes-128-cmac 0123456789abcdef");
	must_type(d, "ntp authentication-keyid 4 authentication-mode aes-256-cmac "
		     "0123456789abcdef0123456789abcdef");
	must_type(d, "commit");
}

static void enter_view(struct desk *d, const struct command_row *row)
{
	if (row->views & VIEW_INTERFACE)
		must_type(d, "interface eth0");
	if (row->views == VIEW_ACL4)
		must_type(d, "acl 2000");
	if (row->views == VIEW_ACL6)
		must_type(d, "acl ipv6 2000");
}

/* A list is there as soon as it is entered. */
static void leave_view(struct desk *d, const struct command_row *row)
{
	if (row->views == VIEW_ACL4)
		must_type(d, "undo acl 2000");
	if (row->views == VIEW_ACL6)
		must_type(d, "undo acl ipv6 2000");
}

static const struct role_setting *only_role(struct desk *d)
{
	assert_int_equal(d->stage.settings->role_count, 1);
	return &d->stage.settings->roles[0];
}

/* One line, committed by itself after the keys of type_keys. */
static void commit_line(struct desk *d, const char *line)
{
	open_desk(d);
	type_keys(d);
	must_type(d, "interface eth0");
	must_type(d, line);
	must_type(d, "commit");
}

static void roles_get_what_the_line_says_and_else_the_defaults(void **state)
{
	static const struct {
		const char *line;
		const char *group;
		uint8_t kind, ttl, version, minpoll;
		uint16_t port;
		uint32_t key;
		bool on_link;
	} cases[] = {
		{"ntp multicast-server", "224.0.1.1", ROLE_MULTICAST_SERVER, 16, 3, 6, 123, 0, 0},
		{"ntp-service multicast-server 239.1.2.3 port 1025 ttl 255 version 1 minpoll 0 "
		 "authentication-keyid 2",
		 "239.1.2.3", ROLE_MULTICAST_SERVER, 255, 1, 0, 1025, 2, 0},
		{"ntp multicast-server ipv6", "ff0e::101", ROLE_MULTICAST_SERVER, 16, 4, 6, 123, 0,
		 0},
		{"ntp multicast-server ipv6 FF05::1 minpoll 17 authentication-keyid 4 ttl 1",
		 "ff05::1", ROLE_MULTICAST_SERVER, 1, 4, 17, 123, 4, 0},
		{"ntp multicast-client", "224.0.1.1", ROLE_MULTICAST_CLIENT, 0, 0, 6, 123, 0, 0},
		{"ntp multicast-client ipv6", "ff0e::101", ROLE_MULTICAST_CLIENT, 0, 0, 6, 123, 0,
		 0},
		{"ntp manycast-server", "224.0.1.1", ROLE_MANYCAST_SERVER, 0, 0, 6, 123, 0, 0},
		{"ntp manycast-server ipv6 on-link", "ff0e::101", ROLE_MANYCAST_SERVER, 0, 0, 6,
		 123, 0, 1},
		{"ntp manycast-client", "224.0.1.1", ROLE_MANYCAST_CLIENT, 255, 4, 6, 123, 0, 0},
		{"ntp manycast-client ipv6 ff02::9 port 65535 ttl 2 authentication-keyid 1",
		 "ff02::9", ROLE_MANYCAST_CLIENT, 2, 4, 6, 65535, 1, 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct desk d;
		char group[ADDR_TEXT_MAX];
		commit_line(&d, cases[i].line);
		const struct role_setting *r = only_role(&d);
		assert_string_equal(r->ifname, "eth0");
		assert_string_equal(addr_print(&r->group, group), cases[i].group);
		assert_int_equal(r->kind, cases[i].kind);
		assert_int_equal(r->ttl, cases[i].ttl);
		assert_int_equal(r->version, cases[i].version);
		assert_int_equal(r->minpoll_log2s, cases[i].minpoll);
		assert_int_equal(r->port, cases[i].port);
		assert_int_equal(r->key_id, cases[i].key);
		assert_int_equal(r->on_link_only, cases[i].on_link);
		close_desk(&d);
	}
}

static void globals_get_what_the_line_says(void **state)
{
	static const struct {
		const char *line;
		size_t offset;
		uint8_t value;
	} cases[] = {
		{"ntp authentication enable", offsetof(struct settings, authentication), 1},
		{"ntp authentication-password complexity-check enable",
		 offsetof(struct settings, complexity_check), 1},
		{"ntp refclock-master", offsetof(struct settings, refclock), 1},
		{"ntp refclock-master 127.127.1.3", offsetof(struct settings, refclock_unit), 3},
		{"ntp refclock-master", offsetof(struct settings, refclock_stratum), 8},
		{"ntp refclock-master 15", offsetof(struct settings, refclock_stratum), 15},
		{"ntp max-dynamic-sessions 0", offsetof(struct settings, max_dynamic_sessions), 0},
		{"sysname x", offsetof(struct settings, max_dynamic_sessions), 100},
		{"ntp max-slew 100", offsetof(struct settings, max_slew_ppm), 100},
		{"ntp multicast-volley required", offsetof(struct settings, volley),
		 VOLLEY_REQUIRED},
		{"ntp multicast-volley never", offsetof(struct settings, volley), VOLLEY_NEVER},
		{"ntp multicast-delay 200", offsetof(struct settings, multicast_delay_us), 200},
		{"ntp listen-port 1026", offsetof(struct settings, ports), 1026 & 0xff},
		{"ntp trusted authentication-keyid 2",
		 offsetof(struct settings, keys[1]) + offsetof(struct key_setting, trusted), 1},
		{"ntp authentication-keyid 2 authentication-mode hmac-sha256 abc mac-length 20",
		 offsetof(struct settings, keys[1]) + offsetof(struct key_setting, mac_octets), 20},
		{"ntp unicast-server 192.0.2.1 iburst",
		 offsetof(struct settings, unicasts[0]) + offsetof(struct unicast_setting, iburst),
		 1},
		{"ntp unicast-server 192.0.2.1 minpoll 12",
		 offsetof(struct settings, unicasts[0]) +
			 offsetof(struct unicast_setting, maxpoll_log2s),
		 12},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct desk d;
		commit_line(&d, cases[i].line);
		uint8_t got = ((const uint8_t *)d.stage.settings)[cases[i].offset];
		if (got != cases[i].value)
			fail_msg("%s: %u, not %u", cases[i].line, got, cases[i].value);
		close_desk(&d);
	}
}

/* What one desk prints, another reads and prints the same. */
static void check_reading_back(struct desk *a, const char *line)
{
	struct err err = {{0}};
	struct desk b;
	char *once = printed(a, RUNNING);

	open_desk(&b);
	must_type(&b, "install feature-software WEAKEA");
	if (office_load_text(b.office, "printed", once, &err) < 0)
		fail_msg("%s\n%s\n%s", line, once, err.text);
	char *twice = printed(&b, RUNNING);
	assert_string_equal(once, twice);
	assert_memory_equal(a->stage.settings, b.stage.settings, sizeof *a->stage.settings);
	free(once);
	free(twice);
	close_desk(&b);
}

static bool accepts(const struct command_row *row, const char *line)
{
	struct desk a;

	open_desk(&a);
	type_keys(&a);
	enter_view(&a, row);
	bool accepted = type(&a, line);
	if (accepted) {
		must_type(&a, "commit");
		check_reading_back(&a, line);
	}
	close_desk(&a);
	return accepted;
}

static void every_row_reads_back_what_it_prints(void **state)
{
	const struct graph *g = rows_hold();
	struct text line = {0};

	(void)state;
	for (unsigned i = 0; i < command_count; i++) {
		struct typist t = {.state = 1000 + i};
		unsigned accepted = 0;
		for (unsigned n = 0; n < 40; n++) {
			typist_line(&t, g, i, &line);
			accepted += accepts(&commands[i], text_chars(&line));
		}
		if (accepted < 10)
			fail_msg("%s: only %u of 40 random lines were accepted",
				 commands[i].notation, accepted);
	}
	text_fini(&line);
	rows_release();
}

static void undo_of_a_new_line_leaves_no_trace(void **state)
{
	const struct graph *g = rows_hold();
	struct text line = {0};
	struct text undo = {0};
	struct desk d;

	(void)state;
	open_desk(&d);
	type_keys(&d);
	char *before = printed(&d, MERGED);
	for (unsigned i = 0; i < command_count; i++) {
		struct typist t = {.state = 77 + i};
		/* Undoing a key that was there before takes it away. */
		if (commands[i].object == EDIT_KEY)
			continue;
		for (unsigned n = 0; n < 40; n++) {
			enter_view(&d, &commands[i]);
			typist_line(&t, g, i, &line);
			if (!type(&d, text_chars(&line)))
				continue;
			text_clear(&undo);
			text_addf(&undo, "undo %s", text_chars(&line));
			must_type(&d, text_chars(&undo));
			leave_view(&d, &commands[i]);
			char *after = printed(&d, MERGED);
			if (strcmp(before, after) != 0)
				fail_msg("%s\n%s", text_chars(&line), after);
			assert_false(session_pending(d.session));
			free(after);
		}
	}
	free(before);
	text_fini(&line);
	text_fini(&undo);
	rows_release();
	close_desk(&d);
}

static void random_lines(struct desk *d, const struct graph *g, struct typist *t, unsigned count)
{
	struct text line = {0};
	char interface[32];

	for (unsigned n = 0; n < count; n++) {
		unsigned i = typist_draw(t, command_count);
		(void)snprintf(interface, sizeof interface, "interface eth%u", typist_draw(t, 3));
		must_type(d, interface);
		typist_line(t, g, i, &line);
		if (typist_draw(t, 4) == 0) {
			struct text undo = {0};
			text_addf(&undo, "undo %s", text_chars(&line));
			(void)type(d, text_chars(&undo));
			text_fini(&undo);
		} else {
			(void)type(d, text_chars(&line));
		}
	}
	text_fini(&line);
}

static void rolling_back_returns_the_same_bytes(void **state)
{
	enum {
		ROUNDS = 12
	};
	const struct graph *g = rows_hold();
	struct typist t = {.state = 4711};
	char *texts[ROUNDS];
	char line[80];
	struct desk d;

	(void)state;
	open_desk(&d);
	type_keys(&d);
	for (unsigned i = 0; i < ROUNDS; i++) {
		random_lines(&d, g, &t, 30);
		(void)snprintf(line, sizeof line, "commit label round%u", i);
		must_type(&d, line);
		texts[i] = printed(&d, RUNNING);
	}
	for (unsigned k = 0; k < 3 * ROUNDS; k++) {
		unsigned i = typist_draw(&t, ROUNDS);
		(void)snprintf(line, sizeof line, "rollback configuration to label round%u", i);
		must_type(&d, line);
		char *now = printed(&d, RUNNING);
		assert_string_equal(now, texts[i]);
		free(now);
	}
	for (unsigned i = 0; i < ROUNDS; i++)
		free(texts[i]);
	rows_release();
	close_desk(&d);
}

static void a_candidate_shown_and_typed_again_is_the_same(void **state)
{
	const struct graph *g = rows_hold();
	struct typist t = {.state = 99};

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		struct desk a, b;
		open_desk(&a);
		open_desk(&b);
		type_keys(&a);
		type_keys(&b);
		random_lines(&a, g, &t, 20);
		char *changes = printed(&a, "display configuration candidate");
		for (char *save, *l = strtok_r(changes, "\n", &save); l;
		     l = strtok_r(NULL, "\n", &save))
			must_type(&b, l);
		char *x = printed(&a, MERGED);
		char *y = printed(&b, MERGED);
		assert_string_equal(x, y);
		free(x);
		free(y);
		free(changes);
		close_desk(&a);
		close_desk(&b);
	}
	rows_release();
}

static void check_help(const struct graph_node *n)
{
	for (; n; n = n->next) {
		if (n->kind == GRAPH_WORD || n->kind == GRAPH_ARG)
			if (*words_help(n->text, n->kind == GRAPH_ARG) == '\0')
				fail_msg("no help for %s", n->text);
		check_help(n->first);
	}
}

static void every_word_of_every_command_has_help(void **state)
{
	const struct graph *g = rows_hold();

	(void)state;
	for (unsigned i = 0; i < g->row_count; i++)
		if (g->rows[i].kind != ROW_DISPLAY && !g->rows[i].hidden)
			check_help(g->rows[i].tree);
	rows_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_get_what_the_line_says_and_else_the_defaults),
		cmocka_unit_test(globals_get_what_the_line_says),
		cmocka_unit_test(every_row_reads_back_what_it_prints),
		cmocka_unit_test(undo_of_a_new_line_leaves_no_trace),
		cmocka_unit_test(rolling_back_returns_the_same_bytes),
		cmocka_unit_test(a_candidate_shown_and_typed_again_is_the_same),
		cmocka_unit_test(every_word_of_every_command_has_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
