/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/dialogue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/wire.h"
#include "daemon/frame.h"

_Static_assert(CTLSOCK_FRAME_MAX == FRAME_LINE_MAX + 1, "the longest line fits a frame");

/* Replies are cut so that a client need not hold a whole one. */
#define PIECE_MAX ((size_t)32 * 1024)
/* Somebody who connects and says nothing holds a place for so long. */
#define HELLO_S 10
/* Those who may only look, and those who may not even that, cannot take the last places. */
#define LOOKERS_MAX (CTLSOCK_PEERS_MAX - 16)

struct talk {
	struct session *session; /* NULL until its first frame */
	time_t came_s;
	bool here;
	bool over;  /* it said quit */
	bool looks; /* may not configure; known before it greets */
};

struct dialogue {
	struct office *office;
	struct ctlsock *socket;
	struct lookup *lookup;
	struct dialogue_groups groups;
	struct talk talks[CTLSOCK_PEERS_MAX];
};

static time_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- who ---- */

static bool is_member(const struct ctlsock_peer *p, gid_t group)
{
	for (unsigned i = 0; group != (gid_t)-1 && i < p->group_count; i++)
		if (p->groups[i] == group)
			return true;
	return false;
}

enum dialogue_level dialogue_level(const struct dialogue_groups *groups, uid_t self,
				   const struct ctlsock_peer *peer)
{
	if (peer->uid == 0 || peer->uid == self || is_member(peer, groups->configure))
		return DIALOGUE_CONFIGURE;
	if (groups->look == (gid_t)-1 || is_member(peer, groups->look))
		return DIALOGUE_LOOK;
	return DIALOGUE_NONE;
}

/* ---- replies ---- */

static void bye(struct dialogue *g, unsigned slot, const char *why)
{
	ctlsock_send(g->socket, slot, FRAME_BYE, why, strlen(why));
	ctlsock_close(g->socket, slot);
}

static void send_out(struct dialogue *g, unsigned slot, const struct text *out)
{
	for (size_t at = 0; at < out->len; at += PIECE_MAX) {
		size_t len = out->len - at < PIECE_MAX ? out->len - at : PIECE_MAX;

		ctlsock_send(g->socket, slot, FRAME_OUT, out->chars + at, len);
	}
}

static void send_prompt(struct dialogue *g, unsigned slot, bool refused)
{
	const struct session *s = g->talks[slot].session;
	uint8_t octets[1024];
	struct wire_writer w = wire_write(octets, sizeof octets);
	const char *prompt = session_prompt(s);
	size_t len = strlen(prompt);
	unsigned flags = 0;

	if (refused)
		flags |= FRAME_FLAG_FAILED;
	if (session_asks(s))
		flags |= FRAME_FLAG_ASKS;
	if (session_over(s))
		flags |= FRAME_FLAG_OVER;
	if (session_pending(s))
		flags |= FRAME_FLAG_PENDING;
	wire_put_u8(&w, (uint8_t)flags);
	wire_put_u16(&w, (uint16_t)session_screen_length(s));
	wire_put(&w, prompt, len < sizeof octets - 3 ? len : sizeof octets - 3);
	ctlsock_send(g->socket, slot, FRAME_PROMPT, octets, (size_t)(w.at - octets));
}

/* ---- frames ---- */

/* One line of text: control characters of one person must not reach the terminal of another. */
static bool is_plain(const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((octets[i] < 0x20 && octets[i] != '\t') || octets[i] == 0x7f)
			return false;
		if (octets[i] == 0xc2 && i + 1 < len && octets[i + 1] >= 0x80 &&
		    octets[i + 1] < 0xa0)
			return false;
	}
	return true;
}

static unsigned lookers(const struct dialogue *g)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++)
		count += g->talks[i].looks;
	return count;
}

/* Who cannot configure counts from the first octet on: saying nothing holds a place, too. */
static void meet(struct dialogue *g, unsigned slot)
{
	const struct ctlsock_peer *p = ctlsock_peer(g->socket, slot);
	struct talk *t = &g->talks[slot];

	t->looks = dialogue_level(&g->groups, geteuid(), p) != DIALOGUE_CONFIGURE;
	if (t->looks && lookers(g) > LOOKERS_MAX)
		bye(g, slot, "Error: All places for sessions that may only look are taken.");
}

