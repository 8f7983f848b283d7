/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions behind the control socket: who a peer is, frames to session calls, replies to frames.
 * At most one line of each peer is served a turn, so that nobody's paste keeps the others waiting.
 */
#ifndef DAEMON_DIALOGUE_H
#define DAEMON_DIALOGUE_H

#include "base/ntptime.h"
#include "cli/session.h"
#include "sys/ctlsock.h"
#include "sys/lookup.h"

struct dialogue;

/* Group ids, (gid_t)-1 where the group does not exist on this machine. */
struct dialogue_groups {
	gid_t configure;
	gid_t look;
};

enum dialogue_level {
	DIALOGUE_NONE, /* is turned away */
	DIALOGUE_LOOK,
	DIALOGUE_CONFIGURE,
};

/* What a peer may do; self is the daemon's own user. See desk.h for the rule in words. */
enum dialogue_level dialogue_level(const struct dialogue_groups *groups, uid_t self,
				   const struct ctlsock_peer *peer);

/* office, socket and lookup are borrowed until dialogue_free. */
struct dialogue *dialogue_new(struct office *office, struct ctlsock *socket, struct lookup *lookup,
			      struct dialogue_groups groups);
/* Ends all sessions; peers are told why. */
void dialogue_free(struct dialogue *g, const char *why);
/* Serves what has arrived. before is called before each session call, with its context. */
void dialogue_turn(struct dialogue *g, void (*before)(void *context), void *context);
/* True while somebody is connected who has not greeted: call dialogue_turn again in a while. */
bool dialogue_waits_for_greeting(const struct dialogue *g);

#endif
