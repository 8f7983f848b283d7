/* SPDX-License-Identifier: BSD-2-Clause */
/* The hands of a host: each action its node asks for, carried out on the made world. */
#ifndef SIM_HANDS_H
#define SIM_HANDS_H

#include "sim/host.h"

/* All of them; what comes of them is told to the node later, by events. */
void hands_perform(struct host *h, const struct actions *list);
/* The asking port that a local port number belongs to; 0: none. */
uint16_t hands_ask_of(const struct host *h, uint16_t port);
bool hands_listen(const struct host *h, uint16_t port);
/* A reading error of a packet stamp, never later than the node is told. */
span hands_stamp_error(struct host *h);

#endif
