/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's end of the control socket: one question out, one reply back, both as frames of
 * daemon/frame.h. Knows nothing of terminals.
 */
#ifndef CLIENT_TALK_H
#define CLIENT_TALK_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"
#include "daemon/frame.h"

struct reply {
	struct text out; /* lines ending in \n */
	struct text prompt;
	unsigned flags; /* FRAME_FLAG_... */
	unsigned screen_length;
};

struct talk;

/* Connects and greets; ret_first is the reply to the greeting. err says what to start or to join.
 */
MUST_CHECK int talk_new(const char *path, const char *manner, struct talk **ret,
			struct reply *ret_first, struct err *err);
void talk_free(struct talk *t);
/* line has at most FRAME_LINE_MAX octets. -EPIPE with the daemon's reason when it hung up. */
MUST_CHECK int talk_ask(struct talk *t, char kind, const char *line, struct reply *ret,
			struct err *err);
/* The reply may be filled again or thrown away. */
void reply_fini(struct reply *r);

#endif
