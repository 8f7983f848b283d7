/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams with their kernel timestamps: one wildcard socket per family and service port, and
 * asking sockets on fresh random ports. Where packets come from, whereto, by which interface and
 * when is all reported; what is in them is not known here.
 */
#ifndef SYS_UDP_H
#define SYS_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/auto.h"
#include "sys/cmsg.h"
#include "sys/link.h"
#include "sys/loop.h"

#define UDP_OCTETS_MAX 2048

struct udp_packet {
	struct endpoint from;
	struct addr to;	       /* ADDR_NONE: not reported */
	uint32_t ifindex;      /* 0: not reported */
	uint16_t ask;	       /* 0: came to a service port */
	uint16_t service_port; /* when ask is 0 */
	uint8_t ttl;	       /* 0: not reported */
	struct cmsg_stamp stamp;
	size_t len;
	uint8_t octets[UDP_OCTETS_MAX];
};

struct udp_send {
	struct endpoint to;
	struct addr from;      /* ADDR_NONE: the kernel's choice */
	uint32_t ifindex;      /* 0: as routed */
	uint16_t ask;	       /* 0: from a service port */
	uint16_t service_port; /* when ask is 0 */
	uint8_t ttl;	       /* 0: the system's default */
	bool want_stamp;
	bool want_card_stamp; /* rather than the kernel's, where the card gives one */
	uint32_t id;	      /* comes back with the stamp */
	const uint8_t *octets;
	size_t len;
};

/* Called from loop_wait, and stamped also from within udp_send. */
struct udp_events {
	void *context;
	void (*received)(void *context, const struct udp_packet *p);
	void (*stamped)(void *context, uint32_t id, const struct cmsg_stamp *stamp);
};

struct udp;

/* loop is borrowed until udp_free. */
struct udp *udp_new(struct loop *loop, const struct udp_events *events);
void udp_free(struct udp *u);
/*
 * Static interfaces: from now on every service port is opened once per interface added here, tied
 * to it, and what is sent as routed leaves by the one whose prefix holds its source or, failing
 * that, its destination. To be called before the first udp_listen; ifindex is not 0.
 */
void udp_add_iface(struct udp *u, const struct link_state *l);

/* From now on stamps of network cards are reported, too. */
void udp_use_cards(struct udp *u);

/*
 * 0 if at least one family could be opened; else -errno. ret_shared: another program has the port,
 * so that questions go to it, and groups are heard one by one through udp_hear.
 */
MUST_CHECK int udp_listen(struct udp *u, uint16_t port, bool *ret_shared);
void udp_unlisten(struct udp *u, uint16_t port);
/* Only matters on shared ports; 0 or -errno. */
MUST_CHECK int udp_hear(struct udp *u, const struct addr *group);
void udp_unhear(struct udp *u, const struct addr *group);

/* 0 or -errno. An asking socket is opened by its first send. */
MUST_CHECK int udp_send(struct udp *u, const struct udp_send *s);
void udp_close_ask(struct udp *u, uint16_t ask);

#endif
