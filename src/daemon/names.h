/* SPDX-License-Identifier: BSD-2-Clause */
/* What interfaces are called, for lines in the journal. Knows nothing else of them. */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include <stdint.h>

#include "ntp/settings.h"

struct names_row {
	uint32_t ifindex;
	char name[SETTINGS_IFNAME_MAX];
};

/* Empty when all zero. */
struct names {
	unsigned count;
	unsigned room;
	struct names_row *list; /* owned */
};

void names_fini(struct names *n);
void names_set(struct names *n, uint32_t ifindex, const char *name);
void names_drop(struct names *n, uint32_t ifindex);
/* "" if it is not known; borrowed until the next change. */
const char *names_find(const struct names *n, uint32_t ifindex);

#endif
