/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/filter_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/*
 * A line may cost 100,000 steps, but only a few lines of a text may: many lines are not a way
 * around the limit. Ten thousand lines cost at most a third of a second.
 */
static const struct tier {
	uint32_t steps;
	unsigned lines; /* that may need so many; 0: any */
} tiers[] = {{2000, 0}, {20000, 500}, {100000, 20}};
#define TIERS (sizeof tiers / sizeof *tiers)
#define HEAP_LIMIT_KIB 1024

enum verb {
	VERB_PASS, /* the line has modifiers only */
	VERB_INCLUDE,
	VERB_EXCLUDE,
	VERB_BEGIN,
	VERB_COUNT,
	VERB_JSON,
};

struct stage {
	enum verb verb;
	bool section;
	bool ignore_case;
	bool no_more;
	char pattern[FILTER_PATTERN_MAX + 1];
};

struct plan {
	unsigned count;
	struct stage stages[FILTER_STAGES_MAX];
};

/* ---- parsing ---- */

enum word {
	WORD_BEGIN,
	WORD_COUNT,
	WORD_EXCLUDE,
	WORD_IGNORE_CASE,
	WORD_INCLUDE,
	WORD_JSON,
	WORD_NO_MORE,
	WORD_SECTION,
	WORD_COUNT_OF,
	WORD_NONE,
	WORD_AMBIGUOUS,
};

static const char *const words[WORD_COUNT_OF] = {"begin",   "count", "exclude", "ignore-case",
						 "include", "json",  "no-more", "section"};

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* The keyword at the start of at, in full or abbreviated; *ret_end is behind it. */
static enum word word_at(const char *at, const char **ret_end)
{
	size_t len = strcspn(at, " \t|");
	enum word found = WORD_NONE;

	*ret_end = at + len;
	for (enum word w = 0; len > 0 && w < WORD_COUNT_OF; w++) {
		if (strncasecmp(words[w], at, len) != 0)
			continue;
		if (words[w][len] == '\0')
			return w;
		found = found == WORD_NONE ? w : WORD_AMBIGUOUS;
	}
	return found;
}

/* The expression up to the next `|`, or between quotes if it starts with one. */
static int parse_pattern(const char **at, struct stage *s, struct err *err)
{
	const char *from = skip_blanks(*at);
	const char *end = from + strcspn(from, "|");
	const char *close = *from == '"' ? strchr(from + 1, '"') : NULL;

	*at = end;
	if (close) {
		from++;
		end = close;
		*at = skip_blanks(close + 1);
		if (**at != '\0' && **at != '|') {
			err_set(err, "Nothing but '|' can follow a quoted expression.");
			return -EINVAL;
		}
	} else {
		while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
	}
	size_t len = (size_t)(end - from);
	if (len < 1 || len > FILTER_PATTERN_MAX) {
		err_set(err, "A filter's expression has 1 to %d characters.", FILTER_PATTERN_MAX);
		return -EINVAL;
	}
	memcpy(s->pattern, from, len);
	s->pattern[len] = '\0';
	return 0;
}

static int refuse_word(const char *at, enum word w, struct err *err)
{
	int len = (int)strcspn(at, " \t|");

	if (len == 0)
		err_set(err, "A filter is missing after '|'.");
	else
		err_set(err,
			"%s filter '%.*s': begin, count, exclude, ignore-case, include, json, "
			"no-more and section are known.",
			w == WORD_AMBIGUOUS ? "Ambiguous" : "Unknown", len < 40 ? len : 40, at);
	return -EINVAL;
}

/* The words before a verb: more than one may stand there. */
static const char *parse_modifiers(const char *at, struct stage *s)
{
	for (;;) {
		const char *end;
		at = skip_blanks(at);
		enum word w = word_at(at, &end);
		if (w == WORD_IGNORE_CASE)
			s->ignore_case = true;
		else if (w == WORD_NO_MORE)
			s->no_more = true;
		else if (w == WORD_SECTION && !s->section)
			s->section = true;
		else
			return at;
		at = end;
	}
}

