/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <errno.h>

#include "cli/filter_text.h"

static const char config[] = "!Software\n"
			     "#\n"
			     "sysname A\n"
			     "#\n"
			     "interface eth0\n"
			     " ntp multicast-client\n"
			     " ntp multicast-server\n"
			     "#\n"
			     "interface eth1\n"
			     " ntp manycast-client\n"
			     "#\n"
			     "return\n";

static void assert_filters(const char *pipeline, const char *in, const char *wanted)
{
	struct text out = {0};
	struct err err = {0};

	assert_int_equal(filter_text_run(pipeline, in, &out, &err), 0);
	assert_string_equal(text_chars(&out), wanted);
	text_fini(&out);
}

static void assert_refuses(const char *pipeline, const char *part_of_sentence)
{
	struct text out = {0};
	struct err err = {0};

	text_add(&out, "before");
	assert_int_equal(filter_text_run(pipeline, config, &out, &err), -EINVAL);
	assert_string_equal(text_chars(&out), "before");
	assert_non_null(strstr(err.text, part_of_sentence));
	text_fini(&out);
}

static void lines_are_chosen_by_expression(void **state)
{
	(void)state;
	assert_filters(" include ntp", config,
		       " ntp multicast-client\n ntp multicast-server\n ntp manycast-client\n");
	assert_filters("include ^interface", config, "interface eth0\ninterface eth1\n");
	assert_filters(" exclude ^[!#r]| exclude eth", config,
		       "sysname A\n ntp multicast-client\n ntp multicast-server\n"
		       " ntp manycast-client\n");
	assert_filters(" begin eth1", config, "interface eth1\n ntp manycast-client\n#\nreturn\n");
	assert_filters(" include nothing of it", config, "");
	assert_filters(" include a", "", "");
	assert_filters(" include last", "first\nlast", "last");
}

static void an_expression_may_hold_blanks_and_quoted_bars(void **state)
{
	(void)state;
	assert_filters(" include ntp manycast  ", config, " ntp manycast-client\n");
	assert_filters(" include \"eth0|eth1\"", config, "interface eth0\ninterface eth1\n");
	assert_filters(" include \"eth0|eth1\" | exclude 0", config, "interface eth1\n");
	assert_filters(" include \"", "a\"b\nc\n", "a\"b\n");
}

static void case_matters_unless_told(void **state)
{
	(void)state;
	assert_filters(" include NTP", config, "");
	assert_filters(" ignore-case include SYSNAME", config, "sysname A\n");
	assert_filters(" include SYSNAME | ignore-case", config, "sysname A\n");
	assert_filters(" ignore-case | include SYSNAME | include a", config, "sysname A\n");
	assert_filters(" ignore-case include SYS | include a", config, "sysname A\n");
	assert_filters(" ignore-case include SYS | include B", config, "");
}

static void sections_stay_whole(void **state)
{
	(void)state;
	assert_filters(" section manycast", config, "interface eth1\n ntp manycast-client\n");
	assert_filters(" section include eth0", config,
		       "interface eth0\n ntp multicast-client\n ntp multicast-server\n");
	assert_filters(" section exclude ntp", config, "!Software\nsysname A\nreturn\n");
	assert_filters(" section begin eth1", config,
		       "interface eth1\n ntp manycast-client\n#\nreturn\n");
	assert_filters(" section reach: 255", " a: 1\n reach: 255\n\n a: 2\n reach: 0\n",
		       " a: 1\n reach: 255\n");
}

static void lines_are_counted(void **state)
{
	(void)state;
	assert_filters(" count", config, "Total lines: 12.\n");
	assert_filters(" include ntp | count", config, "Total lines: 3.\n");
	assert_filters(" count", "", "Total lines: 0.\n");
	assert_filters(" count", "a\nb", "Total lines: 2.\n");
	assert_filters(" count | include Total", config, "Total lines: 12.\n");
}

