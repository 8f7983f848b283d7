/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/udp.c, sys/group.c and sys/link.c on real kernel sockets, in a network namespace of its own
 * (unshare -rn): two veth pairs a0-a1 and b0-b1 with addresses, and ports of ours on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/group.h"
#include "sys/hwstamp.h"
#include "sys/link.h"
#include "sys/loop.h"
#include "sys/udp.h"

#define PORT 4123
#define HEARD_MAX 64

struct ear {
	struct loop *loop;
	struct udp *udp;
	unsigned heard;
	struct udp_packet packets[HEARD_MAX];
	unsigned stamped;
	uint32_t stamp_ids[HEARD_MAX];
	int64_t stamps_ns[HEARD_MAX];
};

static void received(void *context, const struct udp_packet *p)
{
	struct ear *e = context;

	if (e->heard < HEARD_MAX)
		e->packets[e->heard++] = *p;
}

static void stamped(void *context, uint32_t id, const struct cmsg_stamp *s)
{
	struct ear *e = context;

	if (e->stamped < HEARD_MAX) {
		e->stamp_ids[e->stamped] = id;
		e->stamps_ns[e->stamped++] = s->kernel_ns;
	}
}

static struct ear *open_ear(void)
{
	struct ear *e = calloc(1, sizeof *e);
	struct udp_events events = {e, received, stamped};

	assert_non_null(e);
	e->loop = loop_new();
	e->udp = udp_new(e->loop, &events);
	return e;
}

static void close_ear(struct ear *e)
{
	udp_free(e->udp);
	loop_free(e->loop);
	free(e);
}

static void listen_alone(struct ear *e)
{
	bool shared = true;

	assert_int_equal(udp_listen(e->udp, PORT, &shared), 0);
	assert_false(shared);
	/* The kernel begins to stamp packets a little after somebody first asks for it. */
	(void)usleep(20000);
}

static void wait_for(struct ear *e, unsigned heard)
{
	for (int i = 0; i < 200 && e->heard < heard; i++)
		loop_wait(e->loop, SPAN_MS(5));
}

static void shell(const char *line)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		fail_msg("%s", line);
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static int64_t real_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static const uint8_t payload[48] = "forty-eight octets of nothing in particular";

static struct udp_send to_group(const char *group, const char *ifname)
{
	return (struct udp_send){
		.to = {address(group), PORT},
		.ifindex = if_nametoindex(ifname),
		.service_port = PORT,
		.ttl = 7,
		.octets = payload,
		.len = sizeof payload,
	};
}

static void a_group_packet_is_heard_with_all_its_facts(void **state)
{
	static const char *const groups[] = {"224.0.1.1", "ff0e::101", "ff02::101"};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct ear *e = open_ear();
		struct group *g = group_new();
		struct addr group = address(groups[i]);
		struct udp_send s = to_group(groups[i], "a0");
		int64_t before;

		listen_alone(e);
		assert_int_equal(group_join(g, if_nametoindex("a1"), &group), 0);
		before = real_ns();
		assert_int_equal(udp_send(e->udp, &s), 0);
		wait_for(e, 1);
		assert_int_equal(e->heard, 1);
		assert_int_equal(e->packets[0].len, sizeof payload);
		assert_memory_equal(e->packets[0].octets, payload, sizeof payload);
		assert_true(addr_equal(&e->packets[0].to, &group));
		assert_int_equal(e->packets[0].ifindex, if_nametoindex("a1"));
		assert_int_equal(e->packets[0].ttl, 7);
		assert_int_equal(e->packets[0].service_port, PORT);
		assert_int_equal(e->packets[0].from.port, PORT);
		assert_true(e->packets[0].stamp.kernel_ns >= before);
		assert_true(e->packets[0].stamp.kernel_ns <= real_ns());
		group_free(g);
		close_ear(e);
	}
}

static void the_source_address_is_ours_to_choose(void **state)
{
	struct ear *e = open_ear();
	struct group *g = group_new();
	struct udp_send s = to_group("224.0.1.1", "a0");
	struct addr group = address("224.0.1.1");

	(void)state;
	listen_alone(e);
	assert_int_equal(group_join(g, if_nametoindex("a1"), &group), 0);
	s.from = address("10.1.0.77");
	assert_int_equal(udp_send(e->udp, &s), 0);
	wait_for(e, 1);
	assert_int_equal(e->heard, 1);
	assert_true(addr_equal(&e->packets[0].from.addr, &s.from));
	group_free(g);
	close_ear(e);
}

