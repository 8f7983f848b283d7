/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must come of a scenario, in physical terms, looked at from outside:
 *
 *   expect NAME... CLAIM
 *     [not] joined GROUP        WHEN     [not] synchronised          WHEN
 *     offset under|over T       WHEN     |true time - its clock|
 *     bound under|over T        WHEN     the error it admits, 95 times of 100
 *     distance under|over T     WHEN     the error it admits, always
 *     sessions under|over N     WHEN     associations
 *     bound holds P             SPAN     the offset is within it, of that part of the samples
 *     distance holds P          SPAN
 *     rms under|over T          SPAN     of the offset
 *     steps | sent | received under|over N  SPAN    of its clock; packets
 *     peak under|over N         SPAN     packets received between two samples, the most
 *     verdict WORD under|over N SPAN     packets judged so (note.def), in lower case
 *     verdicts WORD...          SPAN     no packet is judged otherwise
 *   expect NAME... together bound holds | distance holds | rms ... SPAN
 *                                       of all their samples as one
 *   expect lan L packets | multicasts under|over N  SPAN
 *
 * SPAN is `from T to T`. WHEN is a SPAN, and then it holds at every sample in it, or `by T`, and
 * then it has held at a sample not later than T. "Under N" is N - 1 at most.
 */
#ifndef SIM_EXPECT_H
#define SIM_EXPECT_H

#include <stdint.h>

#include "sim/gauge.h"
#include "sim/line.h"
#include "sim/universe.h"

enum expect_kind {
	EXPECT_JOINED,
	EXPECT_SYNCHRONISED,
	EXPECT_OFFSET,
	EXPECT_BOUND,
	EXPECT_DISTANCE,
	EXPECT_SESSIONS,
	EXPECT_BOUND_HOLDS,
	EXPECT_DISTANCE_HOLDS,
	EXPECT_RMS,
	EXPECT_STEPS,
	EXPECT_SENT,
	EXPECT_RECEIVED,
	EXPECT_PEAK,
	EXPECT_VERDICT,
	EXPECT_VERDICTS,
	EXPECT_PACKETS,
	EXPECT_MULTICASTS,
};

struct expect {
	enum expect_kind kind;
	unsigned line;
	uint32_t who;  /* host, or LAN */
	bool opposite; /* not; or over */
	bool by;       /* once, instead of throughout */
	bool together; /* judged with the others of its line */
	bool pooled;   /* has been: it is not judged itself any more */
	double limit;  /* ns, a number, or a share */
	int64_t from_ns, to_ns;
	struct addr group;
	uint8_t verdict;
	uint64_t verdicts; /* a bit each */
	/* so far */
	uint64_t samples, good;
	double sum; /* of squares */
	bool begun;
	double base, last; /* a counter at from, and at the sample before */
	double worst;
	int64_t worst_ns;
	double highest;
};

struct expects {
	unsigned count;
	struct expect *list; /* owned */
	int64_t last_ns;     /* nothing is expected later */
	unsigned *first;     /* owned; after sorting: where each host's begin; then the LANs' */
};

/* The rest of an `expect` line. */
MUST_CHECK int expects_read(struct expects *e, struct universe *u, struct line *l);
/* By host, so that a sample need not search; in the order of their lines for each. */
void expects_sort(struct expects *e, unsigned host_count);
/* Call for each at every sample; g is read from its host, NULL if it is about a LAN. */
void expect_see(struct expect *e, struct universe *u, int64_t at_ns, const struct gauge *g);
/* A counter whose first or last instant no sample sees; NULL if there is none. */
const struct expect *expects_find_unaligned(const struct expects *es, int64_t sample_ns);
bool expect_is_of_lan(const struct expect *e);
/* True if it came as expected; otherwise why gets the sentence. */
bool expect_judge(const struct expect *e, const struct universe *u, struct err *why);
/* All of a line's in one, for those that are judged together; the first of them takes the rest. */
void expects_pool(struct expects *e);
void expects_fini(struct expects *e);

#endif
