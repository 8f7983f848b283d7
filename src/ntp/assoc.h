/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An association: one server as one of our interfaces sees it. Its life, its reach, the packet
 * tests of RFC 5905 figure 22, and the way of a sample into its estimate.
 */
#ifndef NTP_ASSOC_H
#define NTP_ASSOC_H

#include "base/budget.h"
#include "ntp/auth.h"
#include "ntp/estimate.h"
#include "ntp/hindsight.h"
#include "ntp/node.h"
#include "ntp/packet.h"
#include "ntp/volley.h"

#define ASSOC_MAX ROOM(192, 14) /* 128 dynamic and 64 by address */
#define ASSOC_DYNAMIC_MAX (ASSOC_MAX - SETTINGS_UNICASTS_MAX)
#define ASSOC_SILENT_MAX 9   /* intervals without a packet that end an ephemeral association */
#define ASSOC_EARLY_BUDGET 4 /* packets that may come before their time */
#define ASSOC_JUMPS_MAX 4    /* one-way packets that confirm a jump when nobody answers */
#define ASSOC_HELD_UP_MIN SPAN_MS(1)
#define ASSOC_QUARANTINE_SAMPLES 4
#define ASSOC_DISTANCE_MAX SPAN_S(1) /* MAXDIST of RFC 5905 figure 27 */

/* A received packet on its way through the node. */
struct arrival {
	const struct datagram *d;
	struct packet packet;
	struct auth_found auth;
	struct iface *iface; /* NULL: unknown */
	struct assoc *assoc; /* whom the verdict is counted for as well; NULL */
	uint16_t role;	     /* whose group it, or what it answers, came to; ROLE_NONE */
};

/* An answered question, of which the next answer may tell when its own answer left. */
struct exchange {
	bool open;	      /* nothing told yet */
	bool taken;	      /* its sample counted already, with the time in the answer */
	struct sample sample; /* transmitted is not set unless taken */
	span held;	      /* the shortest that answers of this volley were held; 0: not known */
};

struct assoc {
	bool used;
	uint8_t origin, phase, rank; /* enums of state.h */
	uint32_t id;
	struct endpoint peer;
	struct addr group;
	uint32_t ifindex; /* 0: any */
	uint16_t role;	  /* ROLE_NONE: by address */
	uint16_t unicast; /* place in the unicast settings, when by address */
	uint32_t key_id;  /* signs our questions; 0: none */
	uint32_t refused; /* the kiss code it refused us with, told once; 0: none */
	bool authenticated;
	bool calibrated; /* a question was answered */
	bool sane;	 /* the last packet passed the tests */
	bool settled;	 /* was selected before: see system.c */
	bool ahead;	 /* far better than the master at the last selection */
	bool held_up;	 /* said, and not over */
	uint8_t beacons; /* since the last answer, up to 255 */
	uint8_t version;
	uint8_t reach;
	uint8_t silent; /* intervals without a packet */
	uint8_t jumps;	/* samples in a row that contradict the estimate */
	uint8_t fresh;	/* samples since the start, up to 255 */
	uint8_t steady; /* samples in a row that made no wish for more */
	bool kept;	/* manycast: one of the best; rounds it was compared, and won */
	uint8_t rounds, better;
	int8_t poll_log2s; /* ours, or the server's interval on a group */
	int8_t minpoll_log2s, maxpoll_log2s;
	struct packet last;  /* header of the last packet believed */
	span quickest;	     /* the way of the quickest of those beacons */
	mono ahead_since;    /* valid if ahead */
	mono heard;	     /* when it came */
	mono expect;	     /* polite time by which a group's next packet is missed */
	mono arrived;	     /* newest sample's arrival: they go in order */
	stamp newest;	     /* transmit time: newest believed */
	stamp jumped;	     /* transmit time of the last one counted in jumps */
	struct budget early; /* for packets before their time */
	/* the question that is out */
	uint16_t ask;
	bool interleaves; /* its last answer to an interleaved question was one */
	uint32_t send_id;
	stamp nonce;
	mono asked;
	stamp cookie;	       /* of an interleaved question, 0: it was a basic one */
	struct exchange prior; /* the last one that was answered */
	struct volley volley;
	/* the last one-way sample before there was an answer */
	struct sample aside;
	bool has_aside;
	uint8_t filter_count; /* samples since the start: the ring's next place */
	span filter_offset[STATE_FILTER_LEN];
	span filter_delay[STATE_FILTER_LEN];
	mono filter_at[STATE_FILTER_LEN];
	uint64_t verdicts[VERDICT_COUNT];
	/* the beacon whose exact transmit time the next one may tell (RFC 9769, section 4) */
	bool beacon_open, beacon_held; /* not told yet; and not counted before it is */
	struct sample beacon;
	span coarseness; /* how far transmit fields are from the exact times, on average */
	struct hindsight hindsight; /* the only writer of the estimate's samples */
	struct estimate estimate;
};

