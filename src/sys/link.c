/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/link.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

#define RECEIVE_OCTETS 32768
#define READS_A_TURN 16
#define DUMP_TRIES 8

struct entry {
	struct link_state now;
	struct link_state told;
	bool is_told;
	bool seen; /* by the dump that is running */
};

struct link {
	int fd;
	bool lost; /* news that the kernel had no room for */
	bool torn; /* the list changed while it was read */
	struct link_events events;
	unsigned count;
	unsigned room;
	struct entry *list;
};

static int open_netlink(unsigned groups)
{
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (bind(fd, (struct sockaddr *)&nl, sizeof nl) < 0) {
		int e = -errno;

		(void)close(fd);
		return e;
	}
	return fd;
}

int link_new(const struct link_events *events, struct link **ret, struct err *err)
{
	int fd = open_netlink(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	struct link *l;

	if (fd < 0) {
		err_set(err,
			"interfaces cannot be followed (rtnetlink: %s); try --interfaces "
			"static",
			strerror(-fd));
		return fd;
	}
	l = auto_new(1, sizeof *l);
	l->fd = fd;
	l->events = *events;
	*ret = l;
	return 0;
}

void link_free(struct link *l)
{
	if (!l)
		return;
	(void)close(l->fd);
	free(l->list);
	free(l);
}

int link_fd(const struct link *l)
{
	return l->fd;
}

/* ---- the table ---- */

static struct entry *find(struct link *l, uint32_t ifindex)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->list[i].now.ifindex == ifindex)
			return &l->list[i];
	}
	return NULL;
}

static struct entry *find_or_add(struct link *l, uint32_t ifindex)
{
	struct entry *e = find(l, ifindex);

	if (e)
		return e;
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 8;
		l->list = auto_resize(l->list, l->room, sizeof *l->list);
	}
	e = &l->list[l->count++];
	*e = (struct entry){.now.ifindex = ifindex};
	return e;
}

static void tell_gone(struct link *l, const struct link_state *told)
{
	struct link_state s = {.ifindex = told->ifindex, .gone = true};

	memcpy(s.name, told->name, sizeof s.name);
	l->events.changed(l->events.context, &s);
}

static void tell(struct link *l, struct entry *e)
{
	/* Addresses may be heard of before their link. */
	if (e->now.name[0] == '\0')
		return;
	if (e->is_told && !memcmp(&e->now, &e->told, sizeof e->now))
		return;
	if (e->is_told && strcmp(e->now.name, e->told.name) != 0)
		tell_gone(l, &e->told);
	memcpy(&e->told, &e->now, sizeof e->told);
	e->is_told = true;
	l->events.changed(l->events.context, &e->told);
}

static void drop(struct link *l, struct entry *e)
{
	struct link_state told = e->told;
	bool is_told = e->is_told;

	*e = l->list[--l->count];
	if (is_told)
		tell_gone(l, &told);
}

/* IPv4 in the kernel's order, then IPv6, link-local last. */
static int order(const struct prefix *p)
{
	if (p->addr.family == ADDR_V4)
		return 0;
	return addr_is_link_local(&p->addr) ? 2 : 1;
}

static void remove_prefix(struct link_state *s, const struct prefix *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->prefix_count; i++) {
		if (!addr_equal(&s->prefixes[i].addr, &p->addr))
			s->prefixes[kept++] = s->prefixes[i];
	}
	memset(&s->prefixes[kept], 0, (LINK_PREFIXES_MAX - kept) * sizeof s->prefixes[0]);
	s->prefix_count = kept;
}

static void add_prefix(struct link_state *s, const struct prefix *p)
{
	unsigned at = 0;

	for (unsigned i = 0; i < s->prefix_count; i++) {
		if (addr_equal(&s->prefixes[i].addr, &p->addr)) {
			s->prefixes[i].bits = p->bits;
			return;
		}
	}
	if (s->prefix_count == LINK_PREFIXES_MAX)
		return;
	while (at < s->prefix_count && order(&s->prefixes[at]) <= order(p))
		at++;
	memmove(&s->prefixes[at + 1], &s->prefixes[at],
		(s->prefix_count - at) * sizeof s->prefixes[0]);
	s->prefixes[at] = *p;
	s->prefix_count++;
}

/* ---- messages ---- */

static void set_flags(struct link_state *s, unsigned flags)
{
	s->up = (flags & IFF_UP) && (flags & IFF_RUNNING);
	s->multicast = flags & IFF_MULTICAST;
	s->loopback = flags & IFF_LOOPBACK;
}

