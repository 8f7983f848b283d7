/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/ctlsock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/wire.h"
#include "sys/file.h"

#define LENGTH_OCTETS 4
#define INPUT_MAX (2 * (LENGTH_OCTETS + CTLSOCK_FRAME_MAX))

/*
 * FREE -> NEW (accepted) -> OPEN -> CLOSING (we said goodbye) -> GONE -> FREE
 *                   any of them ---- hang-up, error, stuck ----> GONE
 */
enum slot_phase {
	SLOT_FREE,
	SLOT_NEW,
	SLOT_OPEN,
	SLOT_CLOSING,
	SLOT_GONE,
};

struct slot {
	enum slot_phase phase;
	int fd;
	struct ctlsock_peer peer;
	bool ended;	 /* the peer sends no more; what it sent is still served */
	size_t used;	 /* octets of input given out as the last frame */
	size_t filled;	 /* octets in input */
	size_t written;	 /* octets of output that are sent */
	int64_t moved_s; /* when output last moved or began to wait */
	struct text output;
	uint8_t input[INPUT_MAX];
};

struct ctlsock {
	int fd;
	int bell;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	dev_t device; /* of the socket we bound, so that we remove no other's */
	ino_t inode;
	int64_t deaf_until_s; /* no descriptor was left for a new peer ... */
	int deaf_error;	      /* ... or what else stood against it; 0: nothing */
	bool deaf_told;
	struct slot slots[CTLSOCK_PEERS_MAX];
};

/* Not steered by anything of ours, and not counted while the machine sleeps. */
static int64_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- the path ---- */

static int failed(struct err *err, const char *what, const char *path)
{
	int error = errno ? errno : EIO;

	err_set(err, "cannot %s control socket %s: %s", what, path, strerror(error));
	return -error;
}

static int make_place(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	char place[sizeof((struct sockaddr_un *)0)->sun_path];
	(void)snprintf(place, sizeof place, "%.*s", (int)(slash - path), path);
	return file_dir_make(place, err);
}

/* True if a socket is there that nobody serves; errno stays. */
static bool is_stale(const struct sockaddr_un *at)
{
	int before = errno;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) < 0 &&
		       errno == ECONNREFUSED;
	struct stat st;
	bool is_socket = lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode);

	if (fd >= 0)
		(void)close(fd);
	errno = before;
	return refused && is_socket;
}

static int bind_path(struct ctlsock *c, mode_t mode, gid_t group, struct err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;

	memcpy(at.sun_path, c->path, sizeof c->path);
	/* nobody but us may connect before the mode is set */
	mode_t mask = umask(0177);
	int error = bind(c->fd, (struct sockaddr *)&at, sizeof at);
	if (error < 0 && errno == EADDRINUSE && is_stale(&at)) {
		(void)unlink(at.sun_path);
		error = bind(c->fd, (struct sockaddr *)&at, sizeof at);
	}
	(void)umask(mask);
	if (error < 0 && errno == EADDRINUSE) {
		err_set(err, "control socket %s is in use by another program", c->path);
		return -EADDRINUSE;
	}
	if (error < 0)
		return failed(err, "make", c->path);
	if (lstat(c->path, &st) == 0) {
		c->device = st.st_dev;
		c->inode = st.st_ino;
	}
	if (group != (gid_t)-1 && chown(c->path, (uid_t)-1, group) < 0 && errno != EPERM &&
	    errno != EINVAL)
		return failed(err, "set the group of", c->path);
	if (chmod(c->path, mode) < 0)
		return failed(err, "set the mode of", c->path);
	if (listen(c->fd, 16) < 0)
		return failed(err, "listen on", c->path);
	return 0;
}

int ctlsock_new(const char *path, mode_t mode, gid_t group, struct ctlsock **ret, struct err *err)
{
	struct ctlsock *c = auto_new(1, sizeof *c);

	c->fd = -1;
	c->bell = -1;
	if (strlen(path) == 0 || strlen(path) >= sizeof c->path) {
		err_set(err, "the path of the control socket must have 1 to %zu octets",
			sizeof c->path - 1);
		free(c);
		return -ENAMETOOLONG;
	}
	memcpy(c->path, path, strlen(path) + 1);
	int error = make_place(path, err);
	if (!error) {
		c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		c->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (c->fd < 0 || c->bell < 0)
			error = failed(err, "make", path);
		else
			error = bind_path(c, mode, group, err);
	}
	if (error) {
		ctlsock_free(c);
		return error;
	}
	*ret = c;
	return 0;
}

static void forget(struct slot *s)
{
	(void)close(s->fd);
	text_fini(&s->output);
	explicit_bzero(s, sizeof *s);
}

void ctlsock_free(struct ctlsock *c)
{
	struct stat st;

	if (!c)
		return;
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++)
		if (c->slots[i].phase != SLOT_FREE)
			forget(&c->slots[i]);
	if (c->inode && lstat(c->path, &st) == 0 && st.st_dev == c->device && st.st_ino == c->inode)
		(void)unlink(c->path);
	if (c->fd >= 0)
		(void)close(c->fd);
	if (c->bell >= 0)
		(void)close(c->bell);
	free(c);
}

