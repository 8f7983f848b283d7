/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a node tells about itself, row by row: flat values for displays, JSON and tests. The rows
 * are the published shape; how the node keeps its state is its own business.
 */
#ifndef NTP_STATE_H
#define NTP_STATE_H

#include "base/addr.h"
#include "base/ntptime.h"
#include "ntp/note.h"
#include "ntp/settings.h"

/* `display ntp status`, last line. */
enum sync_state {
	SYNC_NOT_SET,	   /* clock not set */
	SYNC_FREQ_SET,	   /* frequency set by configuration (or remembered) */
	SYNC_SET,	   /* clock set */
	SYNC_FREQ_UNKNOWN, /* clock set but frequency not determined */
	SYNC_SYNCHRONISED,
	SYNC_SPIKE,
};

/* Why nothing is served, for the words after the last status line. */
enum silence {
	SILENCE_NONE,	   /* something is served, or there is no server role */
	SILENCE_NO_SOURCE, /* no time source; type ntp refclock-master */
	SILENCE_WAITING,   /* client roles exist, none has synchronised yet */
};

struct system_row {
	bool synchronised;
	uint8_t leap;	 /* 0-3 */
	uint8_t stratum; /* 1-16 */
	bool refclock;	 /* the local clock is the source: LOCAL(unit) */
	uint8_t refclock_unit;
	bool kernel;	    /* another program keeps the clock; served at stratum 10 */
	uint32_t refid;	    /* as sent */
	struct addr source; /* ADDR_NONE: none */
	struct addr leader; /* whom refid stands for, also when it is not heard any more */
	int8_t precision_log2s;
	span offset; /* estimated reference - local */
	span root_delay;
	span root_dispersion;
	span peer_dispersion;
	span estimated_error; /* contains the error 95 times of 100 on symmetric paths */
	freq frequency;	      /* correction in force */
	stamp reference_time;
	uint8_t sync;	 /* enum sync_state */
	uint8_t silence; /* enum silence */
	unsigned assoc_count;
	unsigned group_count;
	uint64_t sent;
	uint64_t send_failed;
};

enum assoc_origin {
	ASSOC_MULTICAST, /* heard on a group */
	ASSOC_MANYCAST,	 /* answered a solicitation */
	ASSOC_UNICAST,	 /* configured by address */
};

enum assoc_phase {
	ASSOC_WAITING,	  /* before its first volley */
	ASSOC_VOLLEY,	  /* questions are out */
	ASSOC_LISTENING,  /* delay known, following the group */
	ASSOC_DEGRADED,	  /* following the group with a delay nobody measured */
	ASSOC_POLLING,	  /* client/server, on its own schedule */
	ASSOC_QUARANTINE, /* polled, may not vote yet */
};

enum assoc_rank {
	RANK_NONE, /* not reachable or not fit */
	RANK_FALSETICKER,
	RANK_CANDIDATE, /* a truechimer that is not combined */
	RANK_SELECTED,	/* combined */
	RANK_MASTER,	/* leads the combination */
};

#define STATE_FILTER_LEN 8

struct assoc_row {
	uint32_t id;
	struct endpoint peer;
	uint32_t ifindex; /* 0: any */
	char ifname[SETTINGS_IFNAME_MAX];
	struct addr group; /* ADDR_NONE: none */
	uint8_t origin, phase, rank;
	bool authenticated; /* what was used was verified */
	uint32_t key_id;
	bool sane, valid; /* passes the packet tests; has a usable estimate */
	uint8_t version, leap, stratum;
	uint8_t reach;
	int8_t local_poll_log2s, peer_poll_log2s, precision_log2s;
	uint32_t refid;
	span since_heard; /* -1 ns: never */
	span offset, delay, dispersion, jitter, estimated_error;
	span root_delay, root_dispersion, root_distance;
	stamp reference, origin_time, receive, transmit;
	span filter_offset[STATE_FILTER_LEN]; /* newest first */
	span filter_delay[STATE_FILTER_LEN];
	span filter_dispersion[STATE_FILTER_LEN];
	uint64_t verdicts[VERDICT_COUNT];
};

