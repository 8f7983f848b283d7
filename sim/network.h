/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LANs and the routers between them: who gets a packet, when, and with what TTL left. LAN k is
 * 10.k.0.0/16 and 2001:db8:0:k::/64, its n-th member has number n in both, so an address tells
 * its owner. Unicast takes the fewest hops; a group packet goes everywhere its TTL allows.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "ntp/action.h"
#include "sim/lan.h"

#define NETWORK_LANS_MAX 250
#define NETWORK_ROUTERS_MAX 250
#define NETWORK_ROUTER_PORTS_MAX 16
#define NETWORK_TTL 64 /* of unicast packets that name none */

/* A packet under way; everybody who is to get it holds a share. */
struct parcel {
	unsigned shares;
	struct endpoint from;
	struct endpoint to;
	uint16_t len;
	uint8_t octets[ACTION_OCTETS_MAX];
};

void parcel_drop(struct parcel *p);

struct router {
	char name[LAN_NAME_MAX];
	unsigned port_count;
	struct router_port {
		uint32_t lan;
		uint32_t member;
	} ports[NETWORK_ROUTER_PORTS_MAX];
};

/* How to get from one LAN to another. */
struct network_hop {
	bool known;
	uint32_t near; /* member number of the router here */
	uint32_t lan;  /* the LAN behind it */
	uint32_t far;  /* and its member number there */
};

struct network {
	uint64_t seed;
	unsigned lan_count;
	struct lan lans[NETWORK_LANS_MAX];
	unsigned router_count;
	struct router routers[NETWORK_ROUTERS_MAX];
	struct network_hop *hops; /* owned; lan_count squared, NULL until first needed */
	void *context;
	/* Wants the host at ifindex a packet to that group? */
	bool (*joined)(void *context, uint32_t host, uint32_t ifindex, const struct addr *group);
	/* The villain at host hears p pass by. */
	void (*overhear)(void *context, uint32_t host, struct parcel *p);
	/* Takes over one share of p. */
	void (*deliver)(void *context, int64_t at_ns, uint32_t host, uint32_t ifindex, uint8_t ttl,
			struct parcel *p);
};

struct lan *network_add_lan(struct network *n, const char *name);
struct lan *network_find_lan(struct network *n, const char *name);
struct router *network_find_router(struct network *n, const char *name);
struct addr network_addr_v4(uint32_t lan, uint32_t member);
struct addr network_addr_v6(uint32_t lan, uint32_t member);
struct addr network_addr_link_local(uint32_t lan, uint32_t member);
/* The member leaves p (whose shares are then its receivers') on its LAN at true_ns. */
void network_send(struct network *n, int64_t true_ns, uint32_t lan, uint32_t member, uint8_t ttl,
		  struct parcel *p);
void network_fini(struct network *n);

#endif