static void take_link(struct link *l, struct nlmsghdr *h, bool telling)
{
	struct ifinfomsg *m = NLMSG_DATA(h);
	int len = (int)IFLA_PAYLOAD(h);
	struct entry *e;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof *m) || m->ifi_index <= 0)
		return;
	if (m->ifi_family != AF_UNSPEC) /* a bridge port's private news */
		return;
	if (h->nlmsg_type == RTM_DELLINK) {
		e = find(l, (uint32_t)m->ifi_index);
		if (e)
			drop(l, e);
		return;
	}
	e = find_or_add(l, (uint32_t)m->ifi_index);
	e->seen = true;
	set_flags(&e->now, m->ifi_flags);
	for (struct rtattr *a = IFLA_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type != IFLA_IFNAME)
			continue;
		memset(e->now.name, 0, sizeof e->now.name);
		memcpy(e->now.name, RTA_DATA(a), strnlen(RTA_DATA(a), LINK_NAME_MAX - 1));
	}
	if (telling)
		tell(l, e);
}

static bool parse_prefix(struct nlmsghdr *h, struct prefix *ret, uint32_t *ret_flags)
{
	struct ifaddrmsg *m = NLMSG_DATA(h);
	int len = (int)IFA_PAYLOAD(h);
	size_t octets = m->ifa_family == AF_INET ? 4 : 16;
	bool local = false;

	*ret = (struct prefix){.bits = m->ifa_prefixlen};
	*ret_flags = m->ifa_flags;
	for (struct rtattr *a = IFA_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= sizeof *ret_flags)
			memcpy(ret_flags, RTA_DATA(a), sizeof *ret_flags);
		if (RTA_PAYLOAD(a) < octets)
			continue;
		/* On a point-to-point link IFA_ADDRESS is the far end. */
		if (a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && !local)) {
			ret->addr.family = octets == 4 ? ADDR_V4 : ADDR_V6;
			memcpy(ret->addr.octets, RTA_DATA(a), octets);
			local = local || a->rta_type == IFA_LOCAL;
		}
	}
	return ret->addr.family != ADDR_NONE;
}

static void take_addr(struct link *l, struct nlmsghdr *h, bool telling)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	struct prefix p;
	uint32_t flags;
	struct entry *e;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof *m) ||
	    (m->ifa_family != AF_INET && m->ifa_family != AF_INET6) || !parse_prefix(h, &p, &flags))
		return;
	if (h->nlmsg_type == RTM_DELADDR) {
		e = find(l, m->ifa_index);
		if (!e)
			return;
		remove_prefix(&e->now, &p);
	} else {
		/* Duplicate address detection ends with another message. */
		if (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
			return;
		e = find_or_add(l, m->ifa_index);
		add_prefix(&e->now, &p);
	}
	if (telling)
		tell(l, e);
}

/* NLMSG_DONE and NLMSG_ERROR begin with 0 or a negative error. */
static int status_of(struct nlmsghdr *h)
{
	int status = 0;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof status))
		memcpy(&status, NLMSG_DATA(h), sizeof status);
	return status < 0 ? status : 0;
}

/* 1: there may be more; 0 at the end of a dump; negative: it is not whole. */
static int take(struct link *l, uint8_t *octets, size_t len, bool telling)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)octets;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		l->torn |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		switch (h->nlmsg_type) {
		case RTM_NEWLINK:
		case RTM_DELLINK:
			take_link(l, h, telling);
			break;
		case RTM_NEWADDR:
		case RTM_DELADDR:
			take_addr(l, h, telling);
			break;
		case NLMSG_DONE:
			return status_of(h);
		case NLMSG_ERROR:
			return status_of(h) < 0 ? status_of(h) : -EPROTO;
		}
	}
	return 1;
}

static bool is_waiting(const struct link *l)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

void link_readable(struct link *l)
{
	_Alignas(struct nlmsghdr) uint8_t octets[RECEIVE_OCTETS];

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = recv(l->fd, octets, sizeof octets, MSG_DONTWAIT);

		if (n < 0 && errno == ENOBUFS)
			l->lost = true;
		else if (n > 0)
			(void)take(l, octets, (size_t)n, true);
		else
			break;
	}
	/* What still waits is older than what was lost: first that, then the whole truth. */
	if (l->lost && !is_waiting(l))
		l->lost = link_refresh(l) < 0;
}

/* ---- the whole truth ---- */

static int dump(struct link *l, int fd, uint16_t type)
{
	_Alignas(struct nlmsghdr) uint8_t octets[RECEIVE_OCTETS];
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m; /* the longer of the two requests */
	} request = {
		.h = {.nlmsg_len = sizeof request,
		      .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};

	if (send(fd, &request, sizeof request, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, octets, sizeof octets, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPROTO;
		int r = take(l, octets, (size_t)n, false);
		if (r <= 0)
			return r;
	}
}

static void forget_addresses(struct link *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		struct link_state *s = &l->list[i].now;

		l->list[i].seen = false;
		s->prefix_count = 0;
		memset(s->prefixes, 0, sizeof s->prefixes);
	}
}

