/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often somebody may ask, and what he is told who is refused: a bucket for each source that
 * `ntp access limited` names, and kiss codes. Knows no lists: those are access.h's.
 */
#ifndef NTP_LIMIT_H
#define NTP_LIMIT_H

#include "base/budget.h"
#include "ntp/action.h"
#include "ntp/note.h"
#include "ntp/settings.h"

#define LIMIT_SOURCES ROOM(1024, 8)

struct node;
struct arrival;

/* Questions that may still be asked; they come back as time goes by. */
struct limit_bucket {
	bool used;
	struct addr source;
	uint32_t key_id;
	struct budget budget;
	mono kissed; /* when it was told last; INT64_MIN: never */
};

struct limit {
	uint64_t salt; /* so that nobody can choose whose bucket he shares */
	struct limit_bucket buckets[LIMIT_SOURCES];
};

/*
 * A question to one of our own addresses whose MAC was tested; key_id signs the answer, 0: none.
 * VERDICT_USED if it may be answered; otherwise a kiss may be among the actions.
 */
enum verdict limit_asked(struct node *n, struct now now, const struct arrival *v, uint32_t key_id,
			 struct actions *out);

#endif
