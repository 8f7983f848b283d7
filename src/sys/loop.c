/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/auto.h"

#define LOOP_ROOM_MIN 16

/* Two arrays in step: poll wants its own to be dense. */
struct loop {
	unsigned count;
	unsigned room;
	struct pollfd *fds;
	struct loop_handler *handlers;
};

struct loop *loop_new(void)
{
	struct loop *l = auto_new(1, sizeof *l);

	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	free(l->fds);
	free(l->handlers);
	free(l);
}

static void grow(struct loop *l)
{
	l->room = l->room ? 2 * l->room : LOOP_ROOM_MIN;
	l->fds = auto_resize(l->fds, l->room, sizeof *l->fds);
	l->handlers = auto_resize(l->handlers, l->room, sizeof *l->handlers);
}

void loop_add(struct loop *l, int fd, short events, struct loop_handler handler)
{
	for (unsigned i = 0; i < l->count; i++)
		assert(l->fds[i].fd != fd);
	if (l->count == l->room)
		grow(l);
	l->fds[l->count] = (struct pollfd){.fd = fd, .events = events};
	l->handlers[l->count] = handler;
	l->count++;
}

/* The last one takes the place of the one that goes. */
void loop_remove(struct loop *l, int fd)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->fds[i].fd != fd)
			continue;
		l->count--;
		l->fds[i] = l->fds[l->count];
		l->handlers[i] = l->handlers[l->count];
		return;
	}
}

static int timeout_ms(span timeout)
{
	int64_t ms = timeout.ns / NS_PER_MS + (timeout.ns % NS_PER_MS != 0);

	if (timeout.ns < 0)
		return -1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/*
 * From the end: whatever a handler removes, the slot is refilled from above, where everything has
 * been visited and its revents cleared.
 */
static void dispatch(struct loop *l)
{
	for (unsigned i = l->count; i-- > 0;) {
		struct pollfd ready;
		struct loop_handler h;

		if (i >= l->count)
			continue;
		ready = l->fds[i];
		if (ready.revents == 0)
			continue;
		l->fds[i].revents = 0;
		h = l->handlers[i];
		h.ready(h.context, ready.fd, ready.revents);
	}
}

void loop_wait(struct loop *l, span timeout)
{
	int n = poll(l->fds, l->count, timeout_ms(timeout));

	/* Anything else would be a bad set, which is a bug of ours. */
	assert(n >= 0 || errno == EINTR || errno == ENOMEM);
	if (n > 0)
		dispatch(l);
}
