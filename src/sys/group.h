/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Group memberships by interface index, on sockets that are neither bound nor polled, so that
 * thousands cost nothing at a wake-up. What arrives is heard on the sockets of udp.h.
 */
#ifndef SYS_GROUP_H
#define SYS_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/auto.h"

struct group;

struct group *group_new(void);
/* Leaves everything. */
void group_free(struct group *g);
/* 0 also if it was joined already; else -errno. */
MUST_CHECK int group_join(struct group *g, uint32_t ifindex, const struct addr *group);
/* 0 also if it was not joined; else -errno. */
MUST_CHECK int group_leave(struct group *g, uint32_t ifindex, const struct addr *group);
/* The interface is gone for good, and its memberships with it. */
void group_forget(struct group *g, uint32_t ifindex);
unsigned group_count(const struct group *g);
/* True if it is joined on any interface. */
bool group_is_joined(const struct group *g, const struct addr *group);
/* Memberships in any order, for who must bind per group. */
const struct addr *group_at(const struct group *g, unsigned i);

#endif
