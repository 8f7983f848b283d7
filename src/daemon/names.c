/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static struct names_row *find(const struct names *n, uint32_t ifindex)
{
	for (unsigned i = 0; i < n->count; i++) {
		if (n->list[i].ifindex == ifindex)
			return &n->list[i];
	}
	return NULL;
}

void names_fini(struct names *n)
{
	free(n->list);
	*n = (struct names){0};
}

void names_set(struct names *n, uint32_t ifindex, const char *name)
{
	struct names_row *row = find(n, ifindex);

	if (!row) {
		if (n->count == n->room) {
			n->room = n->room ? 2 * n->room : 8;
			n->list = auto_resize(n->list, n->room, sizeof *n->list);
		}
		row = &n->list[n->count++];
	}
	*row = (struct names_row){.ifindex = ifindex};
	memcpy(row->name, name, strnlen(name, sizeof row->name - 1));
}

void names_drop(struct names *n, uint32_t ifindex)
{
	struct names_row *row = find(n, ifindex);

	if (row)
		*row = n->list[--n->count];
}

const char *names_find(const struct names *n, uint32_t ifindex)
{
	const struct names_row *row = find(n, ifindex);

	return row ? row->name : "";
}
