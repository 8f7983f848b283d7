/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/lists.h"

#include <assert.h>
#include <string.h>

#include "cli/displays.h"
#include "cli/inside.h"
#include "cli/render.h"

static void put_json(const struct settings *s, struct text *out)
{
	json_t *data = json_pack("{s:o}", "acl", render_json_lists(s));

	displays_dump(data, out);
	json_decref(data);
}

static struct store *only_list(const struct store *s, const struct acl_setting *acl)
{
	const struct settings *all = store_settings(s);
	unsigned first, count = store_rules(all, acl, &first);
	struct store *part = store_new();
	struct edit e = {.object = EDIT_ACL};
	struct err err;
	int r = 0;

	for (unsigned i = 0; i < all->acl_count; i++) {
		const struct acl_setting *a = &all->acls[i];

		if (a->family != acl->family || a->number != acl->number ||
		    strcmp(a->name, acl->name) != 0)
			continue;
		memcpy(&e.value.acl, a, sizeof *a);
		r |= store_edit(part, &e, &err);
	}
	e.object = EDIT_RULE;
	for (unsigned i = first; i < first + count; i++) {
		memcpy(&e.value.rule, &all->rules[i], sizeof e.value.rule);
		r |= store_edit(part, &e, &err);
	}
	assert(r >= 0); /* there was room for it where it comes from */
	return part;
}

void lists_print(struct session *s, struct text *out)
{
	struct store *part = only_list(commit_running(s->office->commit), &s->acl);

	if (s->json)
		put_json(store_settings(part), out);
	else
		render_lists(s->office->graph, part, out);
	store_free(part);
}

void lists_display(struct session *s, const struct args *args, struct text *out)
{
	const char *name = args_text(args, "acl-name");
	struct acl_setting acl = {.family = args_has(args, "ipv6") ? ADDR_V6 : ADDR_V4,
				  .named = name,
				  .number = (uint16_t)args_number(args, "acl-number", 0)};
	struct store *part = NULL;

	if (name)
		memcpy(acl.name, name, strlen(name) + 1);
	if (!args_has(args, "all"))
		part = only_list(commit_running(s->office->commit), &acl);
	const struct store *shown = part ? part : commit_running(s->office->commit);

	if (s->json)
		put_json(store_settings(shown), out);
	else if (store_settings(shown)->acl_count == 0)
		text_add(out, "Info: There is no such access list.\n");
	else
		render_lists(s->office->graph, shown, out);
	store_free(part);
}
