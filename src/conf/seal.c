/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/seal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <nettle/base64.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "base/wire.h"

/*
 * Inside the base64: version, salt, ciphertext, tag. The salt is fresh for every sealing and gives
 * both the key and the nonce, so that one master never uses a nonce twice with one key.
 */
#define MARK "%^%#"
#define MARK_LEN (sizeof MARK - 1)
#define VERSION 1
#define SALT_LEN 16
#define HEAD_LEN (1 + SALT_LEN)
#define KEY_MAX 255
#define RECORD_MAX (HEAD_LEN + KEY_MAX + GCM_DIGEST_SIZE)

_Static_assert(2 * MARK_LEN + BASE64_ENCODE_RAW_LENGTH(RECORD_MAX) < SEAL_TEXT_MAX,
	       "the longest key fits the vendor's 432 characters");

struct derived {
	uint8_t key[AES256_KEY_SIZE];
	uint8_t nonce[GCM_IV_SIZE];
};

/* HKDF of RFC 5869: extract with the salt, expand with a label. */
static void derive(const struct seal *s, const uint8_t salt[SALT_LEN], struct derived *ret)
{
	static const uint8_t label[] = "timecast ntp key 1";
	struct hmac_sha256_ctx h;
	uint8_t prk[SHA256_DIGEST_SIZE];

	hmac_sha256_set_key(&h, SALT_LEN, salt);
	hkdf_extract(&h, (nettle_hash_update_func *)hmac_sha256_update,
		     (nettle_hash_digest_func *)hmac_sha256_digest, sizeof prk, SEAL_MASTER_LEN,
		     s->master, prk);
	hmac_sha256_set_key(&h, sizeof prk, prk);
	hkdf_expand(&h, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest, sizeof prk, sizeof label - 1,
		    label, sizeof *ret, (uint8_t *)ret);
	explicit_bzero(&h, sizeof h);
	explicit_bzero(prk, sizeof prk);
}

/* Binds the record to the place where it was typed. */
static void prepare(struct gcm_aes256_ctx *g, const struct derived *d, uint32_t key_id,
		    uint8_t algorithm)
{
	uint8_t place[4 + 4 + 1];
	struct wire_writer w = wire_write(place, sizeof place);

	wire_put(&w, (const uint8_t *)"ntp\1", 4);
	wire_put_u32(&w, key_id);
	wire_put_u8(&w, algorithm);
	assert(w.ok);
	gcm_aes256_set_key(g, d->key);
	gcm_aes256_set_iv(g, sizeof d->nonce, d->nonce);
	gcm_aes256_update(g, sizeof place, place);
}

bool seal_is_sealed(const char *text)
{
	size_t len = strlen(text);

	return len >= 2 * MARK_LEN && memcmp(text, MARK, MARK_LEN) == 0 &&
	       memcmp(text + len - MARK_LEN, MARK, MARK_LEN) == 0;
}

void seal_close(const struct seal *s, uint32_t key_id, uint8_t algorithm, const uint8_t *octets,
		size_t len, char ret[SEAL_TEXT_MAX])
{
	uint8_t record[RECORD_MAX];
	struct derived d;
	struct gcm_aes256_ctx g;

	assert(len >= 1 && len <= KEY_MAX);
	record[0] = VERSION;
	s->random(s->context, record + 1, SALT_LEN);
	derive(s, record + 1, &d);
	prepare(&g, &d, key_id, algorithm);
	gcm_aes256_encrypt(&g, len, record + HEAD_LEN, octets);
	gcm_aes256_digest(&g, GCM_DIGEST_SIZE, record + HEAD_LEN + len);
	explicit_bzero(&g, sizeof g);
	explicit_bzero(&d, sizeof d);

	size_t record_len = HEAD_LEN + len + GCM_DIGEST_SIZE;
	size_t text_len = BASE64_ENCODE_RAW_LENGTH(record_len);
	memcpy(ret, MARK, MARK_LEN);
	base64_encode_raw(ret + MARK_LEN, record_len, record);
	memcpy(ret + MARK_LEN + text_len, MARK, MARK_LEN + 1);
}

/* The record inside the marks; 0 if it is not one of ours. */
static size_t decode(const char *text, uint8_t record[BASE64_DECODE_LENGTH(SEAL_TEXT_MAX)])
{
	struct base64_decode_ctx b;
	size_t text_len = strlen(text);
	size_t len = 0;

	if (!seal_is_sealed(text) || text_len >= SEAL_TEXT_MAX)
		return 0;
	text_len -= 2 * MARK_LEN;
	text += MARK_LEN;
	/* The library skips blanks; a sealed key has none. */
	if (memchr(text, ' ', text_len) || memchr(text, '\t', text_len))
		return 0;
	base64_decode_init(&b);
	if (!base64_decode_update(&b, &len, record, text_len, text) || !base64_decode_final(&b))
		return 0;
	if (len <= HEAD_LEN + GCM_DIGEST_SIZE || len > RECORD_MAX || record[0] != VERSION)
		return 0;
	return len;
}

int seal_open(const struct seal *s, uint32_t key_id, uint8_t algorithm, const char *text,
	      uint8_t ret[255], struct err *err)
{
	uint8_t record[BASE64_DECODE_LENGTH(SEAL_TEXT_MAX)];
	uint8_t plain[KEY_MAX];
	uint8_t tag[GCM_DIGEST_SIZE];
	struct derived d;
	struct gcm_aes256_ctx g;
	size_t len = decode(text, record);

	if (len == 0) {
		err_set(err, "The sealed key is damaged: a part of it is missing or changed.");
		return -EBADMSG;
	}
	len -= HEAD_LEN + GCM_DIGEST_SIZE;
	derive(s, record + 1, &d);
	prepare(&g, &d, key_id, algorithm);
	gcm_aes256_decrypt(&g, len, plain, record + HEAD_LEN);
	gcm_aes256_digest(&g, sizeof tag, tag);
	bool good = memeql_sec(tag, record + HEAD_LEN + len, sizeof tag);
	if (good) {
		memcpy(ret, plain, len);
	} else {
		err_set(err, "The sealed key does not open here: it was sealed on another host or "
			     "for another key id or mode; type the password again.");
	}
	explicit_bzero(&g, sizeof g);
	explicit_bzero(&d, sizeof d);
	explicit_bzero(plain, sizeof plain);
	return good ? (int)len : -EBADMSG;
}