/* One stage; *at ends at its `|` or at the end of the text. */
static int parse_stage(const char **at, struct stage *s, struct err *err)
{
	const char *end;
	const char *verb = parse_modifiers(*at, s);
	enum word w = word_at(verb, &end);
	bool bare = *verb == '\0' || *verb == '|';

	if (bare && (s->ignore_case || s->no_more) && !s->section) {
		*at = verb;
		return 0;
	}
	/* `section R` is `section include R`; an expression may look like a filter's name. */
	bool needs_pattern = w == WORD_INCLUDE || w == WORD_EXCLUDE || w == WORD_BEGIN;
	if (s->section && (!needs_pattern || strchr("|", *skip_blanks(end)))) {
		s->verb = VERB_INCLUDE;
		*at = verb;
		return parse_pattern(at, s, err);
	}
	*at = skip_blanks(end);
	if (needs_pattern) {
		s->verb = w == WORD_INCLUDE   ? VERB_INCLUDE
			  : w == WORD_EXCLUDE ? VERB_EXCLUDE
					      : VERB_BEGIN;
		return parse_pattern(at, s, err);
	}
	if (w != WORD_COUNT && w != WORD_JSON)
		return refuse_word(verb, w, err);
	s->verb = w == WORD_COUNT ? VERB_COUNT : VERB_JSON;
	if (**at != '\0' && **at != '|') {
		err_set(err, "Nothing can follow the filter %s but '|'.", words[w]);
		return -EINVAL;
	}
	return 0;
}

static int parse(const char *pipeline, struct plan *p, struct err *err)
{
	const char *at = pipeline;
	bool ignore_case = false;

	p->count = 0;
	for (;; at++) {
		if (p->count == FILTER_STAGES_MAX) {
			err_set(err, "At most %d filters can follow each other.",
				FILTER_STAGES_MAX);
			return -EINVAL;
		}
		struct stage *s = &p->stages[p->count++];
		*s = (struct stage){0};
		int r = parse_stage(&at, s, err);
		if (r < 0)
			return r;
		if (s->verb == VERB_JSON && p->count > 1) {
			err_set(err, "The filter json can only be the first.");
			return -EINVAL;
		}
		if (s->verb == VERB_PASS)
			ignore_case |= s->ignore_case;
		if (*at == '\0')
			break;
	}
	/* On its own, ignore-case is meant for the whole line. */
	for (unsigned i = 0; ignore_case && i < p->count; i++)
		p->stages[i].ignore_case = true;
	return 0;
}

bool filter_text_wants_json(const char *pipeline)
{
	const char *end;

	return word_at(skip_blanks(pipeline), &end) == WORD_JSON;
}

bool filter_text_wants_no_more(const char *pipeline)
{
	struct plan p;

	if (parse(pipeline, &p, NULL) < 0)
		return false;
	for (unsigned i = 0; i < p.count; i++)
		if (p.stages[i].no_more)
			return true;
	return false;
}

/* ---- matching ---- */

struct matcher {
	pcre2_general_context *general;
	pcre2_compile_context *compile;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits[TIERS];
	unsigned used[TIERS]; /* lines that needed that tier */
};

static void matcher_fini(struct matcher *m)
{
	for (unsigned i = 0; i < TIERS; i++)
		pcre2_match_context_free(m->limits[i]);
	pcre2_match_data_free(m->data);
	pcre2_code_free(m->code);
	pcre2_compile_context_free(m->compile);
	pcre2_general_context_free(m->general);
}

/* Without memory an expression would be called invalid, or too costly. */
static void *take(PCRE2_SIZE size, void *context)
{
	(void)context;
	return auto_take(size);
}

static void give(void *p, void *context)
{
	(void)context;
	free(p);
}

static pcre2_match_context *limited(const struct matcher *m, uint32_t steps)
{
	pcre2_match_context *c = pcre2_match_context_create(m->general);

	(void)pcre2_set_match_limit(c, steps);
	(void)pcre2_set_depth_limit(c, steps);
	(void)pcre2_set_heap_limit(c, HEAP_LIMIT_KIB);
	return c;
}

static int matcher_init(struct matcher *m, const struct stage *s, struct err *err)
{
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
			   (s->ignore_case ? PCRE2_CASELESS : 0);
	int code;
	PCRE2_SIZE at;

	*m = (struct matcher){.general = pcre2_general_context_create(take, give, NULL)};
	m->compile = pcre2_compile_context_create(m->general);
	m->code = pcre2_compile((PCRE2_SPTR)s->pattern, PCRE2_ZERO_TERMINATED, options, &code, &at,
				m->compile);
	if (!m->code) {
		PCRE2_UCHAR why[128] = "";
		(void)pcre2_get_error_message(code, why, sizeof why);
		err_set(err, "The expression '%.100s' is not valid at character %zu: %s.",
			s->pattern, (size_t)at + 1, (const char *)why);
		return -EINVAL;
	}
	m->data = pcre2_match_data_create(1, m->general);
	for (unsigned i = 0; i < TIERS; i++)
		m->limits[i] = limited(m, tiers[i].steps);
	return 0;
}

