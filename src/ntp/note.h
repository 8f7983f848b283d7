/* SPDX-License-Identifier: BSD-2-Clause */
/* The names behind note.def: what became of a packet, and what is worth telling a person. */
#ifndef NTP_NOTE_H
#define NTP_NOTE_H

/* What became of one received packet. */
enum verdict {
#define VERDICT(name, category, sentence) VERDICT_##name,
#define NOTE(name, severity, sentence)
#include "ntp/note.def"
#undef VERDICT
#undef NOTE
	VERDICT_COUNT
};

/* The rows of `display ntp statistics packet` that verdicts add up to. */
enum verdict_category {
	CATEGORY_PROCESSED,
	CATEGORY_VALIDITY,	 /* Validity test failures, authentication apart */
	CATEGORY_AUTHENTICATION, /* counted under validity too */
	CATEGORY_INVALID,
	CATEGORY_ACCESS,
	CATEGORY_RATE,
	CATEGORY_DELAY,
	CATEGORY_IFACE_DISABLED,
	CATEGORY_DYNAMIC_MAX,
	CATEGORY_SERVER_DISABLED,
	CATEGORY_OFFSET_LIMIT,
	CATEGORY_OTHER,
	CATEGORY_COUNT
};

/* Something for the journal; severity is syslog's. */
enum note {
#define VERDICT(name, category, sentence)
#define NOTE(name, severity, sentence) NOTE_##name,
#include "ntp/note.def"
#undef VERDICT
#undef NOTE
	NOTE_COUNT
};

struct note_row {
	const char *name; /* as in note.def: MAC_BAD */
	int kind;	  /* verdicts: enum verdict_category; notes: syslog severity */
	const char *sentence;
};

/* Never NULL; v below VERDICT_COUNT, n below NOTE_COUNT. */
const struct note_row *note_of_verdict(enum verdict v);
const struct note_row *note_of(enum note n);

#endif
