/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Netlink on a bad day: errors in the middle of a dump, a list that changes while it is read.
 * Kernels do that too rarely to wait for, so what is sent and received here is a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <linux/rtnetlink.h>
#include <sys/socket.h>

static ssize_t scripted_send(int fd, const void *octets, size_t len, int flags);
static ssize_t scripted_recv(int fd, void *octets, size_t len, int flags);

/* The file under test, with another kernel below it. */
#define send scripted_send
#define recv scripted_recv
#include "sys/link.c" /* NOLINT(bugprone-suspicious-include) */
#undef send
#undef recv

#define DATAGRAMS_MAX 8

static struct {
	uint8_t octets[512];
	size_t len;
} script[DATAGRAMS_MAX];
static unsigned at, end;
static bool answering; /* each request has an answer; else the script is what comes */
static unsigned torn;  /* so many lists of links change while they are read */
static bool one_more;  /* eth2 is in the lists that do not change */
static unsigned gone, bare, told;

static void *put(uint16_t type, uint16_t flags, size_t len)
{
	struct nlmsghdr *h = (void *)(script[end - 1].octets + script[end - 1].len);

	memset(h, 0, NLMSG_SPACE(len));
	h->nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	script[end - 1].len += NLMSG_SPACE(len);
	return NLMSG_DATA(h);
}

static void datagram(void)
{
	assert_true(end < DATAGRAMS_MAX);
	script[end++].len = 0;
}

static void put_attribute(uint8_t *where, uint16_t type, const void *octets, size_t len)
{
	struct rtattr *a = (void *)where;

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), octets, len);
}

static void put_link(int ifindex, const char *name)
{
	struct ifinfomsg *m =
		put(RTM_NEWLINK, NLM_F_MULTI, sizeof *m + RTA_SPACE(strlen(name) + 1));

	m->ifi_index = ifindex;
	m->ifi_flags = IFF_UP | IFF_RUNNING | IFF_MULTICAST;
	put_attribute((uint8_t *)m + NLMSG_ALIGN(sizeof *m), IFLA_IFNAME, name, strlen(name) + 1);
}

static void put_addr(uint32_t ifindex, uint8_t last)
{
	const uint8_t octets[] = {10, 0, 0, last};
	struct ifaddrmsg *m = put(RTM_NEWADDR, NLM_F_MULTI, sizeof *m + RTA_SPACE(4));

	m->ifa_family = AF_INET;
	m->ifa_prefixlen = 24;
	m->ifa_index = ifindex;
	put_attribute((uint8_t *)m + NLMSG_ALIGN(sizeof *m), IFA_LOCAL, octets, sizeof octets);
}

static void put_end(int error, uint16_t flags)
{
	datagram();
	*(int *)put(error ? NLMSG_ERROR : NLMSG_DONE, NLM_F_MULTI | flags,
		    error ? sizeof(struct nlmsgerr) : sizeof(int)) = error;
}

static void answer(uint16_t type)
{
	at = end = 0;
	datagram();
	if (type == RTM_GETADDR) {
		put_addr(2, 1);
		put_addr(3, 2);
		put_end(0, 0);
		return;
	}
	put_link(2, "eth0");
	if (torn == 0)
		put_link(3, "eth1");
	if (torn == 0 && one_more)
		put_link(4, "eth2");
	put_end(0, torn ? NLM_F_DUMP_INTR : 0);
	torn -= torn > 0;
}

static ssize_t scripted_send(int fd, const void *octets, size_t len, int flags)
{
	(void)fd;
	(void)flags;
	if (answering)
		answer(((const struct nlmsghdr *)octets)->nlmsg_type);
	return (ssize_t)len;
}

static ssize_t scripted_recv(int fd, void *octets, size_t len, int flags)
{
	(void)fd;
	(void)len;
	(void)flags;
	if (at == end) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(octets, script[at].octets, script[at].len);
	return (ssize_t)script[at++].len;
}

static void changed(void *context, const struct link_state *l)
{
	(void)context;
	gone += l->gone;
	bare += !l->gone && l->prefix_count == 0 && strcmp(l->name, "eth2") != 0;
	told += strcmp(l->name, "eth2") == 0;
}

/* eth0 and eth1, an address each. */
static struct link *two_links(void)
{
	struct link_events events = {NULL, changed};
	struct link *l;
	struct err err;

	assert_int_equal(link_new(&events, &l, &err), 0);
	answering = true;
	one_more = false;
	torn = 0;
	assert_int_equal(link_refresh(l), 0);
	answering = one_more = false;
	at = end = gone = bare = told = 0;
	return l;
}

static void an_error_in_the_middle_of_a_list_ends_no_interface(void **state)
{
	struct link *l = two_links();

	(void)state;
	datagram();
	put_link(2, "eth0");
	put_end(-ENOMEM, 0);
	put_end(-ENOMEM, 0);
	assert_int_equal(link_refresh(l), -ENOMEM);
	assert_int_equal(gone, 0);
	assert_int_equal(bare, 0);
	link_free(l);
}

static void a_list_that_changed_is_read_again(void **state)
{
	(void)state;
	for (unsigned tries = 1; tries < 20; tries += 18) { /* or at last taken as it is */
		struct link *l = two_links();

		answering = one_more = true;
		torn = tries;
		assert_int_equal(link_refresh(l), 0);
		answering = false;
		assert_int_equal(gone, 0);
		assert_int_equal(bare, 0);
		assert_int_equal(told, tries == 1);
		link_free(l);
	}
}

static void news_after_a_list_that_failed_find_the_addresses_there(void **state)
{
	struct link *l = two_links();

	(void)state;
	assert_int_equal(link_refresh(l), -EAGAIN); /* nothing comes */
	datagram();
	put_link(2, "eth0");
	link_readable(l);
	assert_int_equal(gone, 0);
	assert_int_equal(bare, 0);
	link_free(l);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_error_in_the_middle_of_a_list_ends_no_interface),
	cmocka_unit_test(a_list_that_changed_is_read_again),
	cmocka_unit_test(news_after_a_list_that_failed_find_the_addresses_there),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
