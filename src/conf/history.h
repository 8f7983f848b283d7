/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commit points as text on a shelf: newest last, 80 kept, ids from 1000000001. A point holds the
 * whole configuration in the CLI's own language plus who, when, label and description. Durable
 * before a commit is applied.
 */
#ifndef CONF_HISTORY_H
#define CONF_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/room.h"
#include "conf/shelf.h"

#define HISTORY_MAX ROOM(80, 6)
#define HISTORY_LABEL_MAX 257
#define HISTORY_DESCRIPTION_MAX 61

struct history_point {
	uint32_t id;
	char label[HISTORY_LABEL_MAX];
	char user[64];
	char user_intf[32];
	char type[16]; /* CLI, ROLLBACK, SYSTEM, RESTORE */
	int64_t unix_s;
	char description[HISTORY_DESCRIPTION_MAX];
};

struct history;

/* Reads the shelf; points that cannot be read are left alone and named in err (still 0). */
MUST_CHECK int history_new(const struct shelf *shelf, struct history **ret, struct err *err);
void history_free(struct history *h);
/* Newest first; false past the end. */
bool history_point(const struct history *h, unsigned i, struct history_point *ret);
bool history_find_id(const struct history *h, uint32_t id, struct history_point *ret);
bool history_find_label(const struct history *h, const char *label, struct history_point *ret);
/* The configuration text of a point. */
MUST_CHECK int history_text(const struct history *h, uint32_t id, struct text *ret,
			    struct err *err);
/* Fills point->id; when it returns 0 the point is durable. The oldest unlabelled beyond 80 goes. */
MUST_CHECK int history_add(struct history *h, struct history_point *point, const char *config,
			   struct err *err);
MUST_CHECK int history_set_label(struct history *h, uint32_t id, const char *label,
				 struct err *err);
/* The oldest so many go, labelled or not; the newest stays, and what a trial goes back to. */
MUST_CHECK int history_drop_oldest(struct history *h, unsigned count, struct err *err);

/* A trial that must survive a restart: what to go back to, and until when. One at most; while it is
 * on the shelf, the point it goes back to is neither evicted nor dropped. */
struct history_trial {
	uint32_t back_to_id; /* point that is restored if nobody confirms */
	uint32_t trial_id;   /* point under trial */
	int64_t deadline_unix_s;
	char persist[HISTORY_LABEL_MAX]; /* "" none */
	char user[64];
};

MUST_CHECK int history_trial_keep(struct history *h, const struct history_trial *t,
				  struct err *err);
/* True if one is on the shelf. */
bool history_trial_load(const struct history *h, struct history_trial *ret);
/* 0 also if there was none; negative with a sentence: after a restart it may still be there. */
MUST_CHECK int history_trial_drop(struct history *h, struct err *err);

#endif
