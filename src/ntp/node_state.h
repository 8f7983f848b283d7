/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a node, for the files of this folder only: one block, tables with limits. Rows
 * that are not in use are never touched, so a small site costs little memory.
 */
#ifndef NTP_NODE_STATE_H
#define NTP_NODE_STATE_H

#include "ntp/access.h"
#include "ntp/agenda.h"
#include "ntp/ask.h"
#include "ntp/assoc.h"
#include "ntp/auth.h"
#include "ntp/floor.h"
#include "ntp/iface.h"
#include "ntp/ledger.h"
#include "ntp/limit.h"
#include "ntp/manycast.h"
#include "ntp/node.h"
#include "ntp/pairs.h"
#include "ntp/port.h"
#include "ntp/random.h"
#include "ntp/role.h"
#include "ntp/system.h"
#include "ntp/usher.h"

/* Items of the agenda: roles first, then associations, then these. */
enum node_item {
	ITEM_ROLES = 0,
	ITEM_ASSOCS = ROLES_MAX,
	ITEM_ASKS = ITEM_ASSOCS + ASSOC_MAX,
	ITEM_PORTS,
	ITEM_SERVO,
	ITEM_SYSTEM,
	ITEM_USHER,
	ITEM_COUNT,
};

_Static_assert(ITEM_COUNT <= AGENDA_MAX, "every item has a place in the agenda");

/* Ids of sends and joins carry whose they are, for their outcomes. */
enum send_kind {
	SEND_OTHER, /* without an id */
	SEND_ROLE,
	SEND_ASSOC,
	SEND_ANSWER,
};

struct node {
	struct node_options options;
	struct random random;
	struct auth auth;
	struct agenda agenda;
	struct ledger ledger;
	struct asks asks;
	struct system system;
	/* of the settings, what has no table of its own */
	bool authentication;
	bool refclock;
	uint8_t refclock_unit, refclock_stratum;
	uint8_t max_dynamic_sessions;
	uint8_t volley; /* enum volley_mode */
	uint32_t multicast_delay_us;
	bool kod;
	struct discard_setting discard;
	uint16_t offset_limit_s; /* 0: none */
	span distance_max;
	unsigned unicast_count;
	struct unicast_setting unicasts[SETTINGS_UNICASTS_MAX];
	struct port ports[PORTS_MAX];
	unsigned client_roles, server_roles; /* how many are wanted */
	uint32_t serial;		     /* of sends, joins and associations */
	unsigned role_count;		     /* wanted, in display order */
	uint16_t role_order[SETTINGS_ROLES_MAX];
	unsigned role_used; /* places that were ever used */
	struct role roles[ROLES_MAX];
	struct ifaces ifaces;
	struct floors floors;
	struct candidate candidates[ASSOC_MAX];
	uint16_t candidate_assocs[ASSOC_MAX];
	unsigned assoc_used; /* one past the last place in use: the others are not looked at */
	struct assoc assocs[ASSOC_MAX];
	struct manycast manycast;
	struct usher usher;
	struct access access;
	struct limit limit;
	struct pairs pairs;
};

/* Room for one more; running out is our bug: a wake or a packet causes few. */
struct action *node_push(struct actions *out, enum action_kind kind);
/* For people only: left out when the list is nearly full. */
void node_note(struct actions *out, enum note note, uint32_t ifindex, const struct endpoint *peer,
	       const struct addr *group, int64_t value);
/* A send that carries the id and is counted; NULL when the MAC could not be made. */
uint32_t node_send_id(struct node *n, enum send_kind kind, unsigned place);
/* Counts a send of ours, by family and interface. */
void node_count_sent(struct node *n, const struct send_action *s);
void node_count_failed(struct node *n, uint32_t ifindex, const struct addr *to);
/* Writes the packet, signs it by key_id unless 0; false if that key does not exist. */
bool node_pack(const struct node *n, const struct packet *p, uint32_t key_id,
	       struct send_action *s);
/* What our wall clock showed, or will show, at that instant. */
static inline stamp node_wall_at(struct now now, mono at)
{
	return stamp_add(now.wall, mono_sub(at, now.mono));
}

#endif
