/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting: a compact set of descriptors, poll and one time-out. Knows neither what is behind a
 * descriptor nor what time it is.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include "base/auto.h"
#include "base/ntptime.h"

struct loop;

/* Called with what poll saw (POLLIN, POLLPRI, POLLERR...); may add and remove descriptors. */
struct loop_handler {
	void (*ready)(void *context, int fd, short events);
	void *context;
};

struct loop *loop_new(void);
/* Descriptors still in the set stay open. */
void loop_free(struct loop *l);
/* fd must not be in the set. */
void loop_add(struct loop *l, int fd, short events, struct loop_handler handler);
/* Does nothing if fd is not in the set. */
void loop_remove(struct loop *l, int fd);
/*
 * Waits until something is ready, a signal came or timeout passed (rounded up to ms; negative is
 * for ever), then calls each ready handler once.
 */
void loop_wait(struct loop *l, span timeout);

#endif
