/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/session.h"
#include "conf/shelf.h"
#include "daemon/dialogue.h"
#include "daemon/drawer.h"
#include "daemon/frame.h"
#include "daemon/window.h"

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

/* ---- a desk and its socket ---- */

struct desk {
	char path[64];
	struct window *window;
	struct shelf *shelf;
	struct seal seal;
	struct office *office;
	struct ctlsock *socket;
	struct dialogue *dialogue;
};

static struct now clock_of(void *context)
{
	(void)context;
	return (struct now){{0}, {UINT64_C(4000000000) << 32}};
}

static void nothing(void *context)
{
	(void)context;
}

static void open_desk(struct desk *d)
{
	struct err err;

	(void)snprintf(d->path, sizeof d->path, "/tmp/tc-dialogue-%d", (int)getpid());
	d->window = window_new(clock_of, NULL);
	d->shelf = shelf_new();
	d->seal = (struct seal){.random = drawer_random};
	assert_int_equal(office_new(window_world(d->window), d->shelf, &d->seal, &d->office, &err),
			 0);
	assert_int_equal(ctlsock_new(d->path, 0600, NO_GROUP, &d->socket, &err), 0);
	d->dialogue = dialogue_new(d->office, d->socket, NULL, none);
}

static void close_desk(struct desk *d)
{
	dialogue_free(d->dialogue, "over");
	ctlsock_free(d->socket);
	office_free(d->office);
	shelf_free(d->shelf);
	window_free(d->window);
}

static void turns(struct desk *d, unsigned count)
{
	while (count-- > 0) {
		(void)ctlsock_wait(d->socket, 5);
		dialogue_turn(d->dialogue, nothing, NULL);
	}
}

static void tell(int fd, char kind, const char *words)
{
	char frame[300] = {0};
	size_t len = strlen(words) + 1;

	frame[2] = (char)(len >> 8);
	frame[3] = (char)len;
	frame[4] = kind;
	memcpy(frame + 5, words, len - 1);
	assert_int_equal(write(fd, frame, len + 4), len + 4);
}

static int come(struct desk *d)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", d->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	turns(d, 3);
	tell(fd, FRAME_HELLO, "batch");
	return fd;
}

/* He asks for more than fits the socket and never reads it: his last words wait, his lock does not.
 */
static void who_has_quit_holds_nothing(void **state)
{
	struct desk d;
	char heard[4096] = {0};

	(void)state;
	open_desk(&d);
	int mute = come(&d);
	tell(mute, FRAME_LINE, "configuration exclusive");
	turns(&d, 10);
	for (unsigned i = 0; i < 400; i++) {
		tell(mute, FRAME_LINE, "display current-configuration all");
		turns(&d, i % 8 == 0 ? 3 : 1);
	}
	tell(mute, FRAME_LINE, "quit");
	turns(&d, 40);
	int other = come(&d);
	tell(other, FRAME_LINE, "configuration exclusive");
	turns(&d, 10);
	ssize_t n = recv(other, heard, sizeof heard - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	for (ssize_t i = 0; i < n; i++)
		heard[i] = (char)(heard[i] ? heard[i] : ' ');
	assert_null(strstr(heard, "Error"));
	assert_non_null(strstr(heard, ">"));
	(void)close(mute);
	(void)close(other);
	close_desk(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_the_daemons_own_user_may_configure),
		cmocka_unit_test(a_member_may_configure_by_primary_or_supplementary_group),
		cmocka_unit_test(a_group_number_means_nothing_where_the_group_does_not_exist),
		cmocka_unit_test(others_may_look_unless_there_is_a_group_for_looking),
		cmocka_unit_test(groups_beyond_the_count_are_not_read),
		cmocka_unit_test(who_has_quit_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
