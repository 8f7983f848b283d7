/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 1024

void say(int priority, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list ap;
	size_t len;
	int head = snprintf(line, sizeof line, "<%d>", priority);

	va_start(ap, format);
	(void)vsnprintf(line + head, sizeof line - (size_t)head - 1, format, ap);
	va_end(ap);
	len = strlen(line);
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\n')
			line[i] = ' ';
	}
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
}

/* True if it may be said now. */
static bool admit(struct say_limits *limits, mono now, enum note note)
{
	span since = mono_sub(now, limits->notes[note].refilled);

	if (!span_less(since, SAY_REFILL)) {
		limits->notes[note].said = 0;
		limits->notes[note].refilled = now;
	}
	if (limits->notes[note].said >= SAY_BURST) {
		limits->notes[note].held_back++;
		return false;
	}
	limits->notes[note].said++;
	return true;
}

static size_t add_peer(char *line, size_t room, const struct note_action *n)
{
	char text[ADDR_TEXT_MAX];
	int len = 0;

	line[0] = '\0';
	if (n->peer.addr.family != ADDR_NONE)
		len = snprintf(line, room, " peer=%s port=%u", addr_print(&n->peer.addr, text),
			       n->peer.port);
	return (size_t)len;
}

void say_note(struct say_limits *limits, mono now, const struct note_action *n, const char *ifname)
{
	const struct note_row *row = note_of(n->note);
	char text[ADDR_TEXT_MAX];
	char who[256];
	char held_back[32] = "";
	size_t len;

	if (!admit(limits, now, n->note))
		return;
	len = add_peer(who, sizeof who, n);
	if (n->group.family != ADDR_NONE)
		(void)snprintf(who + len, sizeof who - len, " group=%s",
			       addr_print(&n->group, text));
	if (limits->notes[n->note].held_back > 0)
		(void)snprintf(held_back, sizeof held_back, " held_back=%u",
			       limits->notes[n->note].held_back);
	limits->notes[n->note].held_back = 0;
	say(row->kind, "note=%s%s%s%s value=%" PRId64 "%s text=\"%s\"", row->name,
	    *ifname ? " iface=" : "", ifname, who, n->value, held_back, row->sentence);
}
