/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/history.h"
#include "shelf_memory.h"

#define FIRST 1000000001U

static struct history *reopen(struct memory_shelf *m, struct history *old)
{
	struct shelf s = memory_shelf(m);
	struct history *h = NULL;
	struct err err;

	history_free(old);
	assert_int_equal(history_new(&s, &h, &err), 0);
	assert_string_equal(err.text, "");
	return h;
}

static uint32_t add(struct history *h, const char *label, const char *config)
{
	struct history_point p = {
		.user = "ann", .user_intf = "vty0", .type = "CLI", .unix_s = 1795307820};
	struct err err = {0};

	(void)snprintf(p.label, sizeof p.label, "%s", label);
	assert_int_equal(history_add(h, &p, config, &err), 0);
	return p.id;
}

static void assert_text(const struct history *h, uint32_t id, const char *config)
{
	struct text t = {0};
	struct err err = {0};

	assert_int_equal(history_text(h, id, &t, &err), 0);
	assert_string_equal(text_chars(&t), config);
	text_fini(&t);
}

static void a_point_reads_back_as_it_was_written(void **state)
{
	static const char config[] = "!Software Version\n#\nsysname A\n#\nreturn\n";
	struct memory_shelf m = {0};
	struct history *h = reopen(&m, NULL);
	struct history_point p = {.label = "before-work",
				  .user = "ann",
				  .user_intf = "vty0",
				  .type = "ROLLBACK",
				  .unix_s = 1795307820,
				  .description = "two\nlines: and a colon"};
	struct history_point back;
	struct err err;

	(void)state;
	assert_int_equal(history_add(h, &p, config, &err), 0);
	assert_int_equal(p.id, FIRST);
	h = reopen(&m, h);
	assert_true(history_point(h, 0, &back));
	assert_int_equal(back.id, FIRST);
	assert_string_equal(back.label, "before-work");
	assert_string_equal(back.user, "ann");
	assert_string_equal(back.user_intf, "vty0");
	assert_string_equal(back.type, "ROLLBACK");
	assert_string_equal(back.description, "two?lines: and a colon");
	assert_true(back.unix_s == 1795307820);
	assert_false(history_point(h, 1, &back));
	assert_text(h, FIRST, config);
	assert_true(history_find_label(h, "before-work", &back));
	assert_false(history_find_label(h, "", &back));
	assert_non_null(strstr(memory_text(&m, "point.1000000001"),
			       "! time: 1795307820 (2026-11-22 00:37:00 UTC)\n"));
	history_free(h);
	memory_fini(&m);
}

static void eighty_points_are_kept_and_labelled_ones_longer(void **state)
{
	struct memory_shelf m = {0};
	struct history *h = reopen(&m, NULL);
	struct history_point p;
	unsigned n = 0;

	(void)state;
	add(h, "keep", "first\n");
	for (unsigned i = 0; i < 100; i++)
		add(h, "", "config\n");
	h = reopen(&m, h);
	while (history_point(h, n, &p))
		n++;
	assert_int_equal(n, HISTORY_MAX);
	assert_int_equal(m.count, HISTORY_MAX);
	assert_true(history_find_id(h, FIRST, &p));
	assert_false(history_find_id(h, FIRST + 1, &p));
	assert_false(history_find_id(h, FIRST + 21, &p));
	assert_true(history_find_id(h, FIRST + 22, &p));
	assert_true(history_point(h, 0, &p));
	assert_int_equal(p.id, FIRST + 100);
	history_free(h);
	memory_fini(&m);
}

static void a_label_belongs_to_one_point_and_twenty_are_enough(void **state)
{
	struct memory_shelf m = {0};
	struct history *h = reopen(&m, NULL);
	struct history_point p = {.label = "l0", .type = "CLI"};
	struct err err = {0};
	char label[16];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(label, sizeof label, "l%u", i);
		add(h, label, "config\n");
	}
	uint32_t plain = add(h, "", "plain\n");
	assert_int_equal(history_add(h, &p, "again\n", &err), -EEXIST);
	assert_int_equal(history_set_label(h, plain, "l3", &err), -EEXIST);
	assert_int_equal(history_set_label(h, plain, "new", &err), -ENOSPC);
	assert_int_equal(history_set_label(h, FIRST, "", &err), 0);
	assert_int_equal(history_set_label(h, plain, "new", &err), 0);
	assert_int_equal(history_set_label(h, FIRST + 99, "new", &err), -ENOENT);
	h = reopen(&m, h);
	assert_true(history_find_label(h, "new", &p));
	assert_int_equal(p.id, plain);
	assert_false(history_find_label(h, "l0", &p));
	assert_text(h, plain, "plain\n");
	history_free(h);
	memory_fini(&m);
}

