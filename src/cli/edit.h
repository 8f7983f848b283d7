/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a matched line means for the configuration: its arguments and defaults as one edit, keys
 * sealed, and what a line that speaks of others leaves of them. Knows no sessions and no views.
 */
#ifndef CLI_EDIT_H
#define CLI_EDIT_H

#include "cli/commands.h"

/* What the meaning of a line may need beyond it. */
struct edit_context {
	const struct store *store;     /* the candidate */
	const struct seal *seal;       /* NULL: syntax only, keys are not sealed */
	const char *ifname;	       /* of the interface view, "" elsewhere */
	const struct acl_setting *acl; /* of the view of an access list */
	char sealed[SEAL_TEXT_MAX];    /* room for a key, which the edit borrows */
};

/* Negative with a sentence if a key is not acceptable, or a rule finds no number. */
MUST_CHECK int edit_read(const struct command_row *row, const struct args *args, bool undo,
			 struct edit_context *context, struct edit *ret, struct err *err);

#endif
