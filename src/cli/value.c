/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/value.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ntp/settings.h"

static const struct {
	const char *name;
	uint8_t kind;
	uint64_t min, max;
} type_names[] = {
	{"u32", VALUE_NUMBER, 0, UINT32_MAX},
	{"number", VALUE_NUMBER, 0, UINT32_MAX},
	{"port", VALUE_PORT, 1025, 65535},
	{"ip", VALUE_IP, 0, 0},
	{"ip4", VALUE_IP4, 0, 0},
	{"ipv4", VALUE_IP4, 0, 0},
	{"ip6", VALUE_IP6, 0, 0},
	{"ipv6", VALUE_IP6, 0, 0},
	{"group4", VALUE_GROUP4, 0, 0},
	{"group6", VALUE_GROUP6, 0, 0},
	{"wildcard4", VALUE_WILDCARD, 0, 0},
	{"aclname", VALUE_ACL_NAME, 1, SETTINGS_ACL_NAME_MAX - 1},
	{"refclock", VALUE_REFCLOCK, 0, 3},
	{"string", VALUE_STRING, 1, 255},
	{"octets", VALUE_OCTETS, 1, 255},
	{"label", VALUE_LABEL, 1, 256},
	{"sysname", VALUE_SYSNAME, 1, 48},
	{"ifname", VALUE_IFNAME, 1, SETTINGS_IFNAME_MAX - 1},
	{"ifnumber", VALUE_IFNUMBER, 1, 32},
	{"rest", VALUE_REST, 1, 255},
};

static bool read_range(const char *text, struct value_type *t)
{
	char *end;

	t->min = strtoull(text, &end, 10);
	t->max = t->min;
	if (end == text)
		return false;
	if (*end == '-')
		t->max = strtoull(end + 1, &end, 10);
	return *end == '\0';
}

bool value_type_read(const char *spec, struct value_type *ret)
{
	struct value_type t = {0};
	size_t len = strcspn(spec, " ");

	if (*spec >= '0' && *spec <= '9') {
		t.kind = VALUE_NUMBER;
		if (!read_range(spec, &t))
			return false;
		*ret = t;
		return true;
	}
	for (unsigned i = 0; i < sizeof type_names / sizeof *type_names; i++) {
		if (strncmp(spec, type_names[i].name, len) != 0 || type_names[i].name[len] != '\0')
			continue;
		t.kind = type_names[i].kind;
		t.min = type_names[i].min;
		t.max = type_names[i].max;
		if (spec[len] == ' ' && !read_range(spec + len + 1, &t))
			return false;
		*ret = t;
		return true;
	}
	return false;
}

