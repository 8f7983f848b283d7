/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desk: configuration, sessions, the control socket and the disk, on a thread of its own that
 * may block. It meets the protocol thread only through mail. Knows nothing of packets and sockets
 * of NTP.
 *
 * Order of use: desk_new (before the sandbox: opens and reads everything, loads the configuration),
 * node_recall(desk_memory), node_keys and node_configure(desk_settings), desk_start, the loop;
 * at the end desk_quit, turns of the loop until desk_over, desk_free.
 *
 * Who may do what is decided by the peer's user and groups (SO_PEERCRED, SO_PEERGROUPS):
 * root, the daemon's own user and members of the group "timecast" may configure; everybody else
 * who can open the socket may look. The socket has mode 0660 and, where that group exists, belongs
 * to it; where the group "timecast-look" exists the mode is 0666, and who is in neither group is
 * turned away with a sentence.
 */
#ifndef DAEMON_DESK_H
#define DAEMON_DESK_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"
#include "daemon/mail.h"
#include "ntp/node.h"

struct desk;
struct lookup;

struct desk_options {
	const char *state_path;
	const char *control_path; /* NULL: no control socket and no thread (--control none) */
	const char *config_path;  /* NULL: the start-up configuration in state_path */
	struct lookup *lookup;	  /* borrowed until desk_free; may be NULL with control_path */
	/* The clock that is kept, for use before desk_start only. */
	struct now (*now)(void *context);
	void *context;
};

/*
 * 0, or -errno with a sentence that stops the daemon. err is "" or a warning when it returns 0.
 * Without a control socket a state directory that cannot be used is not an error: the configuration
 * then lives in memory only.
 */
MUST_CHECK int desk_new(const struct desk_options *options, struct desk **ret, struct err *err);
/* desk_start was not called, or desk_over is true. */
void desk_free(struct desk *d);

/* What was loaded; borrowed until desk_start or desk_free, which wipe the keys. */
const struct settings *desk_settings(const struct desk *d);
const struct key *desk_keys(const struct desk *d, unsigned *ret_count);
/* What keys are sealed with, and the whole path of its master secret: "" if nothing keeps it. */
const struct seal *desk_seal(const struct desk *d);
const char *desk_secret_path(const struct desk *d);
/* What the last run kept; empty if there is nothing. */
const struct memory *desk_memory(const struct desk *d);

/* Starts the thread; m is borrowed until desk_free. Not with control_path NULL. */
MUST_CHECK int desk_start(struct desk *d, struct mail *m, struct err *err);
/* Asks the thread to keep the memory soon. */
void desk_hurry(struct desk *d);
/* Asks the thread to end; it keeps the memory first, so its mail must still be answered. */
void desk_quit(struct desk *d);
/* The thread has ended (or never began); it rings the mail when that becomes true. */
bool desk_over(const struct desk *d);
/* For the end of a run without a thread: writes the memory to the state directory if it can. */
void desk_keep(struct desk *d, const struct memory *memory);

#endif
