/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/match.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <assert.h>

#define THREADS_MAX 640
#define STEPS_MAX 1024

/* One way to read the line so far. */
struct thread {
	uint16_t row;
	uint16_t state; /* OP_WORD, OP_ARG or OP_END */
	uint32_t used;
	int16_t step; /* newest, -1 none */
};

/* A token taken by a node, and the one before it. */
struct step {
	const struct graph_node *node;
	int16_t before;
	uint16_t token;
};

struct matcher {
	const struct match_scope *scope;
	unsigned count;
	struct thread threads[THREADS_MAX];
	unsigned step_count;
	struct step steps[STEPS_MAX];
};

/* ---- words of a line ---- */

/* The last token takes what is left if there are too many. */
static void split(const char *line, struct match *m)
{
	char *to = m->chars;
	const char *at = line;

	m->token_count = 0;
	for (;;) {
		at += strspn(at, " \t");
		if (*at == '\0' || m->token_count == MATCH_TOKENS_MAX)
			break;
		struct token *t = &m->tokens[m->token_count++];
		t->at = (uint16_t)(at - line);
		t->text = to;
		const char *quote = *at == '"' ? strchr(at + 1, '"') : NULL;
		t->quoted = quote && (quote[1] == '\0' || quote[1] == ' ' || quote[1] == '\t');
		size_t len = t->quoted ? (size_t)(quote - at) - 1 : strcspn(at, " \t");
		memcpy(to, at + t->quoted, len);
		to[len] = '\0';
		to += len + 1;
		at += len + 2 * (size_t)t->quoted;
	}
}

/* ---- threads ---- */

/* Follows the states that take no token. */
static void enter(struct matcher *x, struct thread t)
{
	const struct graph_state *s = &x->scope->graph->states[t.state];

	while (s->op == OP_SPLIT || s->op == OP_NEED) {
		if (s->op == OP_NEED && !(t.used & s->mask))
			return;
		if (s->op == OP_SPLIT && !(t.used & s->mask)) {
			struct thread side = t;
			side.state = s->out;
			side.used |= s->mask;
			enter(x, side);
		}
		t.state = s->op == OP_SPLIT ? s->out2 : s->out;
		s = &x->scope->graph->states[t.state];
	}
	if (x->count < THREADS_MAX)
		x->threads[x->count++] = t;
}

static void start(struct matcher *x, const struct match_scope *scope)
{
	x->scope = scope;
	x->count = 0;
	x->step_count = 0;
	for (unsigned i = 0; i < scope->graph->row_count; i++) {
		const struct graph_row *r = &scope->graph->rows[i];
		if ((r->views & scope->views) && (r->look || !scope->look))
			enter(x,
			      (struct thread){.row = (uint16_t)i, .state = r->start, .step = -1});
	}
}

static const struct graph_state *state_of(const struct matcher *x, const struct thread *t)
{
	return &x->scope->graph->states[t->state];
}

enum fit {
	FIT_NONE,
	FIT_BAD, /* of the right shape, not allowed */
	FIT_ARG,
	FIT_ALIAS_PREFIX,
	FIT_PREFIX,
	FIT_EXACT,
};

/* Most words differ in the first letter already. */
static bool may_fit(const char *word, const char *text)
{
	return word && (*word | 0x20) == (*text | 0x20);
}

static enum fit fit_word(const struct graph_node *n, const struct token *t)
{
	size_t len = strlen(t->text);

	if (t->quoted || len == 0 || (!may_fit(n->text, t->text) && !may_fit(n->alias, t->text)))
		return FIT_NONE;
	if (strcasecmp(n->text, t->text) == 0 || (n->alias && strcasecmp(n->alias, t->text) == 0))
		return FIT_EXACT;
	if (strncasecmp(n->text, t->text, len) == 0)
		return FIT_PREFIX;
	if (n->alias && strncasecmp(n->alias, t->text, len) == 0)
		return FIT_ALIAS_PREFIX;
	return FIT_NONE;
}

/* What is read as an argument: one token, or the rest of the line, out of its quotes. */
static const char *argument(const struct match *m, const struct graph_node *n, unsigned token)
{
	const struct token *t = &m->tokens[token];
	bool whole = t->quoted && token + 1 == m->token_count;

	return n->type.kind == VALUE_REST && !whole ? m->line + t->at : t->text;
}

static enum fit fit_thread(const struct matcher *x, const struct thread *t, const struct match *m,
			   unsigned token, struct err *err)
{
	const struct graph_state *s = state_of(x, t);
	struct value v;

	if (s->op == OP_END)
		return FIT_NONE;
	if (s->op == OP_WORD)
		return fit_word(s->node, &m->tokens[token]);
	switch (value_read(&s->node->type, argument(m, s->node, token), &v, err)) {
	case VALUE_FITS:
		return FIT_ARG;
	case VALUE_OUT_OF_RANGE:
		return FIT_BAD;
	case VALUE_MISFIT:
		break;
	}
	return FIT_NONE;
}

