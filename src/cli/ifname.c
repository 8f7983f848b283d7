/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <strings.h>

#include "cli/inside.h"
#include "conf/block.h"

/* What a display shows can be typed back, even where another spelling is a name of the kernel's. */
static bool has_block(const struct session *s, const char *ifname)
{
	const struct settings *settings =
		store_settings(s->mine ? s->mine : commit_running(s->office->commit));
	const char *at = block_next_ifname(settings, "");

	while (at && strcmp(at, ifname) != 0)
		at = block_next_ifname(settings, at);
	return at;
}

bool ifname_typed(struct session *s, const struct args *args, char ret[SETTINGS_IFNAME_MAX],
		  struct text *out)
{
	const char *number = args_text(args, "interface-number");
	char typed[SETTINGS_IFNAME_MAX];
	char name[SETTINGS_IFNAME_MAX];
	unsigned alike = 0;
	int n = snprintf(typed, sizeof typed, "%s%s", args_text(args, "interface-name"),
			 number ? number : "");

	if (n < 0 || (size_t)n >= sizeof typed) {
		session_refuse(s, out, "An interface name has at most %d characters.",
			       SETTINGS_IFNAME_MAX - 1);
		return false;
	}
	memcpy(ret, typed, sizeof typed);
	if (s->loading || office_has_ifname(s->office, typed) || has_block(s, typed))
		return true;
	for (unsigned i = 0; s->office->world->ifname(s->office->world->context, i, name); i++) {
		if (strcasecmp(name, typed) == 0 && alike++ == 0)
			memcpy(ret, name, sizeof name);
	}
	if (alike > 1)
		memcpy(ret, typed, sizeof typed);
	return true;
}
