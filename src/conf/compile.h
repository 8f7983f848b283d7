/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a configuration to what the protocol may be given: the rules that cross objects, and the
 * plain keys out of their seals. Knows no command text beyond the words in its sentences.
 */
#ifndef CONF_COMPILE_H
#define CONF_COMPILE_H

#include "conf/store.h"

#define COMPILE_KEY_V4_MAX 65535

/* 0, or -EINVAL with a sentence that names the line and says what to do. weakea: md5 is allowed. */
MUST_CHECK int compile_check(const struct settings *s, bool weakea, struct err *err);
/* The same rules for one edit, before it is made. */
MUST_CHECK int compile_check_edit(const struct settings *s, const struct edit *e, bool weakea,
				  struct err *err);
/* Length and complexity of a key in plain. */
MUST_CHECK int compile_check_key(enum key_algorithm algorithm, const uint8_t *octets, size_t len,
				 bool complexity, struct err *err);
/* As typed in a command: md5, hmac-sha256, aes-128-cmac, aes-256-cmac. */
const char *compile_algorithm_name(enum key_algorithm a);
/* What the tag is long unless told otherwise. */
uint8_t compile_mac_octets(enum key_algorithm a);
/*
 * Opens every seal. *ret is from malloc, wiped and given back by compile_keys_free; on failure
 * nothing stays behind.
 */
MUST_CHECK int compile_keys(const struct store *s, const struct seal *seal, struct key **ret,
			    struct err *err);
void compile_keys_free(struct key *keys, unsigned count);

#endif
