/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_text_is_the_empty_string(void **state)
{
	(void)state;
	struct text t = {0};
	assert_string_equal(text_chars(&t), "");
	text_add(&t, "");
	assert_string_equal(text_chars(&t), "");
	assert_int_equal(t.len, 0);
	text_fini(&t);
}

static void pieces_are_joined_in_order(void **state)
{
	(void)state;
	struct text t = {0};
	text_add(&t, "one");
	text_addf(&t, " %d %s", 2, "three");
	text_add_len(&t, " fourteen", 5);
	assert_string_equal(text_chars(&t), "one 2 three four");
	assert_int_equal(t.len, strlen("one 2 three four"));
	text_fini(&t);
}

static void it_grows_as_far_as_it_must(void **state)
{
	(void)state;
	struct text t = {0};
	for (int i = 0; i < 10000; i++)
		text_addf(&t, "%04d", i);
	assert_int_equal(t.len, 40000);
	assert_memory_equal(text_chars(&t) + 4 * 9999, "9999", 5);
	char *big = malloc(5001);
	assert_non_null(big);
	memset(big, 'x', 5000);
	big[5000] = '\0';
	text_clear(&t);
	text_addf(&t, "%s", big);
	assert_string_equal(text_chars(&t), big);
	free(big);
	text_fini(&t);
}

static void cutting_and_clearing_keep_it_a_string(void **state)
{
	(void)state;
	struct text t = {0};
	text_add(&t, "abcdef");
	text_cut(&t, 3);
	assert_string_equal(text_chars(&t), "abc");
	text_add(&t, "d");
	assert_string_equal(text_chars(&t), "abcd");
	text_clear(&t);
	assert_string_equal(text_chars(&t), "");
	text_fini(&t);
	assert_string_equal(text_chars(&t), "");
}

static void what_is_taken_is_owned_and_leaves_nothing(void **state)
{
	(void)state;
	struct text t = {0};
	char *nothing = text_take(&t);
	assert_string_equal(nothing, "");
	free(nothing);
	text_add(&t, "kept");
	char *kept = text_take(&t);
	text_add(&t, "new");
	assert_string_equal(kept, "kept");
	assert_string_equal(text_chars(&t), "new");
	free(kept);
	text_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_the_empty_string),
		cmocka_unit_test(pieces_are_joined_in_order),
		cmocka_unit_test(it_grows_as_far_as_it_must),
		cmocka_unit_test(cutting_and_clearing_keep_it_a_string),
		cmocka_unit_test(what_is_taken_is_owned_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
