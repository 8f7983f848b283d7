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
/* The lists of rules, each as a block with # behind it. */
void render_lists(const struct graph *g, const struct store *s, struct text *out);
/* The number or name of a list; returns one of them or buf. */
const char *render_acl_name(const struct acl_setting *acl, char buf[SETTINGS_ACL_NAME_MAX]);
/* What leads from one store to the other, as lines with one blank of indent in interfaces. */
void render_changes(const struct graph *g, const struct store *from, const struct store *to,
		    struct text *out);
/* The caller owns the result. */
json_t *render_json(const struct store *s);
/* The lists of rules: an array of the module's acl. */
json_t *render_json_lists(const struct settings *s);
const char *render_json_right(enum access_right right);

#endif
