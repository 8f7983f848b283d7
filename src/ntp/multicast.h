/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multicast server's beacons and what a multicast client makes of them (mode 5, RFC 5905
 * section 3.1 with the volley of issue 2). Knows no other mode.
 */
#ifndef NTP_MULTICAST_H
#define NTP_MULTICAST_H

#include "ntp/assoc.h"

struct role;

/* The beacon of a multicast server role is due. */
void multicast_send(struct node *n, struct now now, uint16_t role, struct actions *out);
/* How that went: the kernel's transmit stamp teaches the next beacon, and is told in it. */
void multicast_sent(struct node *n, uint16_t role, const struct outcome *o);
/* The wall clock was stepped: when beacons left is not told on the new one. */
void multicast_stepped(struct node *n);
enum verdict multicast_hear(struct node *n, struct now now, struct arrival *v, struct actions *out);

#endif
