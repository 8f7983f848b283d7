/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "site.h"

#include <cmocka.h>
#include <errno.h>

static struct send_action question_to(const struct site *s, unsigned h)
{
	struct packet q = {.version = 4, .mode = MODE_CLIENT, .transmit = {0x1234}};

	return site_to_host(s, h, &q);
}

static struct packet answer_of(const struct site *s, unsigned h)
{
	struct packet p;
	bool read = packet_read(s->hosts[h].last_send.octets, 48, &p);

	assert_true(read);
	return p;
}

static void questions_are_answered_with_what_the_clock_is_worth(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct send_action a = question_to(s, h);
	struct endpoint from = site_asker(9);

	(void)state;
	site_commit(s, h);
	site_post(s, h, &from, &a);
	site_run(s, SPAN_MS(1));
	struct packet p = answer_of(s, h);

	assert_int_equal(p.leap, LEAP_UNKNOWN);
	assert_int_equal(p.stratum, 0);
	assert_int_equal(p.mode, MODE_SERVER);
	assert_int_equal(p.origin.frac, 0x1234);
	site_refclock(s, h, 4);
	s->hosts[h].settings->refclock_unit = 2;
	site_commit(s, h);
	a.to.port = 4123;
	s->hosts[h].listen = 4123;
	site_post(s, h, &from, &a);
	site_run(s, SPAN_MS(1));
	p = answer_of(s, h);
	assert_int_equal(p.leap, 0);
	assert_int_equal(p.stratum, 4);
	assert_int_equal(p.refid, 0x7f7f0102);
	assert_false(stamp_is_zero(p.receive));
	assert_false(stamp_after(p.receive, p.transmit));
	assert_int_equal(s->hosts[h].last_send.service_port, 4123);
	assert_true(addr_equal(&s->hosts[h].last_send.from, &s->hosts[h].link.addrs[0].addr));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_ANSWERED), 2);
	site_free(s);
}

static void answers_are_signed_by_the_questions_key(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct send_action a = question_to(s, h);
	struct endpoint from = site_asker(9);

	(void)state;
	site_keys(s, h, 4, 9);
	s->hosts[h].settings->authentication = true;
	site_refclock(s, h, 4);
	site_commit(s, h);
	site_post(s, h, &from, &a); /* no MAC: answered without one */
	site_run(s, SPAN_MS(1));
	assert_int_equal(s->hosts[h].last_send.len, 48);
	a.len = 68;
	a.octets[51] = 3;
	site_post(s, h, &from, &a);
	site_run(s, SPAN_MS(1));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_MAC_BAD), 1);
	a.octets[51] = 77;
	site_post(s, h, &from, &a);
	site_run(s, SPAN_MS(1));
	assert_int_equal(site_count(s, h, ADDR_V4, VERDICT_KEY_UNKNOWN), 1);
	assert_int_equal(s->hosts[h].sent, 1);
	site_free(s);
}

/* Anybody can ask with an address that nothing leads to. */
static void an_answer_that_cannot_leave_is_counted_and_not_told(void **state)
{
	struct site *s = site_new();
	unsigned h = site_add(s, SPAN_ZERO, 0.0);
	struct send_action a = question_to(s, h);
	struct endpoint from = site_asker(9);
	struct actions out = {0};
	struct counter_row row;

	(void)state;
	site_commit(s, h);
	for (unsigned i = 1; i <= 2; i++) {
		site_post(s, h, &from, &a);
		site_run(s, SPAN_MS(1));
		const struct send_action *left = &s->hosts[h].last_send;
		struct outcome o = {OUTCOME_SENT, left->id, .error = ENETUNREACH, .to = left->to};

		assert_true(i == 1 ? left->id == 0 : left->id != 0);
		node_outcome(s->hosts[h].node, site_now(s, &s->hosts[h]), &o, &out);
		assert_int_equal(out.count, 0);
		assert_true(node_counter(s->hosts[h].node, ADDR_V4, 0, &row));
		assert_int_equal(row.send_failed, i);
		/* Synchronised, it wants to know when its answers leave. */
		site_refclock(s, h, 4);
		site_commit(s, h);
	}
	site_free(s);
}

/* RFC 5905 test 7 refuses what was set later than it left. While an offset is slewed away our clock
 * is behind the time that it was set by. */
static void nobody_is_told_of_a_reference_time_that_is_to_come(void **state)
{
	struct site *s = site_new();
	unsigned client = site_client(s, "224.0.1.1", SPAN_S(3), 20.0);
	unsigned server = site_server(s, "224.0.1.1");
	struct endpoint from = site_asker(99);
	unsigned answers = 0;

	(void)state;
	site_run(s, SPAN_S(200));
	site_step(s, server, SPAN_MS(100));
	for (unsigned i = 0; i < 20000; i++) {
		struct send_action a = question_to(s, client);
		struct packet p;

		site_post(s, client, &from, &a);
		site_run(s, SPAN_MS(10));
		if (!packet_read(s->hosts[client].last_send.octets, 48, &p) ||
		    p.mode != MODE_SERVER)
			continue;
		answers++;
		assert_false(stamp_after(p.reference, p.transmit));
	}
	assert_true(answers > 19000);
	site_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(questions_are_answered_with_what_the_clock_is_worth),
	cmocka_unit_test(answers_are_signed_by_the_questions_key),
	cmocka_unit_test(an_answer_that_cannot_leave_is_counted_and_not_told),
	cmocka_unit_test(nobody_is_told_of_a_reference_time_that_is_to_come),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
