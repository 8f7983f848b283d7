/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines from a file, a pipe or the command line: no echo, no prompts, replies only. A question
 * takes the next line, and N at the end of the input. After a refused line the rest still runs, but
 * nothing is committed any more.
 */
#ifndef CLIENT_BATCH_H
#define CLIENT_BATCH_H

#include <stdio.h>

#include "client/talk.h"

struct batch {
	struct talk *talk;
	struct reply reply; /* to what was sent last */
	const char *name;   /* of the input, for messages; NULL: of -c options */
	unsigned line;	    /* of the input, from 1 */
	bool failed;	    /* some line was refused */
	bool dropped;	    /* something was not done */
};

/* first is the reply to the greeting, which now belongs to the batch. */
void batch_init(struct batch *b, struct talk *t, const struct reply *first);
void batch_fini(struct batch *b);
/* All: 0, or negative with a sentence: the daemon is gone, or what it says cannot be written. */
MUST_CHECK int batch_line(struct batch *b, const char *line, struct err *err);
MUST_CHECK int batch_file(struct batch *b, FILE *f, const char *name, struct err *err);
/* Answers what is still asked, and says what is dropped. The exit status follows from b. */
MUST_CHECK int batch_end(struct batch *b, struct err *err);

#endif
