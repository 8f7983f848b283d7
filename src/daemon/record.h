/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder: every event as it enters the node, enough to repeat the run with the same
 * node bit for bit. Keys stand in it sealed, as in configurations: only who has the host's secret
 * can repeat a run that used them. Knows nothing of how a replay is done.
 *
 * The file, all numbers big-endian: the eight octets "TCREC\0\0\4" (the last is the version), then
 * one frame an event:
 *
 *	u8 kind (enum record_kind), u32 octets of body, i64 now.mono ns, u64 now.wall frac, body
 *
 * An addr is u8 family and 16 octets; an endpoint an addr and u16 port; a name u8 length and its
 * characters; a bool u8. Bodies list the fields of the struct named, in the order of its header
 * (the lists of SETTINGS, acls, rules and receives, stand last):
 *
 *	START     u32 node_size, seed (32 octets), struct node_options
 *	SETTINGS  struct settings; tables as u32 count and so many rows
 *	MEMORY    struct memory
 *	LINK      struct iface_link; addrs as u32 count and rows of addr, u8 bits
 *	DATAGRAM  struct datagram, but octets last, as what remains of the body
 *	OUTCOME   struct outcome, but to and ifindex last, and only with an error
 *	WAKE, RESET  nothing
 *	STEPPED   i64 by
 *	KERNEL    struct kernel_clock
 *	SLEPT     i64 by
 *	KEYS      u16 length and path of the secret; u32 count and rows of struct key_setting, u16
 *	          length and characters of the sealed key; before the SETTINGS that they belong to
 */
#ifndef DAEMON_RECORD_H
#define DAEMON_RECORD_H

#include "base/auto.h"
#include "base/err.h"
#include "conf/seal.h"
#include "ntp/node.h"

#define RECORD_VERSION 4

enum record_kind {
	RECORD_START = 1,
	RECORD_SETTINGS,
	RECORD_MEMORY,
	RECORD_LINK,
	RECORD_DATAGRAM,
	RECORD_OUTCOME,
	RECORD_WAKE,
	RECORD_RESET,
	RECORD_STEPPED,
	RECORD_KERNEL,
	RECORD_SLEPT,
	RECORD_KEYS,
};

struct record;

/* path NULL: *ret is NULL, and every call below takes NULL and does nothing. */
MUST_CHECK int record_new(const char *path, struct record **ret, struct err *err);
void record_free(struct record *r);
/* Keys are recorded from now on, sealed by that; borrowed, like the path of its master secret. */
void record_seal(struct record *r, const struct seal *seal, const char *secret_path);
/* True once if writing has failed: nothing is recorded any more. */
bool record_take_failure(struct record *r);

void record_start(struct record *r, struct now now, const uint8_t seed[32],
		  const struct node_options *o);
void record_keys(struct record *r, struct now now, const struct key *keys, unsigned count);
void record_settings(struct record *r, struct now now, const struct settings *s);
void record_memory(struct record *r, struct now now, const struct memory *m);
void record_link(struct record *r, struct now now, const struct iface_link *l);
void record_datagram(struct record *r, struct now now, const struct datagram *d);
void record_outcome(struct record *r, struct now now, const struct outcome *o);
void record_wake(struct record *r, struct now now);
void record_reset(struct record *r, struct now now);
void record_stepped(struct record *r, struct now now, span by);
void record_slept(struct record *r, struct now now, span by);
void record_kernel_clock(struct record *r, struct now now, const struct kernel_clock *k);

#endif
