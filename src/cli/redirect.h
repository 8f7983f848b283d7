/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands behind a display on its line: filters behind the first |, and > FILE at its end. */
#ifndef CLI_REDIRECT_H
#define CLI_REDIRECT_H

#include <stdbool.h>

struct redirect {
	char *filters;	  /* behind the first |, NULL: none */
	const char *file; /* NULL: to whoever asked */
	bool append;
};

/* Cuts both off a line that starts like display; they point into it. */
struct redirect redirect_cut(char *line);

#endif
