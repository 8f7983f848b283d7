/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/cmsg.h"

#include <assert.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "base/ntptime.h"

/* Newer than the C library's headers: an id of ours for a transmit stamp, Linux 6.13. */
#ifndef SCM_TS_OPT_ID
#define SCM_TS_OPT_ID 81
#endif

static struct addr addr_of_v4(const struct in_addr *a)
{
	struct addr ret = {.family = ADDR_V4};

	memcpy(ret.octets, a, 4);
	return ret;
}

static struct addr addr_of_v6(const struct in6_addr *a)
{
	struct addr ret = {.family = ADDR_V6};

	memcpy(ret.octets, a, 16);
	return ret;
}

static uint8_t ttl_of(const struct cmsghdr *c)
{
	int ttl;

	memcpy(&ttl, CMSG_DATA(c), sizeof ttl);
	return ttl > 0 && ttl < 256 ? (uint8_t)ttl : 0;
}

static void read_v4(const struct cmsghdr *c, struct cmsg_facts *f)
{
	struct in_pktinfo info;
	struct sock_extended_err e;

	if (c->cmsg_type == IP_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof info)) {
		memcpy(&info, CMSG_DATA(c), sizeof info);
		f->to = addr_of_v4(&info.ipi_addr);
		f->ifindex = (uint32_t)info.ipi_ifindex;
	} else if (c->cmsg_type == IP_TTL && c->cmsg_len >= CMSG_LEN(sizeof(int))) {
		f->ttl = ttl_of(c);
	} else if (c->cmsg_type == IP_RECVERR && c->cmsg_len >= CMSG_LEN(sizeof e)) {
		memcpy(&e, CMSG_DATA(c), sizeof e);
		f->is_stamp = e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
		f->stamp_id = e.ee_data;
	}
}

static void read_v6(const struct cmsghdr *c, struct cmsg_facts *f)
{
	struct in6_pktinfo info;
	struct sock_extended_err e;

	if (c->cmsg_type == IPV6_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof info)) {
		memcpy(&info, CMSG_DATA(c), sizeof info);
		f->to = addr_of_v6(&info.ipi6_addr);
		f->ifindex = info.ipi6_ifindex;
	} else if (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_len >= CMSG_LEN(sizeof(int))) {
		f->ttl = ttl_of(c);
	} else if (c->cmsg_type == IPV6_RECVERR && c->cmsg_len >= CMSG_LEN(sizeof e)) {
		memcpy(&e, CMSG_DATA(c), sizeof e);
		f->is_stamp = e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
		f->stamp_id = e.ee_data;
	}
}

static void read_socket(const struct cmsghdr *c, struct cmsg_facts *f)
{
	struct timespec ts[3]; /* the kernel's, one that is no more, the card's */
	struct scm_ts_pktinfo info;

	if (c->cmsg_type == SCM_TIMESTAMPING && c->cmsg_len >= CMSG_LEN(sizeof ts)) {
		memcpy(ts, CMSG_DATA(c), sizeof ts);
		f->stamp.kernel_ns = (int64_t)ts[0].tv_sec * NS_PER_S + ts[0].tv_nsec;
		f->stamp.card_ns = (int64_t)ts[2].tv_sec * NS_PER_S + ts[2].tv_nsec;
	} else if (c->cmsg_type == SCM_TIMESTAMPING_PKTINFO &&
		   c->cmsg_len >= CMSG_LEN(sizeof info)) {
		memcpy(&info, CMSG_DATA(c), sizeof info);
		f->stamp.card_ifindex = info.if_index;
		f->stamp.frame_octets = info.pkt_length;
	}
}

void cmsg_read(struct msghdr *m, struct cmsg_facts *ret)
{
	*ret = (struct cmsg_facts){0};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP)
			read_v4(c, ret);
		else if (c->cmsg_level == IPPROTO_IPV6)
			read_v6(c, ret);
		else if (c->cmsg_level == SOL_SOCKET)
			read_socket(c, ret);
	}
}

/* The next control message of a growing row. */
static void put(struct msghdr *m, int level, int type, const void *value, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)m->msg_control + m->msg_controllen);

	assert(m->msg_controllen + CMSG_SPACE(len) <= sizeof(union cmsg_room));
	memset(c, 0, CMSG_SPACE(len));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), value, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void put_v4(const struct cmsg_wish *w, struct msghdr *m)
{
	struct in_pktinfo info = {.ipi_ifindex = (int)w->ifindex};
	int ttl = w->ttl;

	if (w->from.family == ADDR_V4)
		memcpy(&info.ipi_spec_dst, w->from.octets, 4);
	if (w->ifindex || w->from.family == ADDR_V4)
		put(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
	if (ttl)
		put(m, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
}

static void put_v6(const struct cmsg_wish *w, struct msghdr *m)
{
	struct in6_pktinfo info = {.ipi6_ifindex = w->ifindex};
	int ttl = w->ttl;

	if (w->from.family == ADDR_V6)
		memcpy(&info.ipi6_addr, w->from.octets, 16);
	if (w->ifindex || w->from.family == ADDR_V6)
		put(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
	if (ttl)
		put(m, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof ttl);
}

void cmsg_write(const struct cmsg_wish *w, struct msghdr *m, union cmsg_room *room)
{
	uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;

	if (w->want_card_stamp)
		flags |= SOF_TIMESTAMPING_TX_HARDWARE;
	m->msg_control = room;
	m->msg_controllen = 0;
	if (w->family == ADDR_V4)
		put_v4(w, m);
	else
		put_v6(w, m);
	if (w->want_stamp)
		put(m, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
	if (w->want_stamp_id)
		put(m, SOL_SOCKET, SCM_TS_OPT_ID, &w->stamp_id, sizeof w->stamp_id);
	if (m->msg_controllen == 0)
		m->msg_control = NULL;
}

struct endpoint cmsg_endpoint(const struct sockaddr_storage *ss)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (ss->ss_family == AF_INET) {
		memcpy(&v4, ss, sizeof v4);
		return (struct endpoint){addr_of_v4(&v4.sin_addr), ntohs(v4.sin_port)};
	}
	if (ss->ss_family == AF_INET6) {
		memcpy(&v6, ss, sizeof v6);
		return (struct endpoint){addr_of_v6(&v6.sin6_addr), ntohs(v6.sin6_port)};
	}
	return (struct endpoint){0};
}

socklen_t cmsg_sockaddr(const struct endpoint *e, uint32_t ifindex, struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(e->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port)};

	memset(ret, 0, sizeof *ret);
	if (e->addr.family == ADDR_V4) {
		memcpy(&v4.sin_addr, e->addr.octets, 4);
		memcpy(ret, &v4, sizeof v4);
		return sizeof v4;
	}
	memcpy(&v6.sin6_addr, e->addr.octets, 16);
	if (addr_is_link_local(&e->addr) || addr_is_link_group(&e->addr))
		v6.sin6_scope_id = ifindex;
	memcpy(ret, &v6, sizeof v6);
	return sizeof v6;
}
