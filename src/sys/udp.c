/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/udp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/cmsg.h"

#define PORTS_MAX 16
#define IFACES_MAX 16
#define GROUP_SOCKETS_MAX 64
#define UNMATCHED_MAX 32
#define STAMPS_A_TURN 16
#define TAIL_MAX 64

#define STAMPING                                                                                   \
	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID)
#define CARD_STAMPING                                                                              \
	(SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE |                            \
	 SOF_TIMESTAMPING_OPT_PKTINFO)
/* How long an answer waits for the card's word on when its question left. */
#define CARD_WAIT_MS 1

struct udp_socket {
	int fd;
	uint8_t family;
	uint16_t port; /* service port; 0: asks */
	uint16_t ask;
	uint32_t ifindex;  /* tied to; 0: none */
	struct addr group; /* bound to; ADDR_NONE: wildcard */
};

/* Sent, and its stamp is out: what it ended in, for kernels that cannot return an id of ours. */
struct unmatched {
	int fd; /* -1: free */
	uint32_t id;
	uint32_t ifindex;
	bool late; /* its stamp comes from the card: maybe after the answer */
	uint8_t len;
	uint8_t tail[TAIL_MAX];
};

struct udp {
	struct loop *loop;
	struct udp_events events;
	unsigned iface_count;
	struct link_state ifaces[IFACES_MAX];
	unsigned port_count;
	struct {
		uint16_t port;
		bool shared_v4, shared_v6;
	} ports[PORTS_MAX];
	bool no_stamp_id; /* the kernel is older than SCM_TS_OPT_ID (6.13) */
	bool cards;	  /* their stamps are asked for */
	unsigned count;
	unsigned room;
	struct udp_socket *list;
	unsigned next_unmatched;
	struct unmatched unmatched[UNMATCHED_MAX];
	struct udp_packet packet; /* the one being received */
};

struct udp *udp_new(struct loop *loop, const struct udp_events *events)
{
	struct udp *u = auto_new(1, sizeof *u);

	u->loop = loop;
	u->events = *events;
	for (unsigned i = 0; i < UNMATCHED_MAX; i++)
		u->unmatched[i].fd = -1;
	return u;
}

static void forget_unmatched(struct udp *u, int fd)
{
	for (unsigned i = 0; i < UNMATCHED_MAX; i++) {
		if (u->unmatched[i].fd == fd)
			u->unmatched[i].fd = -1;
	}
}

static void close_socket(struct udp *u, unsigned i)
{
	loop_remove(u->loop, u->list[i].fd);
	forget_unmatched(u, u->list[i].fd);
	(void)close(u->list[i].fd);
	u->list[i] = u->list[--u->count];
}

void udp_free(struct udp *u)
{
	if (!u)
		return;
	while (u->count > 0)
		close_socket(u, u->count - 1);
	free(u->list);
	free(u);
}

void udp_add_iface(struct udp *u, const struct link_state *l)
{
	assert(l->ifindex != 0);
	if (u->iface_count < IFACES_MAX)
		u->ifaces[u->iface_count++] = *l;
}

/* ---- receiving ---- */

static struct udp_socket *by_fd(struct udp *u, int fd)
{
	for (unsigned i = 0; i < u->count; i++) {
		if (u->list[i].fd == fd)
			return &u->list[i];
	}
	return NULL;
}

static void receive(struct udp *u, const struct udp_socket *s)
{
	struct udp_packet *p = &u->packet;
	union cmsg_room control;
	struct sockaddr_storage from;
	struct iovec iov = {p->octets, sizeof p->octets};
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);
	struct cmsg_facts facts;

	if (n < 0)
		return;
	cmsg_read(&m, &facts);
	p->len = (size_t)n;
	p->from = cmsg_endpoint(&from);
	p->to = facts.to;
	p->ifindex = s->ifindex ? s->ifindex : facts.ifindex;
	p->ttl = facts.ttl;
	p->stamp = facts.stamp;
	p->ask = s->ask;
	p->service_port = s->port;
	u->events.received(u->events.context, p);
}

static bool ends_in(const uint8_t *octets, size_t len, const struct unmatched *m)
{
	return len >= m->len && !memcmp(octets + len - m->len, m->tail, m->len);
}

/* Where the packet came back with its stamp, its end says which one it was; else our id. */
static struct unmatched *match(struct udp *u, int fd, const uint8_t *octets, size_t len,
			       uint32_t id)
{
	for (unsigned i = 0; i < UNMATCHED_MAX; i++) {
		struct unmatched *m = &u->unmatched[i];

		if (m->fd == fd && (len > 0 ? ends_in(octets, len, m) : m->id == id))
			return m;
	}
	return NULL;
}

