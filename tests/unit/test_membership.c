/* SPDX-License-Identifier: BSD-2-Clause */
/* Memberships on real sockets, where another program has the service port: groups one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/membership.h"

static const struct addr group_a = {.family = ADDR_V4, .octets = {239, 255, 77, 1}};

struct place {
	struct loop *loop;
	struct udp *udp;
	struct group *groups;
	int other; /* the other program's socket */
	uint16_t port;
};

static void share(int fd, int on)
{
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
}

static int set_up(void **state)
{
	static struct place p;
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof at;
	struct udp_events nobody = {0};
	bool shared;

	p.other = socket(AF_INET, SOCK_DGRAM, 0);
	share(p.other, 1);
	assert_int_equal(bind(p.other, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(p.other, (struct sockaddr *)&at, &len), 0);
	p.port = ntohs(at.sin_port);
	p.loop = loop_new();
	p.udp = udp_new(p.loop, &nobody);
	p.groups = group_new();
	assert_int_equal(udp_listen(p.udp, p.port, &shared), 0);
	assert_true(shared);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	group_free(p->groups);
	udp_free(p->udp);
	loop_free(p->loop);
	return close(p->other);
}

/* The lowest that is free: it grows with what stays open. */
static int next_descriptor(const struct place *p)
{
	int fd = dup(p->other);

	(void)close(fd);
	return fd;
}

static void a_group_that_cannot_be_heard_is_not_joined(void **state)
{
	struct place *p = *state;
	uint32_t lo = if_nametoindex("lo");

	share(p->other, 0);
	assert_int_equal(membership_begin(p->groups, p->udp, lo, &group_a), -EADDRINUSE);
	assert_int_equal(group_count(p->groups), 0);
	share(p->other, 1);
	assert_int_equal(membership_begin(p->groups, p->udp, lo, &group_a), 0);
	assert_int_equal(group_count(p->groups), 1);
	assert_int_equal(membership_end(p->groups, p->udp, lo, &group_a), 0);
	assert_int_equal(group_count(p->groups), 0);
}

static void a_group_that_cannot_be_joined_is_not_heard(void **state)
{
	struct place *p = *state;
	uint32_t lo = if_nametoindex("lo");

	assert_int_equal(membership_begin(p->groups, p->udp, lo, &group_a), 0);
	assert_int_equal(membership_begin(p->groups, p->udp, UINT16_MAX, &group_a), -ENODEV);
	assert_int_equal(group_count(p->groups), 1);
	assert_int_equal(membership_end(p->groups, p->udp, lo, &group_a), 0);
	int next = next_descriptor(p);
	assert_int_equal(membership_begin(p->groups, p->udp, UINT16_MAX, &group_a), -ENODEV);
	assert_int_equal(group_count(p->groups), 0);
	assert_int_equal(next_descriptor(p), next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_group_that_cannot_be_heard_is_not_joined, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_group_that_cannot_be_joined_is_not_heard, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
