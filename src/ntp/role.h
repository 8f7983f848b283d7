/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A role: what one interface does for one group. Which group is wanted, whether the kernel has
 * joined it, and when its next packet is due. Knows no packet format.
 */
#ifndef NTP_ROLE_H
#define NTP_ROLE_H

#include "ntp/action.h"
#include "ntp/iface.h"

#define ROLES_MAX (SETTINGS_ROLES_MAX + ROOM(512, 4)) /* and those still to be left */
#define ROLE_NONE UINT16_MAX
#define ROLE_JOIN_RETRY SPAN_S(60)

struct node;

struct role {
	bool used;
	bool listed; /* in the settings; otherwise it only waits to leave its group */
	bool wanted; /* listed, and not switched off */
	struct role_setting set;
	uint16_t iface;		 /* place in the interface table */
	uint16_t next_on_iface;	 /* ROLE_NONE ends the list */
	uint16_t manycast;	 /* its search, for manycast clients; MANYCAST_NONE */
	uint16_t sessions;	 /* associations it has */
	uint32_t joined_ifindex; /* where the kernel is in the group, 0: nowhere */
	uint32_t join_id;	 /* of the join under way, 0: none */
	int error;		 /* of the last refusal, 0: none */
	mono retry;		 /* not joined again before this */
	mono next;		 /* beacon or solicitation; MONO_NEVER */
	mono heard;		 /* INT64_MIN: never */
	mono stamped;		 /* when the last beacon's transmit time was read */
	uint32_t beacon_id;	 /* of its send */
	stamp left;		 /* when it really left, 0: not known */
	span send_lag;		 /* from there until the kernel sends it, as learnt */
	uint64_t sent;
	uint64_t received; /* to its group, and answers to what it asked the group */
	uint64_t verdicts[VERDICT_COUNT];
};

/* Brings the table in line with the wish; state of roles that stay is kept. */
void role_configure(struct node *n, struct now now, const struct settings *s, struct actions *out);
/* The interface's link changed: groups are wanted elsewhere, or sending may begin. */
void role_link_changed(struct node *n, struct now now, struct iface *f);
/* The role on that interface for that group; ROLE_NONE. */
uint16_t role_find(const struct node *n, const struct iface *f, enum role_kind kind,
		   const struct addr *group);
/* The role that hears that group there; where two do, the server for questions. ROLE_NONE. */
uint16_t role_hearing(const struct node *n, const struct iface *f, const struct addr *group,
		      bool question);
/* The first role of that kind and family on the interface; ROLE_NONE. */
uint16_t role_find_any(const struct node *n, const struct iface *f, enum role_kind kind,
		       enum addr_family family);
/* One due thing: leave, join, or send. */
void role_wake(struct node *n, struct now now, uint16_t r, struct actions *out);
/* Sets the deadline after anything above changed. */
void role_plan(struct node *n, struct now now, uint16_t r);
void role_joined(struct node *n, struct now now, const struct outcome *o, struct actions *out);
/* Everything that servers held back is due now: there is a time to send. */
void role_release(struct node *n, struct now now);
enum group_join role_join_state(const struct node *n, uint16_t r);
/* True when a beacon or solicitation of this role could leave: link up, source address known. */
bool role_can_send(const struct node *n, uint16_t r);

static inline bool role_is_server(enum role_kind k)
{
	return k == ROLE_MULTICAST_SERVER || k == ROLE_MANYCAST_SERVER;
}

/* Roles that hear their group, so that the kernel must join it. */
static inline bool role_listens(enum role_kind k)
{
	return k == ROLE_MULTICAST_CLIENT || k == ROLE_MANYCAST_SERVER;
}

static inline bool role_sends(enum role_kind k)
{
	return k == ROLE_MULTICAST_SERVER || k == ROLE_MANYCAST_CLIENT;
}

#endif
