/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line program: arguments, and which manner of talking they mean. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "client/batch.h"
#include "client/check.h"
#include "client/terminal.h"

#define CONTROL_PATH "/run/timecast/control"

struct wish {
	const char *control_path;
	const char *check_path; /* NULL: do not check */
	const char *file_path;	/* NULL: none given; "-": standard input */
	const char **lines;	/* of -c, as many as there are arguments at most */
	unsigned line_count;
};

static const char usage[] = "usage: timecast [--control SOCKET] [-c 'LINE']... [FILE|-]\n"
			    "       timecast --check FILE\n";

static const struct option long_options[] = {
	{"control", required_argument, NULL, 'C'},
	{"check", required_argument, NULL, 'k'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

/* -1 to go on, else the exit status. */
static int parse_arguments(struct wish *w, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		switch (option) {
		case 'C':
			w->control_path = optarg;
			break;
		case 'k':
			w->check_path = optarg;
			break;
		case 'c':
			w->lines[w->line_count++] = optarg;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return 0;
		case 'v':
			(void)puts("timecast " TIMECAST_VERSION);
			return 0;
		default:
			(void)fputs(usage, stderr);
			return 1;
		}
	}
	if (optind < argc)
		w->file_path = argv[optind++];
	if (optind < argc || (w->check_path && (w->file_path || w->line_count))) {
		(void)fputs(usage, stderr);
		return 1;
	}
	return -1;
}

/* A forced command of sshd, asked for one thing and not for a terminal. */
static void take_remote_command(struct wish *w)
{
	const char *remote = getenv("SSH_ORIGINAL_COMMAND");

	if (remote && *remote && !w->file_path && w->line_count == 0 && !isatty(STDIN_FILENO))
		w->lines[w->line_count++] = remote;
}

static int run_lines(struct batch *b, const char *lines, struct err *err)
{
	char *own = strdup(lines);
	char *rest = own;
	const char *line;
	int error = own ? 0 : -ENOMEM;

	while (!error && (line = strsep(&rest, "\n")))
		error = batch_line(b, line, err);
	free(own);
	return error;
}

static int run_file(struct batch *b, const char *path, struct err *err)
{
	if (strcmp(path, "-") == 0)
		return batch_file(b, stdin, "standard input", err);
	FILE *f = fopen(path, "re");
	if (!f) {
		err_set(err, "cannot read %s: %s", path, strerror(errno));
		return -errno;
	}
	int error = batch_file(b, f, path, err);
	(void)fclose(f);
	return error;
}

static int run_batch(const struct wish *w, struct talk *t, const struct reply *first)
{
	struct batch b;
	struct err err;
	int error = 0;

	batch_init(&b, t, first);
	for (unsigned i = 0; !error && i < w->line_count; i++)
		error = run_lines(&b, w->lines[i], &err);
	if (!error && (w->file_path || w->line_count == 0))
		error = run_file(&b, w->file_path ? w->file_path : "-", &err);
	if (!error)
		error = batch_end(&b, &err);
	if (error)
		(void)fprintf(stderr, "timecast: %s\n", err.text);
	batch_fini(&b);
	return error || b.failed || b.dropped ? 1 : 0;
}

static int talk(const struct wish *w)
{
	bool person = !w->file_path && w->line_count == 0 && isatty(STDIN_FILENO) &&
		      isatty(STDOUT_FILENO);
	struct reply first = {0};
	struct talk *t;
	struct err err;

	if (talk_new(w->control_path, person ? "interactive" : "batch", &t, &first, &err) < 0) {
		(void)fprintf(stderr, "timecast: %s\n", err.text);
		reply_fini(&first);
		return 1;
	}
	int status = person ? terminal_run(t, &first) : run_batch(w, t, &first);
	talk_free(t);
	return status;
}

int main(int argc, char **argv)
{
	struct wish w = {.control_path = CONTROL_PATH};

	w.lines = auto_new((size_t)argc + 1, sizeof *w.lines);
	int status = parse_arguments(&w, argc, argv);
	if (status < 0 && w.check_path)
		status = check_file(w.check_path);
	if (status < 0) {
		take_remote_command(&w);
		status = talk(&w);
	}
	free(w.lines);
	return status;
}
