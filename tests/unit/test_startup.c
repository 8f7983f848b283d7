/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/startup.h"
#include "shelf_memory.h"

static char accepted[64];

/* Stands for the CLI: everything that does not begin with "bad" is a configuration. */
static int try_text(void *context, const char *config, struct err *err)
{
	(void)context;
	if (strncmp(config, "bad", 3) == 0) {
		err_set(err, "line 1: unrecognized command");
		return -EINVAL;
	}
	(void)snprintf(accepted, sizeof accepted, "%s", config);
	return 0;
}

static int load(struct memory_shelf *m, struct err *err)
{
	struct shelf s = memory_shelf(m);

	accepted[0] = '\0';
	*err = (struct err){{0}};
	return startup_load(&s, try_text, NULL, err);
}

static void nothing_on_the_shelf_is_fine(void **state)
{
	struct memory_shelf m = {0};
	struct err err;

	(void)state;
	assert_int_equal(load(&m, &err), 0);
	assert_string_equal(err.text, "");
	assert_string_equal(accepted, "");
	memory_fini(&m);
}

static void what_is_saved_is_loaded(void **state)
{
	struct memory_shelf m = {0};
	struct shelf s = memory_shelf(&m);
	struct err err;

	(void)state;
	assert_int_equal(startup_save(&s, "one", &err), 0);
	assert_int_equal(load(&m, &err), 0);
	assert_string_equal(err.text, "");
	assert_string_equal(accepted, "one");
	assert_int_equal(startup_save(&s, "two", &err), 0);
	assert_string_equal(memory_text(&m, STARTUP_GOOD_NAME), "one");
	assert_int_equal(startup_save(&s, "two", &err), 0);
	assert_string_equal(memory_text(&m, STARTUP_GOOD_NAME), "one");
	memory_fini(&m);
}

/* What a power cut may leave of a file on some disks. */
static void a_file_with_zeros_is_bad_and_kept_whole(void **state)
{
	struct memory_shelf m = {0};
	struct shelf s = memory_shelf(&m);
	struct text kept = {0};
	struct err err;

	(void)state;
	memory_put(&m, STARTUP_GOOD_NAME, "good");
	assert_int_equal(s.keep(s.context, STARTUP_NAME, "one\0\0two", 8, &err), 0);
	assert_int_equal(load(&m, &err), 0);
	assert_string_equal(accepted, "good");
	assert_non_null(strstr(err.text, "startup.cfg: it has a NUL octet"));
	assert_int_equal(s.load(s.context, STARTUP_BAD_NAME, &kept, &err), 0);
	assert_int_equal(kept.len, 8);
	assert_memory_equal(kept.chars, "one\0\0two", 8);
	text_fini(&kept);
	assert_int_equal(s.keep(s.context, STARTUP_GOOD_NAME, "\0", 1, &err), 0);
	assert_int_equal(load(&m, &err), -EBADMSG);
	assert_string_equal(accepted, "");
	memory_fini(&m);
}

static void a_bad_file_is_kept_aside_and_the_good_one_used(void **state)
{
	struct memory_shelf m = {0};
	struct shelf s = memory_shelf(&m);
	struct err err;

	(void)state;
	memory_put(&m, STARTUP_GOOD_NAME, "good");
	memory_put(&m, STARTUP_NAME, "bad 1");
	assert_int_equal(load(&m, &err), 0);
	assert_string_equal(accepted, "good");
	assert_non_null(strstr(err.text, "startup.bad"));
	assert_non_null(strstr(err.text, "startup.good is used"));
	assert_non_null(strstr(err.text, "line 1"));
	assert_string_equal(memory_text(&m, STARTUP_BAD_NAME), "bad 1");
	assert_string_equal(memory_text(&m, STARTUP_NAME), "bad 1");

	/* Neither a second start nor another bad file loses the first. */
	assert_int_equal(load(&m, &err), 0);
	assert_int_equal(memory_find(&m, "startup.bad.2"), -1);
	memory_put(&m, STARTUP_NAME, "bad 2");
	assert_int_equal(load(&m, &err), 0);
	assert_string_equal(memory_text(&m, STARTUP_BAD_NAME), "bad 1");
	assert_string_equal(memory_text(&m, "startup.bad.2"), "bad 2");

	/* A save does not make the bad one the good one. */
	assert_int_equal(startup_save(&s, "three", &err), 0);
	assert_string_equal(memory_text(&m, STARTUP_GOOD_NAME), "good");
	assert_string_equal(memory_text(&m, STARTUP_NAME), "three");
	memory_fini(&m);
}