/* True if the error queue held something. */
static bool read_stamp(struct udp *u, int fd)
{
	union cmsg_room control;
	uint8_t octets[UDP_OCTETS_MAX];
	struct iovec iov = {octets, sizeof octets};
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
	struct cmsg_facts facts;
	struct unmatched *of;

	if (n < 0)
		return false;
	cmsg_read(&m, &facts);
	if (!facts.is_stamp || (facts.stamp.kernel_ns == 0 && facts.stamp.card_ns == 0))
		return true;
	of = match(u, fd, octets, (size_t)n, facts.stamp_id);
	if (of) {
		facts.stamp_id = of->id;
		facts.stamp.card_ifindex = of->ifindex;
		of->fd = -1;
	}
	if (of || (n == 0 && !u->no_stamp_id))
		u->events.stamped(u->events.context, facts.stamp_id, &facts.stamp);
	return true;
}

static void read_stamps(struct udp *u, int fd, short events)
{
	int error;
	socklen_t len = sizeof error;

	/* The outside judge signals by POLLPRI, and loses a packet if its queue is empty. */
	if (!(events & POLLERR)) {
		(void)read_stamp(u, fd);
		return;
	}
	for (int i = 0; i < STAMPS_A_TURN && read_stamp(u, fd); i++)
		;
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

/* An answer that overtook the card's stamp of its question waits a moment, once a question. */
static void await_card(struct udp *u, int fd)
{
	struct pollfd p = {.fd = fd};
	bool late = false;

	for (unsigned i = 0; i < UNMATCHED_MAX; i++) {
		late |= u->unmatched[i].fd == fd && u->unmatched[i].late;
		u->unmatched[i].late &= u->unmatched[i].fd != fd;
	}
	if (late && poll(&p, 1, CARD_WAIT_MS) > 0)
		read_stamps(u, fd, p.revents);
}

static void ready(void *context, int fd, short events)
{
	struct udp *u = context;
	struct udp_socket *s = by_fd(u, fd);

	if (events & (POLLERR | POLLPRI))
		read_stamps(u, fd, events);
	else if (s && s->ask)
		await_card(u, fd);
	s = by_fd(u, fd);
	if (s && events & POLLIN)
		receive(u, s);
}

/* ---- opening ---- */

static void set_int(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

/* Nothing here is worth failing for: what is not reported is reported as unknown. */
static void set_stamping(const struct udp *u, int fd)
{
	set_int(fd, SOL_SOCKET, SO_TIMESTAMPING,
		(int)(STAMPING | (u->no_stamp_id ? 0 : SOF_TIMESTAMPING_OPT_TSONLY) |
		      (u->cards ? CARD_STAMPING : 0)));
}

static void set_options(const struct udp *u, int fd, uint8_t family)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	set_stamping(u, fd);
	if (family == ADDR_V4) {
		set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
		set_int(fd, IPPROTO_IP, IP_RECVTTL, 1);
	} else {
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	}
}

static void tie(const struct udp *u, int fd, uint32_t ifindex)
{
	for (unsigned i = 0; i < u->iface_count; i++) {
		if (u->ifaces[i].ifindex == ifindex)
			(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, u->ifaces[i].name,
					 (socklen_t)strlen(u->ifaces[i].name) + 1);
	}
}

static int bind_to(int fd, const struct udp_socket *s)
{
	struct endpoint e = {s->group, s->port};
	struct sockaddr_storage ss;
	socklen_t len;

	e.addr.family = s->family;
	len = cmsg_sockaddr(&e, 0, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

/* Opens the socket that want describes, its fd apart. */
static int open_socket(struct udp *u, const struct udp_socket *want)
{
	int fd = socket(want->family == ADDR_V4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	int e;

	if (fd < 0)
		return -errno;
	set_options(u, fd, want->family);
	tie(u, fd, want->ifindex);
	if (want->group.family != ADDR_NONE)
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	e = bind_to(fd, want);
	if (e < 0) {
		(void)close(fd);
		return e;
	}
	if (u->count == u->room) {
		u->room = u->room ? 2 * u->room : 8;
		u->list = auto_resize(u->list, u->room, sizeof *u->list);
	}
	u->list[u->count] = *want;
	u->list[u->count].fd = fd;
	u->count++;
	loop_add(u->loop, fd, POLLIN | POLLPRI, (struct loop_handler){ready, u});
	return 0;
}

/* One family of a port: a wildcard socket, or one per static interface. */
static int open_family(struct udp *u, uint16_t port, uint8_t family)
{
	struct udp_socket want = {.family = family, .port = port};
	int done = -ENODEV;

	if (u->iface_count == 0)
		return open_socket(u, &want);
	for (unsigned i = 0; i < u->iface_count; i++) {
		int e;

		want.ifindex = u->ifaces[i].ifindex;
		e = open_socket(u, &want);
		if (done != 0)
			done = e;
	}
	return done;
}

int udp_listen(struct udp *u, uint16_t port, bool *ret_shared)
{
	int v4, v6;

	*ret_shared = false;
	for (unsigned i = 0; i < u->port_count; i++) {
		if (u->ports[i].port == port)
			return 0;
	}
	if (u->port_count == PORTS_MAX)
		return -ENOSPC;
	v4 = open_family(u, port, ADDR_V4);
	v6 = open_family(u, port, ADDR_V6);
	if (v4 < 0 && v6 < 0 && v4 != -EADDRINUSE && v6 != -EADDRINUSE)
		return v4;
	u->ports[u->port_count].port = port;
	u->ports[u->port_count].shared_v4 = v4 == -EADDRINUSE;
	u->ports[u->port_count].shared_v6 = v6 == -EADDRINUSE;
	u->port_count++;
	*ret_shared = v4 == -EADDRINUSE || v6 == -EADDRINUSE;
	return 0;
}

void udp_unlisten(struct udp *u, uint16_t port)
{
	for (unsigned i = u->count; i-- > 0;) {
		if (u->list[i].port == port)
			close_socket(u, i);
	}
	for (unsigned i = 0; i < u->port_count; i++) {
		if (u->ports[i].port == port)
			u->ports[i] = u->ports[--u->port_count];
	}
}

static bool is_shared(const struct udp *u, unsigned port, uint8_t family)
{
	return family == ADDR_V4 ? u->ports[port].shared_v4 : u->ports[port].shared_v6;
}

static struct udp_socket *group_socket(struct udp *u, uint16_t port, const struct addr *group)
{
	for (unsigned i = 0; i < u->count; i++) {
		if (u->list[i].port == port && addr_equal(&u->list[i].group, group))
			return &u->list[i];
	}
	return NULL;
}

int udp_hear(struct udp *u, const struct addr *group)
{
	int done = 0;

	for (unsigned i = 0; i < u->port_count; i++) {
		struct udp_socket want = {
			.family = group->family, .port = u->ports[i].port, .group = *group};
		int e;

		if (!is_shared(u, i, group->family) || group_socket(u, want.port, group))
			continue;
		e = u->count < GROUP_SOCKETS_MAX ? open_socket(u, &want) : -ENOBUFS;
		if (e < 0)
			done = e;
	}
	return done;
}

void udp_unhear(struct udp *u, const struct addr *group)
{
	for (unsigned i = u->count; i-- > 0;) {
		if (addr_equal(&u->list[i].group, group))
			close_socket(u, i);
	}
}

/* ---- sending ---- */

static uint32_t iface_holding(const struct udp *u, const struct addr *a)
{
	for (unsigned i = 0; i < u->iface_count; i++) {
		for (unsigned k = 0; k < u->ifaces[i].prefix_count; k++) {
			if (prefix_contains(&u->ifaces[i].prefixes[k], a))
				return u->ifaces[i].ifindex;
		}
	}
	return 0;
}

/* A tied socket cannot leave by another interface, so that the routing table is not asked. */
static uint32_t leave_by(const struct udp *u, const struct udp_send *s)
{
	uint32_t ifindex = s->ifindex;

	if (ifindex == 0 && s->from.family != ADDR_NONE)
		ifindex = iface_holding(u, &s->from);
	if (ifindex == 0)
		ifindex = iface_holding(u, &s->to.addr);
	for (unsigned i = 0; i < u->iface_count && ifindex == 0; i++)
		ifindex = u->ifaces[i].loopback ? 0 : u->ifaces[i].ifindex;
	return ifindex;
}

static struct udp_socket *service_socket(struct udp *u, const struct udp_send *s)
{
	uint32_t ifindex = leave_by(u, s);

	for (unsigned i = 0; i < u->count; i++) {
		struct udp_socket *k = &u->list[i];

		if (k->port == s->service_port && k->family == s->to.addr.family && k->ask == 0 &&
		    (k->ifindex == 0 || k->ifindex == ifindex))
			return k;
	}
	return NULL;
}

static struct udp_socket *asking_socket(struct udp *u, const struct udp_send *s)
{
	for (unsigned i = 0; i < u->count; i++) {
		if (u->list[i].ask == s->ask && u->list[i].family == s->to.addr.family)
			return &u->list[i];
	}
	return NULL;
}

/* The socket to send from, opened if it may be; or -errno. */
static int pick(struct udp *u, const struct udp_send *s, struct udp_socket **ret)
{
	struct udp_socket want = {.family = s->to.addr.family, .ask = s->ask};
	int e;

	*ret = s->ask ? asking_socket(u, s) : service_socket(u, s);
	if (*ret)
		return 0;
	if (s->ask) {
		if (u->iface_count > 0)
			want.ifindex = s->ifindex;
		e = open_socket(u, &want);
		*ret = asking_socket(u, s);
		return e;
	}
	if (!addr_is_multicast(&s->to.addr))
		return -EADDRNOTAVAIL;
	e = udp_hear(u, &s->to.addr);
	*ret = service_socket(u, s);
	return *ret ? 0 : e < 0 ? e : -EADDRNOTAVAIL;
}

static void expect_stamp(struct udp *u, int fd, const struct udp_send *s)
{
	struct unmatched *m = &u->unmatched[u->next_unmatched];

	u->next_unmatched = (u->next_unmatched + 1) % UNMATCHED_MAX;
	m->fd = fd;
	m->id = s->id;
	m->ifindex = s->ifindex;
	m->late = s->want_card_stamp;
	m->len = (uint8_t)(s->len < TAIL_MAX ? s->len : TAIL_MAX);
	memcpy(m->tail, s->octets + s->len - m->len, m->len);
}

static int send_from(struct udp *u, const struct udp_socket *k, const struct udp_send *s)
{
	union cmsg_room control;
	struct sockaddr_storage to;
	/* sendmsg only reads, but its iovec is not const */
	uint8_t octets[UDP_OCTETS_MAX];
	struct iovec iov = {octets, s->len};
	struct msghdr m = {.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1};
	struct cmsg_wish wish = {
		.family = k->family,
		.from = s->from,
		.ifindex = s->ifindex,
		.ttl = s->ttl,
		.want_stamp = s->want_stamp,
		.want_card_stamp = s->want_card_stamp,
		.want_stamp_id = s->want_stamp && !u->no_stamp_id,
		.stamp_id = s->id,
	};

	if (s->len > sizeof octets)
		return -EMSGSIZE;
	memcpy(octets, s->octets, s->len);
	m.msg_namelen = cmsg_sockaddr(&s->to, s->ifindex, &to);
	cmsg_write(&wish, &m, &control);
	if (sendmsg(k->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	if (s->want_stamp)
		expect_stamp(u, k->fd, s);
	return 0;
}

static void set_stamping_all(const struct udp *u)
{
	for (unsigned i = 0; i < u->count; i++)
		set_stamping(u, u->list[i].fd);
}

void udp_use_cards(struct udp *u)
{
	if (!u->cards) {
		u->cards = true;
		set_stamping_all(u);
	}
}

static void use_stamp_ids(struct udp *u, bool use)
{
	u->no_stamp_id = !use;
	set_stamping_all(u);
}

/* An older kernel refuses the id: from then on stamps are known by the packets they come with. */
static int send_without_stamp_id(struct udp *u, const struct udp_socket *k,
				 const struct udp_send *s)
{
	int e;

	use_stamp_ids(u, false);
	e = send_from(u, k, s);
	if (e < 0)
		use_stamp_ids(u, true);
	return e;
}

int udp_send(struct udp *u, const struct udp_send *s)
{
	struct udp_socket *k;
	int e = pick(u, s, &k);

	if (e < 0)
		return e;
	e = send_from(u, k, s);
	if (e == -EINVAL && s->want_stamp && !u->no_stamp_id)
		e = send_without_stamp_id(u, k, s);
	/* On most links the stamp is there at once, which saves a wake-up. */
	if (e == 0 && s->want_stamp && u->iface_count == 0)
		(void)read_stamp(u, k->fd);
	return e;
}

void udp_close_ask(struct udp *u, uint16_t ask)
{
	assert(ask != 0);
	for (unsigned i = u->count; i-- > 0;) {
		if (u->list[i].ask == ask)
			close_socket(u, i);
	}
}
