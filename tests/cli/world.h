/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world made of tables for transcripts, fuzzing and tests of sessions: a clock that stands still
 * until it is told to move, named interfaces, nothing heard. Remembers what was applied last.
 */
#ifndef TESTS_CLI_WORLD_H
#define TESTS_CLI_WORLD_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/world.h"

#define STAGE_START_S INT64_C(1795305600) /* 2026-11-22 00:00:00 */

struct stage {
	int64_t passed_s;
	unsigned applied; /* how often */
	struct settings *settings;
	struct key keys[8]; /* the first ones */
	unsigned key_count;
};

static inline void stage_system(void *context, struct system_row *ret)
{
	(void)context;
	*ret = (struct system_row){.stratum = 16, .leap = 3, .precision_log2s = -24};
}

static inline bool stage_assoc(void *context, unsigned i, struct assoc_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

/* One row for each role of what was applied, none of them joined yet. */
static inline bool stage_group(void *context, unsigned i, struct group_row *ret)
{
	const struct stage *s = context;

	if (!s->settings || i >= s->settings->role_count)
		return false;
	const struct role_setting *r = &s->settings->roles[i];
	*ret = (struct group_row){.ifindex = 2,
				  .group = r->group,
				  .kind = r->kind,
				  .join = GROUP_PENDING,
				  .port = r->port,
				  .ttl = r->ttl,
				  .version = r->version,
				  .poll_log2s = r->minpoll_log2s,
				  .key_id = r->key_id,
				  .next = {-1},
				  .since_heard = {-1}};
	memcpy(ret->ifname, r->ifname, sizeof ret->ifname);
	return true;
}

static inline bool stage_ring(void *context, unsigned i, unsigned j, struct ring_row *ret)
{
	(void)context;
	(void)i;
	(void)j;
	(void)ret;
	return false;
}

static inline bool stage_counter(void *context, enum addr_family family, unsigned i,
				 struct counter_row *ret)
{
	(void)context;
	*ret = (struct counter_row){.family = (uint8_t)family};
	return i == 0;
}

static inline bool stage_drop(void *context, unsigned i, struct drop_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

static inline bool stage_event(void *context, unsigned i, struct event_row *ret)
{
	(void)context;
	(void)i;
	(void)ret;
	return false;
}

static inline void stage_reset(void *context)
{
	(void)context;
}

static inline void stage_wall(void *context, int64_t *ret_unix_s, int64_t *ret_ns)
{
	const struct stage *s = context;

	*ret_unix_s = STAGE_START_S + s->passed_s;
	*ret_ns = 0;
}

static inline mono stage_steady(void *context)
{
	const struct stage *s = context;

	return (mono){NS_PER_S * (1000 + s->passed_s)};
}

static inline bool stage_ifname(void *context, unsigned i, char ret[SETTINGS_IFNAME_MAX])
{
	static const char *const names[] = {"lo", "eth0", "eth1", "Vlan10"};

	(void)context;
	if (i >= sizeof names / sizeof *names)
		return false;
	(void)snprintf(ret, SETTINGS_IFNAME_MAX, "%s", names[i]);
	return true;
}

static inline void stage_apply(void *context, const struct settings *settings,
			       const struct key *keys, unsigned key_count)
{
	struct stage *s = context;

	if (!s->settings)
		s->settings = auto_new(1, sizeof *s->settings);
	memset(s->settings->roles, 0, s->settings->role_count * sizeof settings->roles[0]);
	memcpy(s->settings, settings,
	       offsetof(struct settings, roles) + settings->role_count * sizeof settings->roles[0]);
	s->key_count = key_count < 8 ? key_count : 8;
	if (s->key_count > 0)
		memcpy(s->keys, keys, s->key_count * sizeof *keys);
	s->applied++;
}

static inline struct world stage_world(struct stage *s)
{
	return (struct world){.context = s,
			      .system = stage_system,
			      .assoc = stage_assoc,
			      .group = stage_group,
			      .ring = stage_ring,
			      .counter = stage_counter,
			      .drop = stage_drop,
			      .event = stage_event,
			      .reset_counters = stage_reset,
			      .wall = stage_wall,
			      .steady = stage_steady,
			      .ifname = stage_ifname,
			      .apply = stage_apply};
}

/* The same octets each time, so that sealed keys in transcripts are the same. */
static inline void stage_random(void *context, uint8_t *octets, size_t len)
{
	(void)context;
	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)(17 * i + 3);
}

static inline void stage_fini(struct stage *s)
{
	free(s->settings);
	*s = (struct stage){0};
}

#endif
