/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Service ports besides 123: asked of the shell one a wake, asked again when one was refused.
 * 123 is open from the start.
 */
#ifndef NTP_PORT_H
#define NTP_PORT_H

#include "ntp/action.h"
#include "ntp/node.h"

#define PORTS_MAX (2 * SETTINGS_PORTS_MAX) /* wanted, and still to be closed */

struct port {
	uint16_t port; /* 0: unused */
	bool wanted;
	bool open; /* asked for, and not refused since */
	mono retry;
};

void port_configure(struct node *n, struct now now, const struct settings *s);
void port_opened(struct node *n, struct now now, const struct outcome *o, struct actions *out);
void port_wake(struct node *n, struct now now, struct actions *out);

#endif
