/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cli/show.h"

json_t *show_clock_collect(const struct show *show)
{
	static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					   "Thursday", "Friday", "Saturday"};
	int64_t unix_s, ns;
	struct tm tm;
	char utc[40];

	show->world->wall(show->world->context, &unix_s, &ns);
	time_t s = (time_t)unix_s;
	const struct tm *known = gmtime_r(&s, &tm);
	assert(known);
	size_t len = strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%S", known);
	(void)snprintf(utc + len, sizeof utc - len, ".%09" PRId64 "Z", ns);
	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "utc", utc, "weekday", days[tm.tm_wday],
			 "unix-s", (json_int_t)unix_s, "unix-ns", (json_int_t)ns, "time-zone",
			 "UTC", "utc-offset", "+00:00");
}

void show_clock_print(const struct show *show, const json_t *data, struct text *out)
{
	const char *utc = show_text(data, "utc");

	(void)show;
	text_addf(out, "%.10s %.8s%s\n%s\nTime Zone(%s) : UTC%s\n", utc, utc + 11,
		  show_text(data, "utc-offset"), show_text(data, "weekday"),
		  show_text(data, "time-zone"), show_text(data, "utc-offset"));
}
