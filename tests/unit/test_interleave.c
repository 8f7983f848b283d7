/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/pairs.h"
#include "ntp/volley.h"
#include "site.h"

#include <cmocka.h>

#define GROUP "224.0.1.1"

/*
 * Transmit times that are wrong by luck: a server whose packets leave late by up to a millisecond,
 * as its kernel's stamps say. The path is as long both ways, so without interleaving the client
 * is wrong by about half a millisecond.
 */
static span lateness(struct site *s)
{
	return (span){(int64_t)(site_roll(s) % (uint64_t)NS_PER_MS)};
}

enum tamper {
	TAMPER_NOTHING,
	TAMPER_BASIC,  /* no origin, as a server without stamps sends */
	TAMPER_FUTURE, /* origins half a second late */
	TAMPER_FAR,    /* origins an hour away */
	TAMPER_LOSE,   /* every third beacon is lost */
	TAMPER_MIX,    /* every other beacon is a basic one */
};

static enum tamper tamper;
static unsigned beacon_count, with_origin;
static struct packet last_beacon;

/* Beacons leave late: the packet and the stamp are, the transmit field is not. */
static bool on_the_wire(struct site *s, unsigned from, struct send_action *a)
{
	struct packet p;

	if (!packet_read(a->octets, a->len, &p) || p.mode != MODE_BROADCAST)
		return true;
	s->hosts[from].send_lag = lateness(s);
	s->delay = 50 * NS_PER_US + s->hosts[from].send_lag.ns;
	beacon_count++;
	switch (tamper) {
	case TAMPER_NOTHING:
		break;
	case TAMPER_BASIC:
		p.origin = (stamp){0};
		break;
	case TAMPER_FUTURE:
		p.origin = stamp_add(p.origin, SPAN_MS(500));
		break;
	case TAMPER_FAR:
		p.origin = stamp_add(p.origin, SPAN_S(3600));
		break;
	case TAMPER_LOSE:
		break;
	case TAMPER_MIX:
		if (beacon_count % 2)
			p.origin = (stamp){0};
		break;
	}
	with_origin += !stamp_is_zero(p.origin);
	last_beacon = p;
	packet_write(&p, a->octets);
	return tamper != TAMPER_LOSE || beacon_count % 3 != 0;
}

/* Answers come on a quick path. */
static bool any_packet(struct site *s, unsigned from, struct send_action *a)
{
	s->delay = 50 * NS_PER_US;
	s->hosts[from].send_lag = SPAN_ZERO;
	return on_the_wire(s, from, a);
}

static struct site *late_site(enum tamper how, unsigned *ret_client)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	*ret_client = site_add(s, SPAN_MS(20), 10.0);
	tamper = how;
	beacon_count = with_origin = 0;
	s->tap = any_packet;
	(void)site_role(s, *ret_client, ROLE_MULTICAST_CLIENT, GROUP);
	site_commit(s, *ret_client);
	site_role(s, server, ROLE_MULTICAST_SERVER, GROUP)->minpoll_log2s = 4;
	site_refclock(s, server, 1);
	site_commit(s, server);
	return s;
}

/* Root of the mean square of the client's error while it only listens, ns. */
static double listen(struct site *s, unsigned client)
{
	double sum = 0.0;
	unsigned count = 0;

	site_run(s, SPAN_S(400));
	for (; count < 2000; count++) {
		double e = (double)site_error(s, client).ns;

		sum += e * e;
		site_run(s, SPAN_S(2));
	}
	return sqrt(sum / count);
}

static double error_with(enum tamper how)
{
	unsigned client;
	struct site *s = late_site(how, &client);
	double error = listen(s, client);

	print_message("tamper %d: %.0f ns\n", (int)how, error);
	assert_int_equal(s->hosts[client].stepped, 1);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
	return error;
}

static void a_beacon_carries_when_the_one_before_left(void **state)
{
	unsigned client;
	struct site *s = late_site(TAMPER_NOTHING, &client);

	(void)state;
	site_run(s, SPAN_S(1));
	assert_int_equal(beacon_count, 1);
	assert_int_equal(with_origin, 0);
	struct packet first = last_beacon;
	site_run(s, SPAN_S(17));
	assert_int_equal(beacon_count, 2);
	assert_int_equal(with_origin, 1);
	span late = stamp_sub(last_beacon.origin, first.transmit);
	assert_in_range(late.ns, 0, NS_PER_MS);
	site_free(s);
}

static void exact_times_beat_those_in_the_packet(void **state)
{
	double basic = error_with(TAMPER_BASIC);
	double exact = error_with(TAMPER_NOTHING);

	(void)state;
	assert_true(exact < basic / 2);
}

