/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/measure.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACES_MAX 18 /* more than the powers of ten that fit 64 bits */

/* digits times 10^-places, and where the unit begins. */
struct decimal {
	bool negative;
	uint64_t digits;
	unsigned places;
	const char *unit;
};

static bool read_decimal(const char *text, struct decimal *ret)
{
	struct decimal d = {.unit = text};
	bool any = false, point = false;

	if (*d.unit == '-' || *d.unit == '+')
		d.negative = *d.unit++ == '-';
	for (; isdigit((unsigned char)*d.unit) || (*d.unit == '.' && !point); d.unit++) {
		if (*d.unit == '.') {
			point = true;
			continue;
		}
		if (d.digits > UINT64_MAX / 100 || d.places == PLACES_MAX)
			return false;
		d.digits = d.digits * 10 + (uint64_t)(*d.unit - '0');
		d.places += point;
		any = true;
	}
	*ret = d;
	return any;
}

static uint64_t power_of_ten(unsigned n)
{
	uint64_t p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

bool measure_time(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"ms", 1000000},
		{"s", 1000000000},
		{"min", UINT64_C(60000000000)},
		{"h", UINT64_C(3600000000000)},
		{"d", UINT64_C(86400000000000)},
	};
	struct decimal d;

	if (!read_decimal(text, &d))
		return false;
	if (d.digits == 0 && *d.unit == '\0') {
		*ret_ns = 0;
		return true;
	}
	for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(d.unit, units[i].name) != 0)
			continue;
		unsigned __int128 ns = (unsigned __int128)d.digits * units[i].ns;

		ns /= power_of_ten(d.places);
		if (ns > INT64_MAX / 4)
			return false;
		*ret_ns = d.negative ? -(int64_t)ns : (int64_t)ns;
		return true;
	}
	return false;
}

bool measure_rate(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double per;
	} units[] = {{"ppm", 1e6}, {"ppb", 1e9}, {"ppt", 1e12}};
	struct decimal d;

	if (!read_decimal(text, &d))
		return false;
	if (d.digits == 0 && *d.unit == '\0') {
		*ret = 0.0;
		return true;
	}
	for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(d.unit, units[i].name) != 0)
			continue;
		double v = (double)d.digits / (double)power_of_ten(d.places) / units[i].per;

		*ret = d.negative ? -v : v;
		return true;
	}
	return false;
}

bool measure_share(const char *text, double *ret)
{
	struct decimal d;

	if (!read_decimal(text, &d) || d.negative || strcmp(d.unit, "%") != 0)
		return false;
	double v = (double)d.digits / (double)power_of_ten(d.places) / 100.0;

	if (v > 1.0)
		return false;
	*ret = v;
	return true;
}

bool measure_count(const char *text, uint64_t *ret)
{
	struct decimal d;

	if (!read_decimal(text, &d) || d.negative || d.places > 0 || *d.unit != '\0')
		return false;
	*ret = d.digits;
	return true;
}

const char *measure_print_time(double ns, char buf[MEASURE_TEXT_MAX])
{
	static const struct {
		double ns;
		const char *name;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1.0, "ns"}};
	unsigned i = 0;

	while (i < 3 && fabs(ns) < units[i].ns)
		i++;
	(void)snprintf(buf, MEASURE_TEXT_MAX, "%.*f %s", i == 3 ? 0 : 2, ns / units[i].ns,
		       units[i].name);
	return buf;
}
