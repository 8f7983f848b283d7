/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/mail.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

#define LETTERS 2000

static void *ask(void *context)
{
	struct mail *m = context;

	for (unsigned i = 0; i < LETTERS; i++) {
		struct letter l = {.kind = LETTER_RING, .first = i};

		mail_post(m, &l);
		if (l.rows != i + 1)
			return NULL;
	}
	return m;
}

static bool is_ringing(const struct mail *m, int timeout_ms)
{
	struct pollfd p = {.fd = mail_fd(m), .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

static void every_letter_is_answered_once_and_wakes_the_reader(void **state)
{
	struct mail *m = mail_new();
	pthread_t desk;
	void *good;

	(void)state;
	assert_int_equal(pthread_create(&desk, NULL, ask, m), 0);
	for (unsigned i = 0; i < LETTERS;) {
		struct letter *l;

		assert_true(is_ringing(m, 10000));
		l = mail_take(m);
		if (!l)
			continue;
		assert_null(mail_take(m));
		assert_int_equal(l->first, i);
		l->rows = l->first + 1;
		mail_answer(m);
		i++;
	}
	assert_int_equal(pthread_join(desk, &good), 0);
	assert_non_null(good);
	mail_free(m);
}

static void a_ring_without_a_letter_wakes_and_is_over_when_taken(void **state)
{
	struct mail *m = mail_new();

	(void)state;
	assert_false(is_ringing(m, 0));
	mail_ring(m);
	mail_ring(m);
	assert_true(is_ringing(m, 0));
	assert_null(mail_take(m));
	assert_false(is_ringing(m, 0));
	mail_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_letter_is_answered_once_and_wakes_the_reader),
		cmocka_unit_test(a_ring_without_a_letter_wakes_and_is_over_when_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