static void lost_and_mixed_beacons_do_no_harm(void **state)
{
	double basic = error_with(TAMPER_BASIC);

	(void)state;
	assert_true(error_with(TAMPER_LOSE) < basic);
	assert_true(error_with(TAMPER_MIX) < basic);
}

static void origins_that_cannot_be_change_nothing(void **state)
{
	double basic = error_with(TAMPER_BASIC);
	double far = error_with(TAMPER_FAR);

	(void)state;
	assert_true(far == basic);
}

static void an_origin_that_contradicts_all_packets_is_not_believed(void **state)
{
	double basic = error_with(TAMPER_BASIC);

	(void)state;
	assert_true(error_with(TAMPER_FUTURE) == basic);
}

static void after_a_step_of_the_server_nothing_is_told_of_before(void **state)
{
	unsigned client;
	struct site *s = late_site(TAMPER_NOTHING, &client);
	struct actions out = {0};

	(void)state;
	site_run(s, SPAN_S(100));
	assert_false(stamp_is_zero(last_beacon.origin));
	site_rebase(s, &s->hosts[0]);
	s->hosts[0].wall = stamp_add(s->hosts[0].wall, SPAN_MS(300));
	node_stepped(s->hosts[0].node, site_now(s, &s->hosts[0]), SPAN_MS(300), &out);
	site_perform(s, 0, &out);
	site_run(s, SPAN_S(17));
	assert_true(stamp_is_zero(last_beacon.origin));
	site_run(s, SPAN_S(17));
	assert_false(stamp_is_zero(last_beacon.origin));
	site_free(s);
}

/* ---- questions and answers ---- */

static struct packet last_answer;
static struct packet last_question;
static unsigned questions, interleaved_questions, interleaved_answers;
static bool basic_only; /* the network makes every question a basic one */
static span forge_left; /* the network adds that to transmit times of interleaved answers */
static bool lose_answers;
static bool replay_answers; /* somebody is quicker than the server, with its last answer */

/* As it was, for no question, and as if it were for the receive time that is known to all. */
static void replay_last(struct site *s, unsigned client, uint16_t ask)
{
	struct endpoint from = {.addr = s->hosts[0].link.addrs[0].addr, .port = NTP_PORT};
	struct send_action a = {
		.len = PACKET_HEADER_OCTETS,
		.to = {s->hosts[client].link.addrs[0].addr, (uint16_t)(SITE_ASK_PORT + ask)}};
	const stamp origins[] = {last_answer.origin, {0}, last_answer.receive};
	struct packet p = last_answer;

	for (unsigned i = 0; i < sizeof origins / sizeof origins[0]; i++) {
		p.origin = origins[i];
		packet_write(&p, a.octets);
		site_post(s, client, &from, &a);
	}
}

static bool dialogue(struct site *s, unsigned from, struct send_action *a)
{
	struct packet p;

	s->delay = 50 * NS_PER_US;
	s->hosts[from].send_lag = SPAN_ZERO;
	if (!packet_read(a->octets, a->len, &p))
		return true;
	if (p.mode == MODE_CLIENT) {
		questions++;
		if (basic_only)
			p.origin = (stamp){0};
		interleaved_questions += !stamp_is_zero(p.origin);
		last_question = p;
		if (replay_answers)
			replay_last(s, from, a->ask);
	}
	if (p.mode == MODE_SERVER) {
		s->hosts[from].send_lag.ns = lateness(s).ns / 4;
		s->delay += s->hosts[from].send_lag.ns;
		if (!stamp_is_zero(p.origin) && stamp_equal(p.origin, last_question.receive)) {
			interleaved_answers++;
			p.transmit = stamp_add(p.transmit, forge_left);
		}
		last_answer = p;
	}
	packet_write(&p, a->octets);
	return p.mode != MODE_SERVER || !lose_answers || site_roll(s) % 3 != 0;
}

static struct site *talking_site(void)
{
	struct site *s = site_new();
	unsigned server = site_add(s, SPAN_ZERO, 0.0);

	questions = interleaved_questions = interleaved_answers = 0;
	basic_only = lose_answers = replay_answers = false;
	forge_left = SPAN_ZERO;
	s->tap = dialogue;
	site_refclock(s, server, 1);
	site_commit(s, server);
	return s;
}

static struct packet ask(struct site *s, uint8_t who, stamp origin, stamp receive)
{
	struct packet q = {.version = 4,
			   .mode = MODE_CLIENT,
			   .origin = origin,
			   .receive = receive,
			   .transmit = {site_roll(s)}};
	struct send_action a = {.len = 48, .to = {s->hosts[0].link.addrs[0].addr, NTP_PORT}};
	struct endpoint from = {
		.addr = addr_v4(10, 0, 0, who),
		.port = (uint16_t)(1024 + site_roll(s) % 60000),
	};

