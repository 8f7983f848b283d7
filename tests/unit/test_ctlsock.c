/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/ctlsock.h"

struct place {
	char folder[64];
	char path[96];
	struct ctlsock *socket;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct err err;

	(void)snprintf(p->folder, sizeof p->folder, "/tmp/tc-ctl-%d-XXXXXX", (int)getpid());
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->path, sizeof p->path, "%s/run/control", p->folder);
	assert_int_equal(ctlsock_new(p->path, 0660, (gid_t)-1, &p->socket, &err), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	ctlsock_free(p->socket);
	(void)snprintf(command, sizeof command, "rm -r %s", p->folder);
	int r = system(command);
	free(p);
	return r;
}

static int dial(const struct place *p)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", p->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

/* Waits until some slot says what is wanted; false after about two seconds. */
static bool hear(const struct place *p, enum ctlsock_news wanted, unsigned *ret_slot,
		 const uint8_t **ret_octets, size_t *ret_len)
{
	for (unsigned i = 0; i < 100; i++) {
		ctlsock_wait(p->socket, 20);
		for (unsigned slot = 0; slot < CTLSOCK_PEERS_MAX; slot++) {
			enum ctlsock_news news = ctlsock_next(p->socket, slot, ret_octets, ret_len);

			*ret_slot = slot;
			if (news == wanted)
				return true;
			assert_true(news == CTLSOCK_QUIET || news == CTLSOCK_CAME);
		}
	}
	return false;
}

static unsigned meet(const struct place *p)
{
	const uint8_t *octets;
	size_t len;
	unsigned slot;

	assert_true(hear(p, CTLSOCK_CAME, &slot, &octets, &len));
	return slot;
}

static void write_octets(int fd, const void *octets, size_t len)
{
	assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), len);
}

static void expect_frame(const struct place *p, unsigned slot, const char *chars)
{
	const uint8_t *octets = NULL;
	size_t len = 0;
	unsigned from;

	assert_true(hear(p, CTLSOCK_FRAME, &from, &octets, &len));
	assert_int_equal(from, slot);
	assert_int_equal(len, strlen(chars));
	assert_memory_equal(octets, chars, len);
}

static void expect_left(const struct place *p, unsigned slot)
{
	const uint8_t *octets;
	size_t len;
	unsigned from;

	assert_true(hear(p, CTLSOCK_LEFT, &from, &octets, &len));
	assert_int_equal(from, slot);
	assert_int_equal(ctlsock_next(p->socket, slot, &octets, &len), CTLSOCK_QUIET);
}

