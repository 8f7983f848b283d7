/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket's frames (SOCK_STREAM, AF_UNIX): a u32 big-endian length of what follows,
 * one octet of kind, then text without a final '\0'. A frame is at most FRAME_MAX long.
 * Used by daemon/desk.c and client/timecast.c.
 */
#ifndef DAEMON_FRAME_H
#define DAEMON_FRAME_H

#define FRAME_MAX (1024 * 1024)
#define FRAME_LINE_MAX 3100

/* From the client. */
#define FRAME_HELLO 'H'	   /* "interactive" or "batch": first frame */
#define FRAME_LINE 'L'	   /* one line, or the answer to a question */
#define FRAME_HELP '?'	   /* line so far */
#define FRAME_COMPLETE 'T' /* line so far */

/* From the daemon. Each client frame is answered by any number of OUT and one PROMPT. */
#define FRAME_OUT 'O'	 /* text to show, lines ending in \n */
#define FRAME_PROMPT 'P' /* flags octet, u16 screen length, then the prompt */
#define FRAME_BYE 'X'	 /* reason; the daemon closes */

#define FRAME_FLAG_FAILED 1  /* the last line was refused */
#define FRAME_FLAG_ASKS 2    /* the prompt is a question */
#define FRAME_FLAG_OVER 4    /* the session has ended */
#define FRAME_FLAG_PENDING 8 /* uncommitted edits */

#endif