static void every_transmit_stamp_finds_its_packet(void **state)
{
	static const char *const groups[] = {"224.0.1.1", "ff0e::101"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct ear *e = open_ear();
		struct udp_send s = to_group(groups[i], "a0");

		listen_alone(e);
		for (uint32_t id = 1000; id < 1020; id++) {
			int64_t before = real_ns();

			s.id = id;
			s.want_stamp = id % 2 == 0;
			assert_int_equal(udp_send(e->udp, &s), 0);
			for (int k = 0; k < 100 && s.want_stamp && e->stamped <= (id - 1000) / 2;
			     k++)
				loop_wait(e->loop, SPAN_MS(5));
			if (s.want_stamp)
				assert_true(e->stamps_ns[(id - 1000) / 2] >= before);
		}
		assert_int_equal(e->stamped, 10);
		for (uint32_t k = 0; k < 10; k++)
			assert_int_equal(e->stamp_ids[k], 1000 + 2 * k);
		close_ear(e);
	}
}

static void an_answer_comes_to_the_asking_port(void **state)
{
	struct ear *e = open_ear();
	struct udp_send question = {
		.to = {address("10.1.0.1"), PORT}, .ask = 7, .octets = payload, .len = 48};
	struct udp_send answer = {.service_port = PORT, .octets = payload, .len = 48};
	uint16_t first_port;

	(void)state;
	listen_alone(e);
	assert_int_equal(udp_send(e->udp, &question), 0);
	wait_for(e, 1);
	assert_int_equal(e->packets[0].ask, 0);
	answer.to = e->packets[0].from;
	first_port = answer.to.port;
	assert_int_equal(udp_send(e->udp, &answer), 0);
	wait_for(e, 2);
	assert_int_equal(e->packets[1].ask, 7);
	udp_close_ask(e->udp, 7);
	assert_int_equal(udp_send(e->udp, &answer), 0);
	assert_int_equal(udp_send(e->udp, &question), 0);
	wait_for(e, 3);
	assert_int_equal(e->heard, 3);
	assert_int_not_equal(e->packets[2].from.port, first_port);
	close_ear(e);
}

static void hundreds_of_asking_ports_work_at_once(void **state)
{
	struct ear *e = open_ear();
	struct udp_send question = {
		.to = {address("10.1.0.1"), PORT}, .octets = payload, .len = 48};

	(void)state;
	listen_alone(e);
	for (uint16_t ask = 1; ask <= 300; ask++) {
		question.ask = ask;
		assert_int_equal(udp_send(e->udp, &question), 0);
	}
	question.octets = payload;
	for (uint16_t ask = 1; ask <= 300; ask++)
		udp_close_ask(e->udp, ask);
	for (int i = 0; i < 400; i++)
		loop_wait(e->loop, SPAN_ZERO);
	assert_int_equal(e->heard, HEARD_MAX);
	close_ear(e);
}

