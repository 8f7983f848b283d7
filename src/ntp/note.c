/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/note.h"

#include <assert.h>

static const struct note_row verdicts[] = {
#define VERDICT(name, category, sentence) {#name, category, sentence},
#define NOTE(name, severity, sentence)
#include "ntp/note.def"
#undef VERDICT
#undef NOTE
};

static const struct note_row notes[] = {
#define VERDICT(name, category, sentence)
#define NOTE(name, severity, sentence) {#name, severity, sentence},
#include "ntp/note.def"
#undef VERDICT
#undef NOTE
};

const struct note_row *note_of_verdict(enum verdict v)
{
	assert(v < VERDICT_COUNT);
	return &verdicts[v];
}

const struct note_row *note_of(enum note n)
{
	assert(n < NOTE_COUNT);
	return &notes[n];
}
