/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process can still do once it has started: two capabilities, a list of system calls, a
 * few places in the file system. It applies to the calling thread and those that it starts later.
 * Knows nothing of what the calls are for.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"

struct sandbox_options {
	const char *state_path;	  /* read and written; NULL: no such place */
	const char *control_path; /* a socket that is removed at the end; NULL: none */
	bool reads_cards;	  /* clocks of network cards are open */
	/* Also system calls and places: not where a preloaded library makes calls of its own. */
	bool calls_too;
};

/* No core dump of this process and no tracing by its own user. */
void sandbox_forbid_dumps(void);
/*
 * Gives up all capabilities but setting the clock and opening low ports, whichever of them there
 * is; no new ones by exec. For children: without those two as well.
 */
MUST_CHECK int sandbox_drop_rights(bool all, struct err *err);
/*
 * All of it, for ever. False if this kernel, or whoever started the process, leaves a part of it
 * open: warning has a sentence about each.
 */
MUST_CHECK bool sandbox_enter(const struct sandbox_options *o, struct err *warning);

#endif
