/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A listening UNIX stream socket and its peers: who they are, whole frames in, bytes out. Every
 * store is bounded: peers, octets read ahead, octets waiting to be written, seconds of waiting.
 * Knows nothing of what frames mean: a u32 big-endian length, then that many octets.
 */
#ifndef SYS_CTLSOCK_H
#define SYS_CTLSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"

#define CTLSOCK_PEERS_MAX 64
#define CTLSOCK_GROUPS_MAX 256
/* Longest frame that a peer may send. */
#define CTLSOCK_FRAME_MAX 3101
/* A peer is read no further while more than this waits to be written to it. */
#define CTLSOCK_WAITING_MAX ((size_t)256 * 1024)
/* A peer that takes none of what waits for it for so long is dropped. */
#define CTLSOCK_STUCK_S 30

struct ctlsock_peer {
	uid_t uid;
	pid_t pid;
	unsigned group_count; /* primary and supplementary */
	gid_t groups[CTLSOCK_GROUPS_MAX];
};

struct ctlsock;

/*
 * Binds path (its directory is made if missing). A socket in the way is replaced only if nobody
 * answers there: -EADDRINUSE otherwise. group may be (gid_t)-1; where the group cannot be given
 * away the socket keeps ours.
 */
MUST_CHECK int ctlsock_new(const char *path, mode_t mode, gid_t group, struct ctlsock **ret,
			   struct err *err);
/* Closes all and removes the path. */
void ctlsock_free(struct ctlsock *c);

/*
 * Waits until something can be done or timeout_ms is over (-1: forever): accepts, reads, writes.
 * New peers take a free slot; with none free they are closed at once.
 */
void ctlsock_wait(struct ctlsock *c, int timeout_ms);
/* Once: -errno of why nobody new gets in for the time being. 0: nothing to tell. */
int ctlsock_take_error(struct ctlsock *c);
/* Makes ctlsock_wait return; safe from other threads and in signal handlers. */
void ctlsock_ring(struct ctlsock *c);

enum ctlsock_news {
	CTLSOCK_QUIET,	  /* nothing to do for this slot */
	CTLSOCK_CAME,	  /* once, before its first frame */
	CTLSOCK_FRAME,	  /* one whole frame */
	CTLSOCK_TOO_LONG, /* it sent a length of 0 or beyond CTLSOCK_FRAME_MAX */
	CTLSOCK_LEFT,	  /* once: it hung up, failed or was stuck; the slot is free afterwards */
};

/* What is new in a slot; a frame is borrowed until the next call for that slot. */
enum ctlsock_news ctlsock_next(struct ctlsock *c, unsigned slot, const uint8_t **ret_octets,
			       size_t *ret_len);
/* True if some slot has more to say without waiting. */
bool ctlsock_busy(const struct ctlsock *c);
const struct ctlsock_peer *ctlsock_peer(const struct ctlsock *c, unsigned slot);
/* Queues one frame of kind and payload; sends what can be sent at once. */
void ctlsock_send(struct ctlsock *c, unsigned slot, char kind, const void *octets, size_t len);
/* Nothing more is read; CTLSOCK_LEFT follows when all that waits is written or it is stuck. */
void ctlsock_close(struct ctlsock *c, unsigned slot);

#endif