static void a_damaged_point_is_named_and_left_alone(void **state)
{
	struct memory_shelf m = {0};
	struct shelf s = memory_shelf(&m);
	struct history *h = reopen(&m, NULL);
	struct history_point p;
	struct text t = {0};
	struct err err = {0};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add(h, "", "one line\nanother\n");
	/* Cut short, changed, moved under another name, no header at all. */
	char *cut = strdup(memory_text(&m, "point.1000000001"));
	cut[strlen(cut) - 3] = '\0';
	memory_put(&m, "point.1000000001", cut);
	free(cut);
	memory_put(&m, "point.1000000003", memory_text(&m, "point.1000000002"));
	memory_put(&m, "point.1000000009", "garbage");
	memory_put(&m, "point.12", "not a point");
	/* Noticed also when it happens behind our back. */
	assert_int_equal(history_text(h, FIRST, &t, &err), -EBADMSG);
	assert_int_equal(history_text(h, FIRST + 7, &t, &err), -ENOENT);
	assert_string_equal(text_chars(&t), "");
	history_free(h);

	assert_int_equal(history_new(&s, &h, &err), 0);
	assert_non_null(strstr(err.text, "1000000001"));
	assert_true(history_point(h, 1, &p));
	assert_int_equal(p.id, FIRST + 1);
	assert_false(history_point(h, 2, &p));
	/* The next id is beyond everything that is there, so nothing is overwritten. */
	assert_int_equal(add(h, "", "next\n"), FIRST + 9);
	assert_string_equal(memory_text(&m, "point.1000000009"), "garbage");
	history_free(h);
	memory_fini(&m);
}

static void a_full_disk_adds_nothing(void **state)
{
	struct memory_shelf m = {0};
	struct history *h = reopen(&m, NULL);
	struct history_point p = {.type = "CLI"};
	struct err err = {0};

	(void)state;
	uint32_t id = add(h, "", "one\n");
	m.fail_from = m.changes + 1;
	assert_int_equal(history_add(h, &p, "two\n", &err), -ENOSPC);
	assert_int_equal(p.id, 0);
	assert_int_equal(history_set_label(h, id, "x", &err), -ENOSPC);
	assert_true(history_point(h, 0, &p));
	assert_int_equal(p.id, id);
	assert_string_equal(p.label, "");
	m.fail_from = 0;
	assert_int_equal(add(h, "", "three\n"), id + 1);
	history_free(h);
	memory_fini(&m);
}

/* A crowded shelf, and the power goes at every change in turn: the old point or the new, whole. */
static void power_off_at_any_change_of_an_add_loses_nothing(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 3; at++) {
		struct memory_shelf m = {0};
		struct history *h = reopen(&m, NULL);
		struct history_point p = {.type = "CLI"};
		struct err err = {0};

		for (unsigned i = 0; i < HISTORY_MAX; i++)
			add(h, "", "old\n");
		m.fail_from = m.changes + at;
		int r = history_add(h, &p, "new\n", &err);
		m.fail_from = 0;
		h = reopen(&m, h);
		assert_true(history_point(h, 0, &p));
		assert_text(h, p.id, r == 0 ? "new\n" : "old\n");
		assert_int_equal(r == 0, at > 1);
		assert_int_equal(m.count, HISTORY_MAX);
		history_free(h);
		memory_fini(&m);
	}
}

static void a_trial_survives_a_restart(void **state)
{
	struct memory_shelf m = {0};
	struct history *h = reopen(&m, NULL);
	struct history_trial t = {FIRST, FIRST + 1, 1795307820, "tonight", "ann"}, back;
	struct err err;

	(void)state;
	assert_false(history_trial_load(h, &back));
	assert_int_equal(history_trial_keep(h, &t, &err), 0);
	h = reopen(&m, h);
	assert_true(history_trial_load(h, &back));
	assert_int_equal(back.back_to_id, FIRST);
	assert_int_equal(back.trial_id, FIRST + 1);
	assert_true(back.deadline_unix_s == 1795307820);
	assert_string_equal(back.persist, "tonight");
	assert_string_equal(back.user, "ann");
	assert_int_equal(history_trial_drop(h, &err), 0);
	assert_false(history_trial_load(h, &back));
	memory_put(&m, "trial", "! back-to: 1000000001\n! trial: 1000");
	assert_false(history_trial_load(h, &back));
	history_free(h);
	memory_fini(&m);
}

static void what_a_trial_goes_back_to_stays_while_it_runs(void **state)
{
	struct memory_shelf m = {0};
	struct history *h = reopen(&m, NULL);
	struct history_trial t = {FIRST, FIRST + 1, 1795307820, "", "ann"};
	struct history_point p;
	struct err err;

	(void)state;
	add(h, "", "way back\n");
	assert_int_equal(history_trial_keep(h, &t, &err), 0);
	for (unsigned i = 0; i < 2 * HISTORY_MAX; i++)
		add(h, "", "config\n");
	assert_text(h, FIRST, "way back\n");
	h = reopen(&m, h);
	for (unsigned i = 0; i < 2; i++)
		add(h, "", "config\n");
	assert_text(h, FIRST, "way back\n");
	assert_int_equal(history_drop_oldest(h, 2, &err), 0);
	assert_text(h, FIRST, "way back\n");
	assert_int_equal(history_drop_oldest(h, HISTORY_MAX, &err), 0);
	assert_true(history_point(h, 1, &p));
	assert_int_equal(p.id, FIRST);
	assert_false(history_point(h, 2, &p));
	assert_int_equal(history_trial_drop(h, &err), 0);
	assert_int_equal(history_drop_oldest(h, 1, &err), 0);
	assert_false(history_find_id(h, FIRST, &p));
	history_free(h);
	memory_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_reads_back_as_it_was_written),
		cmocka_unit_test(eighty_points_are_kept_and_labelled_ones_longer),
		cmocka_unit_test(a_label_belongs_to_one_point_and_twenty_are_enough),
		cmocka_unit_test(a_damaged_point_is_named_and_left_alone),
		cmocka_unit_test(a_full_disk_adds_nothing),
		cmocka_unit_test(power_off_at_any_change_of_an_add_loses_nothing),
		cmocka_unit_test(a_trial_survives_a_restart),
		cmocka_unit_test(what_a_trial_goes_back_to_stays_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
