/* SPDX-License-Identifier: BSD-2-Clause */
/* `?` and Tab: what may stand next, from the same states that match a line. Changes nothing. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/text.h"
#include "cli/session.h"

void help_show(struct session *s, const char *so_far, struct text *out);
/* The words that may complete the last one, one a line. */
void help_complete(struct session *s, const char *so_far, struct text *out);

#endif
