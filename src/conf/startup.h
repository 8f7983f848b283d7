/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start-up configuration on a shelf: startup.cfg and the last good one beside it. A bad file
 * is kept aside under another name, never overwritten, and both facts are said.
 */
#ifndef CONF_STARTUP_H
#define CONF_STARTUP_H

#include "conf/shelf.h"

#define STARTUP_NAME "startup.cfg"
#define STARTUP_GOOD_NAME "startup.good"
#define STARTUP_BAD_NAME "startup.bad"

/* Written beside and renamed; 0 when durable. The previous one that loaded becomes the good one. */
MUST_CHECK int startup_save(const struct shelf *shelf, const char *config, struct err *err);
/* The same when startup.cfg was refused: it is kept aside, or stays; it is never the good one. */
MUST_CHECK int startup_replace_refused(const struct shelf *shelf, const char *config,
				       struct err *err);
/*
 * Loads startup.cfg through try (0: accepted). If try refuses it, the text is kept aside as
 * startup.bad, startup.good is tried, and err says both. 0 also when there is none at all;
 * negative only when nothing could be used and something was there.
 */
MUST_CHECK int startup_load(const struct shelf *shelf,
			    int (*try)(void *context, const char *config, struct err *err),
			    void *context, struct err *err);

#endif
