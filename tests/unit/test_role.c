/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/node_state.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct now now = {{NS_PER_S}, {UINT64_C(0xeeacc58000000000)}};

static void add(struct settings *s, const char *ifname, uint8_t third)
{
	unsigned i = s->role_count++;
	struct role_setting *r = &s->roles[i];

	(void)snprintf(r->ifname, sizeof r->ifname, "%s", ifname);
	r->group = addr_v4(224, third, (uint8_t)(i >> 8), (uint8_t)i);
	r->kind = ROLE_MULTICAST_CLIENT;
	r->port = NTP_PORT;
}

/* Four on each interface, from the first free place up to count. */
static void fill(struct settings *s, char first, uint8_t third, unsigned count)
{
	char name[16];

	while (s->role_count < count) {
		(void)snprintf(name, sizeof name, "%c%04u", first, s->role_count / 4);
		add(s, name, third);
	}
}

static void commit(struct node *n, const struct settings *s)
{
	static struct actions out;

	out.count = 0;
	node_configure(n, now, s, &out);
}

/*
 * New roles come while the places of old ones are still taken; one of those is the last of the
 * interface that the new role is for.
 */
static void a_place_is_made_before_its_interface(void **state)
{
	static const uint8_t seed[32] = {1};
	static const struct node_options options = {.frequency_max = {500 * PPT_PER_PPM}};
	struct settings *s = calloc(1, sizeof *s);
	void *block = calloc(1, node_size());

	(void)state;
	assert_non_null(s);
	assert_non_null(block);
	struct node *n = node_new(block, seed, &options);

	add(s, "a", 1);
	fill(s, 'b', 1, SETTINGS_ROLES_MAX);
	commit(n, s);
	s->role_count = 0;
	fill(s, 'Z', 2, ROLES_MAX - SETTINGS_ROLES_MAX);
	add(s, "a", 2);
	fill(s, 'b', 2, SETTINGS_ROLES_MAX);
	commit(n, s);
	for (unsigned i = 0; i < s->role_count; i++) {
		const struct role *r = &n->roles[n->role_order[i]];

		assert_true(r->used && r->wanted);
		assert_true(addr_equal(&r->set.group, &s->roles[i].group));
		assert_ptr_equal(iface_by_name(&n->ifaces, s->roles[i].ifname),
				 &n->ifaces.list[r->iface]);
	}
	s->role_count = 0;
	commit(n, s);
	for (unsigned i = 0; i < n->role_used; i++)
		assert_false(n->roles[i].used);
	node_free(n);
	free(block);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_made_before_its_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
