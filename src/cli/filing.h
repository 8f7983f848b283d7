/* SPDX-License-Identifier: BSD-2-Clause */
/* Saved configurations by name: which names are allowed, listing and deleting them. */
#ifndef CLI_FILING_H
#define CLI_FILING_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/args.h"
#include "cli/session.h"

/* False and refused unless it is the name of a configuration: keys and history are none. */
bool filing_accepts(struct session *s, const char *name, struct text *out);
void filing_dir(struct session *s, const struct args *args, struct text *out);
void filing_delete(struct session *s, const struct args *args, struct text *out);

#endif
