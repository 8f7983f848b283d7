/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs that show configuration: running, candidate, saved, history of commits, locks. */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "base/text.h"
#include "cli/args.h"
#include "cli/session.h"

void inspect_this(struct session *s, const struct args *args, struct text *out);
void inspect_current(struct session *s, const struct args *args, struct text *out);
void inspect_saved(struct session *s, const struct args *args, struct text *out);
void inspect_file(struct session *s, const struct args *args, struct text *out);
void inspect_candidate(struct session *s, const struct args *args, struct text *out);
void inspect_changes(struct session *s, const struct args *args, struct text *out);
void inspect_compare(struct session *s, const struct args *args, struct text *out);
void inspect_commit_list(struct session *s, const struct args *args, struct text *out);
void inspect_commit_changes(struct session *s, const struct args *args, struct text *out);
void inspect_commit_at(struct session *s, const struct args *args, struct text *out);
void inspect_who_trial(struct session *s, const struct args *args, struct text *out);
void inspect_who_lock(struct session *s, const struct args *args, struct text *out);
void inspect_who_sessions(struct session *s, const struct args *args, struct text *out);
/* What the last rollback ran into; nothing if it went well. */
void inspect_who_rollback(struct session *s, const struct args *args, struct text *out);

#endif
