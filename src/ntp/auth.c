/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/auth.h"

#include "base/defence.h"
#include "base/wire.h"
#include "ntp/packet.h"

#include <assert.h>
#include <nettle/cmac.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/realloc.h>
#include <string.h>

/* Whole MACs (key id and tag) that exist, longest first: 16, 20 and 32 octets of tag. */
static const size_t mac_lengths[] = {36, 24, 20};
#define MAC_LENGTHS (sizeof mac_lengths / sizeof mac_lengths[0])

void auth_set(struct auth *a, const struct key *keys, unsigned count)
{
	assert(count <= SETTINGS_KEYS_MAX);
	auth_wipe(a);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = i;

		while (at > 0 && a->keys[at - 1].id > keys[i].id) {
			a->keys[at] = a->keys[at - 1];
			at--;
		}
		a->keys[at] = keys[i];
	}
	a->count = count;
}

void auth_wipe(struct auth *a)
{
	explicit_bzero(a->keys, sizeof a->keys[0] * a->count);
	a->count = 0;
}

const struct key *auth_key(const struct auth *a, uint32_t key_id)
{
	unsigned lo = 0, hi = a->count;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (a->keys[mid].id == key_id)
			return &a->keys[mid];
		if (a->keys[mid].id < key_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* RFC 8573 asks for a key of the cipher's length; the CLI sees to it, shorter ones are padded. */
static void cmac_key(const struct key *k, uint8_t *ret, size_t len)
{
	memset(ret, 0, len);
	memcpy(ret, k->octets, k->len < len ? k->len : len);
}

static void tag_md5(const struct key *k, const uint8_t *octets, size_t len, uint8_t tag[32])
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, k->len, k->octets);
	md5_update(&ctx, len, octets);
	md5_digest(&ctx, k->mac_octets, tag);
	explicit_bzero(&ctx, sizeof ctx);
}

static void tag_hmac_sha256(const struct key *k, const uint8_t *octets, size_t len, uint8_t tag[32])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, k->len, k->octets);
	hmac_sha256_update(&ctx, len, octets);
	hmac_sha256_digest(&ctx, k->mac_octets, tag);
	explicit_bzero(&ctx, sizeof ctx);
}

static void tag_aes128(const struct key *k, const uint8_t *octets, size_t len, uint8_t tag[32])
{
	struct cmac_aes128_ctx ctx;
	uint8_t key[16];

	cmac_key(k, key, sizeof key);
	cmac_aes128_set_key(&ctx, key);
	cmac_aes128_update(&ctx, len, octets);
	cmac_aes128_digest(&ctx, k->mac_octets, tag);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&ctx, sizeof ctx);
}

static void tag_aes256(const struct key *k, const uint8_t *octets, size_t len, uint8_t tag[32])
{
	struct cmac_aes256_ctx ctx;
	uint8_t key[32];

	cmac_key(k, key, sizeof key);
	cmac_aes256_set_key(&ctx, key);
	cmac_aes256_update(&ctx, len, octets);
	cmac_aes256_digest(&ctx, k->mac_octets, tag);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&ctx, sizeof ctx);
}

void auth_tag(const struct key *k, const uint8_t *octets, size_t len, uint8_t tag[32])
{
	switch ((enum key_algorithm)k->algorithm) {
	case KEY_MD5:
		tag_md5(k, octets, len, tag);
		return;
	case KEY_HMAC_SHA256:
		tag_hmac_sha256(k, octets, len, tag);
		return;
	case KEY_AES_128_CMAC:
		tag_aes128(k, octets, len, tag);
		return;
	case KEY_AES_256_CMAC:
		tag_aes256(k, octets, len, tag);
		return;
	}
	assert(false);
}

static uint32_t key_id_at(const uint8_t *octets)
{
	struct wire_reader r = wire_read(octets, 4);

	return wire_get_u32(&r);
}

/* May a MAC of mac octets end this packet? Versions 1 to 3 have nothing but the MAC. */
static bool splits(const uint8_t *octets, size_t len, size_t mac, uint8_t version)
{
	if (len < PACKET_HEADER_OCTETS + mac)
		return false;
	size_t fields = len - PACKET_HEADER_OCTETS - mac;

	if (version < 4)
		return fields == 0;
	return packet_is_field_chain(octets + PACKET_HEADER_OCTETS, fields);
}

static bool verifies(const struct key *k, const uint8_t *octets, size_t len)
{
	uint8_t tag[32];
	size_t message = len - 4 - k->mac_octets;

	auth_tag(k, octets, message, tag);
	if (!defence(DEFENCE_HEAP)) /* CVE-2020-15025: what a MAC took was not given back */
		(void)nettle_realloc(NULL, NULL, sizeof tag);
	bool same = defence(DEFENCE_TIMING) ? memeql_sec(tag, octets + message + 4, k->mac_octets)
					    : !memcmp(tag, octets + message + 4, k->mac_octets);
	explicit_bzero(tag, sizeof tag);
	return same;
}

/* Neither split led to a known key: what is it then? */
static enum auth_result unsigned_shape(const uint8_t *octets, size_t len, uint8_t version,
				       uint32_t *key_id)
{
	for (size_t i = 0; i < MAC_LENGTHS; i++) {
		if (!splits(octets, len, mac_lengths[i], version))
			continue;
		*key_id = key_id_at(octets + len - mac_lengths[i]);
		return AUTH_UNKNOWN;
	}
	if (splits(octets, len, 4, version) && key_id_at(octets + len - 4) == 0)
		return AUTH_NAK;
	if (version >= 4 &&
	    packet_is_field_chain(octets + PACKET_HEADER_OCTETS, len - PACKET_HEADER_OCTETS))
		return AUTH_NONE;
	return AUTH_FORMAT;
}

struct auth_found auth_check(const struct auth *a, const uint8_t *octets, size_t len,
			     uint8_t version)
{
	struct auth_found found = {.result = AUTH_NONE};

	assert(len >= PACKET_HEADER_OCTETS);
	if (len == PACKET_HEADER_OCTETS)
		return found;
	bool known = false;

	for (size_t i = 0; i < MAC_LENGTHS; i++) {
		size_t mac = mac_lengths[i];

		if (!splits(octets, len, mac, version))
			continue;
		const struct key *k = auth_key(a, key_id_at(octets + len - mac));
		if (!k)
			continue;
		known = true;
		found.key_id = k->id;
		if (k->mac_octets + (size_t)4 == mac && verifies(k, octets, len)) {
			found.result = AUTH_VALID;
			found.trusted = k->trusted;
			return found;
		}
	}
	found.result = known ? AUTH_BAD : unsigned_shape(octets, len, version, &found.key_id);
	return found;
}

size_t auth_append(const struct auth *a, uint32_t key_id, uint8_t *octets, size_t len, size_t room)
{
	const struct key *k = auth_key(a, key_id);
	uint8_t tag[32];

	if (!k || room < len || room - len < (size_t)k->mac_octets + 4)
		return 0;
	auth_tag(k, octets, len, tag);
	struct wire_writer w = wire_write(octets + len, room - len);
	wire_put_u32(&w, k->id);
	wire_put(&w, tag, k->mac_octets);
	return len + 4 + k->mac_octets;
}