static void keywords_may_be_short_and_in_any_case(void **state)
{
	(void)state;
	assert_filters(" inc sysname", config, "sysname A\n");
	assert_filters(" INCLUDE sysname", config, "sysname A\n");
	assert_filters(" b return", config, "return\n");
	assert_filters(" e ntp | c", config, "Total lines: 9.\n");
	assert_filters(" no-more", config, config);
	assert_filters(" no-more | include sysname", config, "sysname A\n");
	assert_true(filter_text_wants_no_more(" include sysname | no-more"));
	assert_true(filter_text_wants_no_more(" no-more include sysname"));
	assert_false(filter_text_wants_no_more(" include no-more"));
}

static void json_is_the_callers_and_only_first(void **state)
{
	(void)state;
	assert_true(filter_text_wants_json(" json"));
	assert_true(filter_text_wants_json("json | include offset"));
	assert_false(filter_text_wants_json(" include json"));
	assert_false(filter_text_wants_json(""));
	assert_filters("json | include offset", "{\n\"offset\": 1\n}\n", "\"offset\": 1\n");
	assert_refuses(" include a | json", "only be the first");
	assert_refuses(" json x", "Nothing can follow");
}

static void what_cannot_be_meant_is_refused_in_words(void **state)
{
	struct text many = {0};
	char large[400] = " include ";

	(void)state;
	assert_refuses("", "missing");
	assert_refuses(" include a |", "missing");
	assert_refuses(" include a | | include b", "missing");
	assert_refuses(" include", "1 to 255");
	assert_refuses(" include   | count", "1 to 255");
	assert_refuses(" grep a", "Unknown filter 'grep'");
	assert_refuses(" i a", "Ambiguous filter 'i'");
	assert_refuses(" count me", "Nothing can follow");
	assert_refuses(" include \"a\" b", "quoted");
	assert_refuses(" include (", "not valid at character 2");
	assert_refuses(" include (*UTF)a", "not valid");
	text_add(&many, " include a");
	for (unsigned i = 1; i < FILTER_STAGES_MAX; i++)
		text_add(&many, " | include a");
	assert_filters(text_chars(&many), "a\nb\n", "a\n");
	text_add(&many, " | include a");
	assert_refuses(text_chars(&many), "At most 32");
	text_fini(&many);
	memset(large + 9, 'a', 256);
	assert_refuses(large, "1 to 255");
}

/* A nested repeat costs a backtracking engine years; here it costs a refusal. */
static void a_costly_expression_is_stopped_soon(void **state)
{
	struct text in = {0};
	clock_t before = clock();

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		text_add(&in, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n");
	struct text out = {0};
	struct err err = {0};
	assert_int_equal(filter_text_run(" include (a+)+(a+)+$", text_chars(&in), &out, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "too many steps"));
	/* Nor do many lines buy what one line cannot. */
	assert_int_equal(filter_text_run(" include a.*a.*a.*[xy]", text_chars(&in), &out, &err),
			 -EINVAL);
	text_clear(&in);
	for (unsigned i = 0; i < 10000; i++)
		text_add(&in, " ntp multicast-server 239.1.1.1 authentication-keyid 42 ttl 12\n");
	assert_int_equal(
		filter_text_run(" include n.*t.*[xz] | count", text_chars(&in), &out, &err), 0);
	assert_string_equal(text_chars(&out), "Total lines: 0.\n");
	assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 4.0);
	text_fini(&out);
	text_fini(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_chosen_by_expression),
		cmocka_unit_test(an_expression_may_hold_blanks_and_quoted_bars),
		cmocka_unit_test(case_matters_unless_told),
		cmocka_unit_test(sections_stay_whole),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(keywords_may_be_short_and_in_any_case),
		cmocka_unit_test(json_is_the_callers_and_only_first),
		cmocka_unit_test(what_cannot_be_meant_is_refused_in_words),
		cmocka_unit_test(a_costly_expression_is_stopped_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
