/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings back to command text, from the rows that parsed them: typed in again, the text gives
 * the same settings. And the same configuration as JSON of the YANG module.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <jansson.h>

#include "base/text.h"
#include "cli/graph.h"
#include "conf/store.h"

/* The command that makes an edit, without indent and newline. */
void render_edit(const struct graph *g, const struct edit *e, struct text *out);
/* Sections from # to return; with_defaults: what is at its default too, marked ~. */
void render_config(const struct graph *g, const struct store *s, bool with_defaults,
		   struct text *out);
/* One interface's block, without # around it: header and lines; nothing if it has no lines. */
void render_interface(const struct graph *g, const struct store *s, const char *ifname,
		      bool with_defaults, struct text *out);
/* The lines outside interfaces. */
void render_global(const struct graph *g, const struct store *s, bool with_defaults,
		   struct text *out);
/* What leads from one store to the other, as lines with one blank of indent in interfaces. */
void render_changes(const struct graph *g, const struct store *from, const struct store *to,
		    struct text *out);
/* The caller owns the result. */
json_t *render_json(const struct store *s);

#endif
