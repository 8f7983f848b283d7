/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What rides beside a datagram: control messages and socket addresses, to and from our values.
 * Makes no system call.
 */
#ifndef SYS_CMSG_H
#define SYS_CMSG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

union cmsg_room {
	struct cmsghdr align;
	uint8_t octets[512];
};

/* When a packet came or left, by the kernel's word and by that of the network card. */
struct cmsg_stamp {
	int64_t kernel_ns;     /* CLOCK_REALTIME, Unix ns; 0: none */
	int64_t card_ns;       /* the card's own clock; 0: none */
	uint32_t card_ifindex; /* whose card; 0: not reported */
	uint32_t frame_octets; /* without checksum; 0: not reported */
};

/* Read from a received message or from one out of the error queue. */
struct cmsg_facts {
	struct addr to;	  /* ADDR_NONE: not reported */
	uint32_t ifindex; /* 0: not reported */
	uint8_t ttl;	  /* 0: not reported */
	struct cmsg_stamp stamp;
	bool is_stamp; /* error queue: the stamp of a sent packet */
	uint32_t stamp_id;
};

/* What a sent message asks for. */
struct cmsg_wish {
	uint8_t family;
	struct addr from; /* ADDR_NONE: the kernel's choice */
	uint32_t ifindex; /* 0: as routed */
	uint8_t ttl;	  /* 0: the system's default */
	bool want_stamp;
	bool want_card_stamp; /* rather than the kernel's, where the card gives one */
	bool want_stamp_id;
	uint32_t stamp_id;
};

void cmsg_read(struct msghdr *m, struct cmsg_facts *ret);
/* Fills m's control part, kept in room. */
void cmsg_write(const struct cmsg_wish *w, struct msghdr *m, union cmsg_room *room);

/* ADDR_NONE for a family that is not IP. */
struct endpoint cmsg_endpoint(const struct sockaddr_storage *ss);
/* e's family must be set; a link-local IPv6 address is given ifindex as its scope. */
socklen_t cmsg_sockaddr(const struct endpoint *e, uint32_t ifindex, struct sockaddr_storage *ret);

#endif
