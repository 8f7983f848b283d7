/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of the state directory by name: saved configurations (.cfg) and what displays were sent to
 * (.txt). No other name is allowed, so that neither keys nor history can be read or replaced.
 */
#ifndef CLI_FILING_H
#define CLI_FILING_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/args.h"
#include "cli/session.h"

/* False and refused unless it is the name of a configuration: keys and history are none. */
bool filing_accepts(struct session *s, const char *name, struct text *out);
/* False and refused unless there is such a configuration. */
bool filing_exists(struct session *s, const char *name, struct text *out);
/* False and refused unless the person may write a file and it can be one of that name. */
bool filing_may_write(struct session *s, const char *name, struct text *out);
/* What a display gave, kept in a text file; append: behind what it has. */
void filing_write(struct session *s, const char *name, bool append, const struct text *chars,
		  struct text *out);
void filing_more(struct session *s, const struct args *args, struct text *out);
void filing_dir(struct session *s, const struct args *args, struct text *out);
void filing_delete(struct session *s, const struct args *args, struct text *out);

#endif
