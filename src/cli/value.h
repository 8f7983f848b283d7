/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of arguments in a notation: what fits, how `?` shows it, what to say when it does not fit.
 * Knows no command and no settings.
 */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

enum value_kind {
	VALUE_NUMBER,	/* min-max */
	VALUE_PORT,	/* 123 or 1025-65535 */
	VALUE_IP,	/* an address of either family */
	VALUE_IP4,	/* ip4 */
	VALUE_IP6,	/* ip6 */
	VALUE_GROUP4,	/* group4: class D */
	VALUE_GROUP6,	/* group6: FF00::/8 */
	VALUE_WILDCARD, /* wildcard4: 0 or X.X.X.X; number has the first octet highest */
	VALUE_REFCLOCK, /* refclock: 127.127.1.0 to 127.127.1.3 */
	VALUE_STRING,	/* string min-max: one word, or quoted */
	VALUE_OCTETS,	/* octets min-max: a string that need not be UTF-8 */
	VALUE_LABEL,	/* label: a string that is neither a number nor "-" */
	VALUE_SYSNAME,	/* sysname: 1-48 of [A-Za-z0-9._-] */
	VALUE_ACL_NAME, /* aclname: 1-32, a letter first */
	VALUE_IFNAME,	/* ifname: 1-47 without blanks */
	VALUE_IFNUMBER, /* ifnumber: 1-32 that may follow an ifname */
	VALUE_REST,	/* rest min-max: to the end of the line, blanks and all */
};

struct value_type {
	uint8_t kind; /* enum value_kind */
	uint64_t min, max;
};

struct value {
	const char *text; /* as typed, without quotes */
	uint64_t number;
	struct addr addr;
};

enum value_fit {
	VALUE_FITS,
	VALUE_OUT_OF_RANGE, /* of the right shape; err says what is allowed */
	VALUE_MISFIT,	    /* something else altogether */
};

/* "u32 1-255", "1-255", "port", "group4", "string 1-64" ...; false: no such type. */
bool value_type_read(const char *spec, struct value_type *ret);
enum value_fit value_read(const struct value_type *t, const char *text, struct value *ret,
			  struct err *err);
/* INTEGER<1-255>, X.X.X.X, STRING<1-64>; returns buf. */
const char *value_tag(const struct value_type *t, char buf[64]);

#endif