/* NULL when the table or the quota of dynamic sessions is full. */
struct assoc *assoc_new(struct node *n, struct now now, enum assoc_origin origin,
			const struct endpoint *peer, uint16_t role, struct actions *out);
void assoc_set_polls(struct assoc *a, int8_t minpoll_log2s, int8_t maxpoll_log2s);
void assoc_end(struct node *n, struct now now, struct assoc *a, enum event_reason why,
	       struct actions *out);
/* By server and interface, of one role. NULL. */
struct assoc *assoc_find(struct node *n, const struct addr *peer, uint32_t ifindex, uint16_t role);
unsigned assoc_place(const struct node *n, const struct assoc *a);
/* Sets the deadline after its timers changed. */
void assoc_plan(struct node *n, struct assoc *a);
void assoc_wake(struct node *n, struct now now, struct assoc *a, struct actions *out);
void assoc_event(struct node *n, struct now now, const struct assoc *a, enum event_reason why);

/* The packet tests that need no association: VERDICT_USED if it passes. */
enum verdict assoc_test(struct node *n, const struct packet *p);
/*
 * What authentication asks of a packet (issue: `ntp authentication enable`); key_id is the key it
 * must be signed by, 0 for any. VERDICT_USED if it passes.
 */
enum verdict assoc_test_auth(const struct node *n, const struct auth_found *found, uint32_t key_id);
/* Takes the sample; what comes of it goes through selection to the clock. */
enum verdict assoc_sample(struct node *n, struct now now, struct assoc *a, const struct sample *s,
			  struct actions *out);
/*
 * A sample taken before really left at that time; nothing happens if that comes too late. The
 * clock hears of it with the next update.
 */
void assoc_correct(struct assoc *a, const struct sample *s, stamp left);
/* The header of a packet that passed all tests. */
void assoc_believe(struct node *n, struct now now, struct assoc *a, const struct arrival *v);
/* Our wall clock jumped: offsets that are shown are against the new one. */
void assoc_stepped(struct node *n, span by);
/* The machine was suspended: what was measured is forgotten, but for the rate, and asked again. */
void assoc_slept(struct node *n, struct now now, struct assoc *a);
/* Something came from it: reach and the time of its next packet. */
void assoc_heard(struct node *n, struct now now, struct assoc *a, mono at);
/* When the next packet of a group is missed, from then on. */
void assoc_expect(struct node *n, struct assoc *a, mono at);
/* An expected packet or answer did not come. */
void assoc_missed(struct node *n, struct now now, struct assoc *a, struct actions *out);
/* True if the keys and rules of now would let it in. */
bool assoc_is_trusted(const struct node *n, const struct assoc *a);
/* True if it may be a candidate of the selection now. */
bool assoc_is_fit(const struct assoc *a);
/* lambda of RFC 5905 11.2: from the primary reference to us, as of now. */
span assoc_root_distance(const struct assoc *a, const struct belief *b, mono now);

#endif
