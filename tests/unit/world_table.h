/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world made of tables for tests of displays, arguments as a matched line would give them, and
 * regular expressions as clients use them.
 */
#ifndef TESTS_WORLD_TABLE_H
#define TESTS_WORLD_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/displays.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* ---- arguments as a matched line would give them ---- */

struct args {
	const char *words;	 /* " verbose interface " */
	const char *name, *text; /* one argument */
};

bool args_has(const struct args *a, const char *word)
{
	char padded[40];

	(void)snprintf(padded, sizeof padded, " %s ", word);
	return a->words && strstr(a->words, padded);
}

const char *args_text(const struct args *a, const char *name)
{
	return a->name && strcmp(a->name, name) == 0 ? a->text : NULL;
}

uint64_t args_number(const struct args *a, const char *name, uint64_t otherwise)
{
	const char *text = args_text(a, name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- a world from tables ---- */

#define NOW_UNIX INT64_C(1772525742) /* 2026-03-03 08:15:42 UTC */

static struct {
	struct system_row system;
	struct assoc_row assocs[4];
	struct group_row groups[8];
	struct ring_row rings[2];
	struct counter_row counters[2][3];
	struct drop_row drops[3];
	struct event_row events[16];
	struct stamps_row stamps[2];
	unsigned stamps_count, assoc_count, group_count, ring_count, counter_count, drop_count,
		event_count;
} w;

static inline void world_system(void *context, struct system_row *ret)
{
	(void)context;
	*ret = w.system;
}

#define TABLE(name, rows)                                                                          \
	static bool world_##name(void *context, unsigned i, struct name##_row *ret)                \
	{                                                                                          \
		(void)context;                                                                     \
		if (i >= w.name##_count)                                                           \
			return false;                                                              \
		*ret = w.rows[i];                                                                  \
		return true;                                                                       \
	}
TABLE(assoc, assocs)
TABLE(group, groups)
TABLE(drop, drops)
TABLE(event, events)
TABLE(stamps, stamps)

static inline bool world_ring(void *context, unsigned i, unsigned j, struct ring_row *ret)
{
	(void)context;
	if (w.groups[i].kind != ROLE_MANYCAST_CLIENT || j >= w.ring_count)
		return false;
	*ret = w.rings[j];
	return true;
}

static inline bool world_counter(void *context, enum addr_family family, unsigned i,
				 struct counter_row *ret)
{
	(void)context;
	if (i >= w.counter_count)
		return false;
	*ret = w.counters[family == ADDR_V6][i];
	return true;
}

static inline void world_wall(void *context, int64_t *ret_unix_s, int64_t *ret_ns)
{
	(void)context;
	*ret_unix_s = NOW_UNIX;
	*ret_ns = 731000000;
}

static const struct world world = {
	.system = world_system,
	.assoc = world_assoc,
	.group = world_group,
	.ring = world_ring,
	.counter = world_counter,
	.drop = world_drop,
	.event = world_event,
	.stamps = world_stamps,
	.wall = world_wall,
};

static struct text out;

/* The display with that notation and these arguments, as text. */
static inline const char *display(const char *notation, const struct args *args)
{
	struct show show = {&world, args, "HUAWEI"};

	text_clear(&out);
	for (unsigned i = 0; i < display_count; i++) {
		if (strcmp(displays[i].notation, notation) != 0)
			continue;
		json_t *data = displays[i].collect(&show);
		assert_non_null(data);
		displays[i].print(&show, data, &out);
		json_decref(data);
		return text_chars(&out);
	}
	fail_msg("no display %s", notation);
	return NULL;
}

static inline json_t *collect(const char *notation, const struct args *args)
{
	struct show show = {&world, args, "HUAWEI"};

	for (unsigned i = 0; i < display_count; i++)
		if (strcmp(displays[i].notation, notation) == 0)
			return displays[i].collect(&show);
	fail_msg("no display %s", notation);
	return NULL;
}

/* True if the expression is somewhere in the text; DOTALL and MULTILINE as asked. */
static inline bool found(const char *pattern, uint32_t options, const char *text)
{
	int code;
	PCRE2_SIZE at;
	pcre2_code *c = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code,
				      &at, NULL);

	assert_non_null(c);
	pcre2_match_data *d = pcre2_match_data_create(1, NULL);
	int r = pcre2_match(c, (PCRE2_SPTR)text, strlen(text), 0, 0, d, NULL);
	pcre2_match_data_free(d);
	pcre2_code_free(c);
	return r >= 0;
}

static inline unsigned count_found(const char *pattern, uint32_t options, const char *text)
{
	int code;
	PCRE2_SIZE at, from = 0;
	unsigned n = 0;
	pcre2_code *c = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code,
				      &at, NULL);

	assert_non_null(c);
	pcre2_match_data *d = pcre2_match_data_create(1, NULL);
	for (; pcre2_match(c, (PCRE2_SPTR)text, strlen(text), from, 0, d, NULL) >= 0; n++)
		from = pcre2_get_ovector_pointer(d)[1];
	pcre2_match_data_free(d);
	pcre2_code_free(c);
	return n;
}

static inline void assert_no_trailing_blanks(const char *text)
{
	assert_null(strstr(text, " \n"));
	assert_null(strstr(text, "\t"));
	assert_int_equal(text[strlen(text) - 1], '\n');
}

/* ---- what the world holds ---- */

static inline struct addr ip(const char *chars)
{
	struct addr a;

	assert_true(addr_parse(chars, &a));
	return a;
}

static inline stamp at_ms(int ms)
{
	return stamp_from_unix(NOW_UNIX, NS_PER_MS * ms);
}

static inline void fill_system(void)
{
	w.system = (struct system_row){
		.synchronised = true,
		.stratum = 4,
		.source = ip("192.0.2.17"),
		.leader = ip("192.0.2.17"),
		.precision_log2s = -22,
		.offset = {412700},
		.root_delay = SPAN_US(3880),
		.root_dispersion = SPAN_US(12400),
		.peer_dispersion = SPAN_US(2050),
		.estimated_error = SPAN_US(31),
		.frequency = {13 * PPT_PER_PPM},
		.reference_time = {UINT64_C(0xED51172EBB22D0E5)},
		.sync = SYNC_SYNCHRONISED,
	};
}

static inline struct assoc_row a_session(const char *peer)
{
	struct assoc_row r = {
		.id = 1,
		.peer = {ip(peer), 123},
		.ifindex = 2,
		.ifname = "eth0",
		.group = ip(strchr(peer, ':') ? "ff0e::101" : "224.0.1.1"),
		.origin = ASSOC_MULTICAST,
		.phase = ASSOC_LISTENING,
		.rank = RANK_MASTER,
		.authenticated = true,
		.key_id = 42,
		.sane = true,
		.valid = true,
		.version = 4,
		.stratum = 3,
		.reach = 255,
		.local_poll_log2s = 6,
		.peer_poll_log2s = 6,
		.precision_log2s = -22,
		.refid = 0xc6336404,
		.since_heard = SPAN_MS(21300),
		.offset = {412700},
		.delay = SPAN_US(3880),
		.dispersion = SPAN_US(2050),
		.root_delay = SPAN_US(1200),
		.root_dispersion = SPAN_US(9100),
		.root_distance = SPAN_US(16000),
		.reference = {UINT64_C(0xED51170E0083126F)},
		.origin_time = {UINT64_C(0xED51172EB3333333)},
		.receive = {UINT64_C(0xED51172EBB22D0E5)},
		.transmit = {UINT64_C(0xED51172EB374BC6A)},
	};

	for (unsigned i = 0; i < STATE_FILTER_LEN; i++) {
		r.filter_delay[i] = SPAN_US(3880 + 10 * (int)i);
		r.filter_offset[i] = SPAN_US(410 - 110 * (int)i);
		r.filter_dispersion[i] = SPAN_US(980 * (int)i);
	}
	r.verdicts[VERDICT_USED] = 12;
	r.verdicts[VERDICT_MAC_BAD] = 3;
	return r;
}

static inline int empty_world(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	fill_system();
	return 0;
}

static const struct args none;

#define IFNAME "<interface-name:ifname> [ <interface-number:ifnumber> ]"
#define STATUS "display ntp/ntp-service status"
#define SESSIONS "display ntp/ntp-service sessions [ verbose ]"
#define STATISTICS "display ntp/ntp-service statistics packet [ ipv6 ]"
#define BY_INTERFACE                                                                               \
	"display ntp/ntp-service statistics packet [ ipv6 ] "                                      \
	"interface { " IFNAME " | all }"
#define BY_PEER                                                                                    \
	"display ntp/ntp-service statistics packet peer "                                          \
	"[ <ip-address:ip4> | ipv6 [ <ipv6-address:ip6> ] ]"
#define BY_GROUP                                                                                   \
	"display ntp/ntp-service statistics packet group "                                         \
	"[ <ip-address:group4> | ipv6 [ <ipv6-address:group6> ] ]"
#define MANYCAST "display ntp/ntp-service manycast"
#define EVENT "display ntp/ntp-service event"
#define UNSYNC "display ntp/ntp-service event clock-unsync"
#define INTERFACE "display interface ntp [ " IFNAME " ]"

static inline int fini(void **state)
{
	(void)state;
	text_fini(&out);
	return 0;
}

#define WITH(test) cmocka_unit_test_setup(test, empty_world)

#endif