/* The disk was full when it was refused: it is not lost when it is replaced, nor taken for good. */
static void what_was_refused_never_becomes_the_good_one(void **state)
{
	struct memory_shelf m = {0};
	struct shelf s = memory_shelf(&m);
	struct err err;

	(void)state;
	memory_put(&m, STARTUP_NAME, "bad text");
	memory_put(&m, STARTUP_GOOD_NAME, "good");
	m.fail_from = m.changes + 1;
	m.fail_count = 2;
	assert_int_equal(load(&m, &err), 0);
	assert_non_null(strstr(err.text, "could not be kept aside"));
	assert_true(startup_replace_refused(&s, "new", &err) < 0);
	assert_string_equal(memory_text(&m, STARTUP_NAME), "bad text");
	assert_int_equal(startup_replace_refused(&s, "new", &err), 0);
	assert_string_equal(memory_text(&m, STARTUP_NAME), "new");
	assert_string_equal(memory_text(&m, STARTUP_GOOD_NAME), "good");
	assert_string_equal(memory_text(&m, "startup.bad"), "bad text");
	memory_fini(&m);
}

static void nothing_usable_is_an_error(void **state)
{
	struct memory_shelf m = {0};
	struct err err;

	(void)state;
	memory_put(&m, STARTUP_NAME, "bad 1");
	assert_int_equal(load(&m, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no startup.good"));
	memory_put(&m, STARTUP_GOOD_NAME, "bad too");
	assert_int_equal(load(&m, &err), -EINVAL);
	assert_non_null(strstr(err.text, "refused too"));
	assert_string_equal(memory_text(&m, STARTUP_GOOD_NAME), "bad too");
	memory_fini(&m);
}

static void a_full_disk_is_said_and_loading_goes_on(void **state)
{
	struct memory_shelf m = {0};
	struct err err;

	(void)state;
	memory_put(&m, STARTUP_GOOD_NAME, "good");
	memory_put(&m, STARTUP_NAME, "bad 1");
	m.fail_from = m.changes + 1;
	assert_int_equal(load(&m, &err), 0);
	assert_string_equal(accepted, "good");
	assert_non_null(strstr(err.text, "could not be kept aside"));
	memory_fini(&m);
}

static void power_off_at_any_change_of_a_save_leaves_old_or_new(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 3; at++) {
		struct memory_shelf m = {0};
		struct shelf s = memory_shelf(&m);
		struct err err;

		assert_int_equal(startup_save(&s, "old", &err), 0);
		m.fail_from = m.changes + at;
		int r = startup_save(&s, "new", &err);
		m.fail_from = 0;
		assert_int_equal(load(&m, &err), 0);
		assert_string_equal(accepted, r == 0 ? "new" : "old");
		assert_int_equal(r == 0, at == 3);
		memory_fini(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_on_the_shelf_is_fine),
		cmocka_unit_test(what_is_saved_is_loaded),
		cmocka_unit_test(a_bad_file_is_kept_aside_and_the_good_one_used),
		cmocka_unit_test(a_file_with_zeros_is_bad_and_kept_whole),
		cmocka_unit_test(what_was_refused_never_becomes_the_good_one),
		cmocka_unit_test(nothing_usable_is_an_error),
		cmocka_unit_test(a_full_disk_is_said_and_loading_goes_on),
		cmocka_unit_test(power_off_at_any_change_of_a_save_leaves_old_or_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
