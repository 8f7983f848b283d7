/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * badlink LEFT RIGHT DELAY_US MORE_US JITTER_US LOSS DUPLICATES: a bad cable between two interfaces
 * of this namespace. Every frame waits DELAY_US and queues for JITTER_US in the mean, to the right
 * MORE_US as well; LOSS and DUPLICATES are of 1. Knows nothing of what the frames hold.
 */
#include <linux/virtio_net.h>
#include <math.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_VNET_HDR
#define PACKET_VNET_HDR 15
#endif
#define WAITING_MAX 2048
#define OCTETS_MAX 2048

struct frame {
	double due;
	int to;
	size_t len;
	unsigned char
		octets[OCTETS_MAX]; /* from its virtio_net_hdr: sums left undone stay undone */
};

struct cable {
	double delay[2], jitter, loss, duplicates;
	struct frame *waiting[WAITING_MAX]; /* the next one is last */
	unsigned count;
};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_side(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), on = 1;

	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void put(struct cable *c, const struct frame *f)
{
	unsigned i = c->count;
	struct frame *mine = c->count < WAITING_MAX ? malloc(sizeof *mine) : NULL;

	if (!mine)
		return;
	memcpy(mine, f, offsetof(struct frame, octets) + f->len);
	for (; i > 0 && c->waiting[i - 1]->due < mine->due; i--)
		c->waiting[i] = c->waiting[i - 1];
	c->waiting[i] = mine;
	c->count++;
}

static void take(struct cable *c, int from, int to, bool right)
{
	struct frame f = {.to = to};
	struct sockaddr_ll sender;
	socklen_t size = sizeof sender;
	ssize_t n = recvfrom(from, f.octets, sizeof f.octets, MSG_DONTWAIT,
			     (struct sockaddr *)&sender, &size);

	if (n <= 0 || sender.sll_pkttype == PACKET_OUTGOING || drand48() < c->loss)
		return;
	f.len = (size_t)n;
	f.due = now_s() + c->delay[right] - c->jitter * log(1 - drand48());
	put(c, &f);
	if (drand48() < c->duplicates)
		put(c, &f);
}

static void pass(struct cable *c)
{
	while (c->count > 0 && c->waiting[c->count - 1]->due <= now_s()) {
		struct frame *f = c->waiting[--c->count];

		(void)!write(f->to, f->octets, f->len);
		free(f);
	}
}

static void carry(struct cable *c, int left, int right)
{
	struct pollfd sides[2] = {{.fd = left, .events = POLLIN}, {.fd = right, .events = POLLIN}};

	for (;;) {
		double wait = c->count > 0 ? c->waiting[c->count - 1]->due - now_s() : 1;
		struct timespec t = {0, wait < 0 ? 0 : wait < 0.9 ? (long)(wait * 1e9) : 900000000};

		(void)ppoll(sides, 2, &t, NULL);
		if (sides[0].revents)
			take(c, left, right, true);
		if (sides[1].revents)
			take(c, right, left, false);
		pass(c);
	}
}

int main(int argc, char **argv)
{
	static struct cable c;

	if (argc != 8)
		return 1;
	c.delay[0] = atof(argv[3]) / 1e6;
	c.delay[1] = c.delay[0] + atof(argv[4]) / 1e6;
	c.jitter = atof(argv[5]) / 1e6;
	c.loss = atof(argv[6]);
	c.duplicates = atof(argv[7]);
	carry(&c, open_side(argv[1]), open_side(argv[2]));
}
