/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To hear a group by an interface: the socket that gets its packets and the kernel's membership,
 * both or neither. Knows no node and no roles.
 */
#ifndef DAEMON_MEMBERSHIP_H
#define DAEMON_MEMBERSHIP_H

#include "sys/group.h"
#include "sys/udp.h"

/* 0, or -errno and nothing has changed. */
MUST_CHECK int membership_begin(struct group *groups, struct udp *udp, uint32_t ifindex,
				const struct addr *group);
/* 0 also if there was none; else -errno, and it is over all the same. */
MUST_CHECK int membership_end(struct group *groups, struct udp *udp, uint32_t ifindex,
			      const struct addr *group);

#endif
