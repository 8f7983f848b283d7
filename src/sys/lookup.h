/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child process that may still ask the system who a user is, wherever users are kept, when we may
 * not any more. It holds nothing of ours, has no rights, and ends with us. Knows only user ids.
 */
#ifndef SYS_LOOKUP_H
#define SYS_LOOKUP_H

#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"

#define LOOKUP_USER_MAX 64

struct lookup;

/* Before there are threads, secrets and the sandbox. 0, or -errno with a sentence. */
MUST_CHECK int lookup_new(struct lookup **ret, struct err *err);
void lookup_free(struct lookup *l);
/* The user's name, or "uid" and the number where it has none or nobody answers (or l is NULL). */
void lookup_user(struct lookup *l, uid_t uid, char ret[LOOKUP_USER_MAX]);

#endif
