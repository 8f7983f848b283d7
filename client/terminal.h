/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A person at a terminal, or a program that plays one: line editing, history, help by `?`,
 * completion by Tab, paging.
 */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include "client/talk.h"

/* first is the reply to the greeting. Returns the exit status. */
int terminal_run(struct talk *t, const struct reply *first);

#endif
