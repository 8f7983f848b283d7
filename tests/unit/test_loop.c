/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sys/loop.h"

#define FDS 40

struct bench {
	struct loop *loop;
	int fds[FDS];
	unsigned calls[FDS];
	int remove_when; /* this one's handler removes ... */
	int remove_what; /* ... that one; -1 none */
	int add_when;	 /* this one's handler adds the last one; -1 none */
};

static int index_of(const struct bench *b, int fd)
{
	for (int i = 0; i < FDS; i++) {
		if (b->fds[i] == fd)
			return i;
	}
	fail();
	return -1;
}

static void ready(void *context, int fd, short events)
{
	struct bench *b = context;
	int i = index_of(b, fd);

	assert_true(events & POLLIN);
	b->calls[i]++;
	if (i == b->remove_when)
		loop_remove(b->loop, b->fds[b->remove_what]);
	if (i == b->add_when)
		loop_add(b->loop, b->fds[FDS - 1], POLLIN, (struct loop_handler){ready, b});
}

static void open_bench(struct bench *b)
{
	*b = (struct bench){.loop = loop_new(), .remove_when = -1, .add_when = -1};
	for (int i = 0; i < FDS; i++)
		b->fds[i] = eventfd(1, EFD_NONBLOCK);
	for (int i = 0; i < FDS - 1; i++)
		loop_add(b->loop, b->fds[i], POLLIN, (struct loop_handler){ready, b});
}

static void close_bench(struct bench *b)
{
	loop_free(b->loop);
	for (int i = 0; i < FDS; i++)
		(void)close(b->fds[i]);
}

static void each_ready_descriptor_is_called_once_a_wait(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b);
	loop_wait(b.loop, SPAN_S(10));
	for (int i = 0; i < FDS - 1; i++)
		assert_int_equal(b.calls[i], 1);
	close_bench(&b);
}

/* Whichever handler removes whichever descriptor: the others are called, none twice. */
static void a_handler_may_remove_any_descriptor(void **state)
{
	(void)state;
	for (int when = 0; when < FDS - 1; when++) {
		for (int what = 0; what < FDS - 1; what++) {
			struct bench b;

			open_bench(&b);
			b.remove_when = when;
			b.remove_what = what;
			loop_wait(b.loop, SPAN_S(10));
			for (int i = 0; i < FDS - 1; i++) {
				if (i != what)
					assert_int_equal(b.calls[i], 1);
				else
					assert_in_range(b.calls[i], when == what, 1);
			}
			memset(b.calls, 0, sizeof b.calls);
			b.remove_when = -1;
			loop_wait(b.loop, SPAN_S(10));
			assert_int_equal(b.calls[what], 0);
			close_bench(&b);
		}
	}
}

static void a_descriptor_added_by_a_handler_waits_for_the_next_poll(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b);
	b.add_when = 3;
	loop_wait(b.loop, SPAN_S(10));
	assert_int_equal(b.calls[FDS - 1], 0);
	b.add_when = -1;
	loop_wait(b.loop, SPAN_S(10));
	assert_int_equal(b.calls[FDS - 1], 1);
	close_bench(&b);
}

static void a_wait_is_never_shorter_than_asked(void **state)
{
	struct loop *l = loop_new();
	struct timespec a, b;
	int64_t ns;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	loop_wait(l, (span){5 * NS_PER_MS + 1});
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	ns = (b.tv_sec - a.tv_sec) * NS_PER_S + b.tv_nsec - a.tv_nsec;
	assert_true(ns > 5 * NS_PER_MS);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_ready_descriptor_is_called_once_a_wait),
		cmocka_unit_test(a_handler_may_remove_any_descriptor),
		cmocka_unit_test(a_descriptor_added_by_a_handler_waits_for_the_next_poll),
		cmocka_unit_test(a_wait_is_never_shorter_than_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
