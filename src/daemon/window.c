/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/window.h"

#include <assert.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"

/* In 2027: names the era of wall instants from 1958 to 2095. */
#define PIVOT_UNIX_S INT64_C(1800000000)
/*
 * Names of interfaces may be so old: a list of thousands, read anew for every pasted line, would
 * hold the kernel's lock of links, for which a group that is joined has to wait.
 */
#define NAMES_AGE SPAN_MS(200)
#define LETTER_KINDS (LETTER_NOW + 1)

struct slice {
	bool fresh;
	struct letter letter;
};

struct window {
	struct world world;
	struct mail *mail; /* NULL until opened */
	struct now (*now)(void *context);
	void *context;
	struct settings *settings; /* held until opened */
	struct key *keys;
	unsigned key_count;
	struct slice slices[LETTER_KINDS];
	struct if_nameindex *names; /* NULL: not asked yet */
	unsigned name_count;
	mono names_at;
};

static unsigned rows_max(enum letter_kind kind)
{
	return kind == LETTER_DROP ? STATE_DROPS_MAX : LETTER_ROWS;
}

/* The slice that has row i, and where in it; NULL if i is past the end. */
static const struct letter *find_row(struct window *w, const struct letter *ask, unsigned i,
				     unsigned *ret_at)
{
	struct slice *s = &w->slices[ask->kind];
	struct letter *l = &s->letter;
	bool fresh = s->fresh && l->group == ask->group && l->family == ask->family;

	if (!w->mail)
		return NULL;
	if (fresh && i >= l->first + l->rows && l->rows < rows_max(ask->kind))
		return NULL;
	if (!fresh || i < l->first || i >= l->first + l->rows) {
		l->kind = ask->kind;
		l->group = ask->group;
		l->family = ask->family;
		l->first = i;
		l->rows = 0;
		mail_post(w->mail, l);
		s->fresh = true;
	}
	if (i >= l->first + l->rows)
		return NULL;
	*ret_at = i - l->first;
	return l;
}

/* One letter without rows, asked at most once a line. */
static const struct letter *find_one(struct window *w, enum letter_kind kind)
{
	struct slice *s = &w->slices[kind];

	assert(w->mail);
	if (!s->fresh) {
		s->letter.kind = kind;
		mail_post(w->mail, &s->letter);
		s->fresh = true;
	}
	return &s->letter;
}

static void see_system(void *context, struct system_row *ret)
{
	struct window *w = context;

	*ret = (struct system_row){.stratum = 16, .leap = 3};
	if (w->mail)
		*ret = find_one(w, LETTER_SYSTEM)->system;
}

static bool see_assoc(void *context, unsigned i, struct assoc_row *ret)
{
	unsigned at;
	const struct letter *l = find_row(context, &(struct letter){.kind = LETTER_ASSOC}, i, &at);

	if (l)
		*ret = l->assocs[at];
	return l;
}

static bool see_group(void *context, unsigned i, struct group_row *ret)
{
	unsigned at;
	const struct letter *l = find_row(context, &(struct letter){.kind = LETTER_GROUP}, i, &at);

	if (l)
		*ret = l->groups[at];
	return l;
}

static bool see_ring(void *context, unsigned i, unsigned j, struct ring_row *ret)
{
	unsigned at;
	const struct letter *l =
		find_row(context, &(struct letter){.kind = LETTER_RING, .group = i}, j, &at);

	if (l)
		*ret = l->rings[at];
	return l;
}

static bool see_counter(void *context, enum addr_family family, unsigned i, struct counter_row *ret)
{
	unsigned at;
	const struct letter *l = find_row(
		context, &(struct letter){.kind = LETTER_COUNTER, .family = family}, i, &at);

	if (l)
		*ret = l->counters[at];
	return l;
}

static bool see_drop(void *context, unsigned i, struct drop_row *ret)
{
	unsigned at;
	const struct letter *l = find_row(context, &(struct letter){.kind = LETTER_DROP}, i, &at);

	if (l)
		*ret = l->drops[at];
	return l;
}

static bool see_event(void *context, unsigned i, struct event_row *ret)
{
	unsigned at;
	const struct letter *l = find_row(context, &(struct letter){.kind = LETTER_EVENT}, i, &at);

	if (l)
		*ret = l->events[at];
	return l;
}

static bool see_stamps(void *context, unsigned i, struct stamps_row *ret)
{
	unsigned at;
	const struct letter *l = find_row(context, &(struct letter){.kind = LETTER_STAMPS}, i, &at);

	if (l)
		*ret = l->stamps[at];
	return l;
}

