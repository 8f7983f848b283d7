/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stamps IFNAME PORT COUNT: takes COUNT packets on the port and answers each, with the daemon's own
 * code below the protocol. Of each it prints what its instants are from and, in ns, how much later
 * the kernel's stamp is than the card's, and the card's of the answer than our call.
 * stamps shift N NS: sets the clock /dev/ptpN by so much.
 * stamps told IFNAME: what the card was told.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "sys/hwstamp.h"
#include "sys/loop.h"
#include "sys/udp.h"

struct taker {
	struct clock *clock;
	struct hwstamp *hwstamp;
	struct udp *udp;
	long left;
	mono sent;
};

static void received(void *context, const struct udp_packet *p)
{
	struct taker *t = context;
	struct now at, kernel;
	struct udp_send s = {
		.to = p->from,
		.from = p->to,
		.ifindex = p->ifindex,
		.service_port = p->service_port,
		.want_stamp = true,
		.want_card_stamp = hwstamp_wants_card(t->hwstamp, p->ifindex),
		.id = (uint32_t)t->left,
		.octets = p->octets,
		.len = p->len,
	};
	enum hwstamp_kind kind = hwstamp_received(t->hwstamp, p->ifindex, &p->stamp, &at);

	if (kind == HWSTAMP_NONE || !clock_at(t->clock, p->stamp.kernel_ns, &kernel))
		(void)printf("received none 0\n");
	else
		(void)printf("received %s %" PRId64 "\n", kind == HWSTAMP_CARD ? "card" : "kernel",
			     mono_sub(kernel.mono, at.mono).ns);
	t->sent = clock_now(t->clock).mono;
	if (udp_send(t->udp, &s) < 0)
		(void)printf("sent nothing 0\n");
	t->left--;
}

static void stamped(void *context, uint32_t id, const struct cmsg_stamp *s)
{
	struct taker *t = context;
	struct now at;
	enum hwstamp_kind kind = hwstamp_sent(t->hwstamp, s, &at);

	(void)id;
	if (kind == HWSTAMP_NONE)
		(void)printf("sent none 0\n");
	else
		(void)printf("sent %s %" PRId64 "\n", kind == HWSTAMP_CARD ? "card" : "kernel",
			     mono_sub(at.mono, t->sent).ns);
}

static int take(const char *ifname, uint16_t port, long count)
{
	struct link_state l = {.ifindex = if_nametoindex(ifname), .up = true};
	struct loop *loop = loop_new();
	struct taker t = {.left = count};
	struct udp_events events = {&t, received, stamped};
	struct hwstamp_row row;
	struct err warning, err;
	bool shared;

	(void)snprintf(l.name, sizeof l.name, "%s", ifname);
	if (clock_new("observe", &t.clock, &warning, &err) < 0)
		return 1;
	t.hwstamp = hwstamp_new(HWSTAMP_SET, t.clock);
	hwstamp_link(t.hwstamp, &l);
	t.udp = udp_new(loop, &events);
	if (hwstamp_has_cards(t.hwstamp))
		udp_use_cards(t.udp);
	if (udp_listen(t.udp, port, &shared) < 0)
		return 1;
	while (t.left > 0)
		loop_wait(loop, SPAN_S(1));
	loop_wait(loop, SPAN_MS(50));
	if (hwstamp_row(t.hwstamp, 0, &row))
		(void)printf("reason %s\n", row.reason);
	udp_free(t.udp);
	hwstamp_free(t.hwstamp);
	loop_free(loop);
	clock_free(t.clock);
	return 0;
}

static int shift(const char *index, int64_t by_ns)
{
	struct timex t = {.modes = ADJ_SETOFFSET | ADJ_NANO};
	char path[32];
	int fd;

	(void)snprintf(path, sizeof path, "/dev/ptp%s", index);
	fd = open(path, O_RDWR | O_CLOEXEC);
	t.time.tv_sec = by_ns / NS_PER_S;
	t.time.tv_usec = by_ns % NS_PER_S;
	/* As the kernel counts clocks that are files. */
	return fd < 0 || clock_adjtime((clockid_t)((~(unsigned)fd << 3) | 3), &t) < 0;
}

static int told(const char *ifname)
{
	struct hwtstamp_config c = {0};
	struct ifreq r = {.ifr_data = (void *)&c};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", ifname);
	if (ioctl(fd, SIOCGHWTSTAMP, &r) < 0)
		return 1;
	(void)printf("tx_type %d rx_filter %d\n", c.tx_type, c.rx_filter);
	return 0;
}

int main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "shift"))
		return shift(argv[2], strtoll(argv[3], NULL, 10));
	if (argc == 3 && !strcmp(argv[1], "told"))
		return told(argv[2]);
	if (argc == 4)
		return take(argv[1], (uint16_t)atoi(argv[2]), atol(argv[3]));
	return 1;
}