/* Whether what fits as a prefix is one word only. */
static bool is_ambiguous(const struct matcher *x, const enum fit *fits, enum fit best,
			 struct err *advice)
{
	const char *first = NULL;

	for (unsigned i = 0; i < x->count; i++) {
		if (fits[i] != best)
			continue;
		const char *text = state_of(x, &x->threads[i])->node->text;
		if (first && strcmp(first, text) != 0) {
			err_set(advice, "It may be %s or %s.", first, text);
			return true;
		}
		first = text;
	}
	return false;
}

/* Letters to change, add or leave out, up to a limit. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[65];
	size_t n = strlen(b);

	if (n > 64 || strlen(a) > 64)
		return 64;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
			unsigned best = corner + !same;
			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

static void suggest(const struct matcher *x, const char *text, struct err *advice)
{
	const char *best = NULL, *last = "";
	size_t len = strlen(text);
	unsigned nearest = len > 5 ? 3 : 2;

	if (len < 3)
		return;
	for (unsigned i = 0; i < x->count; i++) {
		const struct graph_state *s = state_of(x, &x->threads[i]);
		if (s->op != OP_WORD || x->scope->graph->rows[x->threads[i].row].hidden)
			continue;
		if (strcmp(s->node->text, last) == 0) /* rows that begin alike stand together */
			continue;
		last = s->node->text;
		size_t other = strlen(last);
		if (other >= len + nearest || len >= other + nearest)
			continue;
		unsigned d = distance(text, last);
		if (d < nearest) {
			nearest = d;
			best = s->node->text;
		}
	}
	if (best)
		err_set(advice, "Did you mean %s?", best);
}

/* Why nothing fits. */
static enum match_result explain(const struct matcher *x, const char *text, bool bad,
				 struct err *advice)
{
	bool words = false, args = false;

	for (unsigned i = 0; i < x->count; i++) {
		words |= state_of(x, &x->threads[i])->op == OP_WORD;
		args |= state_of(x, &x->threads[i])->op == OP_ARG;
	}
	if (bad)
		return MATCH_WRONG;
	advice->text[0] = '\0';
	if (!words && !args)
		return MATCH_TOO_MANY;
	suggest(x, text, advice);
	bool looks_like_value = *text >= '0' && *text <= '9';
	return args && (!words || (looks_like_value && !*advice->text)) ? MATCH_WRONG
									: MATCH_UNRECOGNIZED;
}

static void advance(struct matcher *x, const struct thread *t, unsigned token)
{
	const struct graph_state *s = state_of(x, t);
	struct thread next = *t;

	if (x->step_count == STEPS_MAX)
		return;
	x->steps[x->step_count] = (struct step){s->node, t->step, (uint16_t)token};
	next.step = (int16_t)x->step_count++;
	next.state = s->out;
	enter(x, next);
}

/* Takes one token; MATCH_FOUND if something still fits. */
static enum match_result take(struct matcher *x, const struct match *m, unsigned token,
			      struct err *advice)
{
	static struct thread before[THREADS_MAX]; /* scratch; the desk is one thread */
	enum fit fits[THREADS_MAX];
	enum fit best_word = FIT_NONE;
	bool bad = false, arg = false;

	for (unsigned i = 0; i < x->count; i++) {
		fits[i] = fit_thread(x, &x->threads[i], m, token, advice);
		bad |= fits[i] == FIT_BAD;
		arg |= fits[i] == FIT_ARG;
		if (fits[i] > FIT_ARG && fits[i] > best_word)
			best_word = fits[i];
	}
	if (best_word == FIT_NONE && !arg)
		return explain(x, m->tokens[token].text, bad, advice);
	advice->text[0] = '\0';
	if (best_word != FIT_NONE && best_word != FIT_EXACT &&
	    is_ambiguous(x, fits, best_word, advice)) {
		if (!arg)
			return MATCH_AMBIGUOUS;
		best_word = FIT_NONE;
	}
	unsigned count = x->count;
	memcpy(before, x->threads, count * sizeof *before);
	x->count = 0;
	/* Keywords first: where both readings reach the end, the first one wins. */
	for (unsigned i = 0; i < count; i++)
		if (best_word != FIT_NONE && fits[i] == best_word)
			advance(x, &before[i], token);
	for (unsigned i = 0; i < count && best_word != FIT_EXACT; i++)
		if (fits[i] == FIT_ARG)
			advance(x, &before[i], token);
	return MATCH_FOUND;
}