	packet_write(&q, a.octets);
	last_question = q;
	s->delay = 50 * NS_PER_US;
	site_post(s, 0, &from, &a);
	site_run(s, SPAN_S(2));
	return last_answer;
}

static bool is_basic(void)
{
	return stamp_equal(last_answer.origin, last_question.transmit);
}

static void an_answer_tells_when_the_one_before_left(void **state)
{
	struct site *s = talking_site();
	stamp cookie = {0x1111222233334444};
	struct packet first = ask(s, 9, (stamp){0}, (stamp){0});
	span lag = s->hosts[0].send_lag;

	(void)state;
	assert_true(is_basic());
	/* From another port: questions change it every time. */
	struct packet second = ask(s, 9, first.receive, cookie);

	assert_true(stamp_equal(second.origin, cookie));
	assert_in_range(span_abs(span_sub(stamp_sub(second.transmit, first.transmit), lag)).ns, 0,
			3);
	assert_true(stamp_after(second.receive, second.transmit));
	struct packet third = ask(s, 9, second.receive, cookie);

	assert_true(stamp_equal(third.origin, cookie));
	assert_true(stamp_after(third.transmit, second.receive));
	site_free(s);
}

static void a_pair_is_good_for_one_answer_to_its_asker(void **state)
{
	struct site *s = talking_site();
	stamp cookie = {0x1111222233334444};
	struct packet first = ask(s, 9, (stamp){0}, (stamp){0});

	(void)state;
	(void)ask(s, 8, first.receive, cookie);
	assert_true(is_basic());
	(void)ask(s, 9, first.receive, cookie);
	assert_false(is_basic());
	(void)ask(s, 9, first.receive, cookie);
	assert_true(is_basic());
	(void)ask(s, 9, (stamp){12345}, cookie);
	assert_true(is_basic());
	site_free(s);
}

static void questions_that_could_be_either_are_basic(void **state)
{
	struct site *s = talking_site();
	struct packet first = ask(s, 9, (stamp){0}, (stamp){0});

	(void)state;
	(void)ask(s, 9, first.receive, (stamp){0});
	assert_true(is_basic());
	assert_false(stamp_equal(last_answer.receive, last_answer.transmit));
	site_free(s);
}

static void after_a_step_answers_are_basic(void **state)
{
	struct site *s = talking_site();
	struct packet first = ask(s, 9, (stamp){0}, (stamp){0});
	struct actions out = {0};

	(void)state;
	node_stepped(s->hosts[0].node, site_now(s, &s->hosts[0]), SPAN_MS(300), &out);
	(void)ask(s, 9, first.receive, (stamp){77});
	assert_true(is_basic());
	site_free(s);
}

static void equal_receive_times_are_told_apart(void **state)
{
	struct pairs p = {0};
	struct addr a = addr_v4(10, 0, 0, 9);
	stamp t = {5};
	stamp left;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		t = pairs_unique(&p, &a, (stamp){5});
		assert_int_equal(t.frac, 5 + i);
		pairs_keep(&p, &a, t, i + 1);
	}
	assert_false(pairs_take(&p, &a, t, &left)); /* no stamp yet */
	pairs_sent(&p, pairs_place(&a, t), 19, (stamp){1});
	assert_false(pairs_take(&p, &a, t, &left)); /* that was another's */
	pairs_sent(&p, pairs_place(&a, t), 20, (stamp){42});
	assert_true(pairs_take(&p, &a, t, &left));
	assert_int_equal(left.frac, 42);
	assert_false(pairs_take(&p, &a, t, &left));
	assert_int_equal(pairs_unique(&p, &a, (stamp){0}).frac, 1);
}

static void a_flood_is_answered_without_stamps(void **state)
{
	struct pairs p = {0};
	unsigned afforded = 0;

	(void)state;
	for (int64_t i = 0; i < 100000; i++) /* 10 s of a packet every 0.1 ms */
		afforded += pairs_afford(&p, (mono){NS_PER_S + i * 100000});
	assert_in_range(afforded, 9900, 10100);
}