/* A program that has the port with SO_REUSEADDR, as other time daemons do. */
static int other_program(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int on = 1;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any4, sizeof any4), 0);
	assert_int_equal(setsockopt(fd6, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	assert_int_equal(setsockopt(fd6, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
	assert_int_equal(bind(fd6, (struct sockaddr *)&any, sizeof any), 0);
	(void)dup2(fd6, 100);
	(void)close(fd6);
	return fd;
}

static void a_port_that_is_taken_is_shared_group_by_group(void **state)
{
	int other = other_program();
	struct ear *e = open_ear();
	struct group *g = group_new();
	struct addr group = address("224.0.1.1");
	struct udp_send s = to_group("224.0.1.1", "a0");
	struct udp_send question = {
		.to = {address("10.1.0.1"), PORT}, .ask = 7, .octets = payload, .len = 48};
	uint8_t octets[64];
	bool shared = false;

	(void)state;
	assert_int_equal(udp_listen(e->udp, PORT, &shared), 0);
	assert_true(shared);
	assert_int_equal(group_join(g, if_nametoindex("a1"), &group), 0);
	assert_int_equal(udp_hear(e->udp, &group), 0);
	assert_int_equal(udp_send(e->udp, &s), 0);
	wait_for(e, 1);
	assert_int_equal(e->heard, 1);
	assert_int_equal(e->packets[0].from.port, PORT);
	/* The other program loses nothing. */
	while (recv(other, octets, sizeof octets, MSG_DONTWAIT) > 0)
		;
	assert_int_equal(udp_send(e->udp, &question), 0);
	assert_int_equal(recv(other, octets, sizeof octets, 0), 48);
	udp_unhear(e->udp, &group);
	assert_int_equal(udp_send(e->udp, &s), 0); /* a server needs no membership */
	group_free(g);
	close_ear(e);
	(void)close(other);
	(void)close(100);
}

static void add_iface(struct ear *e, const char *name)
{
	struct link_state l = {.ifindex = if_nametoindex(name)};

	memcpy(l.name, name, strlen(name));
	udp_add_iface(e->udp, &l);
}

static void a_static_interface_is_the_only_one_heard(void **state)
{
	struct ear *e = open_ear();
	struct ear *sender = open_ear();
	struct group *g = group_new();
	struct addr group = address("224.0.1.1");
	struct udp_send s = to_group("224.0.1.1", "a0");

	(void)state;
	add_iface(e, "a1");
	listen_alone(e);
	add_iface(sender, "a0");
	add_iface(sender, "b0");
	listen_alone(sender);
	assert_int_equal(group_join(g, if_nametoindex("a1"), &group), 0);
	assert_int_equal(group_join(g, if_nametoindex("b1"), &group), 0);
	assert_int_equal(udp_send(sender->udp, &s), 0);
	s.ifindex = if_nametoindex("b0");
	assert_int_equal(udp_send(sender->udp, &s), 0);
	wait_for(e, 2);
	assert_int_equal(e->heard, 1);
	assert_int_equal(e->packets[0].ifindex, if_nametoindex("a1"));
	group_free(g);
	close_ear(sender);
	close_ear(e);
}

static void two_thousand_groups_are_joined_and_left(void **state)
{
	struct group *g = group_new();
	uint32_t ifindex = if_nametoindex("a1");

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct addr a = addr_v4(239, 1, (uint8_t)(i >> 8), (uint8_t)i);

		assert_int_equal(group_join(g, ifindex, &a), 0);
		assert_int_equal(group_join(g, ifindex, &a), 0);
	}
	assert_int_equal(group_count(g), 2000);
	for (unsigned i = 0; i < 2000; i++) {
		struct addr a = addr_v4(239, 1, (uint8_t)(i >> 8), (uint8_t)i);

		assert_int_equal(group_leave(g, ifindex, &a), 0);
	}
	assert_int_equal(group_count(g), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct addr a = address("ff0e::1:0");

		a.octets[14] = (uint8_t)(i >> 8);
		a.octets[15] = (uint8_t)i;
		assert_int_equal(group_join(g, ifindex, &a), 0);
	}
	group_free(g);
}

/* ---- interfaces ---- */

struct news {
	unsigned count;
	struct link_state last; /* of the interface watched */
	unsigned gone;
	char name[16];
};

static void changed(void *context, const struct link_state *l)
{
	struct news *n = context;

	if (strcmp(l->name, n->name) != 0)
		return;
	n->count++;
	n->gone += l->gone;
	n->last = *l;
}

/* Until want is true of the last news, at most five seconds: an address is looked for on the link
 * for up to two before it is one. */
static void follow(struct link *l, struct news *n, bool (*want)(const struct news *))
{
	for (int i = 0; i < 500 && !want(n); i++) {
		struct pollfd p = {link_fd(l), POLLIN, 0};

		if (poll(&p, 1, 10) > 0)
			link_readable(l);
	}
	assert_true(want(n));
}

static bool is_up(const struct news *n)
{
	return n->last.up && !n->last.gone;
}

static bool is_down(const struct news *n)
{
	return n->count > 0 && !n->last.up;
}

static bool is_gone(const struct news *n)
{
	return n->gone > 0;
}

static bool has_both_families(const struct news *n)
{
	const struct link_state *s = &n->last;

	return s->prefix_count == 3 && s->prefixes[0].addr.family == ADDR_V4 &&
	       s->prefixes[0].bits == 24 && s->prefixes[1].bits == 64 &&
	       !addr_is_link_local(&s->prefixes[1].addr) &&
	       addr_is_link_local(&s->prefixes[2].addr);
}

static void an_interface_is_followed_through_its_life(void **state)
{
	struct news n = {.name = "c0"};
	struct link_events events = {&n, changed};
	struct link *l;
	struct err err;

	(void)state;
	assert_int_equal(link_new(&events, &l, &err), 0);
	assert_int_equal(link_refresh(l), 0);
	assert_int_equal(n.count, 0);
	shell("ip link add c0 type veth peer name c1");
	follow(l, &n, is_down);
	shell("ip link set c0 up && ip link set c1 up");
	follow(l, &n, is_up);
	assert_true(n.last.multicast);
	assert_false(n.last.loopback);
	shell("ip addr add 10.9.0.1/24 dev c0 && ip -6 addr add 2001:db8::9/64 dev c0");
	follow(l, &n, has_both_families);
	shell("ip link set c1 down");
	follow(l, &n, is_down);
	shell("ip link del c0");
	follow(l, &n, is_gone);
	n = (struct news){.name = "c0"};
	shell("ip link add c0 type veth peer name c1 && ip link set c0 up && ip link set c1 up");
	follow(l, &n, is_up);
	n.gone = 0;
	shell("ip link set c0 down && ip link set c0 name c7");
	follow(l, &n, is_gone);
	shell("ip link del c7");
	link_free(l);
}

static void lost_news_are_made_up_for(void **state)
{
	struct news n = {.name = "d0"};
	struct link_events events = {&n, changed};
	struct link *l;
	struct err err;
	int room = 2048;

	(void)state;
	assert_int_equal(link_new(&events, &l, &err), 0);
	assert_int_equal(link_refresh(l), 0);
	assert_int_equal(setsockopt(link_fd(l), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
	for (int i = 0; i < 8; i++)
		shell("ip link add d0 type veth peer name d1 && ip link del d0");
	shell("ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up");
	follow(l, &n, is_up);
	shell("ip link del d0");
	link_free(l);
}

static void static_interfaces_are_read_once(void **state)
{
	struct news n = {.name = "a0"};
	struct link_events events = {&n, changed};

	(void)state;
	assert_int_equal(link_read_static(&events), 0);
	assert_int_equal(n.count, 1);
	assert_int_equal(n.last.ifindex, if_nametoindex("a0"));
	assert_true(n.last.up && n.last.multicast && !n.last.gone);
	assert_true(n.last.prefix_count >= 2);
	assert_int_equal(n.last.prefixes[0].bits, 24);
}

/* A veth pair stamps by software only; the kernel itself says so. */
static void an_interface_without_a_card_says_so(void **state)
{
	struct link_state a0 = {
		.name = "a0", .ifindex = if_nametoindex("a0"), .up = true, .multicast = true};
	struct clock *c;
	struct hwstamp *h;
	struct hwstamp_row row;
	struct err warning, err;

	(void)state;
	assert_int_equal(clock_new("observe", &c, &warning, &err), 0);
	h = hwstamp_new(HWSTAMP_SET, c);
	hwstamp_link(h, &a0);
	assert_false(hwstamp_has_cards(h));
	assert_false(hwstamp_wants_card(h, a0.ifindex));
	assert_true(hwstamp_row(h, 0, &row));
	assert_int_equal(row.phc, -1);
	assert_string_equal(row.reason, "the interface has no clock of its own");
	hwstamp_free(h);
	clock_free(c);
}

static int make_network(void **state)
{
	(void)state;
	shell("ip link set lo up");
	shell("ip link add a0 type veth peer name a1 && ip link add b0 type veth peer name b1");
	shell("for i in a0 a1 b0 b1; do ip link set $i up; "
	      "echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter; "
	      "echo 1 >/proc/sys/net/ipv4/conf/$i/accept_local; done");
	shell("echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter");
	shell("ip addr add 10.1.0.1/24 dev a0 && ip addr add 10.1.0.77/24 dev a0");
	shell("ip addr add 10.1.1.2/24 dev a1");
	shell("ip addr add 10.2.0.1/24 dev b0 && ip addr add 10.2.1.2/24 dev b1");
	shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "
	      "ip -6 addr show tentative | grep -q inet6 || exit 0; sleep 0.2; done");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_packet_is_heard_with_all_its_facts),
		cmocka_unit_test(the_source_address_is_ours_to_choose),
		cmocka_unit_test(every_transmit_stamp_finds_its_packet),
		cmocka_unit_test(an_answer_comes_to_the_asking_port),
		cmocka_unit_test(hundreds_of_asking_ports_work_at_once),
		cmocka_unit_test(a_port_that_is_taken_is_shared_group_by_group),
		cmocka_unit_test(a_static_interface_is_the_only_one_heard),
		cmocka_unit_test(two_thousand_groups_are_joined_and_left),
		cmocka_unit_test(an_interface_is_followed_through_its_life),
		cmocka_unit_test(lost_news_are_made_up_for),
		cmocka_unit_test(static_interfaces_are_read_once),
		cmocka_unit_test(an_interface_without_a_card_says_so),
	};

	return cmocka_run_group_tests(tests, make_network, NULL);
}
