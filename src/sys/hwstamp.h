/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which interface's network card stamps packets, and when a packet came or left in our own time:
 * by the card's stamp if there is a good one, else by the kernel's. Does not look into packets.
 */
#ifndef SYS_HWSTAMP_H
#define SYS_HWSTAMP_H

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ntptime.h"
#include "sys/clock.h"
#include "sys/cmsg.h"
#include "sys/link.h"

enum hwstamp_use {
	HWSTAMP_OFF,  /* nothing is asked of any card */
	HWSTAMP_AUTO, /* what cards give by themselves is used */
	HWSTAMP_SET,  /* they are told to give it, which needs CAP_NET_ADMIN */
};

enum hwstamp_kind {
	HWSTAMP_NONE, /* no stamp that can be used */
	HWSTAMP_KERNEL,
	HWSTAMP_CARD,
	HWSTAMP_KINDS,
};

struct hwstamp_row {
	uint32_t ifindex;
	enum hwstamp_kind newest; /* of what was received */
	int phc;		  /* /dev/ptp<phc>; -1: none that is used */
	const char *reason;	  /* why the card's stamps are not used; "" if they are */
	int error;		  /* errno behind the reason, or 0 */
	uint64_t received[HWSTAMP_KINDS];
	uint64_t sent[HWSTAMP_KINDS];
};

struct hwstamp;

/* c is borrowed until hwstamp_free. */
struct hwstamp *hwstamp_new(enum hwstamp_use use, struct clock *c);
void hwstamp_free(struct hwstamp *h);
/* News of an interface; a new one's card is looked at. */
void hwstamp_link(struct hwstamp *h, const struct link_state *l);
/* No other card is looked at from now on: the process gives up the rights for it. */
void hwstamp_seal(struct hwstamp *h);
/* True if there is a card whose clock can be read. */
bool hwstamp_has_cards(const struct hwstamp *h);
/* True if the stamp of what leaves there should come from the card; ifindex 0: as routed. */
bool hwstamp_wants_card(const struct hwstamp *h, uint32_t ifindex);

/* The instant and what it is from; for HWSTAMP_NONE no instant. Counted by interface. */
enum hwstamp_kind hwstamp_received(struct hwstamp *h, uint32_t ifindex, const struct cmsg_stamp *s,
				   struct now *ret);
enum hwstamp_kind hwstamp_sent(struct hwstamp *h, const struct cmsg_stamp *s, struct now *ret);
/* By interface; false past the end. */
bool hwstamp_row(const struct hwstamp *h, unsigned i, struct hwstamp_row *ret);

/*
 * What a card that can do this should be told, given how it is now; false if it need not be told
 * anything, or cannot stamp our packets.
 */
bool hwstamp_choose(const struct ethtool_ts_info *can, const struct hwtstamp_config *is,
		    struct hwtstamp_config *ret);
/* From the first bit of a frame to its last, its checksum included. */
span hwstamp_frame_time(uint32_t octets, uint32_t speed_mbps);

#endif