static int dump_all(struct link *l)
{
	int fd = open_netlink(0);
	int e;

	if (fd < 0)
		return fd;
	l->torn = false;
	forget_addresses(l);
	e = dump(l, fd, RTM_GETLINK);
	if (e == 0)
		e = dump(l, fd, RTM_GETADDR);
	(void)close(fd);
	return e;
}

/* As it was told last: what half a list left behind must not be told by the next news. */
static void restore(struct link *l, struct entry *e)
{
	if (e->is_told)
		memcpy(&e->now, &e->told, sizeof e->now);
	else
		drop(l, e);
}

int link_refresh(struct link *l)
{
	int e = dump_all(l);

	/* After so many tries what is there is told; it keeps changing, so there will be news. */
	for (int i = 1; i < DUMP_TRIES && e == 0 && l->torn; i++)
		e = dump_all(l);
	for (unsigned i = l->count; i-- > 0;) {
		struct entry *entry = &l->list[i];

		if (e < 0 || (!entry->seen && l->torn))
			restore(l, entry);
		else if (!entry->seen)
			drop(l, entry);
		else
			tell(l, entry);
	}
	return e;
}

/* ---- interfaces that never change ---- */

#define STATIC_MAX 16

static uint8_t count_bits(const uint8_t *octets, size_t len)
{
	uint8_t bits = 0;

	for (size_t i = 0; i < len; i++)
		bits = (uint8_t)(bits + __builtin_popcount(octets[i]));
	return bits;
}

static bool static_prefix(const struct ifaddrs *a, struct prefix *ret)
{
	bool v4;

	*ret = (struct prefix){0};
	if (!a->ifa_addr || !a->ifa_netmask)
		return false;
	v4 = a->ifa_addr->sa_family == AF_INET;
	if (!v4 && a->ifa_addr->sa_family != AF_INET6)
		return false;
	ret->addr.family = v4 ? ADDR_V4 : ADDR_V6;
	if (v4) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;
		const struct sockaddr_in *mask = (const void *)a->ifa_netmask;

		memcpy(ret->addr.octets, &in->sin_addr, 4);
		ret->bits = count_bits((const uint8_t *)&mask->sin_addr, 4);
	} else {
		const struct sockaddr_in6 *in = (const void *)a->ifa_addr;
		const struct sockaddr_in6 *mask = (const void *)a->ifa_netmask;

		memcpy(ret->addr.octets, &in->sin6_addr, 16);
		ret->bits = count_bits((const uint8_t *)&mask->sin6_addr, 16);
	}
	return true;
}

static struct link_state *find_name(struct link_state *list, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++) {
		if (!strncmp(list[i].name, name, LINK_NAME_MAX - 1))
			return &list[i];
	}
	return NULL;
}

/* Asked on a UDP socket, because a simulated network answers only there. */
static uint32_t index_of(int fd, const char *name)
{
	struct ifreq r = {0};

	memcpy(r.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return ioctl(fd, SIOCGIFINDEX, &r) < 0 ? 0 : (uint32_t)r.ifr_ifindex;
}

static unsigned gather(const struct ifaddrs *all, int fd, struct link_state *list)
{
	unsigned count = 0;

	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		struct link_state *s = find_name(list, count, a->ifa_name);
		struct prefix p;

		if (!s) {
			uint32_t ifindex = index_of(fd, a->ifa_name);

			if (ifindex == 0 || count == STATIC_MAX)
				continue;
			s = &list[count++];
			*s = (struct link_state){.ifindex = ifindex, .up = a->ifa_flags & IFF_UP};
			memcpy(s->name, a->ifa_name, strnlen(a->ifa_name, LINK_NAME_MAX - 1));
			s->loopback = a->ifa_flags & IFF_LOOPBACK;
			/* The flag is not asked for: simulated networks do not set it. */
			s->multicast = !s->loopback;
		}
		if (static_prefix(a, &p))
			add_prefix(s, &p);
	}
	return count;
}

int link_read_static(const struct link_events *events)
{
	struct link_state list[STATIC_MAX];
	struct ifaddrs *all;
	unsigned count;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return -errno;
	if (getifaddrs(&all) < 0) {
		int e = -errno;

		(void)close(fd);
		return e;
	}
	count = gather(all, fd, list);
	freeifaddrs(all);
	(void)close(fd);
	for (unsigned i = 0; i < count; i++)
		events->changed(events->context, &list[i]);
	return 0;
}