static void the_socket_has_the_mode_and_goes_with_its_owner(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(stat(p->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	ctlsock_free(p->socket);
	p->socket = NULL;
	assert_int_equal(stat(p->path, &st), -1);
}

static void a_living_socket_is_left_alone_and_a_stale_one_replaced(void **state)
{
	struct place *p = *state;
	struct ctlsock *other = NULL;
	char path[96];
	struct err err;

	assert_int_equal(ctlsock_new(p->path, 0660, (gid_t)-1, &other, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "in use"));
	(void)close(dial(p));
	(void)snprintf(path, sizeof path, "%s/stale", p->folder);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	(void)close(fd);
	assert_int_equal(ctlsock_new(path, 0660, (gid_t)-1, &other, &err), 0);
	ctlsock_free(other);
}

static void a_file_in_the_way_is_never_removed(void **state)
{
	struct place *p = *state;
	struct ctlsock *other = NULL;
	char path[128];
	struct err err;

	(void)snprintf(path, sizeof path, "%s/file", p->folder);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	assert_int_equal(ctlsock_new(path, 0660, (gid_t)-1, &other, &err), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_peer_is_known_by_user_process_and_groups(void **state)
{
	struct place *p = *state;
	gid_t mine[CTLSOCK_GROUPS_MAX];
	int count = getgroups(CTLSOCK_GROUPS_MAX, mine);
	int fd = dial(p);
	const struct ctlsock_peer *peer = ctlsock_peer(p->socket, meet(p));

	assert_int_equal(peer->uid, geteuid());
	assert_int_equal(peer->pid, getpid());
	assert_int_equal(peer->group_count, count + 1);
	assert_int_equal(peer->groups[0], getegid());
	for (int i = 0; i < count; i++)
		assert_int_equal(peer->groups[i + 1], mine[i]);
	(void)close(fd);
}

static void frames_come_whole_however_they_are_cut(void **state)
{
	struct place *p = *state;
	static const char two[] = "\0\0\0\3Lab\0\0\0\5Lcdef";
	int fd = dial(p);
	unsigned slot = meet(p);

	for (size_t i = 0; i < sizeof two - 1; i++) {
		write_octets(fd, two + i, 1);
		if (i == 6)
			expect_frame(p, slot, "Lab");
	}
	expect_frame(p, slot, "Lcdef");
	write_octets(fd, two, sizeof two - 1);
	expect_frame(p, slot, "Lab");
	expect_frame(p, slot, "Lcdef");
	(void)close(fd);
	expect_left(p, slot);
}

static void the_longest_frame_fits_and_a_longer_one_is_told(void **state)
{
	struct place *p = *state;
	static uint8_t frame[4 + CTLSOCK_FRAME_MAX] = {0, 0, CTLSOCK_FRAME_MAX >> 8,
						       CTLSOCK_FRAME_MAX & 255};
	const uint8_t *octets;
	size_t len;
	unsigned slot, from;
	int fd = dial(p);

	slot = meet(p);
	for (unsigned i = 0; i < 5; i++) {
		write_octets(fd, frame, sizeof frame);
		assert_true(hear(p, CTLSOCK_FRAME, &from, &octets, &len));
		assert_int_equal(len, CTLSOCK_FRAME_MAX);
	}
	write_octets(fd, "\0\1\0\0L", 5);
	assert_true(hear(p, CTLSOCK_TOO_LONG, &from, &octets, &len));
	ctlsock_send(p->socket, slot, 'X', "no", 2);
	ctlsock_close(p->socket, slot);
	expect_left(p, slot);
	uint8_t got[16];
	assert_int_equal(recv(fd, got, sizeof got, 0), 7);
	assert_memory_equal(got, "\0\0\0\3Xno", 7);
	assert_int_equal(recv(fd, got, sizeof got, 0), 0);
	(void)close(fd);
}

static void an_empty_frame_is_refused_like_a_long_one(void **state)
{
	struct place *p = *state;
	const uint8_t *octets;
	size_t len;
	unsigned from;
	int fd = dial(p);

	(void)meet(p);
	write_octets(fd, "\0\0\0\0", 4);
	assert_true(hear(p, CTLSOCK_TOO_LONG, &from, &octets, &len));
	(void)close(fd);
}

static void what_was_sent_before_hanging_up_is_still_served(void **state)
{
	struct place *p = *state;
	int fd = dial(p);
	unsigned slot = meet(p);

	write_octets(fd, "\0\0\0\2La\0\0\0\2Lb", 12);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	expect_frame(p, slot, "La");
	ctlsock_send(p->socket, slot, 'O', "ok", 2);
	expect_frame(p, slot, "Lb");
	expect_left(p, slot);
	uint8_t got[16];
	assert_int_equal(recv(fd, got, sizeof got, 0), 7);
	(void)close(fd);
}

static void a_flood_without_reading_stops_being_served(void **state)
{
	struct place *p = *state;
	static const uint8_t reply[4096];
	const uint8_t *octets;
	size_t len, sent = 0, served = 0;
	unsigned slot;
	int fd = dial(p);

	slot = meet(p);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (unsigned i = 0; i < 20000; i++) {
		if (send(fd, "\0\0\0\2La", 6, MSG_NOSIGNAL) == 6)
			sent++;
		ctlsock_wait(p->socket, 0);
		if (ctlsock_next(p->socket, slot, &octets, &len) == CTLSOCK_FRAME) {
			ctlsock_send(p->socket, slot, 'O', reply, sizeof reply);
			served++;
		}
	}
	assert_true(sent > served);
	/* what waits here and what the kernel holds for a socket */
	assert_true(served * sizeof reply < 2 * 1024 * 1024);
	/* it goes on when the peer reads */
	size_t before = served;
	static uint8_t sink[65536];
	for (unsigned i = 0; i < 1000; i++) {
		(void)!recv(fd, sink, sizeof sink, 0);
		ctlsock_wait(p->socket, 0);
		if (ctlsock_next(p->socket, slot, &octets, &len) == CTLSOCK_FRAME)
			served++;
	}
	assert_true(served > before);
	(void)close(fd);
}

static void a_hurried_peer_does_not_keep_another_waiting(void **state)
{
	struct place *p = *state;
	const uint8_t *octets;
	size_t len;
	int one = dial(p);
	unsigned first = meet(p);
	int two = dial(p);
	unsigned second = meet(p);

	for (unsigned i = 0; i < 100; i++)
		write_octets(one, "\0\0\0\2La", 6);
	write_octets(two, "\0\0\0\2Lb", 6);
	ctlsock_wait(p->socket, 100);
	assert_int_equal(ctlsock_next(p->socket, first, &octets, &len), CTLSOCK_FRAME);
	assert_int_equal(ctlsock_next(p->socket, second, &octets, &len), CTLSOCK_FRAME);
	(void)close(one);
	(void)close(two);
}

static void the_peer_too_many_is_turned_away_and_a_free_place_used_again(void **state)
{
	struct place *p = *state;
	int fds[CTLSOCK_PEERS_MAX];
	char c;

	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++) {
		fds[i] = dial(p);
		assert_int_equal(meet(p), i);
	}
	int more = dial(p);
	ctlsock_wait(p->socket, 100);
	assert_int_equal(recv(more, &c, 1, 0), 0);
	(void)close(more);
	(void)close(fds[5]);
	expect_left(p, 5);
	fds[5] = dial(p);
	assert_int_equal(meet(p), 5);
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++)
		(void)close(fds[i]);
}

static void a_ring_ends_the_wait(void **state)
{
	struct place *p = *state;
	struct timespec before, after;

	ctlsock_ring(p->socket);
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	ctlsock_wait(p->socket, 5000);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_socket_has_the_mode_and_goes_with_its_owner),
		TEST(a_living_socket_is_left_alone_and_a_stale_one_replaced),
		TEST(a_file_in_the_way_is_never_removed),
		TEST(a_peer_is_known_by_user_process_and_groups),
		TEST(frames_come_whole_however_they_are_cut),
		TEST(the_longest_frame_fits_and_a_longer_one_is_told),
		TEST(an_empty_frame_is_refused_like_a_long_one),
		TEST(what_was_sent_before_hanging_up_is_still_served),
		TEST(a_flood_without_reading_stops_being_served),
		TEST(a_hurried_peer_does_not_keep_another_waiting),
		TEST(the_peer_too_many_is_turned_away_and_a_free_place_used_again),
		TEST(a_ring_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
