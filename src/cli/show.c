/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/show.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- values into JSON ---- */

json_t *show_ms(span s)
{
	return json_real((double)s.ns / (double)NS_PER_MS);
}

json_t *show_seconds(span s)
{
	return s.ns < 0 ? json_null() : json_real((double)s.ns / (double)NS_PER_S);
}

json_t *show_addr(const struct addr *a)
{
	char buf[ADDR_TEXT_MAX];

	return a->family == ADDR_NONE ? json_null() : json_string(addr_print(a, buf));
}

static json_t *escaped_name(const char *name)
{
	struct text t = {0};

	for (; *name; name++)
		text_addf(&t, (unsigned char)*name < 0x80 ? "%c" : "\\x%02x", (unsigned char)*name);
	json_t *s = json_string(text_chars(&t));
	text_fini(&t);
	return s;
}

json_t *show_name(const char *name)
{
	json_t *s = name[0] ? json_string(name) : json_null();

	/* The kernel takes names that are not UTF-8, JSON does not. */
	return s ? s : escaped_name(name);
}

json_t *show_stamp(const struct world *world, stamp t)
{
	char ntp[20], utc[40];
	int64_t now_s, now_ns;
	struct tm tm;

	(void)snprintf(ntp, sizeof ntp, "%08" PRIX32 ".%08" PRIX32, (uint32_t)(t.frac >> 32),
		       (uint32_t)t.frac);
	if (stamp_is_zero(t))
		return json_pack("{s:n, s:s}", "utc", "ntp", ntp);
	world->wall(world->context, &now_s, &now_ns);
	t.frac += 2; /* half a nanosecond: rounded, not cut */
	time_t s = (time_t)stamp_to_unix_s(t, now_s);
	if (!gmtime_r(&s, &tm))
		return json_pack("{s:n, s:s}", "utc", "ntp", ntp);
	size_t len = strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(utc + len, sizeof utc - len, ".%09" PRId64 "Z", stamp_subsecond_ns(t));
	return json_pack("{s:s, s:s}", "utc", utc, "ntp", ntp);
}

/* Four characters with nothing but zeros behind them. */
static bool is_word(const char code[4])
{
	unsigned len = 0;

	while (len < 4 && isgraph((unsigned char)code[len]))
		len++;
	for (unsigned i = len; i < 4; i++)
		if (code[i] != '\0')
			return false;
	return len > 0;
}

json_t *show_refid(uint32_t refid, uint8_t stratum)
{
	uint8_t o[4] = {(uint8_t)(refid >> 24), (uint8_t)(refid >> 16), (uint8_t)(refid >> 8),
			(uint8_t)refid};
	char buf[20];

	if (refid == 0)
		return json_string("none");
	if (stratum <= 1 && is_word((const char *)o))
		return json_stringn((const char *)o, strnlen((const char *)o, 4));
	if (o[0] == 127 && o[1] == 127)
		(void)snprintf(buf, sizeof buf, "LOCAL(%u)", o[3]);
	else
		(void)snprintf(buf, sizeof buf, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	return json_string(buf);
}

/* ---- JSON into words ---- */

static const json_t *member(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	assert(v);
	return v;
}

const char *show_text(const json_t *object, const char *key)
{
	const char *chars = json_string_value(member(object, key));

	return chars ? chars : "";
}

double show_number(const json_t *object, const char *key)
{
	return json_number_value(member(object, key));
}

json_int_t show_count(const json_t *object, const char *key)
{
	return json_integer_value(member(object, key));
}

bool show_flag(const json_t *object, const char *key)
{
	return json_is_true(member(object, key));
}

bool show_null(const json_t *object, const char *key)
{
	return json_is_null(member(object, key));
}

void show_add_fixed(struct text *out, double number, int decimals)
{
	char buf[64];

	(void)snprintf(buf, sizeof buf, "%.*f", decimals, number);
	text_add(out, buf[0] == '-' && strspn(buf + 1, "0.") == strlen(buf + 1) ? buf + 1 : buf);
}

void show_add_number(struct text *out, const char *before, const json_t *object, const char *key,
		     int decimals)
{
	text_add(out, before);
	show_add_fixed(out, show_number(object, key), decimals);
}

void show_add_addr(struct text *out, const json_t *object, const char *key)
{
	const char *chars = show_text(object, key);
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	if (show_null(object, key))
		text_add(out, "none");
	else
		text_add(out, addr_parse(chars, &a) ? addr_print_upper(&a, buf) : chars);
}

/* The instant without its zone; 1900 for the instant that is not known. */
static const char *utc_of(const json_t *t)
{
	return show_null(t, "utc") ? "1900-01-01T00:00:00.000000000Z" : show_text(t, "utc");
}

void show_add_stamp(struct text *out, const json_t *object, const char *key)
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const json_t *t = member(object, key);
	const char *utc = utc_of(t); /* 2026-03-03T08:15:42.731000000Z */
	unsigned long month = strtoul(utc + 5, NULL, 10);
	unsigned long day = strtoul(utc + 8, NULL, 10);

	assert(month >= 1 && month <= 12);
	text_addf(out, "%.12s UTC %s %lu %.4s(%s)", utc + 11, months[month - 1], day, utc,
		  show_text(t, "ntp"));
}

void show_add_date(struct text *out, const json_t *object, const char *key, int len)
{
	const char *utc = utc_of(member(object, key));

	text_addf(out, "%.10s %.*s", utc, len - 11, utc + 11);
}

void show_add_ago(struct text *out, const json_t *object, const char *key)
{
	if (show_null(object, key))
		text_add(out, "never");
	else
		text_addf(out, "%.0f s ago", show_number(object, key));
}

/* ---- verdicts and interfaces ---- */

const char *show_verdict_key(unsigned verdict, char buf[40])
{
	const char *name = note_of_verdict((enum verdict)verdict)->name;
	size_t i = 0;

	for (; name[i] && i < 39; i++)
		buf[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
	buf[i] = '\0';
	return buf;
}

json_t *show_verdict_counts(const uint64_t verdicts[VERDICT_COUNT])
{
	json_t *o = json_object();
	char key[40];

	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		if (verdicts[v] > 0)
			json_object_set_new(o, show_verdict_key(v, key),
					    json_integer((json_int_t)verdicts[v]));
	return o;
}

void show_ifname(const struct world *world, uint32_t ifindex, char ret[SETTINGS_IFNAME_MAX])
{
	struct group_row row;

	ret[0] = '\0';
	for (unsigned i = 0; ifindex > 0 && world->group(world->context, i, &row); i++) {
		if (row.ifindex == ifindex) {
			memcpy(ret, row.ifname, SETTINGS_IFNAME_MAX);
			return;
		}
	}
}

bool show_wants_ifname(const struct show *show, const char *ifname)
{
	const char *name = args_text(show->args, "interface-name");
	const char *number = args_text(show->args, "interface-number");
	size_t len = name ? strlen(name) : 0;

	return !name || (strncasecmp(name, ifname, len) == 0 &&
			 strcasecmp(number ? number : "", ifname + len) == 0);
}
