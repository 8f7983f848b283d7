/* SPDX-License-Identifier: BSD-2-Clause */
/* Letters that only ask: rows of state from the node into the letter, LETTER_ROWS at a time. */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include "daemon/mail.h"

/* Fills l; true if it was a letter that only asks. */
bool answer_letter(const struct node *n, struct now now, struct letter *l);

#endif
