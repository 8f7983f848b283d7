/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs that commit, try, undo, roll back, lock and save. */
#ifndef CLI_TRANSACTION_H
#define CLI_TRANSACTION_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/args.h"
#include "cli/session.h"

/* Plain commit of a session's work; false and refused if it cannot be. */
bool transaction_commit(struct session *s, struct text *out);
/* False and refused while a trial runs: what is done at once would be undone with it. */
bool transaction_is_settled(struct session *s, struct text *out);
void transaction_run_commit(struct session *s, const struct args *args, struct text *out);
void transaction_abort_trial(struct session *s, const struct args *args, struct text *out);
void transaction_clear(struct session *s, const struct args *args, struct text *out);
void transaction_clear_interface(struct session *s, const struct args *args, struct text *out);
void transaction_refresh(struct session *s, const struct args *args, struct text *out);
void transaction_rollback(struct session *s, const struct args *args, struct text *out);
void transaction_lock(struct session *s, const struct args *args, struct text *out);
void transaction_unlock(struct session *s, const struct args *args, struct text *out);
void transaction_save(struct session *s, const struct args *args, struct text *out);
void transaction_set_label(struct session *s, const struct args *args, struct text *out);
/* The oldest commits go. */
void transaction_forget(struct session *s, const struct args *args, struct text *out);
void transaction_clear_label(struct session *s, const struct args *args, struct text *out);

#endif
