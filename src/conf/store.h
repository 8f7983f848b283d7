/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration as a value: flat settings with the sealed keys beside them, and the edits that
 * lead from one to another. Knows no command text, no history and no key bytes.
 */
#ifndef CONF_STORE_H
#define CONF_STORE_H

#include "base/auto.h"
#include "base/err.h"
#include "conf/seal.h"
#include "ntp/settings.h"

/* The things that an edit sets or removes whole. One on each side of a merge never mix. */
enum edit_object {
	EDIT_SYSNAME,
	EDIT_AUTHENTICATION,
	EDIT_COMPLEXITY,
	EDIT_REFCLOCK,
	EDIT_MAX_DYNAMIC,
	EDIT_MULTICAST_DELAY,
	EDIT_VOLLEY,
	EDIT_KOD,
	EDIT_DISCARD,
	EDIT_MAX_DISTANCE,
	EDIT_OFFSET_LIMIT,
	EDIT_MAX_SLEW,
	EDIT_OFF4, /* ntp disable */
	EDIT_OFF6,
	EDIT_SERVER_OFF4, /* ntp server disable */
	EDIT_SERVER_OFF6,
	EDIT_PORT,    /* one service port; key: the port */
	EDIT_KEY,     /* key: id; whether it is trusted is another matter */
	EDIT_TRUST,   /* key: id */
	EDIT_UNICAST, /* key: addr */
	EDIT_ACL,     /* key: all of it; without it go its rules */
	EDIT_RULE,    /* key: acl, id */
	EDIT_ACCESS,  /* key: right */
	EDIT_RECEIVE, /* key: ifname, family */
	EDIT_ROLE,    /* key: ifname, kind, group */
	EDIT_OBJECT_COUNT
};

struct refclock_value {
	bool on;
	uint8_t unit;
	uint8_t stratum;
};

union edit_value {
	char sysname[SETTINGS_NAME_MAX];
	bool flag;
	uint8_t u8;
	uint32_t u32;
	struct refclock_value refclock;
	uint16_t port;
	struct key_setting key;
	struct unicast_setting unicast;
	uint16_t u16;
	struct discard_setting discard;
	struct acl_setting acl;
	struct rule_setting rule;
	struct access_setting access;
	struct receive_setting receive;
	struct role_setting role;
};

struct edit {
	uint8_t object; /* enum edit_object */
	bool undo;	/* back to the default, or out of its table */
	union edit_value value;
	const char *sealed; /* EDIT_KEY: the sealed key, borrowed */
};

struct store;

/* Everything at its default. */
struct store *store_new(void);
struct store *store_dup(const struct store *s);
/* Stores that nobody changes any more are shared: one more owner, each calls store_free. */
struct store *store_hold(struct store *s);
void store_free(struct store *s);

const struct settings *store_settings(const struct store *s);
/* The sealed text of settings.keys[i]. */
const char *store_sealed(const struct store *s, unsigned i);

/* 1 if it changed something, 0 if that was so already, -ENOSPC with a sentence. */
MUST_CHECK int store_edit(struct store *s, const struct edit *e, struct err *err);
bool store_differs(const struct store *a, const struct store *b);
/* Calls each with every edit that leads from one store to the other; removals come first. */
void store_diff(const struct store *from, const struct store *to,
		void (*each)(void *context, const struct edit *e), void *context);
/*
 * Puts what mine changed since base on top of next; where both touched one thing, mine wins.
 * Also 0 if nothing had to be done.
 */
MUST_CHECK int store_rebase(struct store *next, const struct store *base, const struct store *mine,
			    struct err *err);
/* True if both edits are about the same thing. */
bool store_same_item(const struct edit *a, const struct edit *b);

/* The value of an object that is there once only; NULL for the others. */
const union edit_value *store_single(const struct settings *s, enum edit_object object);
size_t store_single_size(enum edit_object object);
/* Indexes into the tables, or -1. */
int store_find_key(const struct settings *s, uint32_t id);
int store_find_access(const struct settings *s, enum access_right right);
/* The rules of a list are *ret_first and so many after it; there may be none. */
unsigned store_rules(const struct settings *s, const struct acl_setting *acl, unsigned *ret_first);
/* The first role of an interface, or where it would stand. */
unsigned store_first_role(const struct settings *s, const char *ifname);

#endif