/* ---- peers ---- */

/* False if the kernel does not say who it is, or it is in more groups than we hold. */
static bool ask_who(int fd, struct ctlsock_peer *ret)
{
	struct ucred who;
	socklen_t len = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return false;
	ret->uid = who.uid;
	ret->pid = who.pid;
	gid_t *groups = ret->groups;
	groups[0] = who.gid;
	len = sizeof ret->groups - sizeof groups[0];
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &len) < 0)
		return false;
	ret->group_count = 1 + (unsigned)(len / sizeof groups[0]);
	return true;
}

static struct slot *free_slot(struct ctlsock *c)
{
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++)
		if (c->slots[i].phase == SLOT_FREE)
			return &c->slots[i];
	return NULL;
}

static void accept_peers(struct ctlsock *c)
{
	for (;;) {
		int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EAGAIN)
				return;
			c->deaf_until_s = now_s() + 1;
			c->deaf_error = -errno;
			return;
		}
		c->deaf_error = 0;
		struct slot *s = free_slot(c);
		if (!s || !ask_who(fd, &s->peer)) {
			(void)close(fd);
			continue;
		}
		s->phase = SLOT_NEW;
		s->fd = fd;
		s->moved_s = now_s();
	}
}

static size_t waiting(const struct slot *s)
{
	return s->output.len - s->written;
}

static bool has_whole_frame(const struct slot *s)
{
	if (s->filled - s->used < LENGTH_OCTETS)
		return false;
	struct wire_reader r = wire_read(s->input + s->used, LENGTH_OCTETS);
	uint32_t len = wire_get_u32(&r);
	return len == 0 || len > CTLSOCK_FRAME_MAX || s->filled - s->used - LENGTH_OCTETS >= len;
}

/* Reads on only for who takes its answers: a flood waits in the kernel and then at its sender. */
static bool wants_input(const struct slot *s)
{
	return (s->phase == SLOT_NEW || s->phase == SLOT_OPEN) && !s->ended &&
	       !has_whole_frame(s) && waiting(s) <= CTLSOCK_WAITING_MAX;
}

static void drop_used(struct slot *s)
{
	memmove(s->input, s->input + s->used, s->filled - s->used);
	s->filled -= s->used;
	/* a line may have held a password */
	explicit_bzero(s->input + s->filled, s->used);
	s->used = 0;
}

static void read_some(struct slot *s)
{
	drop_used(s);
	ssize_t n = recv(s->fd, s->input + s->filled, sizeof s->input - s->filled, 0);

	if (n > 0)
		s->filled += (size_t)n;
	else if (n == 0)
		s->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		s->phase = SLOT_GONE;
}

/* Keeps the memory in proportion to what waits. */
static void drop_written(struct slot *s)
{
	size_t left = waiting(s);

	if (s->written < left || s->written == 0)
		return;
	memmove(s->output.chars, s->output.chars + s->written, left);
	text_cut(&s->output, left);
	s->written = 0;
}

static void write_some(struct slot *s)
{
	ssize_t n = send(s->fd, s->output.chars + s->written, waiting(s), MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			s->phase = SLOT_GONE;
		return;
	}
	s->written += (size_t)n;
	s->moved_s = now_s();
	if (waiting(s) == 0) {
		s->written = 0;
		/* a long reply's memory is not kept for the life of a session */
		text_fini(&s->output);
	}
}

/* Phases that need no descriptor to change. */
static void settle(struct slot *s)
{
	if (s->phase == SLOT_FREE || s->phase == SLOT_GONE)
		return;
	if (waiting(s) > 0 && now_s() - s->moved_s >= CTLSOCK_STUCK_S)
		s->phase = SLOT_GONE;
	else if (s->phase == SLOT_CLOSING && waiting(s) == 0)
		s->phase = SLOT_GONE;
	else if (s->phase == SLOT_OPEN && s->ended && !has_whole_frame(s) && waiting(s) == 0)
		s->phase = SLOT_GONE;
}

static short wanted(const struct slot *s)
{
	short events = 0;

	if (s->phase == SLOT_FREE || s->phase == SLOT_GONE)
		return 0;
	if (wants_input(s))
		events |= POLLIN;
	if (waiting(s) > 0)
		events |= POLLOUT;
	return events;
}

static void serve(struct slot *s, short events)
{
	if (events & POLLOUT && waiting(s) > 0)
		write_some(s);
	if (events & (POLLIN | POLLHUP | POLLERR) && wants_input(s))
		read_some(s);
	/* it takes no more answers: nothing it sent is worth serving */
	if (events & (POLLHUP | POLLERR) && (waiting(s) > 0 || s->phase == SLOT_CLOSING))
		s->phase = SLOT_GONE;
}

