/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/dialogue.h"

#define SELF 990
#define CONFIGURE 100
#define LOOK 101
#define NO_GROUP ((gid_t)-1)

static const struct dialogue_groups none = {NO_GROUP, NO_GROUP};
static const struct dialogue_groups one = {CONFIGURE, NO_GROUP};
static const struct dialogue_groups both = {CONFIGURE, LOOK};

static enum dialogue_level level(const struct dialogue_groups *groups, uid_t uid, gid_t primary,
				 gid_t second)
{
	struct ctlsock_peer p = {.uid = uid, .group_count = 2, .groups = {primary, second}};

	return dialogue_level(groups, SELF, &p);
}

static void root_and_the_daemons_own_user_may_configure(void **state)
{
	const struct dialogue_groups *all[] = {&none, &one, &both};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(level(all[i], 0, 0, 0), DIALOGUE_CONFIGURE);
		assert_int_equal(level(all[i], SELF, 5, 5), DIALOGUE_CONFIGURE);
	}
}

static void a_member_may_configure_by_primary_or_supplementary_group(void **state)
{
	(void)state;
	assert_int_equal(level(&one, 1000, CONFIGURE, 7), DIALOGUE_CONFIGURE);
	assert_int_equal(level(&one, 1000, 7, CONFIGURE), DIALOGUE_CONFIGURE);
	assert_int_equal(level(&both, 1000, LOOK, CONFIGURE), DIALOGUE_CONFIGURE);
}

static void a_group_number_means_nothing_where_the_group_does_not_exist(void **state)
{
	(void)state;
	assert_int_equal(level(&none, 1000, CONFIGURE, NO_GROUP), DIALOGUE_LOOK);
}

static void others_may_look_unless_there_is_a_group_for_looking(void **state)
{
	(void)state;
	assert_int_equal(level(&one, 1000, 7, 8), DIALOGUE_LOOK);
	assert_int_equal(level(&both, 1000, 7, 8), DIALOGUE_NONE);
	assert_int_equal(level(&both, 1000, 7, LOOK), DIALOGUE_LOOK);
}

static void groups_beyond_the_count_are_not_read(void **state)
{
	struct ctlsock_peer p = {.uid = 1000, .group_count = 1, .groups = {7, CONFIGURE}};

	(void)state;
	assert_int_equal(dialogue_level(&both, SELF, &p), DIALOGUE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_the_daemons_own_user_may_configure),
		cmocka_unit_test(a_member_may_configure_by_primary_or_supplementary_group),
		cmocka_unit_test(a_group_number_means_nothing_where_the_group_does_not_exist),
		cmocka_unit_test(others_may_look_unless_there_is_a_group_for_looking),
		cmocka_unit_test(groups_beyond_the_count_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
