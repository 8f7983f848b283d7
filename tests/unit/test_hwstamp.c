/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stamps of network cards, as far as no card is needed: what a card is told, how its clock is
 * related to ours, what control messages say. tests/vm has cards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/hwstamp.h"
#include "sys/phc.h"
#include "sys/sandbox.h"

/* ---- what a card is told ---- */

/* The answer of Linux 6.1's e1000e for an Intel 82574L. */
static const struct ethtool_ts_info e1000e = {
	.cmd = ETHTOOL_GET_TS_INFO,
	.so_timestamping = 0x5f,
	.phc_index = 0,
	.tx_types = 0x3,
	.rx_filters = 0x7db3,
};

static void a_card_is_told_to_stamp_everything(void **state)
{
	struct hwtstamp_config is = {0}, wanted;
	struct ethtool_ts_info can = e1000e;

	(void)state;
	assert_true(hwstamp_choose(&can, &is, &wanted));
	assert_int_equal(wanted.tx_type, HWTSTAMP_TX_ON);
	assert_int_equal(wanted.rx_filter, HWTSTAMP_FILTER_ALL);
	can.rx_filters |= 1U << HWTSTAMP_FILTER_NTP_ALL;
	assert_true(hwstamp_choose(&can, &is, &wanted));
	assert_int_equal(wanted.rx_filter, HWTSTAMP_FILTER_NTP_ALL);
	/* As the administrator, or another program, has left it: more is not taken away. */
	is = (struct hwtstamp_config){0, HWTSTAMP_TX_ON, HWTSTAMP_FILTER_ALL};
	assert_false(hwstamp_choose(&can, &is, &wanted));
	is.rx_filter = HWTSTAMP_FILTER_PTP_V2_EVENT;
	assert_true(hwstamp_choose(&e1000e, &is, &wanted));
	assert_int_equal(wanted.rx_filter, HWTSTAMP_FILTER_ALL);
}

static void a_card_that_cannot_receive_so_keeps_its_filter(void **state)
{
	struct hwtstamp_config is = {.rx_filter = HWTSTAMP_FILTER_PTP_V2_EVENT}, wanted;
	struct ethtool_ts_info can = {.tx_types = 0x3,
				      .rx_filters = 1U << HWTSTAMP_FILTER_NONE |
						    1U << HWTSTAMP_FILTER_PTP_V2_EVENT};

	(void)state;
	assert_true(hwstamp_choose(&can, &is, &wanted));
	assert_int_equal(wanted.tx_type, HWTSTAMP_TX_ON);
	assert_int_equal(wanted.rx_filter, HWTSTAMP_FILTER_PTP_V2_EVENT);
	can.tx_types = 1U << HWTSTAMP_TX_OFF;
	assert_false(hwstamp_choose(&can, &is, &wanted));
}

static void a_frame_takes_as_long_as_the_link_is_slow(void **state)
{
	(void)state;
	/* A question by IPv4: 14 of Ethernet, 20, 8, 48, and 4 of checksum. */
	assert_int_equal(hwstamp_frame_time(90, 10).ns, 75200);
	assert_int_equal(hwstamp_frame_time(90, 100).ns, 7520);
	assert_int_equal(hwstamp_frame_time(90, 1000).ns, 752);
	assert_int_equal(hwstamp_frame_time(90, 0).ns, 0);
	assert_int_equal(hwstamp_frame_time(0, 1000).ns, 0);
}

/* ---- its clock ---- */

#define BEGAN_NS (INT64_C(37) * NS_PER_S) /* on the card's clock, when ours is 0 */
#define FAST_PPM 40

static int64_t card_time(int64_t mono_ns)
{
	return BEGAN_NS + mono_ns + mono_ns / 1000000 * FAST_PPM;
}

static struct phc_reading reading(int64_t mono_ns)
{
	return (struct phc_reading){card_time(mono_ns), {mono_ns}, 600};
}

/* Readings every 125 ms until then. */
static void read_until(struct phc_relation *r, int64_t from_ns, int64_t to_ns)
{
	for (int64_t at = from_ns; at <= to_ns; at += 125 * NS_PER_MS) {
		struct phc_reading x = reading(at);

		phc_relate(r, &x);
	}
}

static int64_t told(const struct phc_relation *r, int64_t phc_ns)
{
	mono at;

	assert_true(phc_tell(r, phc_ns, &at));
	return at.ns;
}

static void two_readings_relate_a_cards_clock_to_ours(void **state)
{
	struct phc_relation r = {0};
	struct phc_reading x = reading(0);
	mono at;

	(void)state;
	assert_false(phc_tell(&r, BEGAN_NS, &at));
	phc_relate(&r, &x);
	assert_false(phc_tell(&r, BEGAN_NS, &at));
	x = reading(50 * NS_PER_MS);
	phc_relate(&r, &x);
	assert_false(phc_tell(&r, BEGAN_NS, &at));
	x = reading(200 * NS_PER_MS);
	phc_relate(&r, &x);
	assert_in_range(told(&r, card_time(150 * NS_PER_MS)) + 5, 150 * NS_PER_MS,
			150 * NS_PER_MS + 10);
	assert_in_range(told(&r, card_time(NS_PER_S)) + 50, NS_PER_S, NS_PER_S + 100);
	assert_false(phc_tell(&r, card_time(3 * NS_PER_S), &at));
	assert_false(phc_tell(&r, card_time(-3 * NS_PER_S), &at));
}

