/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's interfaces: names, indices, addresses, up and down; followed through rtnetlink, or
 * read once. Knows nothing of what anybody does on them.
 */
#ifndef SYS_LINK_H
#define SYS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/auto.h"
#include "base/err.h"

#define LINK_NAME_MAX 16 /* with the final '\0' */
#define LINK_PREFIXES_MAX 8

struct link_state {
	char name[LINK_NAME_MAX];
	uint32_t ifindex;
	bool gone; /* there is no such interface any more: name and ifindex are what it had */
	bool up;   /* IFF_UP and running */
	bool multicast;
	bool loopback;
	unsigned prefix_count;
	struct prefix prefixes[LINK_PREFIXES_MAX]; /* IPv4, then IPv6 with link-local last */
};

/* Told about an interface as a whole whenever something about it changed. */
struct link_events {
	void *context;
	void (*changed)(void *context, const struct link_state *l);
};

struct link;

/* Opens rtnetlink; nothing is told before link_refresh. */
MUST_CHECK int link_new(const struct link_events *events, struct link **ret, struct err *err);
void link_free(struct link *l);
int link_fd(const struct link *l);
/* Takes in the whole truth anew and tells what differs. 0 or -errno. */
MUST_CHECK int link_refresh(struct link *l);
/* To be called when link_fd is readable; never waits. */
void link_readable(struct link *l);

/* Tells each interface once, by getifaddrs, and does not follow it. 0 or -errno. */
MUST_CHECK int link_read_static(const struct link_events *events);

#endif
