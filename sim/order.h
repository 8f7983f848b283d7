/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scenario does to its world: the `at` lines, read and carried out. */
#ifndef SIM_ORDER_H
#define SIM_ORDER_H

#include <stdint.h>
#include <stdio.h>

#include "sim/line.h"
#include "sim/universe.h"

enum order_kind {
	ORDER_TYPE,
	ORDER_SHOW,
	ORDER_DOWN,
	ORDER_UP,
	ORDER_SILENT,
	ORDER_HEARD,
	ORDER_KILL,
	ORDER_START,
	ORDER_STEP,
	ORDER_FREQ,
	ORDER_LISTEN,
	ORDER_REPLAY,
	ORDER_FORGE,
	ORDER_REST,
	ORDER_CUT, /* from here on about a LAN */
	ORDER_MEND,
	ORDER_WIRE,
};

struct order {
	enum order_kind kind;
	unsigned line;
	int64_t at_ns;
	uint32_t who;		  /* host, or LAN */
	uint32_t ifindex;	  /* down, up */
	int64_t by_ns;		  /* step */
	double by;		  /* freq */
	struct villain_plan plan; /* replay, forge */
	char *text; /* owned: lines to type, each ended by \n; or words about a wire */
};

struct orders {
	unsigned count;
	struct order *list; /* owned */
};

/* The rest of an `at` line. */
MUST_CHECK int orders_read(struct orders *o, struct universe *u, struct line *l);
/* Replies that are to be shown go to show. 0 or -EINVAL with the complaint. */
MUST_CHECK int orders_do(const struct order *o, struct universe *u, const char *file, FILE *show,
			 struct err *err);
void orders_fini(struct orders *o);

#endif
