/* SPDX-License-Identifier: BSD-2-Clause */
/* What a commit, or an interface that goes, does to the associations that there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"

static void volley_required_counts_for_who_was_never_asked(void **state)
{
	struct site *s = site_new();
	unsigned client = site_add(s, SPAN_S(3), 20.0);

	(void)state;
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	s->hosts[client].settings->volley = VOLLEY_NEVER;
	site_commit(s, client);
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	assert_int_equal(s->hosts[client].sent, 0);
	assert_true(site_system(s, client).synchronised);
	s->hosts[client].settings->volley = VOLLEY_REQUIRED;
	site_commit(s, client);
	site_run(s, SPAN_S(200));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_LISTENING);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

static void volley_required_counts_for_who_never_answered(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)state;
	s->hosts[client].deaf_asks = true;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	assert_true(site_system(s, client).synchronised);
	s->hosts[client].settings->volley = VOLLEY_REQUIRED;
	site_commit(s, client);
	site_run(s, SPAN_S(1000));
	assert_int_not_equal(site_assoc(s, client, 0).phase, ASSOC_DEGRADED);
	assert_int_not_equal(site_assoc(s, client, 0).rank, RANK_MASTER);
	site_free(s);
}

static void volley_never_counts_for_who_was_asked(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(3), 20.0);

	(void)state;
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(200));
	assert_int_equal(site_assoc(s, client, 0).phase, ASSOC_LISTENING);
	s->hosts[client].settings->volley = VOLLEY_NEVER;
	site_commit(s, client);
	unsigned sent = s->hosts[client].sent;
	site_run(s, SPAN_S(7200));
	assert_int_equal(s->hosts[client].sent, sent);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

/* Both default to 224.0.1.1: a server that is met on it by both is two associations. */
static void a_multicast_and_a_manycast_client_on_one_group_have_their_own(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);
	struct settings *set = s->hosts[client].settings;

	(void)state;
	(void)site_role(s, server, ROLE_MULTICAST_SERVER, GROUP);
	site_refclock(s, server, 1);
	site_commit(s, server);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	(void)site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_S(50));
	(void)site_role(s, server, ROLE_MANYCAST_SERVER, GROUP);
	site_commit(s, server);
	site_run(s, SPAN_S(300));
	assert_int_equal(site_system(s, client).assoc_count, 2);
	set->roles[0] = set->roles[1];
	set->role_count = 1;
	site_commit(s, client);
	site_run(s, SPAN_S(20));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	assert_int_equal(site_assoc(s, client, 0).origin, ASSOC_MANYCAST);
	site_free(s);
}

static void beacons_do_not_set_the_poll_of_a_server_that_was_found(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);

	(void)state;
	(void)site_role(s, server, ROLE_MANYCAST_SERVER, GROUP);
	site_refclock(s, server, 1);
	site_commit(s, server);
	(void)site_role(s, client, ROLE_MULTICAST_CLIENT, GROUP);
	(void)site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_S(300));
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->minpoll_log2s = 17;
	site_commit(s, server);
	site_run(s, SPAN_S(36000));
	assert_int_equal(site_assoc(s, client, 0).origin, ASSOC_MANYCAST);
	assert_true(site_assoc(s, client, 0).local_poll_log2s <= 10);
	site_free(s);
}

static void another_manycast_key_finds_the_servers_anew(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0), client = site_add(s, SPAN_S(1), 20.0);

	(void)state;
	site_keys(s, server, 4, 7);
	(void)site_role(s, server, ROLE_MANYCAST_SERVER, GROUP);
	site_refclock(s, server, 2);
	site_commit(s, server);
	site_keys(s, client, 4, 7);
	struct role_setting *r = site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	r->key_id = 1;
	s->hosts[client].settings->authentication = true;
	site_commit(s, client);
	site_run(s, SPAN_S(100));
	assert_int_equal(site_assoc(s, client, 0).key_id, 1);
	r->key_id = 3;
	site_commit(s, client);
	site_run(s, SPAN_S(100));
	assert_int_equal(site_assoc(s, client, 0).key_id, 3);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
}

static void an_answer_that_comes_after_the_interface_went_is_nobodys(void **state)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	(void)state;
	(void)site_role(s, server, ROLE_MANYCAST_SERVER, GROUP);
	site_refclock(s, server, 2);
	site_commit(s, server);
	site_run(s, SPAN_S(1));
	unsigned client = site_add(s, SPAN_S(1), 20.0);
	struct host *h = &s->hosts[client];

	(void)site_role(s, client, ROLE_MANYCAST_CLIENT, GROUP);
	site_commit(s, client);
	site_run(s, SPAN_MS(1)); /* it has asked; the answer takes up to 0.75 s */
	h->link.ifindex = 0;
	site_link(s, client);
	site_run(s, SPAN_S(1));
	assert_int_equal(site_system(s, client).assoc_count, 0);
	h->link.ifindex = 5;
	site_link(s, client);
	site_run(s, SPAN_S(100));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	assert_int_equal(site_assoc(s, client, 0).ifindex, 5);
	site_free(s);
}

/* Sessions are not ended by it, but nobody comes in while there are as many, or more. */
static void a_smaller_quota_lets_nobody_in(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, GROUP, SPAN_S(1), 20.0);
	unsigned server = site_server(s, GROUP);

	(void)state;
	s->hosts[client].deaf_asks = true;
	site_run(s, SPAN_S(100));
	assert_int_equal(site_system(s, client).assoc_count, 1);
	s->hosts[client].settings->max_dynamic_sessions = 0;
	site_commit(s, client);
	s->hosts[server].unplugged = true;
	site_run(s, SPAN_S(130));
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(600));
	assert_int_equal(site_system(s, client).assoc_count, 0);
	assert_true(site_count(s, client, ADDR_V4, VERDICT_DYNAMIC_MAX) > 0);
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(volley_required_counts_for_who_was_never_asked),
	cmocka_unit_test(volley_required_counts_for_who_never_answered),
	cmocka_unit_test(volley_never_counts_for_who_was_asked),
	cmocka_unit_test(a_multicast_and_a_manycast_client_on_one_group_have_their_own),
	cmocka_unit_test(beacons_do_not_set_the_poll_of_a_server_that_was_found),
	cmocka_unit_test(another_manycast_key_finds_the_servers_anew),
	cmocka_unit_test(a_smaller_quota_lets_nobody_in),
	cmocka_unit_test(an_answer_that_comes_after_the_interface_went_is_nobodys),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