enum group_join {
	GROUP_NO_IFACE, /* the interface does not exist */
	GROUP_DOWN,	/* it is down */
	GROUP_NO_ADDR,	/* it has no address of the family */
	GROUP_JOINED,
	GROUP_SENDING,	/* a server: nothing to join, packets leave */
	GROUP_WAITING,	/* a server that has no time to send */
	GROUP_REFUSED,	/* the kernel said no: see error */
	GROUP_PENDING,	/* about to be joined */
	GROUP_DISABLED, /* switched off: see off */
};

/* One per configured role: `display interface ntp`, `display ntp manycast`. */
struct group_row {
	char ifname[SETTINGS_IFNAME_MAX];
	uint32_t ifindex; /* 0: absent */
	struct addr group;
	uint8_t kind; /* enum role_kind */
	uint8_t join; /* enum group_join */
	int error;    /* errno of the last refusal, 0 none */
	uint8_t off;  /* enum verdict: what disables it */
	uint16_t port;
	uint8_t ttl; /* configured; clients: 0 */
	uint8_t version;
	uint8_t poll_log2s;
	uint32_t key_id;
	span next;	  /* until the next packet; -1 ns: none planned */
	span since_heard; /* -1 ns: never */
	uint64_t sent;
	uint64_t received;
	uint64_t verdicts[VERDICT_COUNT];
	unsigned sessions; /* associations of this role */
	/* manycast clients */
	uint8_t ring; /* TTL of the next solicitation, 0 none */
	bool satisfied;
};

#define STATE_TTL_ROWS 8
#define STATE_ANSWERS_MAX 4
/* What a manycast client knows of one ring. */
struct ring_row {
	uint8_t ttl;
	uint32_t solicitations;
	uint32_t answers;
	uint32_t taken;
	uint8_t last_count;
	struct ring_answer {
		struct addr from;
		uint8_t verdict;   /* enum verdict; USED: a session began */
	} last[STATE_ANSWERS_MAX]; /* newest first */
};

/* Packets by family, over all interfaces or on one. */
struct counter_row {
	char ifname[SETTINGS_IFNAME_MAX]; /* "" for the total */
	uint8_t family;			  /* enum addr_family */
	uint64_t sent;
	uint64_t send_failed;
	uint64_t received;
	uint64_t verdicts[VERDICT_COUNT];
};

#define STATE_DROPS_MAX 10
/* One of the last dropped packets. */
struct drop_row {
	uint8_t verdict;
	stamp when;
	uint32_t ifindex;
	struct endpoint from;
	struct addr to;
};

/* Why an association changed: `display ntp event`. */
enum event_reason {
	EVENT_NEW,
	EVENT_SYNCHRONISED,
	EVENT_UNREACHABLE,
	EVENT_UNSYNCHRONISED_PEER,
	EVENT_AUTHENTICATION_CHANGED,
	EVENT_CONFIGURATION_REMOVED,
	EVENT_CONFIGURATION_CHANGED,
	EVENT_STRATUM_INCREASED,
	EVENT_NOT_SELECTED,
	EVENT_BETTER_FOUND,
	EVENT_CLOCK_CHANGED,
	EVENT_DISCOVERY_RESTARTED,
	EVENT_DEGRADED,
	EVENT_CALIBRATED,
	EVENT_IFACE_GONE,
};

#define STATE_EVENTS_MAX ROOM(64, 8)
struct event_row {
	stamp when;
	uint8_t reason; /* enum event_reason */
	uint8_t origin; /* enum assoc_origin */
	struct endpoint peer;
	char ifname[SETTINGS_IFNAME_MAX];
};

/* A stable lower-case name for each enumerator: used by displays, JSON and the YANG module. */
const char *state_phase_name(enum assoc_phase p);
const char *state_rank_name(enum assoc_rank r);
const char *state_join_name(enum group_join j);
const char *state_role_name(enum role_kind k);
const char *state_event_name(enum event_reason r);

#endif