static bool hit_limit(int r)
{
	return r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT ||
	       r == PCRE2_ERROR_HEAPLIMIT;
}

/* 1 matches, 0 does not, -EINVAL too costly. */
static int matches(struct matcher *m, const char *line, size_t len, struct err *err)
{
	int r = PCRE2_ERROR_MATCHLIMIT;

	for (unsigned i = 0; i < TIERS && hit_limit(r); i++) {
		if (tiers[i].lines > 0 && m->used[i]++ == tiers[i].lines)
			break;
		r = pcre2_match(m->code, (PCRE2_SPTR)line, len, 0, 0, m->data, m->limits[i]);
	}
	if (r >= 0)
		return 1;
	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	err_set(err, "The expression takes too many steps to match; use a simpler one.");
	return -EINVAL;
}

/* ---- running ---- */

/* The length of the line at at, with its newline if it has one. */
static size_t line_len(const char *at)
{
	size_t len = strcspn(at, "\n");

	return at[len] == '\n' ? len + 1 : len;
}

static bool separates(const char *line)
{
	return line[0] == '\n' || (line[0] == '#' && (line[1] == '\n' || line[1] == '\0'));
}

/*
 * A section is a line and all indented lines behind it; `#` and empty lines stand between
 * sections and belong to none.
 */
static size_t section_len(const char *at)
{
	size_t len = line_len(at);

	if (separates(at))
		return len;
	while (at[len] == ' ')
		len += line_len(at + len);
	return len;
}

/* 1 if a line of these matches. */
static int any_matches(struct matcher *m, const char *at, size_t len, struct err *err)
{
	const char *end = at + len;
	int r = 0;

	for (size_t n; r == 0 && at < end; at += n) {
		n = line_len(at);
		r = matches(m, at, at[n - 1] == '\n' ? n - 1 : n, err);
	}
	return r;
}

static int run_pattern(const struct stage *s, const char *in, struct text *out, struct err *err)
{
	struct matcher m;
	bool begun = false;
	size_t len;
	int r = matcher_init(&m, s, err);

	for (; r >= 0 && *in; in += len) {
		len = s->section ? section_len(in) : line_len(in);
		if (s->section && separates(in)) {
			if (begun)
				text_add_len(out, in, len);
			continue;
		}
		r = begun ? 1 : any_matches(&m, in, len, err);
		begun = begun || (s->verb == VERB_BEGIN && r == 1);
		if (r >= 0 && (r == 1) != (s->verb == VERB_EXCLUDE))
			text_add_len(out, in, len);
	}
	matcher_fini(&m);
	return r < 0 ? r : 0;
}

static void run_count(const char *in, struct text *out)
{
	unsigned long lines = 0;

	for (; *in; in += line_len(in))
		lines++;
	text_addf(out, "Total lines: %lu.\n", lines);
}

static int run_stage(const struct stage *s, const char *in, struct text *out, struct err *err)
{
	switch (s->verb) {
	case VERB_INCLUDE:
	case VERB_EXCLUDE:
	case VERB_BEGIN:
		return run_pattern(s, in, out, err);
	case VERB_COUNT:
		run_count(in, out);
		return 0;
	case VERB_PASS:
	case VERB_JSON:
		text_add(out, in);
		return 0;
	}
	return 0;
}

int filter_text_run(const char *pipeline, const char *in, struct text *out, struct err *err)
{
	struct plan p;
	struct text now = {0}, next = {0};
	int r = parse(pipeline, &p, err);

	text_add(&now, in);
	for (unsigned i = 0; r == 0 && i < p.count; i++) {
		r = run_stage(&p.stages[i], text_chars(&now), &next, err);
		struct text swap = now;
		now = next;
		next = swap;
		text_clear(&next);
	}
	if (r == 0)
		text_add_len(out, text_chars(&now), now.len);
	text_fini(&now);
	text_fini(&next);
	return r;
}
