/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/show.h"

#define NOMINAL_HZ 100.0

static const char *sync_name(enum sync_state s)
{
	switch (s) {
	case SYNC_NOT_SET:
		return "clock-not-set";
	case SYNC_FREQ_SET:
		return "frequency-set";
	case SYNC_SET:
		return "clock-set";
	case SYNC_FREQ_UNKNOWN:
		return "frequency-not-determined";
	case SYNC_SYNCHRONISED:
		return "clock-synchronized";
	case SYNC_SPIKE:
		return "spike";
	}
	assert(false);
	return NULL;
}

static const char *silence_name(enum silence s)
{
	switch (s) {
	case SILENCE_NONE:
		return "none";
	case SILENCE_NO_SOURCE:
		return "no-time-source";
	case SILENCE_WAITING:
		return "waiting-for-source";
	}
	assert(false);
	return NULL;
}

/*
 * Name in the JSON and words on the screen. Parsers want two words of state first, so a spike is
 * told behind them.
 */
static const struct {
	const char *name;
	const char *words;
} sync_words[] = {
	{"clock-not-set", "clock not set"},
	{"frequency-set", "frequency set by configuration"},
	{"clock-set", "clock set"},
	{"frequency-not-determined", "clock set but frequency not determined"},
	{"clock-synchronized", "clock synchronized"},
	{"spike", "clock set (spike: waiting to see whether it lasts)"},
	{"none", ""},
	{"no-time-source", " (nothing sent: no time source; type ntp refclock-master)"},
	{"waiting-for-source", " (nothing sent: no server has been heard and believed yet)"},
};

static const char *words_of(const char *name)
{
	for (unsigned i = 0; i < sizeof sync_words / sizeof *sync_words; i++)
		if (strcmp(sync_words[i].name, name) == 0)
			return sync_words[i].words;
	assert(false);
	return NULL;
}

static json_t *reference(const struct system_row *r)
{
	char buf[16];

	if (!r->synchronised)
		return json_string("none");
	if (r->refclock) {
		(void)snprintf(buf, sizeof buf, "LOCAL(%u)", r->refclock_unit);
		return json_string(buf);
	}
	return r->leader.family == ADDR_NONE ? show_refid(r->refid, r->stratum)
					     : show_addr(&r->leader);
}

json_t *show_status_collect(const struct show *show)
{
	struct system_row r;
	json_t *o;

	show->world->system(show->world->context, &r);
	/* A clock that needs to be made faster runs slower than its nominal frequency. */
	double actual = NOMINAL_HZ * (1.0 - freq_to_ratio(r.frequency));
	o = json_pack("{s:s, s:i, s:o, s:f, s:f, s:f, s:i}", "clock-status",
		      r.synchronised ? "synchronized" : "unsynchronized", "clock-stratum",
		      r.synchronised ? r.stratum : 16, "reference-clock-id", reference(&r),
		      "nominal-frequency-hz", NOMINAL_HZ, "actual-frequency-hz", actual,
		      "frequency-correction-ppm", freq_to_ratio(r.frequency) * 1e6,
		      "clock-precision-log2s", r.precision_log2s);
	json_t *rest = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:i, s:b, s:i, s:i, s:I, s:I}",
		"clock-offset-ms", show_ms(r.offset), "root-delay-ms", show_ms(r.root_delay),
		"root-dispersion-ms", show_ms(r.root_dispersion), "peer-dispersion-ms",
		show_ms(r.peer_dispersion), "uncertainty-ms", show_ms(r.estimated_error),
		"reference-time",
		show_stamp(show->world, r.synchronised ? r.reference_time : (stamp){0}),
		"synchronization-state", sync_name(r.sync), "silence", silence_name(r.silence),
		"leap", r.leap, "kernel-clock", r.kernel, "sessions", (int)r.assoc_count, "groups",
		(int)r.group_count, "packets-sent", (json_int_t)r.sent, "packets-send-failures",
		(json_int_t)r.send_failed);
	assert(o && rest);
	json_object_update(o, rest);
	json_decref(rest);
	return o;
}

void show_status_print(const struct show *show, const json_t *data, struct text *out)
{
	(void)show;
	text_addf(out, " clock status: %s\n", show_text(data, "clock-status"));
	text_addf(out, " clock stratum: %d\n", (int)show_count(data, "clock-stratum"));
	text_add(out, " reference clock ID: ");
	show_add_addr(out, data, "reference-clock-id");
	show_add_number(out, "\n nominal frequency: ", data, "nominal-frequency-hz", 4);
	show_add_number(out, " Hz\n actual frequency: ", data, "actual-frequency-hz", 4);
	text_addf(out, " Hz\n clock precision: 2^%d\n",
		  -(int)show_count(data, "clock-precision-log2s"));
	show_add_number(out, " clock offset: ", data, "clock-offset-ms", 4);
	show_add_number(out, " ms\n root delay: ", data, "root-delay-ms", 2);
	show_add_number(out, " ms\n root dispersion: ", data, "root-dispersion-ms", 2);
	show_add_number(out, " ms\n peer dispersion: ", data, "peer-dispersion-ms", 2);
	text_add(out, " ms\n reference time: ");
	show_add_stamp(out, data, "reference-time");
	text_addf(out, "\n synchronization state: %s%s\n",
		  words_of(show_text(data, "synchronization-state")),
		  words_of(show_text(data, "silence")));
}
