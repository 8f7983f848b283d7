/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/tty.h"

#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;

/* libedit's own handler gives way to this one, and this one to the default. */
static void give_back(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	(void)raise(number);
}

void tty_keep(void)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction a = {.sa_handler = give_back, .sa_flags = (int)SA_RESETHAND};

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return;
	(void)sigemptyset(&a.sa_mask);
	/* Or a program in the background would stop here for ever. */
	(void)sigaddset(&a.sa_mask, SIGTTOU);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct sigaction old;

		/* Who was started deaf to it, stays so. */
		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(ends[i], &a, NULL);
	}
}
