/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One person's (or script's) dialogue: views, prompt, candidate, questions. Text in, text out: the
 * same function serves the control socket, the transcripts, --config FILE and the simulator.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/world.h"
#include "conf/seal.h"
#include "conf/shelf.h"

/* What all sessions of a process share: running configuration, history, locks, trial, WEAKEA. */
struct office;

MUST_CHECK int office_new(const struct world *world, const struct shelf *shelf,
			  const struct seal *seal, struct office **ret, struct err *err);
void office_free(struct office *o);
/* Start-up: the configuration from the shelf; err may hold a warning although 0 is returned. */
MUST_CHECK int office_load_startup(struct office *o, struct err *err);
/* --config FILE: 0, or -EINVAL with "NAME:LINE: reason"; nothing is applied unless all is good. */
MUST_CHECK int office_load_text(struct office *o, const char *name, const char *config,
				struct err *err);
/* Trials that run out, locks that time out: call at office_next_wake, or any time before; each line
 * does so before it is read, and none while it runs. */
void office_wake(struct office *o);
mono office_next_wake(const struct office *o);
/* Why a trial whose time is over still runs, for the journal; "" if there is none such. */
const char *office_trouble(const struct office *o);

enum session_level {
	SESSION_LOOK,	   /* may only look */
	SESSION_CONFIGURE, /* may do everything */
};

struct session;

/* user and line (such as "vty0") are copied; shown in history and session lists. */
struct session *session_new(struct office *o, const char *user, const char *line,
			    enum session_level level, bool interactive);
void session_free(struct session *s);
/* One line without its newline. Replies are lines ending in \n; an error starts with "Error". */
void session_run(struct session *s, const char *line, struct text *out);
/* After session_run: */
bool session_failed(const struct session *s);		 /* the last line was refused */
bool session_asks(const struct session *s);		 /* the prompt is a question */
bool session_over(const struct session *s);		 /* the person left */
bool session_pending(const struct session *s);		 /* uncommitted edits */
unsigned session_screen_length(const struct session *s); /* lines a page; 0: no paging */
const char *session_prompt(const struct session *s);
/* `?` after this much of a line; and Tab: the words that may complete its last word, one a line. */
void session_help(struct session *s, const char *so_far, struct text *out);
void session_complete(struct session *s, const char *so_far, struct text *out);

#endif
