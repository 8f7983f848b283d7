/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/match.h"

static const char *const notations[] = {
	"alpha <number:1-10> [ beta | gamma <x:string 1-8> | delta { one | two } ]*",
	"alpine",
	"word/other { cipher <p:string 1-20> | <p:string 1-20> }",
	"pick { a <n:1-9> | b <n:1-9> }*",
	"say <text:rest 1-60>",
	"group [ <g:group4> ]",
};

static struct graph *graph;
static struct match m;

static int make_graph(void **state)
{
	(void)state;
	graph = graph_new();
	for (unsigned i = 0; i < sizeof notations / sizeof *notations; i++)
		graph_add(graph, &(struct graph_row){.views = VIEW_USER, .owner = notations[i]},
			  NULL, notations[i]);
	return 0;
}

static int drop_graph(void **state)
{
	(void)state;
	graph_free(graph);
	return 0;
}

static enum match_result try(const char *line)
{
	struct match_scope scope = {graph, VIEW_USER, false};

	match_line(&scope, line, &m);
	return m.result;
}

static void lines_end_as_they_should(void **state)
{
	static const struct {
		const char *line;
		enum match_result result;
		size_t at;
	} cases[] = {
		{"alpha 5", MATCH_FOUND, 0},
		{"ALPHA 5 Delta TWO bEta", MATCH_FOUND, 0},
		{"alpha 5 gamma x beta delta one", MATCH_FOUND, 0},
		{"alpha 5 beta beta", MATCH_UNRECOGNIZED, 13},
		{"al", MATCH_AMBIGUOUS, 0},
		{"alpi", MATCH_FOUND, 0},
		{"alph 5 d tw", MATCH_FOUND, 0},
		{"alpha 11", MATCH_WRONG, 6},
		{"alpha -1", MATCH_WRONG, 6},
		{"alpha 99999999999999999999", MATCH_WRONG, 6},
		{"alpha", MATCH_INCOMPLETE, 5},
		{"alpha 5 delta", MATCH_INCOMPLETE, 13},
		{"alpine 1", MATCH_TOO_MANY, 7},
		{"nothing", MATCH_UNRECOGNIZED, 0},
		{"  alpha 0", MATCH_WRONG, 8},
		{"other secret", MATCH_FOUND, 0},
		{"word cipher", MATCH_INCOMPLETE, 11},
		{"word ciph", MATCH_FOUND, 0},
		{"word \"cipher\"", MATCH_FOUND, 0},
		{"word \"two words\"", MATCH_FOUND, 0},
		{"word \"\"", MATCH_WRONG, 5},
		{"pick", MATCH_INCOMPLETE, 4},
		{"pick b 1 a 2", MATCH_FOUND, 0},
		{"pick a 1 a 2", MATCH_UNRECOGNIZED, 9},
		{"group 10.0.0.1", MATCH_WRONG, 6},
		{"group 239.255.255.255", MATCH_FOUND, 0},
		{"group 224.0.0", MATCH_WRONG, 6},
		{"", MATCH_INCOMPLETE, 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum match_result r = try(cases[i].line);
		if (r != cases[i].result || (r != MATCH_FOUND && m.at != cases[i].at))
			fail_msg("%s: %d at %zu, not %d at %zu", cases[i].line, (int)r, m.at,
				 (int)cases[i].result, cases[i].at);
	}
}

static void arguments_are_given_by_name(void **state)
{
	(void)state;
	assert_int_equal(try("alpha 7 gamma hello delta one"), MATCH_FOUND);
	assert_true(args_has(&m.args, "gamma"));
	assert_true(args_has(&m.args, "one"));
	assert_false(args_has(&m.args, "beta"));
	assert_int_equal(args_number(&m.args, "number", 0), 7);
	assert_string_equal(args_text(&m.args, "x"), "hello");
	assert_null(args_text(&m.args, "y"));
	assert_int_equal(args_number(&m.args, "y", 3), 3);
}

static void the_rest_of_a_line_keeps_its_blanks(void **state)
{
	(void)state;
	assert_int_equal(try("say two  words | and \"more\"  "), MATCH_FOUND);
	assert_string_equal(args_text(&m.args, "text"), "two  words | and \"more\"");
	assert_int_equal(try("word ciph x"), MATCH_FOUND);
	assert_string_equal(args_text(&m.args, "p"), "x");
}

static void a_near_miss_is_suggested(void **state)
{
	(void)state;
	assert_int_equal(try("alpha 5 gama x"), MATCH_UNRECOGNIZED);
	assert_string_equal(m.advice.text, "Did you mean gamma?");
	assert_int_equal(try("alpha 5 zzzzz"), MATCH_UNRECOGNIZED);
	assert_string_equal(m.advice.text, "");
}

static void a_line_of_many_words_ends(void **state)
{
	char line[MATCH_LINE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < MATCH_LINE_MAX; i++)
		line[i] = i % 2 ? ' ' : 'x';
	line[MATCH_LINE_MAX] = '\0';
	assert_int_equal(try(line), MATCH_UNRECOGNIZED);
	memcpy(line, "say ", 4);
	assert_int_equal(try(line), MATCH_WRONG);
}

static void what_comes_next_is_offered_once(void **state)
{
	struct match_scope scope = {graph, VIEW_USER, false};
	struct match_next next;

	(void)state;
	match_what_next(&scope, "alpha 5 beta ", &m, &next);
	assert_false(next.broken);
	assert_true(next.may_end);
	assert_int_equal(next.count, 2);
	assert_string_equal(next.nodes[0]->text, "delta");
	match_what_next(&scope, "alpha 5 beta g", &m, &next);
	assert_int_equal(next.count, 1);
	assert_string_equal(next.prefix, "g");
	match_what_next(&scope, "alpha 50 ", &m, &next);
	assert_true(next.broken);
	match_what_next(&scope, "", &m, &next);
	assert_int_equal(next.count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_as_they_should),
		cmocka_unit_test(arguments_are_given_by_name),
		cmocka_unit_test(the_rest_of_a_line_keeps_its_blanks),
		cmocka_unit_test(a_near_miss_is_suggested),
		cmocka_unit_test(a_line_of_many_words_ends),
		cmocka_unit_test(what_comes_next_is_offered_once),
	};
	return cmocka_run_group_tests(tests, make_graph, drop_graph);
}
