/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on stderr for the journal: "<N>" priority, then text or key=value. Notes of the core are
 * rate limited one by one, and what was held back is counted in the next line that gets through.
 */
#ifndef DAEMON_SAY_H
#define DAEMON_SAY_H

#include "base/ntptime.h"
#include "ntp/action.h"

#define SAY_ERROR 3
#define SAY_WARNING 4
#define SAY_NOTICE 5
#define SAY_INFO 6

/* One line, in one write; any thread. */
__attribute__((format(printf, 2, 3))) void say(int priority, const char *format, ...);

#define SAY_BURST 10
#define SAY_REFILL SPAN_S(30)

/* How much may still be said of each note; all zero at the start. */
struct say_limits {
	struct {
		unsigned said; /* since refilled */
		mono refilled;
		unsigned held_back;
	} notes[NOTE_COUNT];
};

/* ifname is "" where the note names no interface or its name is not known. */
void say_note(struct say_limits *limits, mono now, const struct note_action *n, const char *ifname);

#endif
