/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays a transcript: run [--write] FILE. A line that starts with a prompt (or ends a question) is
 * input, what follows is the expected reply. <?> and <TAB> at the end of a line are those keys.
 * Lines that start with ; give orders to the stage:
 *
 *   ; session NAME [look|batch]   the session that types from here on
 *   ; close NAME                  it hangs up
 *   ; wait SECONDS                time passes
 *   ; restart                     the daemon dies and starts again
 *   ; prompt EXPRESSION           the prompt must match now; so do programs recognise it
 *   ; reply EXPRESSION            and the reply to the last line, as it comes over a terminal
 *   ; no EXPRESSION               that reply must not match
 *   ; anything else               a remark
 *
 * --write replaces the file by what really happened.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "cli/session.h"
#include "conf/shelf.h"
#include "world.h"

#define SESSIONS_MAX 8

static struct stage stage;
static struct world world;
static struct shelf *shelf;
static struct seal seal = {.random = stage_random};
static struct office *office;
static struct person {
	char name[32];
	struct session *session;
} people[SESSIONS_MAX];
static struct person *typing;
static struct text reply; /* to the last line, with the prompt behind it */
static unsigned unlike;	  /* expressions that did not hold */

static void die(const char *why)
{
	fprintf(stderr, "run: %s\n", why);
	exit(2);
}

static void start(void)
{
	struct err err = {{0}};

	if (office_new(&world, shelf, &seal, &office, &err) < 0)
		die(err.text);
	if (office_load_startup(office, &err) < 0)
		die(err.text);
}

static struct person *find(const char *name)
{
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		if (strcmp(people[i].name, name) == 0)
			return &people[i];
	return NULL;
}

static void enter(const char *name, const char *how)
{
	typing = find(name);
	if (typing)
		return;
	typing = find("");
	if (!typing)
		die("too many sessions");
	snprintf(typing->name, sizeof typing->name, "%s", name);
	char line[16];
	snprintf(line, sizeof line, "vty%d", (int)(typing - people));
	typing->session = session_new(office, name, line,
				      strcmp(how, "look") == 0 ? SESSION_LOOK : SESSION_CONFIGURE,
				      strcmp(how, "batch") != 0);
}

static void hang_up(const char *name)
{
	struct person *p = find(name);

	if (!p)
		return;
	session_free(p->session);
	*p = (struct person){0};
}

static void stop(void)
{
	office_free(office);
	memset(people, 0, sizeof people);
	typing = NULL;
}

static bool matches(const char *expression, const char *text)
{
	int code;
	PCRE2_SIZE at;
	pcre2_code *re =
		pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);

	if (!re)
		die(expression);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int r = pcre2_match(re, (PCRE2_SPTR)text, strlen(text), 0, 0, data, NULL);
	pcre2_match_data_free(data);
	pcre2_code_free(re);
	return r >= 0;
}

/* Lines end in CR LF on a terminal. */
static char *as_typed(const struct text *lines)
{
	struct text t = {0};

	for (const char *at = text_chars(lines); *at; at++) {
		if (*at == '\n')
			text_add_len(&t, "\r", 1);
		text_add_len(&t, at, 1);
	}
	text_add(&t, session_prompt(typing->session));
	return text_take(&t);
}

/* True if the line was such an order. */
static bool expect(const char *line)
{
	static const char *const orders[] = {"; prompt ", "; reply ", "; no "};
	bool good;

	for (unsigned i = 0; i < 3; i++) {
		size_t len = strlen(orders[i]);
		if (strncmp(line, orders[i], len) != 0)
			continue;
		char *text = i == 0 ? strdup(session_prompt(typing->session)) : as_typed(&reply);
		good = matches(line + len, text) == (i != 2);
		if (!good)
			printf("%s\n  does not hold for: %s\n", line, text);
		unlike += !good;
		free(text);
		return true;
	}
	return false;
}

static void obey(const char *line)
{
	char verb[16] = "";
	char name[32] = "";
	char how[16] = "";

	if (expect(line))
		return;
	sscanf(line, "; %15s %31s %15s", verb, name, how);
	if (strcmp(verb, "session") == 0) {
		enter(name, how);
	} else if (strcmp(verb, "close") == 0) {
		hang_up(name);
	} else if (strcmp(verb, "wait") == 0) {
		stage.passed_s += strtoll(name, NULL, 10);
		office_wake(office);
	} else if (strcmp(verb, "restart") == 0) {
		stop();
		start();
		enter("admin", "");
	}
}