static void reset_counters(void *context)
{
	struct window *w = context;
	struct letter *l = &w->slices[LETTER_RESET].letter;

	if (!w->mail)
		return;
	l->kind = LETTER_RESET;
	mail_post(w->mail, l);
	window_forget(w);
}

static void see_wall(void *context, int64_t *ret_unix_s, int64_t *ret_ns)
{
	struct window *w = context;
	struct now now = w->mail ? find_one(w, LETTER_NOW)->now : w->now(w->context);

	*ret_unix_s = stamp_to_unix_s(now.wall, PIVOT_UNIX_S);
	*ret_ns = stamp_subsecond_ns(now.wall);
}

static mono see_steady(void *context)
{
	struct timespec t;

	(void)context;
	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (mono){t.tv_sec * NS_PER_S + t.tv_nsec};
}

static void forget_names(struct window *w)
{
	if (w->names)
		if_freenameindex(w->names);
	w->names = NULL;
	w->name_count = 0;
}

static void renew_names(struct window *w)
{
	mono now = see_steady(w);

	if (w->names && mono_before(now, mono_add(w->names_at, NAMES_AGE)))
		return;
	forget_names(w);
	w->names = if_nameindex();
	w->names_at = now;
	while (w->names && w->names[w->name_count].if_index)
		w->name_count++;
}

static bool see_ifname(void *context, unsigned i, char ret[SETTINGS_IFNAME_MAX])
{
	struct window *w = context;

	/* Not in the middle of a list. */
	if (i == 0)
		renew_names(w);
	if (i >= w->name_count)
		return false;
	(void)snprintf(ret, SETTINGS_IFNAME_MAX, "%s", w->names[i].if_name);
	return true;
}

/* Copies held for the node that does not run yet; with NULL just wipes. */
static void hold(struct window *w, const struct settings *s, const struct key *keys,
		 unsigned key_count)
{
	if (w->keys)
		explicit_bzero(w->keys, w->key_count * sizeof *w->keys);
	free(w->keys);
	free(w->settings);
	w->keys = NULL;
	w->settings = NULL;
	w->key_count = 0;
	if (!s)
		return;
	w->settings = auto_take(sizeof *s);
	*w->settings = *s;
	if (key_count == 0)
		return;
	w->keys = auto_take(key_count * sizeof *keys);
	memcpy(w->keys, keys, key_count * sizeof *keys);
	w->key_count = key_count;
}

static void apply(void *context, const struct settings *s, const struct key *keys,
		  unsigned key_count)
{
	struct window *w = context;
	struct letter *l = &w->slices[LETTER_APPLY].letter;

	if (!w->mail) {
		hold(w, s, keys, key_count);
		return;
	}
	l->kind = LETTER_APPLY;
	l->settings = s;
	l->keys = keys;
	l->key_count = key_count;
	mail_post(w->mail, l);
	l->settings = NULL;
	l->keys = NULL;
	window_forget(w);
}

struct window *window_new(struct now (*now)(void *context), void *context)
{
	struct window *w = auto_new(1, sizeof *w);

	w->now = now;
	w->context = context;
	w->world = (struct world){
		.context = w,
		.system = see_system,
		.assoc = see_assoc,
		.group = see_group,
		.ring = see_ring,
		.counter = see_counter,
		.drop = see_drop,
		.event = see_event,
		.stamps = see_stamps,
		.reset_counters = reset_counters,
		.wall = see_wall,
		.steady = see_steady,
		.ifname = see_ifname,
		.apply = apply,
	};
	hold(w, &(struct settings){0}, NULL, 0);
	return w;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	hold(w, NULL, NULL, 0);
	forget_names(w);
	free(w);
}

const struct world *window_world(struct window *w)
{
	return &w->world;
}

void window_open(struct window *w, struct mail *m)
{
	hold(w, NULL, NULL, 0);
	w->mail = m;
}

const struct settings *window_settings(const struct window *w)
{
	return w->settings;
}

const struct key *window_keys(const struct window *w, unsigned *ret_count)
{
	*ret_count = w->key_count;
	return w->keys;
}

void window_forget(struct window *w)
{
	for (unsigned i = 0; i < LETTER_KINDS; i++)
		w->slices[i].fresh = false;
}

void window_memory(struct window *w, struct memory *ret)
{
	*ret = find_one(w, LETTER_MEMORY)->memory;
}
