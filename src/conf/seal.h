/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys sealed at the door: what the CLI is given in plain is sealed at once, so that candidate,
 * history, start-up file and recordings never hold it. Sealed form: %^%#BASE64%^%#, bound to key
 * id and algorithm (HKDF-SHA256 from a master secret, AES-256-GCM). It protects copied
 * configurations, not a machine whose root is lost.
 */
#ifndef CONF_SEAL_H
#define CONF_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

#define SEAL_MASTER_LEN 32
#define SEAL_TEXT_MAX 433 /* with the final '\0' */

struct seal {
	uint8_t master[SEAL_MASTER_LEN];
	void (*random)(void *context, uint8_t *octets, size_t len);
	void *context;
};

/* True for a text that starts and ends with %^%#. */
bool seal_is_sealed(const char *text);
/* len 1-255 octets of key. */
void seal_close(const struct seal *s, uint32_t key_id, uint8_t algorithm, const uint8_t *octets,
		size_t len, char ret[SEAL_TEXT_MAX]);
/*
 * How many octets the key has (1-255), or -EBADMSG with a sentence: not ours, moved to another key
 * id, or damaged.
 */
MUST_CHECK int seal_open(const struct seal *s, uint32_t key_id, uint8_t algorithm, const char *text,
			 uint8_t ret[255], struct err *err);

#endif
