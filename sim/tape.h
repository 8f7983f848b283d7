/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording of the daemon, read frame by frame. The format is daemon/record.h's; a file that is
 * not one, or is cut off or damaged, is refused with a sentence. Knows no node.
 */
#ifndef SIM_TAPE_H
#define SIM_TAPE_H

#include <stdio.h>

#include "base/auto.h"
#include "base/err.h"
#include "conf/seal.h"
#include "ntp/node.h"

/* As daemon/record.h numbers them. */
enum tape_kind {
	TAPE_START = 1,
	TAPE_SETTINGS,
	TAPE_MEMORY,
	TAPE_LINK,
	TAPE_DATAGRAM,
	TAPE_OUTCOME,
	TAPE_WAKE,
	TAPE_RESET,
	TAPE_STEPPED,
	TAPE_KERNEL,
	TAPE_SLEPT,
	TAPE_KEYS,
	TAPE_KIND_END,
};

#define TAPE_BODY_MAX (1024 * 1024)

struct tape_start {
	uint32_t node_size;
	uint8_t seed[32];
	struct node_options options;
};

#define TAPE_PATH_MAX 4112 /* of a folder, and a name in it */

struct tape_keys {
	char secret_path[TAPE_PATH_MAX]; /* on the host that recorded */
	unsigned count;
	struct tape_key {
		struct key_setting set;
		char sealed[SEAL_TEXT_MAX];
	} list[SETTINGS_KEYS_MAX];
};

/* One event; what belongs to its kind is filled. */
struct tape_event {
	enum tape_kind kind;
	struct now now;
	union {
		struct tape_start start;
		struct tape_keys keys;
		struct settings settings;
		struct memory memory;
		struct iface_link link;
		struct datagram datagram; /* its octets are borrowed from the tape until the next */
		struct outcome outcome;
		span stepped;
		span slept;
		struct kernel_clock kernel;
	};
};

struct tape {
	FILE *file; /* borrowed */
	unsigned frames;
	uint8_t body[TAPE_BODY_MAX];
};

/* 0, or -EINVAL: not a recording. */
MUST_CHECK int tape_begin(struct tape *t, FILE *file, struct err *err);
/* 1 with an event, 0 at the end, -EINVAL. */
MUST_CHECK int tape_next(struct tape *t, struct tape_event *ret, struct err *err);

#endif
