/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/group.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

/* net.ipv4.igmp_max_memberships is 20; for IPv6 optmem_max allows some 2,000. */
#define V4_PER_SOCKET 20
#define V6_PER_SOCKET 500

struct carrier {
	int fd;
	uint8_t family;
	bool full; /* the kernel refused one more */
	unsigned members;
};

struct membership {
	uint32_t ifindex;
	unsigned carrier;
	struct addr group;
};

struct group {
	unsigned carrier_count;
	struct carrier *carriers;
	unsigned count;
	unsigned room;
	struct membership *list;
};

struct group *group_new(void)
{
	struct group *g = auto_new(1, sizeof *g);

	return g;
}

void group_free(struct group *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->carrier_count; i++)
		(void)close(g->carriers[i].fd);
	free(g->carriers);
	free(g->list);
	free(g);
}

static int change(int fd, bool join, uint32_t ifindex, const struct addr *group)
{
	struct ip_mreqn v4 = {.imr_ifindex = (int)ifindex};
	struct ipv6_mreq v6 = {.ipv6mr_interface = ifindex};
	int r;

	if (group->family == ADDR_V4) {
		memcpy(&v4.imr_multiaddr, group->octets, 4);
		r = setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &v4,
			       sizeof v4);
	} else {
		memcpy(&v6.ipv6mr_multiaddr, group->octets, 16);
		r = setsockopt(fd, IPPROTO_IPV6, join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP,
			       &v6, sizeof v6);
	}
	return r < 0 ? -errno : 0;
}

static struct membership *find(const struct group *g, uint32_t ifindex, const struct addr *group)
{
	for (unsigned i = 0; i < g->count; i++) {
		if (g->list[i].ifindex == ifindex && addr_equal(&g->list[i].group, group))
			return &g->list[i];
	}
	return NULL;
}

/* Index of a carrier that has room, opening one if need be; or -errno. */
static int carrier_with_room(struct group *g, uint8_t family)
{
	unsigned most = family == ADDR_V4 ? V4_PER_SOCKET : V6_PER_SOCKET;
	int fd;

	for (unsigned i = 0; i < g->carrier_count; i++) {
		const struct carrier *c = &g->carriers[i];

		if (c->family == family && !c->full && c->members < most)
			return (int)i;
	}
	fd = socket(family == ADDR_V4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	g->carriers = auto_resize(g->carriers, g->carrier_count + 1, sizeof *g->carriers);
	g->carriers[g->carrier_count] = (struct carrier){.fd = fd, .family = family};
	return (int)g->carrier_count++;
}

static void add(struct group *g, unsigned carrier, uint32_t ifindex, const struct addr *group)
{
	if (g->count == g->room) {
		g->room = g->room ? 2 * g->room : 16;
		g->list = auto_resize(g->list, g->room, sizeof *g->list);
	}
	g->list[g->count++] = (struct membership){ifindex, carrier, *group};
	g->carriers[carrier].members++;
}

int group_join(struct group *g, uint32_t ifindex, const struct addr *group)
{
	if (find(g, ifindex, group))
		return 0;
	for (;;) {
		int carrier = carrier_with_room(g, group->family);
		struct carrier *c;
		int e;

		if (carrier < 0)
			return carrier;
		c = &g->carriers[carrier];
		e = change(c->fd, true, ifindex, group);
		if (e == 0) {
			add(g, (unsigned)carrier, ifindex, group);
			return 0;
		}
		/* A full socket is no reason to give up as long as a fresh one may take it. */
		if ((e != -ENOBUFS && e != -ENOMEM) || c->members == 0)
			return e;
		c->full = true;
	}
}

static int drop(struct group *g, struct membership *m)
{
	struct carrier *c = &g->carriers[m->carrier];
	int e = change(c->fd, false, m->ifindex, &m->group);

	/* Already gone with its interface: nothing is left to be done. */
	if (e == -ENODEV || e == -EADDRNOTAVAIL)
		e = 0;
	c->members--;
	c->full = false;
	*m = g->list[--g->count];
	return e;
}

int group_leave(struct group *g, uint32_t ifindex, const struct addr *group)
{
	struct membership *m = find(g, ifindex, group);

	return m ? drop(g, m) : 0;
}

void group_forget(struct group *g, uint32_t ifindex)
{
	for (unsigned i = g->count; i-- > 0;) {
		if (g->list[i].ifindex == ifindex)
			(void)drop(g, &g->list[i]);
	}
}

unsigned group_count(const struct group *g)
{
	return g->count;
}

bool group_is_joined(const struct group *g, const struct addr *group)
{
	for (unsigned i = 0; i < group_count(g); i++) {
		if (addr_equal(group_at(g, i), group))
			return true;
	}
	return false;
}

const struct addr *group_at(const struct group *g, unsigned i)
{
	assert(i < g->count);
	return &g->list[i].group;
}