/* Dense: the kernel takes no longer a list than the process may have descriptors. */
struct poll_list {
	nfds_t count;
	struct pollfd set[2 + CTLSOCK_PEERS_MAX];
	struct slot *slots[2 + CTLSOCK_PEERS_MAX];
};

static void list_add(struct poll_list *l, int fd, short events, struct slot *slot)
{
	l->slots[l->count] = slot;
	l->set[l->count++] = (struct pollfd){.fd = fd, .events = events};
}

static void look_around(struct ctlsock *c, const struct poll_list *l)
{
	uint8_t bell[8];

	for (nfds_t i = 0; i < l->count; i++) {
		const struct pollfd *p = &l->set[i];

		if (p->revents && l->slots[i])
			serve(l->slots[i], p->revents);
		else if (p->revents && p->fd == c->bell)
			(void)!read(c->bell, bell, sizeof bell);
		else if (p->revents)
			accept_peers(c);
	}
}

void ctlsock_wait(struct ctlsock *c, int timeout_ms)
{
	struct poll_list l = {.count = 0};
	bool hurry = now_s() < c->deaf_until_s;

	list_add(&l, c->bell, POLLIN, NULL);
	if (!hurry)
		list_add(&l, c->fd, POLLIN, NULL);
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++) {
		struct slot *s = &c->slots[i];
		settle(s);
		short events = wanted(s);
		if (events)
			list_add(&l, s->fd, events, s);
		/* whoever does not take its answers is looked at each second */
		hurry = hurry || events & POLLOUT;
	}
	if (hurry && (timeout_ms < 0 || timeout_ms > 1000))
		timeout_ms = 1000;
	if (poll(l.set, l.count, ctlsock_busy(c) ? 0 : timeout_ms) > 0)
		look_around(c, &l);
}

int ctlsock_take_error(struct ctlsock *c)
{
	int error = c->deaf_told ? 0 : c->deaf_error;

	c->deaf_told = c->deaf_error != 0;
	return error;
}

void ctlsock_ring(struct ctlsock *c)
{
	const uint64_t one = 1;

	(void)!write(c->bell, &one, sizeof one);
}

/* ---- one slot ---- */

static bool has_news(const struct slot *s)
{
	switch (s->phase) {
	case SLOT_FREE:
	case SLOT_CLOSING:
		return false;
	case SLOT_NEW:
	case SLOT_GONE:
		return true;
	case SLOT_OPEN:
		return has_whole_frame(s) && waiting(s) <= CTLSOCK_WAITING_MAX;
	}
	return false;
}

bool ctlsock_busy(const struct ctlsock *c)
{
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++)
		if (has_news(&c->slots[i]))
			return true;
	return false;
}

static enum ctlsock_news cut_frame(struct slot *s, const uint8_t **ret_octets, size_t *ret_len)
{
	struct wire_reader r = wire_read(s->input + s->used, s->filled - s->used);
	uint32_t len = wire_get_u32(&r);

	if (len == 0 || len > CTLSOCK_FRAME_MAX)
		return CTLSOCK_TOO_LONG;
	*ret_octets = wire_get(&r, len);
	*ret_len = len;
	s->used += LENGTH_OCTETS + len;
	return CTLSOCK_FRAME;
}

enum ctlsock_news ctlsock_next(struct ctlsock *c, unsigned slot, const uint8_t **ret_octets,
			       size_t *ret_len)
{
	assert(slot < CTLSOCK_PEERS_MAX);
	struct slot *s = &c->slots[slot];
	if (!has_news(s))
		return CTLSOCK_QUIET;
	if (s->phase == SLOT_NEW) {
		s->phase = SLOT_OPEN;
		return CTLSOCK_CAME;
	}
	if (s->phase == SLOT_GONE) {
		forget(s);
		return CTLSOCK_LEFT;
	}
	return cut_frame(s, ret_octets, ret_len);
}

const struct ctlsock_peer *ctlsock_peer(const struct ctlsock *c, unsigned slot)
{
	assert(slot < CTLSOCK_PEERS_MAX && c->slots[slot].phase != SLOT_FREE);
	return &c->slots[slot].peer;
}

void ctlsock_send(struct ctlsock *c, unsigned slot, char kind, const void *octets, size_t len)
{
	uint8_t head[LENGTH_OCTETS + 1];
	struct wire_writer w = wire_write(head, sizeof head);

	assert(slot < CTLSOCK_PEERS_MAX);
	struct slot *s = &c->slots[slot];
	if (s->phase != SLOT_OPEN)
		return;
	if (waiting(s) == 0)
		s->moved_s = now_s();
	drop_written(s);
	wire_put_u32(&w, (uint32_t)len + 1);
	wire_put_u8(&w, (uint8_t)kind);
	text_add_len(&s->output, (const char *)head, sizeof head);
	text_add_len(&s->output, octets, len);
	write_some(s);
}

void ctlsock_close(struct ctlsock *c, unsigned slot)
{
	assert(slot < CTLSOCK_PEERS_MAX);
	if (c->slots[slot].phase == SLOT_OPEN)
		c->slots[slot].phase = SLOT_CLOSING;
}