static void a_reading_that_was_held_up_waits_for_a_better_one(void **state)
{
	struct phc_relation r = {0};
	struct phc_reading x;

	(void)state;
	read_until(&r, 0, NS_PER_S);
	x = reading(1200 * NS_PER_MS);
	x.phc_ns -= 40000;
	x.gap_ns = 90000;
	phc_relate(&r, &x);
	assert_int_equal(r.newest.at.ns, NS_PER_S);
	/* But where the bus is always that slow it is the best there is. */
	x = reading(3500 * NS_PER_MS);
	x.gap_ns = 90000;
	phc_relate(&r, &x);
	assert_int_equal(r.newest.at.ns, 3500 * NS_PER_MS);
}

static void a_clock_that_is_set_is_related_anew(void **state)
{
	struct phc_relation r = {0};
	struct phc_reading x;
	mono at;

	(void)state;
	read_until(&r, 0, 30 * NS_PER_S);
	x = reading(31 * NS_PER_S);
	x.phc_ns += NS_PER_MS;
	phc_relate(&r, &x);
	assert_false(phc_tell(&r, x.phc_ns, &at));
	x = reading(32 * NS_PER_S);
	x.phc_ns += NS_PER_MS;
	phc_relate(&r, &x);
	assert_in_range(told(&r, x.phc_ns), 32 * NS_PER_S - 5, 32 * NS_PER_S + 5);
}

static void a_clock_that_stands_still_is_none(void **state)
{
	struct phc_relation r = {0};
	mono at;

	(void)state;
	for (int64_t i = 0; i < 40; i++) {
		struct phc_reading x = {BEGAN_NS, {i * 125 * NS_PER_MS}, 600};

		phc_relate(&r, &x);
		assert_false(phc_tell(&r, BEGAN_NS, &at));
		assert_int_equal(r.odd, i > 0);
	}
	/* Somebody mends it. */
	read_until(&r, 6 * NS_PER_S, 8 * NS_PER_S);
	assert_false(r.odd);
	assert_true(r.related);
}

/* Another program steers the card's clock: what counts is its rate of late. */
static void a_rate_that_changes_is_followed(void **state)
{
	struct phc_relation r = {0};
	int64_t phc_ns = BEGAN_NS;

	(void)state;
	for (int64_t i = 0; i < 600; i++) {
		struct phc_reading x = {phc_ns, {i * 125 * NS_PER_MS}, 600};

		phc_relate(&r, &x);
		assert_true(r.related || i == 0);
		phc_ns += 125 * NS_PER_MS + (i < 300 ? 5000 : -5000); /* 40 ppm */
	}
	assert_in_range((int64_t)(r.rate * 1e9) + 50000, 9900, 10100);
}

/* ---- what control messages say ---- */

static void add(struct msghdr *m, int type, const void *value, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)m->msg_control + m->msg_controllen);

	*c = (struct cmsghdr){CMSG_LEN(len), SOL_SOCKET, type};
	memcpy(CMSG_DATA(c), value, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void a_message_tells_both_stamps_and_whose_card_it_was(void **state)
{
	union cmsg_room room = {0};
	struct msghdr m = {.msg_control = &room};
	const struct timespec ts[3] = {{1771000000, 5}, {0, 0}, {37, 250}};
	const struct scm_ts_pktinfo info = {.if_index = 3, .pkt_length = 90};
	struct cmsg_facts f;

	(void)state;
	add(&m, SCM_TIMESTAMPING, ts, sizeof ts);
	cmsg_read(&m, &f);
	assert_int_equal(f.stamp.kernel_ns, 1771000000 * NS_PER_S + 5);
	assert_int_equal(f.stamp.card_ns, 37 * NS_PER_S + 250);
	assert_int_equal(f.stamp.card_ifindex, 0);
	add(&m, SCM_TIMESTAMPING_PKTINFO, &info, sizeof info);
	cmsg_read(&m, &f);
	assert_int_equal(f.stamp.card_ifindex, 3);
	assert_int_equal(f.stamp.frame_octets, 90);
}

static void the_card_is_asked_only_where_it_is_wanted(void **state)
{
	struct cmsg_wish w = {.family = ADDR_V4, .want_stamp = true};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		union cmsg_room room;
		struct msghdr m = {0};
		uint32_t flags = 0;

		w.want_card_stamp = i;
		cmsg_write(&w, &m, &room);
		memcpy(&flags, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof flags);
		assert_int_equal(CMSG_FIRSTHDR(&m)->cmsg_type, SO_TIMESTAMPING);
		assert_int_equal(flags, SOF_TIMESTAMPING_TX_SOFTWARE |
						(i ? SOF_TIMESTAMPING_TX_HARDWARE : 0U));
	}
}

