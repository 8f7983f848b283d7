/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/state.h"

#include <assert.h>
#include <stddef.h>

const char *state_phase_name(enum assoc_phase p)
{
	switch (p) {
	case ASSOC_WAITING:
		return "waiting";
	case ASSOC_VOLLEY:
		return "volley";
	case ASSOC_LISTENING:
		return "listening";
	case ASSOC_DEGRADED:
		return "degraded";
	case ASSOC_POLLING:
		return "polling";
	case ASSOC_QUARANTINE:
		return "quarantine";
	}
	assert(false);
	return NULL;
}

const char *state_rank_name(enum assoc_rank r)
{
	switch (r) {
	case RANK_NONE:
		return "none";
	case RANK_FALSETICKER:
		return "falseticker";
	case RANK_CANDIDATE:
		return "candidate";
	case RANK_SELECTED:
		return "selected";
	case RANK_MASTER:
		return "master";
	}
	assert(false);
	return NULL;
}

const char *state_join_name(enum group_join j)
{
	switch (j) {
	case GROUP_NO_IFACE:
		return "inactive";
	case GROUP_DOWN:
		return "down";
	case GROUP_NO_ADDR:
		return "no-address";
	case GROUP_JOINED:
		return "joined";
	case GROUP_SENDING:
		return "sending";
	case GROUP_WAITING:
		return "waiting";
	case GROUP_REFUSED:
		return "refused";
	case GROUP_PENDING:
		return "pending";
	case GROUP_DISABLED:
		return "disabled";
	}
	assert(false);
	return NULL;
}

const char *state_role_name(enum role_kind k)
{
	switch (k) {
	case ROLE_MULTICAST_SERVER:
		return "multicast-server";
	case ROLE_MULTICAST_CLIENT:
		return "multicast-client";
	case ROLE_MANYCAST_SERVER:
		return "manycast-server";
	case ROLE_MANYCAST_CLIENT:
		return "manycast-client";
	}
	assert(false);
	return NULL;
}

const char *state_event_name(enum event_reason r)
{
	static const char *const names[] = {
		[EVENT_NEW] = "new",
		[EVENT_SYNCHRONISED] = "synchronised",
		[EVENT_UNREACHABLE] = "unreachable",
		[EVENT_UNSYNCHRONISED_PEER] = "unsynchronised-peer",
		[EVENT_AUTHENTICATION_CHANGED] = "authentication-changed",
		[EVENT_CONFIGURATION_REMOVED] = "configuration-removed",
		[EVENT_CONFIGURATION_CHANGED] = "configuration-changed",
		[EVENT_STRATUM_INCREASED] = "stratum-increased",
		[EVENT_NOT_SELECTED] = "not-selected",
		[EVENT_BETTER_FOUND] = "better-found",
		[EVENT_CLOCK_CHANGED] = "clock-changed",
		[EVENT_DISCOVERY_RESTARTED] = "discovery-restarted",
		[EVENT_DEGRADED] = "degraded",
		[EVENT_CALIBRATED] = "calibrated",
		[EVENT_IFACE_GONE] = "interface-gone",
	};

	assert(r < sizeof names / sizeof names[0] && names[r]);
	return names[r];
}
