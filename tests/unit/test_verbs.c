/* SPDX-License-Identifier: BSD-2-Clause */
/* Displays of configuration as JSON: each is valid, and docs/json.md names every key. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../cli/world.h"
#include "cli/session.h"
#include "cli/verbs.h"

static const char *const lines[] = {
	"display configuration commit list",
	"display configuration trial status",
	"display configuration rollback result",
	"display configuration sessions verbose",
	"display configuration exclusive user",
	"display version",
	"display history-command",
	"display startup feature-software",
	"dir",
};
/* Documents of the YANG module: yanglint looks at those. */
static const char *const documents[] = {
	"display this",
	"display current-configuration",
	"display configuration candidate",
	"display acl all",
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

struct desk {
	struct stage stage;
	struct world world;
	struct shelf *shelf;
	struct seal seal;
	struct office *office;
	struct session *session;
};

static char *read_document(void)
{
	struct text t = {0};
	char buf[4096];
	size_t n;
	FILE *f = fopen(SOURCE_ROOT "/docs/json.md", "re");

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		text_add_len(&t, buf, n);
	assert_int_equal(fclose(f), 0);
	return text_take(&t);
}

static json_t *ask(struct desk *d, const char *line)
{
	struct text out = {0};
	json_error_t error;
	char whole[200];

	snprintf(whole, sizeof whole, "%s | json", line);
	session_run(d->session, whole, &out);
	assert_false(session_failed(d->session));
	json_t *data = json_loads(text_chars(&out), 0, &error);
	if (!data)
		fail_msg("%s: %s\n%s", line, error.text, text_chars(&out));
	text_fini(&out);
	return data;
}

static void type(struct desk *d, const char *line)
{
	struct text out = {0};

	session_run(d->session, line, &out);
	assert_false(session_failed(d->session));
	text_fini(&out);
}

static void assert_keys_are_in(json_t *v, const char *document, const char *line)
{
	const char *key;
	json_t *child;
	size_t i;
	char quoted[80];

	json_object_foreach(v, key, child) {
		snprintf(quoted, sizeof quoted, "`%s`", key);
		if (!strstr(document, quoted))
			fail_msg("docs/json.md does not tell what %s of %s is", key, line);
		assert_keys_are_in(child, document, line);
	}
	json_array_foreach(v, i, child)
		assert_keys_are_in(child, document, line);
}

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	struct err err;

	d->world = stage_world(&d->stage);
	d->seal.random = stage_random;
	d->shelf = shelf_new();
	assert_int_equal(office_new(&d->world, d->shelf, &d->seal, &d->office, &err), 0);
	d->session = session_new(d->office, "admin", "vty0", SESSION_CONFIGURE, false);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	office_free(d->office);
	shelf_free(d->shelf);
	stage_fini(&d->stage);
	free(d);
	return 0;
}

static void keys_of_displays_of_configuration_are_documented(void **state)
{
	struct desk *d = *state;
	char *document = read_document();

	type(d, "configuration exclusive timeout 100");
	type(d, "system-view");
	type(d, "ntp refclock-master 2");
	type(d, "commit trial 60 label tried");
	type(d, "run display clock > clock.txt");
	type(d, "return");
	for (unsigned i = 0; i < COUNT(lines); i++) {
		json_t *data = ask(d, lines[i]);
		assert_keys_are_in(data, document, lines[i]);
		assert_null(json_object_get(data, "lines"));
		json_decref(data);
	}
	for (unsigned i = 0; i < COUNT(documents); i++) {
		json_t *data = ask(d, documents[i]);
		assert_null(json_object_get(data, "lines"));
		json_decref(data);
	}
	free(document);
}

static void every_row_that_says_json_is_tried(void **state)
{
	unsigned claimed = 0;

	(void)state;
	for (unsigned i = 0; i < verb_count; i++)
		claimed += (verbs[i].flags & VERB_JSON) != 0;
	assert_int_equal(claimed, COUNT(lines) + COUNT(documents));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_of_displays_of_configuration_are_documented,
						setup, teardown),
		cmocka_unit_test(every_row_that_says_json_is_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
