/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The insides of offices and sessions, for the files of cli/ that work on them: office.c,
 * session.c, typed.c, ifname.c, help.c, operate.c, transaction.c, inspect.c. Nobody else includes
 * this.
 */
#ifndef CLI_INSIDE_H
#define CLI_INSIDE_H

#include "cli/match.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "conf/commit.h"

#define INSIDE_HISTORY 10
#define INSIDE_EDITS_NAMED 20

struct office {
	const struct world *world;
	const struct shelf *shelf;
	const struct seal *seal;
	const struct graph *graph;
	struct history *history;
	struct commit *commit;
	struct session *sessions; /* newest first */
	unsigned last_session;
	/* configuration exclusive */
	struct session *lock; /* NULL: unlocked */
	int64_t lock_unix_s;
	mono lock_used;
	span lock_timeout;    /* 0: none */
	bool lock_by_user;    /* all sessions of that user may edit */
	int64_t saved_unix_s; /* 0: not in this run */
	bool startup_refused; /* what is on the shelf as startup.cfg did not load */
	int64_t weakea_unix_s;
	struct err rollback_error; /* of the last rollback; "" if it went well */
	mono born;
	struct match match, other; /* scratch */
};

struct session {
	struct office *office;
	struct session *next;
	unsigned id;
	char user[64];
	char line[32];
	enum session_level level;
	bool interactive;
	int64_t since_unix_s;

	uint8_t view; /* enum graph_view */
	char ifname[SETTINGS_IFNAME_MAX];
	struct acl_setting acl;	   /* of VIEW_ACL */
	struct store *base, *mine; /* both or neither: running when work began, and the work */
	bool immediate;
	bool machine; /* no questions, no paging */
	bool loading; /* lines of a file: edits go to mine, nothing is asked */
	unsigned screen_length;
	bool dated; /* a line with the time before each display */
	bool terse; /* the reply just given is not to be paged */

	bool failed, over;
	bool refused; /* a line was; of a batch once and for all, else since system-view */
	bool json;    /* the display that runs is wanted as JSON */
	/* A question that waits: what to do with 'y', 'n' or 'c'. */
	void (*answer)(struct session *s, char answer, struct text *out);
	bool may_cancel;
	char question[200];
	uint32_t asked_id;
	char asked_name[65];
	char prompt[SETTINGS_NAME_MAX + SETTINGS_IFNAME_MAX + 16];
	char *typed[INSIDE_HISTORY]; /* oldest first, owned */
};

/* Before the instant, in the header of a saved configuration. */
#define OFFICE_SAVED "\n!Last configuration was saved at "

/* ---- office.c ---- */
/* 1 to 65535 and again from 1, never that of a session or of a trial's. */
unsigned office_next_session(struct office *o);
int64_t office_unix_s(const struct office *o);
mono office_steady(const struct office *o);
/* Fills next from a configuration text; err is "LINE: reason" after name and a colon. It takes the
 * scratch: what the line that is being run was read into is gone. */
MUST_CHECK int office_parse(struct office *o, const char *name, const char *config,
			    struct store *next, struct err *err);
void office_print(const struct office *o, const struct store *s, struct text *out);
/* The configuration with its header of ! lines. */
void office_print_dated(const struct office *o, const struct store *s, bool with_defaults,
			struct text *out);
const char *office_sysname(const struct office *o);
bool office_has_ifname(const struct office *o, const char *ifname);
/* 2026-11-22 00:00:00+00:00 */
const char *office_date(int64_t unix_s, char buf[32]);
/* The package of weak algorithms, kept over restarts. */
MUST_CHECK int office_set_weakea(struct office *o, bool installed, struct err *err);
/* True if another session's lock or trial keeps s from committing; then err says so. */
bool office_is_closed_to(struct office *o, const struct session *s, struct err *err);

/* ---- session.c ---- */
__attribute__((format(printf, 3, 4))) void session_refuse(struct session *s, struct text *out,
							  const char *format, ...);
/* Asks; the answer goes to then. In machine mode and files it is 'y' at once. */
void session_ask(struct session *s, const char *question, bool may_cancel,
		 void (*then)(struct session *s, char answer, struct text *out), struct text *out);
/* Drops the work that was not committed. */
void session_drop(struct session *s);
void session_leave_to(struct session *s, enum graph_view view);
/* One line in a view that need not be the session's (run). */
void session_run_in(struct session *s, uint8_t view, const char *line, size_t column,
		    struct text *out);
struct match_scope session_scope(const struct session *s, uint8_t view);

/* ---- ifname.c ---- */
/* Joins type and number, and finds the kernel's spelling; false and refused if it cannot be. */
bool ifname_typed(struct session *s, const struct args *args, char ret[SETTINGS_IFNAME_MAX],
		  struct text *out);

/* ---- typed.c ---- */
/* Keeps the line for display history-command; of one with a key what stands before the key. */
void typed_remember(struct session *s, const char *line);
void typed_forget(struct session *s);

#endif
