/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/membership.h"

/* No interface is left whose packets to that group are wanted. */
static void close_unwanted(const struct group *groups, struct udp *udp, const struct addr *group)
{
	if (!group_is_joined(groups, group))
		udp_unhear(udp, group);
}

int membership_begin(struct group *groups, struct udp *udp, uint32_t ifindex,
		     const struct addr *group)
{
	/* The membership last: the node leaves only what it knows to be joined. */
	int r = udp_hear(udp, group);

	if (r == 0)
		r = group_join(groups, ifindex, group);
	if (r < 0)
		close_unwanted(groups, udp, group);
	return r;
}

int membership_end(struct group *groups, struct udp *udp, uint32_t ifindex,
		   const struct addr *group)
{
	int r = group_leave(groups, ifindex, group);

	close_unwanted(groups, udp, group);
	return r;
}
