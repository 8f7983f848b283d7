/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host's command line sees of the host: its struct world. */
#ifndef SIM_OUTLOOK_H
#define SIM_OUTLOOK_H

#include "cli/world.h"
#include "sim/host.h"

/* Borrows h. */
struct world outlook_of(struct host *h);

#endif
