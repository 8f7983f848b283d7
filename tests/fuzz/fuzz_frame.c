/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any octets to the control socket of a whole office. The first octet says how the rest is cut.
 * Whatever comes, the answer is whole frames of known kinds, at most one prompt for a frame, and
 * the visitor's place is free at the end.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../cli/world.h"
#include "base/wire.h"
#include "cli/rows.h"
#include "daemon/dialogue.h"
#include "daemon/frame.h"

#define TURNS_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void nothing(void *context)
{
	(void)context;
}

static int dial(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	int r = connect(fd, (struct sockaddr *)&at, sizeof at);
	assert(r == 0);
	return fd;
}

/* True while the daemon has not hung up. */
static bool hear(int fd, struct text *heard)
{
	char piece[65536];
	ssize_t n;

	while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
		text_add_len(heard, piece, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

static void judge(const struct text *heard, size_t asked)
{
	struct wire_reader r = wire_read((const uint8_t *)text_chars(heard), heard->len);
	unsigned prompts = 0;

	while (wire_left(&r) > 0) {
		uint32_t len = wire_get_u32(&r);
		const uint8_t *body = wire_get(&r, len);

		assert(body && len >= 1 && len <= FRAME_MAX);
		assert(body[0] == FRAME_OUT || body[0] == FRAME_PROMPT || body[0] == FRAME_BYE);
		prompts += body[0] == FRAME_PROMPT;
		assert(body[0] != FRAME_PROMPT || len >= 3);
	}
	/* the shortest frame has five octets */
	assert(prompts <= asked / 5);
}

static void visit(struct ctlsock *c, struct dialogue *g, const char *path, const uint8_t *bytes,
		  size_t len)
{
	struct text heard = {0};
	size_t cut = len ? 1 + (size_t)bytes[0] * 16 : 1;
	size_t at = len ? 1 : 0;
	int fd = dial(path);
	unsigned turns = 0;
	bool told = false;

	do {
		size_t n = len - at < cut ? len - at : cut;
		ssize_t sent = n ? send(fd, bytes + at, n, MSG_NOSIGNAL) : 0;

		at += sent > 0 ? (size_t)sent : 0;
		if (at == len && !told)
			told = shutdown(fd, SHUT_WR) == 0;
		ctlsock_wait(c, 0);
		dialogue_turn(g, nothing, NULL);
		assert(turns++ < TURNS_MAX);
	} while (hear(fd, &heard));
	judge(&heard, len);
	(void)close(fd);
	/* hung up: the place is free after it is seen, and again after that is told */
	for (unsigned i = 0; i < 2; i++) {
		ctlsock_wait(c, 0);
		dialogue_turn(g, nothing, NULL);
	}
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++) {
		const uint8_t *octets;
		size_t n;

		assert(ctlsock_next(c, i, &octets, &n) == CTLSOCK_QUIET);
	}
	assert(!dialogue_waits_for_greeting(g));
	text_fini(&heard);
}

/* The socket stays across inputs: making its folder takes longer than all the rest. */
static char folder[] = "/tmp/timecast-frame-XXXXXX";
static struct ctlsock *door;

static void take_away(void)
{
	ctlsock_free(door);
	(void)rmdir(folder);
}

static struct ctlsock *listen_once(char path[64])
{
	bool first = !door;
	struct err err;

	if (first && (!mkdtemp(folder) || atexit(take_away) != 0))
		abort();
	(void)snprintf(path, 64, "%s/c", folder);
	if (first && ctlsock_new(path, 0600, (gid_t)-1, &door, &err) < 0)
		abort();
	return door;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct graph *held; /* across inputs */
	char path[64];
	struct ctlsock *c = listen_once(path);
	struct stage stage = {0};
	struct world world = stage_world(&stage);
	struct seal seal = {.random = stage_random};
	struct shelf *shelf = shelf_new();
	struct office *office;
	struct err err;

	if (!held)
		held = rows_hold();
	if (office_new(&world, shelf, &seal, &office, &err) < 0)
		abort();
	struct dialogue_groups groups = {(gid_t)-1, (gid_t)-1};
	struct dialogue *g = dialogue_new(office, c, NULL, groups);
	visit(c, g, path, bytes, len);
	dialogue_free(g, "bye");
	office_free(office);
	shelf_free(shelf);
	stage_fini(&stage);
	return 0;
}