static bool all_of(const char *text, const char *set)
{
	return text[strspn(text, set)] == '\0';
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static enum value_fit read_number(const struct value_type *t, const char *text, struct value *ret,
				  struct err *err)
{
	if (*text == '\0' || !all_of(text + (*text == '-'), DIGITS))
		return VALUE_MISFIT;
	errno = 0;
	ret->number = strtoull(text, NULL, 10);
	if (t->kind == VALUE_PORT && ret->number == NTP_PORT)
		return VALUE_FITS;
	if (*text != '-' && errno == 0 && ret->number >= t->min && ret->number <= t->max)
		return VALUE_FITS;
	err_set(err, "Allowed: %s%" PRIu64 "-%" PRIu64 ".", t->kind == VALUE_PORT ? "123 or " : "",
		t->min, t->max);
	return VALUE_OUT_OF_RANGE;
}

static enum value_fit check_addr(const struct value_type *t, const struct value *v, struct err *err)
{
	bool wants_6 = t->kind == VALUE_IP6 || t->kind == VALUE_GROUP6;
	bool is_6 = v->addr.family == ADDR_V6;

	if (t->kind != VALUE_IP && wants_6 != is_6) {
		err_set(err, wants_6 ? "Allowed after ipv6: an IPv6 address."
				     : "An IPv6 address goes after the word ipv6.");
		return VALUE_OUT_OF_RANGE;
	}
	if (t->kind == VALUE_REFCLOCK && (v->addr.octets[0] != 127 || v->addr.octets[1] != 127 ||
					  v->addr.octets[2] != 1 || v->addr.octets[3] > t->max)) {
		err_set(err, "Allowed: 127.127.1.0 to 127.127.1.3.");
		return VALUE_OUT_OF_RANGE;
	}
	if ((t->kind == VALUE_GROUP4 || t->kind == VALUE_GROUP6) && !addr_is_multicast(&v->addr)) {
		err_set(err, "%s is not a multicast group. Allowed: %s.", v->text,
			is_6 ? "addresses that start with FF" : "224.0.0.0-239.255.255.255");
		return VALUE_OUT_OF_RANGE;
	}
	return VALUE_FITS;
}

static enum value_fit read_addr(const struct value_type *t, const char *text, struct value *ret,
				struct err *err)
{
	if (!addr_parse(text, &ret->addr))
		return VALUE_MISFIT;
	if (ret->addr.family == ADDR_V4)
		ret->number = ret->addr.octets[3];
	return check_addr(t, ret, err);
}

static enum value_fit read_wildcard(const char *text, struct value *ret)
{
	if (strcmp(text, "0") == 0)
		return VALUE_FITS;
	if (!addr_parse(text, &ret->addr) || ret->addr.family != ADDR_V4)
		return VALUE_MISFIT;
	for (unsigned i = 0; i < 4; i++)
		ret->number = ret->number << 8 | ret->addr.octets[i];
	return VALUE_FITS;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* What is shown again, as JSON too, must be text; a password is octets. */
static bool is_utf8(const char *text)
{
	json_t *j = json_string(text);
	bool accepted = j;

	json_decref(j);
	return accepted;
}

static enum value_fit read_text(const struct value_type *t, const char *text, struct err *err)
{
	size_t len = strlen(text);

	if (has_control(text)) {
		err_set(err, "Control characters are not allowed.");
		return VALUE_OUT_OF_RANGE;
	}
	if (t->kind != VALUE_OCTETS && !is_utf8(text)) {
		err_set(err, "It is not UTF-8.");
		return VALUE_OUT_OF_RANGE;
	}
	if (len < t->min || len > t->max) {
		err_set(err, "Allowed: %" PRIu64 " to %" PRIu64 " characters.", t->min, t->max);
		return VALUE_OUT_OF_RANGE;
	}
	if (t->kind == VALUE_SYSNAME && !all_of(text, LETTERS DIGITS "._-")) {
		err_set(err, "Allowed: letters, digits, dot, underscore and hyphen.");
		return VALUE_OUT_OF_RANGE;
	}
	if ((t->kind == VALUE_IFNAME || t->kind == VALUE_IFNUMBER) &&
	    !all_of(text, LETTERS DIGITS "._-:/@")) {
		err_set(err, "Allowed: letters, digits and . _ - : / @");
		return VALUE_OUT_OF_RANGE;
	}
	if (t->kind == VALUE_ACL_NAME &&
	    (!strchr(LETTERS DIGITS, *text) || !all_of(text, LETTERS DIGITS "._-") ||
	     all_of(text, DIGITS))) {
		err_set(err, "A letter or digit, then letters, digits, dot, underscore and "
			     "hyphen; not digits alone.");
		return VALUE_OUT_OF_RANGE;
	}
	if (t->kind == VALUE_LABEL && (strcmp(text, "-") == 0 || (*text >= '0' && *text <= '9'))) {
		err_set(err, "A label does not start with a digit and is not a lone hyphen.");
		return VALUE_OUT_OF_RANGE;
	}
	return VALUE_FITS;
}

enum value_fit value_read(const struct value_type *t, const char *text, struct value *ret,
			  struct err *err)
{
	struct value v = {.text = text};
	enum value_fit fit = VALUE_MISFIT;

	switch ((enum value_kind)t->kind) {
	case VALUE_NUMBER:
	case VALUE_PORT:
		fit = read_number(t, text, &v, err);
		break;
	case VALUE_IP:
	case VALUE_IP4:
	case VALUE_IP6:
	case VALUE_GROUP4:
	case VALUE_GROUP6:
	case VALUE_REFCLOCK:
		fit = read_addr(t, text, &v, err);
		break;
	case VALUE_WILDCARD:
		fit = read_wildcard(text, &v);
		break;
	case VALUE_STRING:
	case VALUE_OCTETS:
	case VALUE_LABEL:
	case VALUE_SYSNAME:
	case VALUE_ACL_NAME:
	case VALUE_IFNAME:
	case VALUE_IFNUMBER:
	case VALUE_REST:
		fit = read_text(t, text, err);
		break;
	}
	if (fit == VALUE_FITS)
		*ret = v;
	return fit;
}

const char *value_tag(const struct value_type *t, char buf[64])
{
	switch ((enum value_kind)t->kind) {
	case VALUE_NUMBER:
		(void)snprintf(buf, 64, "INTEGER<%" PRIu64 "-%" PRIu64 ">", t->min, t->max);
		break;
	case VALUE_PORT:
		(void)snprintf(buf, 64, "INTEGER<123,%" PRIu64 "-%" PRIu64 ">", t->min, t->max);
		break;
	case VALUE_IP:
		(void)snprintf(buf, 64, "X.X.X.X or X:X::X:X");
		break;
	case VALUE_IP4:
	case VALUE_GROUP4:
	case VALUE_REFCLOCK:
		(void)snprintf(buf, 64, "X.X.X.X");
		break;
	case VALUE_WILDCARD:
		(void)snprintf(buf, 64, "0 or X.X.X.X");
		break;
	case VALUE_IP6:
	case VALUE_GROUP6:
		(void)snprintf(buf, 64, "X:X::X:X");
		break;
	case VALUE_STRING:
	case VALUE_OCTETS:
	case VALUE_LABEL:
	case VALUE_SYSNAME:
	case VALUE_ACL_NAME:
	case VALUE_IFNAME:
	case VALUE_IFNUMBER:
	case VALUE_REST:
		(void)snprintf(buf, 64, "STRING<%" PRIu64 "-%" PRIu64 ">", t->min, t->max);
		break;
	}
	return buf;
}
