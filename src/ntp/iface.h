/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces that exist or are configured: found by index, by name and by own address without
 * a walk over all of them. Knows no packet; what an interface does for a group is role.h's.
 */
#ifndef NTP_IFACE_H
#define NTP_IFACE_H

#include "ntp/ledger.h"
#include "ntp/node.h"

#define IFACES_MAX ROOM(1280, 10)
#define IFACE_NONE UINT16_MAX
#define IFACE_SLOTS ROOM(4096, 32) /* of the hash tables: a power of 2, three times IFACES_MAX */
#define IFACE_OWN_SLOTS ROOM(16384, 128)

struct iface {
	bool used;
	struct iface_link link;	    /* ifindex 0: configured, but absent */
	uint16_t first_role;	    /* of those on it; role.h's list */
	bool deaf[LEDGER_FAMILIES]; /* nothing of the family is received; access.h sets it */
	struct tally tallies[LEDGER_FAMILIES];
};

struct ifaces {
	unsigned count; /* entries that were ever used */
	struct iface list[IFACES_MAX];
	bool stale; /* the tables below must be made again before they are asked */
	uint16_t by_index[IFACE_SLOTS]; /* place in list plus one, 0: empty */
	uint16_t by_name[IFACE_SLOTS];
	uint16_t own[IFACE_OWN_SLOTS]; /* place * LINK_ADDRS_MAX + address, plus one */
	uint32_t own_refids[IFACE_OWN_SLOTS];
};

/* All three: NULL when there is none. */
struct iface *iface_by_index(struct ifaces *t, uint32_t ifindex);
struct iface *iface_by_name(struct ifaces *t, const char *name);
/* The same, made if missing; NULL when the table is full. */
struct iface *iface_make(struct ifaces *t, const char *name);
unsigned iface_place(const struct ifaces *t, const struct iface *f);
/* Replaces what is known of the link; the name stays. */
void iface_set_link(struct ifaces *t, struct iface *f, const struct iface_link *l);
/* For one that is absent and has no roles. */
void iface_forget(struct ifaces *t, struct iface *f);

/* True for an address of any of our interfaces. */
bool iface_owns(struct ifaces *t, const struct addr *a);
/* True if the reference id names one of our addresses: the sender follows us. */
bool iface_owns_refid(struct ifaces *t, uint32_t refid);
/* RFC 5905 7.3: an IPv4 address itself, of IPv6 the first four octets of its MD5. */
uint32_t iface_refid_of(const struct addr *a);
/*
 * The address to send from: of the same family; for IPv6 a global one when the destination is
 * wider than the link, if there is one. False when there is none.
 */
bool iface_source(const struct iface *f, const struct addr *to, struct addr *ret);
bool iface_has_addr(const struct iface *f, const struct addr *a);
/* True for the broadcast address of one of the interface's prefixes. */
bool iface_is_broadcast(const struct iface *f, const struct addr *a);
/* True if a is inside one of the interface's own prefixes. */
bool iface_is_on_link(const struct iface *f, const struct addr *a);

#endif
