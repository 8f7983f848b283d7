/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access lists, shown: one, or all of them. Knows nothing of what they are used for.
 */
#ifndef CLI_LISTS_H
#define CLI_LISTS_H

#include "base/text.h"
#include "cli/args.h"

struct session;

/* display acl */
void lists_display(struct session *s, const struct args *args, struct text *out);
/* The running form of the list whose view the session is in. */
void lists_print(struct session *s, struct text *out);

#endif
