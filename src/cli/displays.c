/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/displays.h"

#include <stdlib.h>

#include "cli/show.h"

#define NTP "display ntp/ntp-service "
#define IFNAME "<interface-name:ifname> [ <interface-number:ifnumber> ]"

const struct display_row displays[] = {
	{NTP "status", "The clock and what it follows", show_status_collect, show_status_print},
	{NTP "sessions [ verbose ]", "Every server that is heard or asked", show_sessions_collect,
	 show_sessions_print},
	{NTP "statistics packet [ ipv6 ]", "Packets sent, used and dropped",
	 show_statistics_collect, show_statistics_print},
	{NTP "statistics packet [ ipv6 ] interface { " IFNAME " | all }", "The same by interface",
	 show_statistics_collect, show_statistics_print},
	{NTP "statistics packet peer [ <ip-address:ip4> | ipv6 [ <ipv6-address:ip6> ] ]",
	 "The same by server", show_statistics_collect_peers, show_statistics_print},
	{NTP "statistics packet group [ <ip-address:group4> | ipv6 [ <ipv6-address:group6> ] ]",
	 "The same by group", show_statistics_collect_groups, show_statistics_print},
	{NTP "verdicts [ all ]", "What became of packets, and what each verdict means",
	 show_verdicts_collect, show_verdicts_print},
	{NTP "manycast", "Rings, solicitations and answers", show_manycast_collect,
	 show_manycast_print},
	{NTP "event", "What happened to sessions, newest first", show_event_collect,
	 show_event_print},
	{NTP "event clock-unsync", "The last losses of a server", show_event_collect,
	 show_event_print_unsync},
	{"display interface ntp [ " IFNAME " ]",
	 "Groups, memberships and next packets by interface", show_interface_collect,
	 show_interface_print},
	{"display clock", "Date and time of the clock that is kept", show_clock_collect,
	 show_clock_print},
};
const unsigned display_count = sizeof displays / sizeof *displays;

void displays_dump(const json_t *data, struct text *out)
{
	char *chars = json_dumps(data, JSON_INDENT(2) | JSON_REAL_PRECISION(12));

	text_add(out, chars ? chars : "");
	text_add(out, "\n");
	free(chars);
}
