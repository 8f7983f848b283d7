/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world as the desk sees it: rows of state fetched by letter in slices, each slice kept until
 * the next line, so that a long display is a few letters and no row is asked for twice. Before the
 * window opens, what is applied is held for whoever starts the node. Used by the desk only.
 */
#ifndef DAEMON_WINDOW_H
#define DAEMON_WINDOW_H

#include "cli/world.h"
#include "daemon/mail.h"

struct window;

/* now is the clock that is kept; it is not called after window_open. */
struct window *window_new(struct now (*now)(void *context), void *context);
void window_free(struct window *w);
const struct world *window_world(struct window *w);
/* From here on letters go to the protocol thread; held settings and keys are wiped. */
void window_open(struct window *w, struct mail *m);
/* What was applied last before window_open; defaults of all zero if nothing was. */
const struct settings *window_settings(const struct window *w);
const struct key *window_keys(const struct window *w, unsigned *ret_count);
/* Slices are fetched anew from now on. */
void window_forget(struct window *w);
/* Only after window_open. */
void window_memory(struct window *w, struct memory *ret);

#endif