static bool take_suffix(char *line, const char *suffix)
{
	size_t len = strlen(line);
	size_t n = strlen(suffix);

	if (len < n || strcmp(line + len - n, suffix) != 0)
		return false;
	line[len - n] = '\0';
	return true;
}

static void type(const char *input, struct text *out)
{
	char *line = strdup(input);

	if (!line)
		abort();
	if (take_suffix(line, "<?>"))
		session_help(typing->session, line, out);
	else if (take_suffix(line, "<TAB>"))
		session_complete(typing->session, line, out);
	else
		session_run(typing->session, line, out);
	if (session_over(typing->session))
		hang_up(typing->name);
	free(line);
}

/* Length of the prompt or question that a line starts with, 0 if it is a reply. */
static size_t prompt_length(const char *line)
{
	static regex_t prompt;
	static bool ready;
	regmatch_t m;

	if (!ready && regcomp(&prompt,
			      "^(<[A-Za-z0-9._-]+>|\\[[~*]?[A-Za-z0-9._/:@-]+\\]|"
			      ".*\\[Y/N(/C)?\\]:|.*\\[Y\\(yes\\)/N\\(no\\)/C\\(cancel\\)\\]:)",
			      REG_EXTENDED) != 0)
		die("regcomp");
	ready = true;
	return regexec(&prompt, line, 1, &m, 0) == 0 ? (size_t)m.rm_eo : 0;
}

static void play(const char *script, struct text *out)
{
	for (const char *at = script; *at;) {
		size_t len = strcspn(at, "\n");
		char *line = strndup(at, len);
		if (!line)
			abort();
		at += len + (at[len] == '\n');
		size_t prompt = prompt_length(line);
		if (*line == ';') {
			text_addf(out, "%s\n", line);
			obey(line);
		} else if (prompt > 0 && typing && typing->session) {
			text_addf(out, "%s%s\n", session_prompt(typing->session), line + prompt);
			text_clear(&reply);
			type(line + prompt, &reply);
			text_add(out, text_chars(&reply));
		}
		free(line);
	}
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	struct text t = {0};
	char buf[4096];
	size_t n;

	if (!f)
		die(path);
	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		text_add_len(&t, buf, n);
	fclose(f);
	return text_take(&t);
}

static int compare(const char *path, const char *expected, const char *actual)
{
	unsigned number = 1;

	while (*expected && *actual) {
		size_t n = strcspn(expected, "\n");
		size_t m = strcspn(actual, "\n");
		if (n != m || memcmp(expected, actual, n) != 0)
			break;
		expected += n + (expected[n] == '\n');
		actual += m + (actual[m] == '\n');
		number++;
	}
	if (*expected == '\0' && *actual == '\0')
		return unlike > 0;
	printf("%s:%u\n  expected: %.*s\n  actual:   %.*s\n", path, number,
	       (int)strcspn(expected, "\n"), expected, (int)strcspn(actual, "\n"), actual);
	return 1;
}

int main(int argc, char **argv)
{
	bool write = argc == 3 && strcmp(argv[1], "--write") == 0;
	struct text actual = {0};
	int r = 0;

	if (argc != 2 && !write) {
		fprintf(stderr, "usage: run [--write] FILE\n");
		return 2;
	}
	const char *path = argv[argc - 1];
	char *expected = read_file(path);
	world = stage_world(&stage);
	memset(seal.master, 0x5a, sizeof seal.master);
	shelf = shelf_new();
	start();
	enter("admin", "");
	play(expected, &actual);
	if (write) {
		FILE *f = fopen(path, "w");
		if (!f || fputs(text_chars(&actual), f) < 0 || fclose(f) != 0)
			die(path);
	} else {
		r = compare(path, expected, text_chars(&actual));
	}
	stop();
	shelf_free(shelf);
	stage_fini(&stage);
	free(expected);
	text_fini(&actual);
	text_fini(&reply);
	return r;
}
