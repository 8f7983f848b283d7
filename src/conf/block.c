/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/block.h"

#include <string.h>

const char *block_next_ifname(const struct settings *s, const char *after)
{
	const char *next = NULL;
	unsigned role = store_first_role(s, after);

	while (role < s->role_count && strcmp(s->roles[role].ifname, after) == 0)
		role++;
	if (role < s->role_count)
		next = s->roles[role].ifname;
	for (unsigned i = 0; i < s->receive_count; i++) {
		const char *name = s->receives[i].ifname;

		if (strcmp(name, after) > 0)
			return next && strcmp(next, name) < 0 ? next : name;
	}
	return next;
}
