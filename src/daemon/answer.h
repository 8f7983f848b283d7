/* SPDX-License-Identifier: BSD-2-Clause */
/* Letters that only ask: rows of state from the node into the letter, LETTER_ROWS at a time. */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include "daemon/mail.h"
#include "daemon/names.h"
#include "sys/hwstamp.h"

struct answer_sources {
	const struct node *node;
	const struct hwstamp *hwstamp;
	const struct names *names;
};

/* Fills l; true if it was a letter that only asks. */
bool answer_letter(const struct answer_sources *of, struct now now, struct letter *l);

#endif
