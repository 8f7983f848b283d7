/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/talk.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/wire.h"

struct talk {
	int fd;
};

void reply_fini(struct reply *r)
{
	text_fini(&r->out);
	text_fini(&r->prompt);
}

static int say_why_not(const char *path, struct err *err)
{
	int error = errno;

	if (error == ENOENT || error == ECONNREFUSED)
		err_set(err,
			"nobody answers at %s: start the daemon (systemctl start timecast, or "
			"timecastd)",
			path);
	else if (error == EACCES || error == EPERM)
		err_set(err, "you may not open %s: ask to be put into the group timecast", path);
	else
		err_set(err, "cannot connect to %s: %s", path, strerror(error));
	return -error;
}

static int write_all(int fd, const uint8_t *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, octets, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		octets += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_all(int fd, uint8_t *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, octets, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		octets += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Takes one frame into body, kind first. */
static int read_frame(int fd, struct text *body)
{
	uint8_t head[4], piece[4096];

	text_clear(body);
	if (read_all(fd, head, sizeof head) < 0)
		return -1;
	struct wire_reader r = wire_read(head, sizeof head);
	size_t left = wire_get_u32(&r);
	if (left == 0 || left > FRAME_MAX)
		return -1;
	while (left > 0) {
		size_t n = left < sizeof piece ? left : sizeof piece;

		if (read_all(fd, piece, n) < 0)
			return -1;
		text_add_len(body, (const char *)piece, n);
		left -= n;
	}
	return 0;
}

static bool take_prompt(const struct text *body, struct reply *ret)
{
	struct wire_reader r = wire_read((const uint8_t *)body->chars + 1, body->len - 1);

	ret->flags = wire_get_u8(&r);
	ret->screen_length = wire_get_u16(&r);
	if (!r.ok)
		return false;
	text_add_len(&ret->prompt, (const char *)r.at, wire_left(&r));
	return true;
}

/* Reads up to and with the prompt that ends every reply. */
static int read_reply(int fd, struct reply *ret, struct err *err)
{
	struct text body = {0};
	int result = -EPIPE;

	text_clear(&ret->out);
	text_clear(&ret->prompt);
	err_set(err, "the daemon has closed the connection");
	while (result == -EPIPE && read_frame(fd, &body) == 0) {
		const char *rest = body.chars + 1;

		if (body.chars[0] == FRAME_OUT) {
			text_add_len(&ret->out, rest, body.len - 1);
		} else if (body.chars[0] == FRAME_PROMPT && take_prompt(&body, ret)) {
			result = 0;
		} else {
			if (body.chars[0] == FRAME_BYE)
				err_set(err, "%s", rest);
			break;
		}
	}
	text_fini(&body);
	return result;
}

int talk_ask(struct talk *t, char kind, const char *line, struct reply *ret, struct err *err)
{
	uint8_t frame[4 + 1 + FRAME_LINE_MAX];
	struct wire_writer w = wire_write(frame, sizeof frame);
	size_t len = strlen(line);

	assert(len <= FRAME_LINE_MAX);
	wire_put_u32(&w, (uint32_t)len + 1);
	wire_put_u8(&w, (uint8_t)kind);
	wire_put(&w, line, len);
	/* when it hung up, its reason can still be read */
	(void)!write_all(t->fd, frame, (size_t)(w.at - frame));
	return read_reply(t->fd, ret, err);
}

int talk_new(const char *path, const char *manner, struct talk **ret, struct reply *ret_first,
	     struct err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(path) == 0 || strlen(path) >= sizeof at.sun_path) {
		err_set(err, "the path of a socket has 1 to %zu octets", sizeof at.sun_path - 1);
		return -ENAMETOOLONG;
	}
	memcpy(at.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		int error = say_why_not(path, err);

		if (fd >= 0)
			(void)close(fd);
		return error;
	}
	struct talk *t = auto_new(1, sizeof *t);
	t->fd = fd;
	int error = talk_ask(t, FRAME_HELLO, manner, ret_first, err);
	if (error) {
		talk_free(t);
		return error;
	}
	*ret = t;
	return 0;
}

void talk_free(struct talk *t)
{
	if (!t)
		return;
	(void)close(t->fd);
	free(t);
}