static void greet(struct dialogue *g, unsigned slot, const char *manner)
{
	const struct ctlsock_peer *p = ctlsock_peer(g->socket, slot);
	struct talk *t = &g->talks[slot];
	enum dialogue_level level = dialogue_level(&g->groups, geteuid(), p);
	bool looks = level == DIALOGUE_LOOK;
	char user[LOOKUP_USER_MAX], line[16];

	if (level == DIALOGUE_NONE) {
		bye(g, slot, "Error: You are in neither of the groups timecast and timecast-look.");
		return;
	}
	lookup_user(g->lookup, p->uid, user);
	(void)snprintf(line, sizeof line, "vty%u", slot);
	t->session = session_new(g->office, user, line, looks ? SESSION_LOOK : SESSION_CONFIGURE,
				 strcmp(manner, "interactive") == 0);
	send_prompt(g, slot, false);
}

static void run_line(struct dialogue *g, unsigned slot, const char *line)
{
	struct session *s = g->talks[slot].session;
	struct text out = {0};

	session_run(s, line, &out);
	send_out(g, slot, &out);
	send_prompt(g, slot, session_failed(s));
	text_fini(&out);
	if (!session_over(s))
		return;
	/* What it holds is free now; its last words may still be waiting for who does not read. */
	session_free(s);
	g->talks[slot].session = NULL;
	g->talks[slot].over = true;
	ctlsock_close(g->socket, slot);
}

static void ask(struct dialogue *g, unsigned slot, const char *so_far,
		void (*answer)(struct session *s, const char *so_far, struct text *out))
{
	struct text out = {0};

	answer(g->talks[slot].session, so_far, &out);
	send_out(g, slot, &out);
	send_prompt(g, slot, false);
	text_fini(&out);
}

static void refuse_line(struct dialogue *g, unsigned slot)
{
	struct text out = {0};

	text_add(&out, "Error: A line must not contain control characters.\n");
	send_out(g, slot, &out);
	send_prompt(g, slot, true);
	text_fini(&out);
}

static void serve(struct dialogue *g, unsigned slot, const uint8_t *octets, size_t len)
{
	char line[FRAME_LINE_MAX + 1];
	uint8_t kind = octets[0];

	len--;
	memcpy(line, octets + 1, len);
	line[len] = '\0';
	if (!g->talks[slot].session && kind == FRAME_HELLO)
		greet(g, slot, line);
	else if (!g->talks[slot].session)
		bye(g, slot, "Error: The first frame must be a greeting.");
	else if (kind != FRAME_LINE && kind != FRAME_HELP && kind != FRAME_COMPLETE)
		bye(g, slot, "Error: This kind of frame is not known.");
	else if (!is_plain(octets + 1, len))
		refuse_line(g, slot);
	else if (kind == FRAME_LINE)
		run_line(g, slot, line);
	else
		ask(g, slot, line, kind == FRAME_HELP ? session_help : session_complete);
	/* it may have held a password */
	explicit_bzero(line, len);
}

static void leave(struct talk *t)
{
	session_free(t->session);
	*t = (struct talk){0};
}

void dialogue_turn(struct dialogue *g, void (*before)(void *context), void *context)
{
	const uint8_t *octets;
	size_t len;
	time_t now = now_s();

	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++) {
		struct talk *t = &g->talks[i];

		switch (ctlsock_next(g->socket, i, &octets, &len)) {
		case CTLSOCK_QUIET:
			if (t->here && !t->session && now - t->came_s >= HELLO_S)
				ctlsock_close(g->socket, i);
			break;
		case CTLSOCK_CAME:
			*t = (struct talk){.here = true, .came_s = now};
			meet(g, i);
			break;
		case CTLSOCK_FRAME:
			before(context);
			serve(g, i, octets, len);
			break;
		case CTLSOCK_TOO_LONG:
			bye(g, i, "Error: The line is too long.");
			break;
		case CTLSOCK_LEFT:
			leave(t);
			break;
		}
	}
}

bool dialogue_waits_for_greeting(const struct dialogue *g)
{
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++)
		if (g->talks[i].here && !g->talks[i].session && !g->talks[i].over)
			return true;
	return false;
}

struct dialogue *dialogue_new(struct office *office, struct ctlsock *socket, struct lookup *lookup,
			      struct dialogue_groups groups)
{
	struct dialogue *g = auto_new(1, sizeof *g);

	g->office = office;
	g->socket = socket;
	g->lookup = lookup;
	g->groups = groups;
	return g;
}

void dialogue_free(struct dialogue *g, const char *why)
{
	if (!g)
		return;
	for (unsigned i = 0; i < CTLSOCK_PEERS_MAX; i++) {
		if (g->talks[i].here)
			bye(g, i, why);
		leave(&g->talks[i]);
	}
	free(g);
}
