/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Somebody who asks again and again is not answered for ever. */
#define ANSWERS_MAX 5
#define BLANKS " \t"

void batch_init(struct batch *b, struct talk *t, const struct reply *first)
{
	*b = (struct batch){.talk = t, .reply = *first};
}

void batch_fini(struct batch *b)
{
	reply_fini(&b->reply);
}

static bool has_flag(const struct batch *b, unsigned flag)
{
	return b->reply.flags & flag;
}

static void refuse(struct batch *b, const char *sentence)
{
	(void)printf("Error: %s\n", sentence);
	b->failed = true;
}

/* The word itself or what is left of it when abbreviated; too short ones the daemon refuses. */
static bool is_commit(const char *line)
{
	line += strspn(line, BLANKS);
	size_t len = strcspn(line, BLANKS);
	return len >= 3 && len <= strlen("commit") && strncasecmp(line, "commit", len) == 0;
}

/* Yes to the question on leaving with edits would commit them, too. */
static bool is_yes_to_commit(const struct batch *b, const char *line)
{
	line += strspn(line, BLANKS);
	return has_flag(b, FRAME_FLAG_ASKS) && has_flag(b, FRAME_FLAG_PENDING) &&
	       strstr(text_chars(&b->reply.prompt), "ncommitted") && strncasecmp(line, "y", 1) == 0;
}

static int show(const struct text *out, struct err *err)
{
	(void)fwrite(text_chars(out), 1, out->len, stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	err_set(err, "the reply cannot be written: %s", strerror(errno));
	return -EIO;
}

static int send_line(struct batch *b, const char *line, struct err *err)
{
	int error = talk_ask(b->talk, FRAME_LINE, line, &b->reply, err);

	/* What the daemon said before it hung up is shown, too; why it did is the better reason. */
	if (error)
		(void)!show(&b->reply.out, NULL);
	else
		error = show(&b->reply.out, err);
	if (error || !has_flag(b, FRAME_FLAG_FAILED))
		return error;
	b->failed = true;
	if (b->name)
		(void)fprintf(stderr, "timecast: %s:%u: this line was refused\n", b->name, b->line);
	return 0;
}

int batch_line(struct batch *b, const char *line, struct err *err)
{
	if (has_flag(b, FRAME_FLAG_OVER)) {
		b->dropped = true;
		return 0;
	}
	if (strlen(line) > FRAME_LINE_MAX) {
		refuse(b, "The line is longer than 3100 characters.");
		return 0;
	}
	if (b->failed && !has_flag(b, FRAME_FLAG_ASKS) && is_commit(line)) {
		refuse(b, "Not committed, because an earlier line was refused.");
		return 0;
	}
	if (b->failed && is_yes_to_commit(b, line)) {
		refuse(b, "Not committed, because an earlier line was refused.");
		b->dropped = true;
		return send_line(b, "N", err);
	}
	return send_line(b, line, err);
}

int batch_file(struct batch *b, FILE *f, const char *name, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int error = 0;

	b->name = name;
	b->line = 0;
	while (!error && (len = getline(&line, &room, f)) >= 0) {
		b->line++;
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (strlen(line) != (size_t)len)
			refuse(b, "A line must not contain control characters.");
		else
			error = batch_line(b, line, err);
	}
	if (!error && ferror(f)) {
		err_set(err, "cannot read %s: %s", name, strerror(errno));
		error = -EIO;
	}
	free(line);
	b->name = NULL;
	return error;
}

int batch_end(struct batch *b, struct err *err)
{
	static const struct text nothing = {0};
	bool pending = has_flag(b, FRAME_FLAG_PENDING);
	bool asked = has_flag(b, FRAME_FLAG_ASKS);
	int error = 0;

	for (unsigned i = 0; !error && has_flag(b, FRAME_FLAG_ASKS) && i < ANSWERS_MAX; i++)
		error = send_line(b, "N", err);
	if (!error && pending) {
		(void)fputs("Warning: Uncommitted configurations were dropped.\n", stdout);
		b->dropped = true;
	} else if (!error && asked) {
		(void)fputs("Warning: The last question had no answer and was answered with N.\n",
			    stdout);
		b->dropped = true;
	} else if (!error && b->dropped) {
		(void)fputs("Warning: Not everything was done.\n", stdout);
	}
	return error ? error : show(&nothing, err);
}
