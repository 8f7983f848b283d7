/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording of the daemon fed to the same node again. What the node asks for is printed, a line
 * an action; the same recording gives the same lines, bit for bit, as the daemon carried out.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stdio.h>

#include "base/auto.h"
#include "base/err.h"
#include "ntp/action.h"

/* One line; mono in front so that two replays can be compared by their text. */
void replay_print_action(FILE *out, mono at, const struct action *a);
/*
 * Recorded keys are opened with the secret in secret_path, or NULL: where the recording says that
 * the host has it. 0, or -EINVAL when the file is not a whole recording, asks what no node could
 * have asked, or its keys cannot be opened.
 */
MUST_CHECK int replay_run(FILE *tape, const char *secret_path, FILE *out, struct err *err);

#endif
