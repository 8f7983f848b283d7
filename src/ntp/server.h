/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to a question: a function of what the clock is worth and of the request. Of who asks
 * it keeps no more than when its answer left, for the next one (RFC 9769 section 2).
 */
#ifndef NTP_SERVER_H
#define NTP_SERVER_H

#include "ntp/assoc.h"

/* What a packet of ours says about our clock. */
struct server_snapshot {
	bool synchronised;
	uint8_t leap;
	uint8_t stratum; /* 1-15, STRATUM_UNSYNCHRONISED otherwise */
	int8_t precision_log2s;
	uint32_t refid;
	span root_delay, root_dispersion;
	stamp reference;
};

/* The header fields that are the same in modes 4 and 5. */
struct packet server_header(const struct server_snapshot *s, uint8_t version, enum packet_mode mode,
			    int8_t poll_log2s);
struct packet server_answer(const struct server_snapshot *s, const struct packet *request,
			    stamp received, stamp transmitted);
/* The kernel's transmit stamp of an answer. */
void server_answered(struct node *n, const struct outcome *o, unsigned place);
/* A mode 3 packet to one of our own addresses. */
enum verdict server_asked(struct node *n, struct now now, struct arrival *v, struct actions *out);
/*
 * What must be true of a question's MAC: VERDICT_USED if it may be answered; key_id is then what
 * the answer is signed by, 0 for nothing.
 */
enum verdict server_test_auth(const struct auth_found *found, bool demand, uint32_t *key_id);

#endif