/* A client by address that asks every second; RMS of its error, ns. */
static double poll_with(bool basic, bool lossy, span forged)
{
	struct site *s = talking_site();
	unsigned client = site_add(s, SPAN_MS(20), 10.0);
	struct settings *set = s->hosts[client].settings;
	double sum = 0.0;

	set->unicasts[0] = (struct unicast_setting){.addr = s->hosts[0].link.addrs[0].addr,
						    .port = NTP_PORT,
						    .version = 4,
						    .iburst = true,
						    .minpoll_log2s = 1,
						    .maxpoll_log2s = 1};
	set->unicast_count = 1;
	s->jitter = 20 * NS_PER_US;
	basic_only = basic;
	lose_answers = lossy;
	forge_left = forged;
	site_commit(s, client);
	site_run(s, SPAN_S(100));
	for (unsigned i = 0; i < 500; i++) {
		double e = (double)site_error(s, client).ns;

		sum += e * e;
		site_run(s, SPAN_S(2));
	}
	print_message("basic %d lossy %d: %.0f ns, %u questions, %u and %u interleaved\n", basic,
		      lossy, sqrt(sum / 500), questions, interleaved_questions,
		      interleaved_answers);
	assert_true(site_system(s, client).synchronised);
	site_free(s);
	return sqrt(sum / 500);
}

static void exact_answers_beat_basic_ones(void **state)
{
	double basic = poll_with(true, false, SPAN_ZERO);

	(void)state;
	assert_int_equal(interleaved_answers, 0);
	double exact = poll_with(false, false, SPAN_ZERO);

	assert_true(interleaved_answers > questions * 9 / 10);
	assert_true(exact < basic / 2);
	double lossy = poll_with(false, true, SPAN_ZERO);

	assert_true(interleaved_answers < questions * 3 / 4);
	assert_true(interleaved_answers > questions / 4);
	assert_true(lossy < basic);
}

/* A server that was busy for all of a volley, and idle when the last question came. */
static bool busy_till_the_last(struct site *s, unsigned from, struct send_action *a)
{
	static unsigned answers;
	bool answer = (a->octets[0] & 7) == MODE_SERVER;

	answers += answer;
	s->hosts[from].send_lag =
		answer && answers % VOLLEY_EXCHANGES != 0 ? SPAN_MS(5) : SPAN_ZERO;
	s->delay = 50 * NS_PER_US + s->hosts[from].send_lag.ns;
	return true;
}

static void a_wrong_guess_at_the_last_answer_is_no_verdict_on_it(void **state)
{
	struct site *s = site_new();
	unsigned client;

	(void)state;
	s->tap = busy_till_the_last;
	client = site_client(s, GROUP, SPAN_MS(20), 10.0);
	(void)site_server(s, GROUP);
	site_run(s, SPAN_S(60));
	assert_true(site_assoc(s, client, 0).verdicts[VERDICT_USED] >= VOLLEY_EXCHANGES);
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_TIMING), 0);
	site_free(s);
}

static void transmit_times_that_cannot_be_are_refused(void **state)
{
	(void)state;
	/* Before the question came, and after its answer did. */
	assert_true(poll_with(false, false, SPAN_S(-1)) < (double)NS_PER_MS);
	assert_true(poll_with(false, false, SPAN_S(1)) < (double)NS_PER_MS);
}

static void only_the_cookie_of_this_question_is_taken(void **state)
{
	struct site *s = talking_site();
	unsigned client = site_add(s, SPAN_MS(20), 10.0);

	(void)state;
	(void)site_unicast(s, client, 0, 1, 1);
	site_commit(s, client);
	site_run(s, SPAN_S(20));
	assert_true(interleaved_answers > 5);
	unsigned asked = questions;

	replay_answers = true;
	site_run(s, SPAN_S(20));
	assert_true(questions >= asked + 5);
	assert_int_equal(site_count(s, client, ADDR_V4, VERDICT_BOGUS), 3 * (questions - asked));
	assert_true(span_less(span_abs(site_error(s, client)), SPAN_MS(1)));
	assert_int_equal(s->hosts[client].stepped, 1);
	site_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_beacon_carries_when_the_one_before_left),
		cmocka_unit_test(exact_times_beat_those_in_the_packet),
		cmocka_unit_test(lost_and_mixed_beacons_do_no_harm),
		cmocka_unit_test(origins_that_cannot_be_change_nothing),
		cmocka_unit_test(an_origin_that_contradicts_all_packets_is_not_believed),
		cmocka_unit_test(after_a_step_of_the_server_nothing_is_told_of_before),
		cmocka_unit_test(an_answer_tells_when_the_one_before_left),
		cmocka_unit_test(a_pair_is_good_for_one_answer_to_its_asker),
		cmocka_unit_test(questions_that_could_be_either_are_basic),
		cmocka_unit_test(after_a_step_answers_are_basic),
		cmocka_unit_test(equal_receive_times_are_told_apart),
		cmocka_unit_test(a_flood_is_answered_without_stamps),
		cmocka_unit_test(exact_answers_beat_basic_ones),
		cmocka_unit_test(a_wrong_guess_at_the_last_answer_is_no_verdict_on_it),
		cmocka_unit_test(transmit_times_that_cannot_be_are_refused),
		cmocka_unit_test(only_the_cookie_of_this_question_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
