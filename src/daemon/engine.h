/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol thread: one node between the system's events and the system's means. Turns
 * datagrams, stamps, interfaces, letters and time into events, and carries out what the node asks
 * for. Decides nothing about time itself.
 */
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"
#include "daemon/mail.h"
#include "ntp/node.h"
#include "sys/hwstamp.h"

struct engine;
struct record;

struct engine_options {
	const char *clock;  /* as clock_new takes it */
	bool static_ifaces; /* of their cards nothing is asked */
	enum hwstamp_use hardware_stamps;
	struct record *record; /* borrowed; NULL: nothing is recorded */
	/* Borrowed until engine_free; NULL: none, waits are short so that signals are noticed. */
	struct mail *mail;
};

/* 0 or -errno with a sentence. */
MUST_CHECK int engine_new(const struct engine_options *options, struct engine **ret,
			  struct err *err);
void engine_free(struct engine *e);

/* True if clocks of network cards were opened by engine_start, and are going to be read. */
bool engine_has_cards(const struct engine *e);
/* The clock that is kept. */
struct now engine_now(struct engine *e);
void engine_recall(struct engine *e, const struct memory *m);
/* True once after a server began to be followed: a memory kept now would hold more. */
bool engine_has_news(struct engine *e);
void engine_memory(const struct engine *e, struct memory *ret);
void engine_apply(struct engine *e, const struct settings *s, const struct key *keys,
		  unsigned key_count);
/* Opens the service port and reads the interfaces; joins and sends begin with the next turns. */
MUST_CHECK int engine_start(struct engine *e, struct err *err);
/* Waits for something to happen and deals with it. */
void engine_turn(struct engine *e);
/* After the last turn: a clock that was steered is left as it should be without a daemon. */
void engine_let_go(struct engine *e);

#endif
