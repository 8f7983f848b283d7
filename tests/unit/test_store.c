/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/store.h"

static struct edit role_edit(const char *ifname, enum role_kind kind, uint8_t last, uint8_t ttl)
{
	struct edit e = {.object = EDIT_ROLE};
	struct addr group = addr_v4(224, 0, 1, last);

	memcpy(e.value.role.ifname, ifname, strlen(ifname) + 1);
	e.value.role.kind = (uint8_t)kind;
	e.value.role.group = group;
	e.value.role.ttl = ttl;
	return e;
}

static struct edit key_edit(uint32_t id, const char *sealed)
{
	struct edit e = {.object = EDIT_KEY, .sealed = sealed};

	e.value.key.id = id;
	e.value.key.algorithm = KEY_HMAC_SHA256;
	e.value.key.mac_octets = 32;
	return e;
}

static struct edit trust_edit(uint32_t id, bool undo)
{
	struct edit e = {.object = EDIT_TRUST, .undo = undo};

	e.value.key.id = id;
	return e;
}

static int apply(struct store *s, struct edit e)
{
	struct err err;

	return store_edit(s, &e, &err);
}

static void roles_stand_in_order_and_once(void **state)
{
	struct store *s = store_new();
	const struct settings *t = store_settings(s);

	(void)state;
	assert_int_equal(apply(s, role_edit("eth1", ROLE_MULTICAST_SERVER, 1, 16)), 1);
	assert_int_equal(apply(s, role_edit("eth0", ROLE_MANYCAST_CLIENT, 9, 16)), 1);
	assert_int_equal(apply(s, role_edit("eth0", ROLE_MULTICAST_SERVER, 7, 16)), 1);
	assert_int_equal(apply(s, role_edit("eth0", ROLE_MULTICAST_SERVER, 2, 16)), 1);
	assert_int_equal(apply(s, role_edit("eth0", ROLE_MULTICAST_SERVER, 2, 5)), 1);
	assert_int_equal(apply(s, role_edit("eth0", ROLE_MULTICAST_SERVER, 2, 5)), 0);
	assert_int_equal(t->role_count, 4);
	assert_int_equal(t->roles[0].group.octets[3], 2);
	assert_int_equal(t->roles[0].ttl, 5);
	assert_int_equal(t->roles[1].group.octets[3], 7);
	assert_int_equal(t->roles[2].kind, ROLE_MANYCAST_CLIENT);
	assert_string_equal(t->roles[3].ifname, "eth1");
	assert_int_equal(store_first_role(t, "eth1"), 3);
	store_free(s);
}

static void a_key_keeps_its_trust_when_it_is_changed(void **state)
{
	struct store *s = store_new();

	(void)state;
	assert_int_equal(apply(s, trust_edit(7, false)), -ENOENT);
	assert_int_equal(apply(s, key_edit(7, "one")), 1);
	assert_int_equal(apply(s, trust_edit(7, false)), 1);
	assert_int_equal(apply(s, key_edit(3, "three")), 1);
	assert_int_equal(apply(s, key_edit(7, "two")), 1);
	assert_true(store_settings(s)->keys[1].trusted);
	assert_string_equal(store_sealed(s, 0), "three");
	assert_string_equal(store_sealed(s, 1), "two");
	store_free(s);
}