/* True if the newest token was taken by an argument that goes on to the end of the line. */
static bool took_rest(const struct matcher *x)
{
	if (x->count == 0 || x->threads[0].step < 0)
		return false;
	const struct graph_node *n = x->steps[x->threads[0].step].node;
	return n->kind == GRAPH_ARG && n->type.kind == VALUE_REST;
}

static void collect(const struct matcher *x, const struct thread *t, struct match *m)
{
	unsigned count = 0;

	for (int i = t->step; i >= 0; i = x->steps[i].before)
		count++;
	m->args.count = count < MATCH_ARGS_MAX ? count : MATCH_ARGS_MAX;
	for (int i = t->step; i >= 0; i = x->steps[i].before) {
		if (--count >= MATCH_ARGS_MAX)
			continue;
		const struct step *s = &x->steps[i];
		struct arg *a = &m->args.list[count];
		a->node = s->node;
		if (s->node->kind != GRAPH_ARG)
			continue;
		enum value_fit fit = value_read(&s->node->type, argument(m, s->node, s->token),
						&a->value, &m->advice);
		assert(fit == VALUE_FITS);
	}
}

static struct matcher *scratch(void)
{
	static struct matcher x; /* 50 kB; the desk is one thread */

	return &x;
}

static void keep_line(const char *line, struct match *m)
{
	size_t len = strlen(line);

	assert(len <= MATCH_LINE_MAX);
	memcpy(m->line, line, len + 1);
	while (len > 0 && strchr(" \t\r", m->line[len - 1]))
		m->line[--len] = '\0';
	m->at = len;
	m->row = NULL;
	m->args.count = 0;
	m->advice.text[0] = '\0';
	split(m->line, m);
}

void match_line(const struct match_scope *scope, const char *line, struct match *m)
{
	struct matcher *x = scratch();

	keep_line(line, m);
	start(x, scope);
	for (unsigned i = 0; i < m->token_count; i++) {
		m->result = take(x, m, i, &m->advice);
		if (m->result != MATCH_FOUND) {
			m->at = m->tokens[i].at;
			return;
		}
		if (took_rest(x))
			break;
	}
	for (unsigned i = 0; i < x->count; i++) {
		if (state_of(x, &x->threads[i])->op != OP_END)
			continue;
		m->result = MATCH_FOUND;
		m->row = &scope->graph->rows[x->threads[i].row];
		collect(x, &x->threads[i], m);
		return;
	}
	m->result = MATCH_INCOMPLETE;
}

/* ---- what may come next ---- */

static int compare_next(const struct graph_node *a, const struct graph_node *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1; /* words first */
	return strcmp(a->text, b->text);
}

static void offer(struct match_next *next, const struct graph_node *n, const struct graph_row *row)
{
	unsigned at = 0;

	while (at < next->count && compare_next(next->nodes[at], n) < 0)
		at++;
	if ((at < next->count && compare_next(next->nodes[at], n) == 0) || next->count == 256)
		return;
	memmove(&next->nodes[at + 1], &next->nodes[at], (next->count - at) * sizeof(void *));
	memmove(&next->rows[at + 1], &next->rows[at], (next->count - at) * sizeof(void *));
	next->nodes[at] = n;
	next->rows[at] = row;
	next->count++;
}

void match_what_next(const struct match_scope *scope, const char *so_far, struct match *m,
		     struct match_next *ret)
{
	struct matcher *x = scratch();
	size_t len = strlen(so_far);
	bool begun = len > 0 && so_far[len - 1] != ' ' && so_far[len - 1] != '\t';

	*ret = (struct match_next){.prefix = ""};
	keep_line(so_far, m);
	start(x, scope);
	unsigned whole = m->token_count - (begun && m->token_count > 0);
	for (unsigned i = 0; i < whole; i++) {
		m->result = take(x, m, i, &m->advice);
		if (m->result != MATCH_FOUND) {
			m->at = m->tokens[i].at;
			ret->broken = true;
			return;
		}
		if (took_rest(x))
			break;
	}
	if (whole < m->token_count)
		ret->prefix = m->tokens[whole].text;
	for (unsigned i = 0; i < x->count; i++) {
		const struct graph_state *s = state_of(x, &x->threads[i]);
		const struct graph_row *row = &scope->graph->rows[x->threads[i].row];
		bool begins = s->op == OP_WORD &&
			      strncasecmp(s->node->text, ret->prefix, strlen(ret->prefix)) == 0;
		if (s->op == OP_END)
			ret->may_end |= !begun;
		else if (!row->hidden && (begins || s->op == OP_ARG))
			offer(ret, s->node, row);
	}
}
