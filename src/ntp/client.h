/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ask one server and understand its answer (modes 3 and 4). A question says nothing but its
 * version and a random transmit time, which the answer must return.
 */
#ifndef NTP_CLIENT_H
#define NTP_CLIENT_H

#include "ntp/assoc.h"

/* False when no asking port is free; nothing was asked then. */
bool client_ask(struct node *n, struct now now, struct assoc *a, struct actions *out);
/* A mode 4 packet that came to an asking port of an association. */
enum verdict client_hear(struct node *n, struct now now, struct arrival *v, struct assoc *a,
			 struct actions *out);
/* The kernel's transmit time of a question, or that it never left. */
void client_asked(struct node *n, struct now now, struct assoc *a, const struct outcome *o);

#endif
