/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key table and the MACs made with it: RFC 5905 7.3 (MD5), RFC 8573 (AES-CMAC) and
 * HMAC-SHA256. Where a MAC begins is decided by the table, never by guessing a length. Knows no
 * association and no policy: what a result means is the caller's business.
 */
#ifndef NTP_AUTH_H
#define NTP_AUTH_H

#include "ntp/settings.h"

#include <stddef.h>

#define AUTH_MAC_OCTETS_MAX 36 /* key id and a 32-octet tag */

/* All key bytes of a node; in its one block, so that one lock and one wipe cover them. */
struct auth {
	unsigned count;
	struct key keys[SETTINGS_KEYS_MAX]; /* ascending id */
};

enum auth_result {
	AUTH_NONE,    /* no MAC */
	AUTH_VALID,   /* a MAC by key_id, and it verifies */
	AUTH_BAD,     /* a MAC by a known key that does not verify */
	AUTH_UNKNOWN, /* ends in what may be a MAC by a key that is not in the table */
	AUTH_NAK,     /* crypto-NAK: a key id of 0 and no tag */
	AUTH_FORMAT,  /* what follows the header is neither fields nor a MAC */
};

struct auth_found {
	enum auth_result result;
	uint32_t key_id; /* AUTH_VALID, AUTH_BAD, AUTH_UNKNOWN */
	bool trusted;	 /* AUTH_VALID: the key may be believed */
};

/* Replaces the table; ids are distinct, count at most SETTINGS_KEYS_MAX. */
void auth_set(struct auth *a, const struct key *keys, unsigned count);
void auth_wipe(struct auth *a);
/* NULL when there is no such key. */
const struct key *auth_key(const struct auth *a, uint32_t key_id);
/* len at least 48; version as in the header: only version 4 has extension fields. */
struct auth_found auth_check(const struct auth *a, const uint8_t *octets, size_t len,
			     uint8_t version);
/* Appends key id and tag; the new length, or 0 when the key is missing or the room too small. */
size_t auth_append(const struct auth *a, uint32_t key_id, uint8_t *octets, size_t len, size_t room);
/* The tag of k over the octets; its length is k->mac_octets. */
void auth_tag(const struct key *k, const uint8_t *octets, size_t len, uint8_t tag[32]);

#endif
