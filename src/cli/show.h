/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How displays put values into JSON and JSON into words: milliseconds, addresses, instants. The
 * rows of displays.c, by file. Keys of the JSON are documented in docs/json.md.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>

#include "cli/displays.h"

/* ---- values into JSON; the caller owns what is returned ---- */

json_t *show_ms(span s);
/* null for a negative span, which means never. */
json_t *show_seconds(span s);
/* IPv6 in lower case; null for no address. */
json_t *show_addr(const struct addr *a);
/* A name, null if it is empty. */
json_t *show_name(const char *name);
/* {"utc": ISO 8601 or null, "ntp": hexadecimal}; the era is the one of the world's clock. */
json_t *show_stamp(const struct world *world, stamp t);
/* The reference id as people read it. */
json_t *show_refid(uint32_t refid, uint8_t stratum);

/* ---- JSON into words; keys must exist ---- */

/* "" for null. */
const char *show_text(const json_t *object, const char *key);
double show_number(const json_t *object, const char *key);
json_int_t show_count(const json_t *object, const char *key);
bool show_flag(const json_t *object, const char *key);
bool show_null(const json_t *object, const char *key);
/* Adds the number with so many decimals, never "-0.00". */
void show_add_fixed(struct text *out, double number, int decimals);
/* Adds "%s%.*f%s" of a key. */
void show_add_number(struct text *out, const char *before, const json_t *object, const char *key,
		     int decimals);
/* An address with IPv6 in upper case; "none" for null. */
void show_add_addr(struct text *out, const json_t *object, const char *key);
/* 08:15:42.731 UTC Mar 3 2026(ED51172E.BB22D0E5) */
void show_add_stamp(struct text *out, const json_t *object, const char *key);
/* 2026-03-03 08:15:42.731, or fewer characters of it. */
void show_add_date(struct text *out, const json_t *object, const char *key, int len);
/* 12 s ago, or never. */
void show_add_ago(struct text *out, const json_t *object, const char *key);

/* mac-bad for MAC_BAD; returns buf. */
const char *show_verdict_key(unsigned verdict, char buf[40]);
/* {"mac-bad": 3}: those that were given at all. */
json_t *show_verdict_counts(const uint64_t verdicts[VERDICT_COUNT]);
/* The name of an interface that has a role, "" if it is not known. */
void show_ifname(const struct world *world, uint32_t ifindex, char ret[SETTINGS_IFNAME_MAX]);
/* True if that interface is the one asked for, or none was; type and number may stand apart. */
bool show_wants_ifname(const struct show *show, const char *ifname);

/* ---- the rows ---- */

json_t *show_status_collect(const struct show *show);
void show_status_print(const struct show *show, const json_t *data, struct text *out);

json_t *show_sessions_collect(const struct show *show);
void show_sessions_print(const struct show *show, const json_t *data, struct text *out);

json_t *show_statistics_collect(const struct show *show);
void show_statistics_print(const struct show *show, const json_t *data, struct text *out);
json_t *show_statistics_collect_peers(const struct show *show);
json_t *show_statistics_collect_groups(const struct show *show);

json_t *show_verdicts_collect(const struct show *show);
void show_verdicts_print(const struct show *show, const json_t *data, struct text *out);

json_t *show_interface_collect(const struct show *show);
void show_interface_print(const struct show *show, const json_t *data, struct text *out);

json_t *show_manycast_collect(const struct show *show);
void show_manycast_print(const struct show *show, const json_t *data, struct text *out);

json_t *show_event_collect(const struct show *show);
void show_event_print(const struct show *show, const json_t *data, struct text *out);
void show_event_print_unsync(const struct show *show, const json_t *data, struct text *out);

json_t *show_clock_collect(const struct show *show);
void show_clock_print(const struct show *show, const json_t *data, struct text *out);

#endif