/* ---- without a card ---- */

static int64_t real_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void without_a_card_the_kernels_stamp_counts(void **state)
{
	const struct link_state eth0 = {.name = "eth0", .ifindex = 7, .up = true};
	const struct link_state eth1 = {.name = "eth1", .ifindex = 3, .up = true};
	struct clock *c;
	struct err warning, err;
	struct hwstamp *h;
	struct hwstamp_row row;
	struct cmsg_stamp s = {0};
	struct now at, now;

	(void)state;
	assert_int_equal(clock_new("observe", &c, &warning, &err), 0);
	h = hwstamp_new(HWSTAMP_OFF, c);
	hwstamp_link(h, &eth0);
	hwstamp_link(h, &eth1);
	assert_false(hwstamp_has_cards(h));
	assert_false(hwstamp_wants_card(h, 7));
	assert_false(hwstamp_wants_card(h, 0));
	assert_int_equal(hwstamp_received(h, 7, &s, &at), HWSTAMP_NONE);
	s.kernel_ns = real_ns();
	s.card_ns = 12345; /* of a card that nobody can ask */
	assert_int_equal(hwstamp_received(h, 7, &s, &at), HWSTAMP_KERNEL);
	now = clock_now(c);
	assert_true(mono_sub(now.mono, at.mono).ns >= -3000);
	assert_int_equal(hwstamp_sent(h, &s, &at), HWSTAMP_NONE);
	s = (struct cmsg_stamp){.kernel_ns = real_ns(), .card_ifindex = 7};
	assert_int_equal(hwstamp_sent(h, &s, &at), HWSTAMP_KERNEL);

	assert_true(hwstamp_row(h, 1, &row));
	assert_int_equal(row.ifindex, 7);
	assert_int_equal(row.phc, -1);
	assert_int_equal(row.newest, HWSTAMP_KERNEL);
	assert_int_equal(row.received[HWSTAMP_NONE], 1);
	assert_int_equal(row.received[HWSTAMP_KERNEL], 1);
	assert_int_equal(row.sent[HWSTAMP_KERNEL], 1);
	assert_string_equal(row.reason, "stamps of network cards are not asked for");
	assert_false(hwstamp_row(h, 2, &row));
	hwstamp_link(h, &(struct link_state){.ifindex = 3, .gone = true});
	assert_true(hwstamp_row(h, 0, &row));
	assert_int_equal(row.ifindex, 7);
	assert_false(hwstamp_row(h, 1, &row));
	hwstamp_free(h);
	clock_free(c);
}

/* ---- inside the sandbox ---- */

#define NO_SANDBOX 255 /* a build with sanitizers; test_sandbox.c tells of other reasons */

/* What a locked-in process may ask of what it has open. */
static int ask_inside(bool reads_cards)
{
	struct sandbox_options o = {.reads_cards = reads_cards, .calls_too = true};
	struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
	struct ifreq r = {.ifr_name = "lo", .ifr_data = (void *)&info};
	struct ifreq mtu = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct err warning;
	int may = 0;

	if (!sandbox_enter(&o, &warning))
		return NO_SANDBOX;
	may |= ioctl(fd, SIOCETHTOOL, &r) == 0 ? 1 : 0;
	may |= ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &info) < 0 && errno != ENOSYS ? 2 : 0;
	may |= ioctl(fd, SIOCGIFMTU, &mtu) == 0 || errno != ENOSYS ? 4 : 0;
	may |= ioctl(fd, SIOCSHWTSTAMP, &r) == 0 || errno != ENOSYS ? 8 : 0;
	return may;
}

static int ask_in_child(bool reads_cards)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(ask_inside(reads_cards));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void only_a_process_with_cards_may_ask_and_only_for_time_and_speed(void **state)
{
	int may = ask_in_child(true);

	(void)state;
	if (may == NO_SANDBOX)
		return;
	assert_int_equal(may, 3);
	assert_int_equal(ask_in_child(false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_is_told_to_stamp_everything),
		cmocka_unit_test(a_card_that_cannot_receive_so_keeps_its_filter),
		cmocka_unit_test(a_frame_takes_as_long_as_the_link_is_slow),
		cmocka_unit_test(two_readings_relate_a_cards_clock_to_ours),
		cmocka_unit_test(a_reading_that_was_held_up_waits_for_a_better_one),
		cmocka_unit_test(a_clock_that_is_set_is_related_anew),
		cmocka_unit_test(a_clock_that_stands_still_is_none),
		cmocka_unit_test(a_rate_that_changes_is_followed),
		cmocka_unit_test(a_message_tells_both_stamps_and_whose_card_it_was),
		cmocka_unit_test(the_card_is_asked_only_where_it_is_wanted),
		cmocka_unit_test(without_a_card_the_kernels_stamp_counts),
		cmocka_unit_test(only_a_process_with_cards_may_ask_and_only_for_time_and_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
