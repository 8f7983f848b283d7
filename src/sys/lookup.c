/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/lookup.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/sandbox.h"

/* Whoever waits is at a prompt. */
#define WAIT_MS 5000

struct lookup {
	int fd;
};

static void name_number(uid_t uid, char ret[LOOKUP_USER_MAX])
{
	(void)snprintf(ret, LOOKUP_USER_MAX, "uid%u", (unsigned)uid);
}

static void ignore(int number)
{
	const struct sigaction a = {.sa_handler = SIG_IGN};

	(void)sigaction(number, &a, NULL);
}

/* ---- the child ---- */

static void name_user(uid_t uid, char ret[LOOKUP_USER_MAX])
{
	char store[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, store, sizeof store, &found) == 0 && found)
		(void)snprintf(ret, LOOKUP_USER_MAX, "%s", found->pw_name);
	else
		name_number(uid, ret);
}

/* One question, one answer, until nobody asks. */
static void answer(int fd)
{
	uid_t uid;

	while (recv(fd, &uid, sizeof uid, 0) == (ssize_t)sizeof uid) {
		char name[LOOKUP_USER_MAX] = "";

		name_user(uid, name);
		if (send(fd, name, sizeof name, MSG_NOSIGNAL) < 0)
			return;
	}
}

/* Signals to the whole group are for the parent, which then takes its time to end. */
static void be_child(int fd)
{
	struct err err;

	ignore(SIGINT);
	ignore(SIGTERM);
	ignore(SIGHUP);
	(void)!sandbox_drop_rights(true, &err);
	answer(fd);
	_exit(0);
}

/* ---- the parent ---- */

int lookup_new(struct lookup **ret, struct err *err)
{
	int pair[2];
	struct lookup *l;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err_set(err, "no sockets for a child: %s", strerror(errno));
		return -errno;
	}
	ignore(SIGCHLD); /* it leaves no remains */
	child = fork();
	if (child == 0) {
		(void)close(pair[0]);
		be_child(pair[1]);
	}
	int error = errno;
	(void)close(pair[1]);
	if (child < 0) {
		(void)close(pair[0]);
		err_set(err, "no child process: %s", strerror(error));
		return -error;
	}
	l = auto_new(1, sizeof *l);
	l->fd = pair[0];
	*ret = l;
	return 0;
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

void lookup_user(struct lookup *l, uid_t uid, char ret[LOOKUP_USER_MAX])
{
	struct pollfd ready = {.fd = l ? l->fd : -1, .events = POLLIN};

	name_number(uid, ret);
	if (ready.fd < 0 || send(ready.fd, &uid, sizeof uid, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
	if (poll(&ready, 1, WAIT_MS) == 1 && recv(l->fd, ret, LOOKUP_USER_MAX, 0) > 0) {
		ret[LOOKUP_USER_MAX - 1] = '\0';
		return;
	}
	/* A late answer would be taken for the next one's. */
	(void)close(l->fd);
	l->fd = -1;
	name_number(uid, ret);
}
