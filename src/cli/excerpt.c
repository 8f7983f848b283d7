/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/excerpt.h"

#include <assert.h>
#include <string.h>

static void edit_role(struct store *s, const struct role_setting *role, bool undo)
{
	struct edit e = {.object = EDIT_ROLE, .undo = undo};
	struct err err;

	memcpy(&e.value.role, role, sizeof e.value.role);
	int r = store_edit(s, &e, &err);
	assert(r >= 0); /* there was room for it where it comes from */
}

static void edit_receive(struct store *s, const struct receive_setting *receive, bool undo)
{
	struct edit e = {.object = EDIT_RECEIVE, .undo = undo};
	struct err err;

	memcpy(&e.value.receive, receive, sizeof e.value.receive);
	int r = store_edit(s, &e, &err);
	assert(r >= 0);
}

struct store *excerpt_globals(const struct store *s)
{
	struct store *part = store_dup(s);
	const struct settings *all = store_settings(s);

	/* From the end: nothing has to be moved. */
	for (unsigned i = all->role_count; i-- > 0;)
		edit_role(part, &all->roles[i], true);
	for (unsigned i = all->receive_count; i-- > 0;)
		edit_receive(part, &all->receives[i], true);
	return part;
}

struct store *excerpt_interfaces(const struct store *s,
				 bool (*wanted)(const void *context, const char *ifname),
				 const void *context)
{
	struct store *part = store_new();
	const struct settings *all = store_settings(s);
	bool take = false;

	for (unsigned i = 0; i < all->role_count; i++) {
		const char *ifname = all->roles[i].ifname;
		if (i == 0 || strcmp(ifname, all->roles[i - 1].ifname) != 0)
			take = wanted(context, ifname);
		if (take)
			edit_role(part, &all->roles[i], false);
	}
	for (unsigned i = 0; i < all->receive_count; i++) {
		if (wanted(context, all->receives[i].ifname))
			edit_receive(part, &all->receives[i], false);
	}
	return part;
}
