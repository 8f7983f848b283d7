/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of a configuration as a configuration of its own, for displays that show less than all. */
#ifndef CLI_EXCERPT_H
#define CLI_EXCERPT_H

#include <stdbool.h>

#include "conf/store.h"

/* Everything outside interfaces. The caller frees the result. */
struct store *excerpt_globals(const struct store *s);
/* The interfaces that are wanted, and nothing else. The caller frees the result. */
struct store *excerpt_interfaces(const struct store *s,
				 bool (*wanted)(const void *context, const char *ifname),
				 const void *context);

#endif
