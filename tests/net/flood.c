/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood INTERFACE RATE SECONDS < FRAMES: sends the frames in turn, RATE a second, and prints how
 * many left. A frame on the input is two octets of length and its octets.
 */
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#define FRAMES_MAX 4096
#define FRAME_OCTETS_MAX 2048
#define BATCH 64

static uint8_t octets[FRAMES_MAX][FRAME_OCTETS_MAX];
static struct iovec parts[FRAMES_MAX];

static unsigned read_frames(void)
{
	unsigned count = 0;

	for (int high; count < FRAMES_MAX && (high = getchar()) != EOF; count++) {
		size_t len = (size_t)high << 8 | (size_t)(getchar() & 0xff);

		if (len > FRAME_OCTETS_MAX || fread(octets[count], 1, len, stdin) != len)
			return 0;
		parts[count] = (struct iovec){octets[count], len};
	}
	return count;
}

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void flood(int fd, unsigned count, double rate, double seconds)
{
	struct mmsghdr list[BATCH] = {0};
	double begin = now_s();
	unsigned long sent = 0;
	unsigned next = 0;

	for (double t = 0; t < seconds; t = now_s() - begin) {
		if ((double)sent > t * rate) {
			struct timespec nap = {0, 200000};

			(void)nanosleep(&nap, NULL);
			continue;
		}
		for (unsigned i = 0; i < BATCH; i++) {
			list[i].msg_hdr.msg_iov = &parts[next];
			list[i].msg_hdr.msg_iovlen = 1;
			next = (next + 1) % count;
		}
		int n = sendmmsg(fd, list, BATCH, 0);

		sent += n > 0 ? (unsigned long)n : 0;
	}
	printf("%lu\n", sent);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW, 0); /* nothing is received */
	unsigned count = read_frames();

	if (argc != 4 || fd < 0 || count == 0)
		return 1;
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	if (bind(fd, (struct sockaddr *)&to, sizeof to) < 0)
		return 1;
	flood(fd, count, atof(argv[2]), atof(argv[3]));
	return 0;
}