static void a_full_table_is_said_and_nothing_changes(void **state)
{
	struct store *s = store_new();
	struct err err;
	struct edit e = {.object = EDIT_PORT};

	(void)state;
	for (unsigned i = 0; i < SETTINGS_PORTS_MAX; i++) {
		e.value.port = (uint16_t)(2000 + i);
		assert_int_equal(store_edit(s, &e, &err), 1);
	}
	e.value.port = 3000;
	assert_int_equal(store_edit(s, &e, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "At most 8 listen ports can be configured; remove one first.");
	assert_int_equal(store_settings(s)->port_count, SETTINGS_PORTS_MAX);
	store_free(s);
}

/* Another row of a full table is refused with that sentence; one that is there can be changed. */
static void assert_full(struct store *s, struct edit more, struct edit there, const char *sentence)
{
	struct err err;

	assert_int_equal(store_edit(s, &more, &err), -ENOSPC);
	assert_string_equal(err.text, sentence);
	assert_int_equal(store_edit(s, &there, &err), 1);
}

static void roles_and_keys_have_a_limit_each_with_its_sentence(void **state)
{
	struct store *s = store_new();
	const struct settings *t = store_settings(s);
	char ifname[16];

	(void)state;
	for (unsigned i = 0; i < 4096; i++) {
		(void)snprintf(ifname, sizeof ifname, "eth%04u", i / 4);
		assert_int_equal(
			apply(s, role_edit(ifname, ROLE_MULTICAST_CLIENT, (uint8_t)(i % 4), 0)), 1);
	}
	assert_full(
		s, role_edit("eth9999", ROLE_MANYCAST_SERVER, 1, 0),
		role_edit("eth0000", ROLE_MULTICAST_CLIENT, 0, 1),
		"At most 4096 multicast and manycast lines can be configured; remove one first.");
	assert_int_equal(t->role_count, 4096);
	for (uint32_t id = 1; id <= 1024; id++)
		assert_int_equal(apply(s, key_edit(id, "sealed")), 1);
	assert_full(s, key_edit(5000, "sealed"), key_edit(7, "other"),
		    "At most 1024 authentication keys can be configured; remove one first.");
	assert_int_equal(t->key_count, 1024);
	store_free(s);
}

static void work_of_two_merges_by_item(void **state)
{
	struct store *base = store_new();
	struct err err;

	(void)state;
	assert_int_equal(apply(base, key_edit(1, "old")), 1);
	assert_int_equal(apply(base, role_edit("eth0", ROLE_MULTICAST_SERVER, 1, 16)), 1);
	assert_int_equal(apply(base, role_edit("eth0", ROLE_MULTICAST_SERVER, 2, 16)), 1);
	struct store *mine = store_dup(base);
	struct store *theirs = store_dup(base);
	/* I change the key, drop a role and set one; they trust the key and change two. */
	struct edit drop = role_edit("eth0", ROLE_MULTICAST_SERVER, 1, 0);
	drop.undo = true;
	assert_int_equal(apply(mine, key_edit(1, "new")), 1);
	assert_int_equal(apply(mine, drop), 1);
	assert_int_equal(apply(mine, role_edit("eth0", ROLE_MULTICAST_SERVER, 2, 5)), 1);
	assert_int_equal(apply(theirs, trust_edit(1, false)), 1);
	assert_int_equal(apply(theirs, role_edit("eth0", ROLE_MULTICAST_SERVER, 2, 9)), 1);
	assert_int_equal(apply(theirs, role_edit("eth1", ROLE_MULTICAST_CLIENT, 1, 0)), 1);
	assert_int_equal(store_rebase(theirs, base, mine, &err), 0);
	const struct settings *t = store_settings(theirs);
	assert_int_equal(t->key_count, 1);
	assert_true(t->keys[0].trusted);
	assert_string_equal(store_sealed(theirs, 0), "new");
	assert_int_equal(t->role_count, 2);
	assert_int_equal(t->roles[0].ttl, 5);
	assert_string_equal(t->roles[1].ifname, "eth1");
	store_free(base);
	store_free(mine);
	store_free(theirs);
}

static void trust_in_a_key_that_went_is_a_conflict(void **state)
{
	struct store *base = store_new();
	struct err err;

	(void)state;
	assert_int_equal(apply(base, key_edit(1, "x")), 1);
	struct store *mine = store_dup(base);
	struct store *theirs = store_dup(base);
	struct edit gone = key_edit(1, NULL);
	gone.undo = true;
	assert_int_equal(apply(mine, trust_edit(1, false)), 1);
	assert_int_equal(apply(theirs, gone), 1);
	assert_int_equal(store_rebase(theirs, base, mine, &err), -ENOENT);
	store_free(base);
	store_free(mine);
	store_free(theirs);
}

static void the_way_back_is_no_difference(void **state)
{
	struct store *a = store_new();
	struct store *b = store_dup(a);
	struct edit e = {.object = EDIT_REFCLOCK, .value.refclock = {true, 0, 3}};
	struct err err;

	(void)state;
	assert_int_equal(store_edit(b, &e, &err), 1);
	assert_true(store_differs(a, b));
	e.undo = true;
	assert_int_equal(store_edit(b, &e, &err), 1);
	assert_false(store_differs(a, b));
	assert_int_equal(store_settings(b)->refclock_stratum, 8);
	store_free(a);
	store_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_stand_in_order_and_once),
		cmocka_unit_test(a_key_keeps_its_trust_when_it_is_changed),
		cmocka_unit_test(a_full_table_is_said_and_nothing_changes),
		cmocka_unit_test(roles_and_keys_have_a_limit_each_with_its_sentence),
		cmocka_unit_test(work_of_two_merges_by_item),
		cmocka_unit_test(trust_in_a_key_that_went_is_a_conflict),
		cmocka_unit_test(the_way_back_is_no_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
