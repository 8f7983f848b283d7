/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the CLI may ask of the program around it: state rows, the wall clock, and handing committed
 * settings down. The daemon answers from the protocol thread, the simulator from its node, tests
 * from tables. Row functions return false when i is past the end.
 */
#ifndef CLI_WORLD_H
#define CLI_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ntptime.h"
#include "ntp/settings.h"
#include "ntp/state.h"

enum stamps_kind {
	STAMPS_NONE,
	STAMPS_SOFTWARE, /* the kernel's */
	STAMPS_HARDWARE, /* the network card's */
	STAMPS_KINDS,
};

/* When packets come and leave by an interface: who says so. */
struct stamps_row {
	char ifname[SETTINGS_IFNAME_MAX];
	uint8_t newest;	 /* enum stamps_kind, of what was received */
	int phc;	 /* /dev/ptp<phc>; -1: none that is used */
	char reason[96]; /* why the card's are not used; "" if they are */
	uint64_t received[STAMPS_KINDS];
	uint64_t sent[STAMPS_KINDS];
};

struct world {
	void *context;
	void (*system)(void *context, struct system_row *ret);
	bool (*assoc)(void *context, unsigned i, struct assoc_row *ret);
	bool (*group)(void *context, unsigned i, struct group_row *ret);
	bool (*ring)(void *context, unsigned i, unsigned j, struct ring_row *ret);
	bool (*counter)(void *context, enum addr_family family, unsigned i,
			struct counter_row *ret);
	bool (*drop)(void *context, unsigned i, struct drop_row *ret);
	bool (*event)(void *context, unsigned i, struct event_row *ret);
	/* NULL where packets are stamped by nobody. */
	bool (*stamps)(void *context, unsigned i, struct stamps_row *ret);
	void (*reset_counters)(void *context);
	/* The clock that Timecast keeps, as Unix seconds and ns. */
	void (*wall)(void *context, int64_t *ret_unix_s, int64_t *ret_ns);
	/* Steady seconds, for trial and lock deadlines. */
	mono (*steady)(void *context);
	/* Interface names known to the system, for Tab and for the warning; false past the end. */
	bool (*ifname)(void *context, unsigned i, char ret[SETTINGS_IFNAME_MAX]);
	/* Settings change owner by copy; cannot fail. keys are plain octets, wiped by the caller.
	 */
	void (*apply)(void *context, const struct settings *s, const struct key *keys,
		      unsigned key_count);
};

#endif
