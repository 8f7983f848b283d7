/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state directory: the shelf for configuration and history, the secret that keys are sealed
 * with, and the node's memory. Without a directory everything is held in memory. Secret and memory
 * are not on the shelf: no command can read or replace them.
 */
#ifndef DAEMON_DRAWER_H
#define DAEMON_DRAWER_H

#include "base/auto.h"
#include "base/err.h"
#include "conf/seal.h"
#include "conf/shelf.h"
#include "ntp/node.h"

struct drawer;

/* path NULL: in memory. 0, or -errno with a sentence. */
MUST_CHECK int drawer_new(const char *path, struct drawer **ret, struct err *err);
void drawer_free(struct drawer *d);
const struct shelf *drawer_shelf(const struct drawer *d);
/* Made once, durably, of the kernel's random octets; -EINVAL if what is there is damaged. */
MUST_CHECK int drawer_secret(struct drawer *d, uint8_t ret[SEAL_MASTER_LEN], struct err *err);
/* The whole path of the file that keeps it; "" in memory. */
const char *drawer_secret_path(const struct drawer *d);
/* Empty if there is none; err is "" or a warning. */
void drawer_recall(struct drawer *d, struct memory *ret, struct err *err);
/* Writes only what differs from what is there. */
MUST_CHECK int drawer_keep(struct drawer *d, const struct memory *m, struct err *err);
/* For struct seal. */
void drawer_random(void *context, uint8_t *octets, size_t len);

#endif
