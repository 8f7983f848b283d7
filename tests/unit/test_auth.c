/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include "ntp/auth.h"
#include "ntp/packet.h"

#include <cmocka.h>
#include <string.h>

/* A multicast packet of a stratum 1 server whose reference is "GPS". */
#define HEADER                                                                                     \
	"250106ec000000000000028f47505300eb0b5f008000000000000000000000000000000000000000"         \
	"eb0b5f10c0000000"
#define BYTES16 "000102030405060708090a0b0c0d0e0f"
#define BYTES32 BYTES16 "101112131415161718191a1b1c1d1e1f"

static size_t from_hex(const char *hex, uint8_t *ret)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned v = 0;

		for (unsigned j = 0; j < 2; j++) {
			char c = hex[2 * i + j];

			v = v << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
		}
		ret[i] = (uint8_t)v;
	}
	return n;
}

static struct key make_key(uint32_t id, enum key_algorithm algorithm, uint8_t mac, const char *hex)
{
	struct key k = {.id = id, .algorithm = (uint8_t)algorithm, .mac_octets = mac};

	k.trusted = true;
	k.len = (uint8_t)from_hex(hex, k.octets);
	return k;
}

struct vector {
	enum key_algorithm algorithm;
	uint8_t mac;
	const char *key, *message, *tag;
};

#define CMAC_KEY128 "2b7e151628aed2a6abf7158809cf4f3c"
#define CMAC_KEY256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define CMAC_16 "6bc1bee22e409f96e93d7e117393172a"
#define CMAC_40 CMAC_16 "ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
#define CMAC_64 CMAC_40 "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static const struct vector vectors[] = {
	/* the same header under each algorithm, computed by two other implementations */
	{KEY_MD5, 16, BYTES16, HEADER, "64a3a4ac48dcd5271b54d184f234acc8"},
	{KEY_HMAC_SHA256, 32, BYTES32, HEADER,
	 "ab8da843d039eb05aa6d32c039e71126010fb20b55fd0815324a26a354120da4"},
	{KEY_HMAC_SHA256, 20, BYTES32, HEADER, "ab8da843d039eb05aa6d32c039e71126010fb20b"},
	{KEY_HMAC_SHA256, 16, BYTES32, HEADER, "ab8da843d039eb05aa6d32c039e71126"},
	{KEY_AES_128_CMAC, 16, BYTES16, HEADER, "50ebaf8311a9ee89603d8327b4110965"},
	{KEY_AES_256_CMAC, 16, BYTES32, HEADER, "4e70de212b3059b26dfd9be2d879de84"},
	/* RFC 4493 section 4 */
	{KEY_AES_128_CMAC, 16, CMAC_KEY128, "", "bb1d6929e95937287fa37d129b756746"},
	{KEY_AES_128_CMAC, 16, CMAC_KEY128, CMAC_16, "070a16b46b4d4144f79bdd9dd04a287c"},
	{KEY_AES_128_CMAC, 16, CMAC_KEY128, CMAC_40, "dfa66747de9ae63030ca32611497c827"},
	{KEY_AES_128_CMAC, 16, CMAC_KEY128, CMAC_64, "51f0bebf7e3b9d92fc49741779363cfe"},
	/* SP 800-38B, AES-256 */
	{KEY_AES_256_CMAC, 16, CMAC_KEY256, "", "028962f61b7bf89efc6b551f4667d983"},
	{KEY_AES_256_CMAC, 16, CMAC_KEY256, CMAC_16, "28a7023f452e8f82bd4bf28d8c37c35c"},
	{KEY_AES_256_CMAC, 16, CMAC_KEY256, CMAC_40, "aaf3d8f1de5640c232f5b169b9c911e6"},
	{KEY_AES_256_CMAC, 16, CMAC_KEY256, CMAC_64, "e1992190549f6ed5696a2c056c315410"},
	/* RFC 4231, cases 1, 2 and 5 */
	{KEY_HMAC_SHA256, 32, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{KEY_HMAC_SHA256, 32, "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{KEY_HMAC_SHA256, 16, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
	 "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b"},
};

static void tags_are_those_of_the_published_vectors(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		const struct vector *v = &vectors[i];
		struct key k = make_key(1, v->algorithm, v->mac, v->key);
		uint8_t message[64] = {0}, expected[32], tag[32] = {0};
		size_t len = from_hex(v->message, message);

		assert_int_equal(from_hex(v->tag, expected), v->mac);
		auth_tag(&k, message, len, tag);
		assert_memory_equal(tag, expected, v->mac);
	}
}

static void a_long_hmac_key_is_hashed_first(void **state)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	struct key k = {.algorithm = KEY_HMAC_SHA256, .mac_octets = 32, .len = 131};
	uint8_t expected[32], tag[32];

	(void)state;
	memset(k.octets, 0xaa, k.len); /* RFC 4231, case 6 */
	(void)from_hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
		       expected);
	auth_tag(&k, (const uint8_t *)text, sizeof text - 1, tag);
	assert_memory_equal(tag, expected, 32);
}

/* One key of each kind, with ids that look like the length of an extension field. */
static struct auth *make_table(void)
{
	static struct auth a;
	struct key keys[] = {
		make_key(36, KEY_HMAC_SHA256, 32, BYTES32),
		make_key(20, KEY_MD5, 16, BYTES16),
		make_key(24, KEY_HMAC_SHA256, 20, BYTES32),
		make_key(16, KEY_AES_128_CMAC, 16, BYTES16),
		make_key(28, KEY_AES_256_CMAC, 16, BYTES32),
		make_key(40, KEY_HMAC_SHA256, 16, BYTES32),
		make_key(4294967295, KEY_MD5, 16, BYTES16),
	};

	auth_set(&a, keys, sizeof keys / sizeof keys[0]);
	return &a;
}

static const uint32_t table_ids[] = {16, 20, 24, 28, 36, 40, 4294967295};

static void what_is_signed_verifies_in_every_version(void **state)
{
	struct auth *a = make_table();

	(void)state;
	for (unsigned i = 0; i < sizeof table_ids / sizeof table_ids[0]; i++) {
		for (uint8_t version = 1; version <= 4; version++) {
			uint8_t octets[96];

			(void)from_hex(HEADER, octets);
			size_t len = auth_append(a, table_ids[i], octets, 48, sizeof octets);
			assert_int_equal(len, 52 + auth_key(a, table_ids[i])->mac_octets);
			struct auth_found f = auth_check(a, octets, len, version);
			assert_int_equal(f.result, AUTH_VALID);
			assert_int_equal(f.key_id, table_ids[i]);
			assert_true(f.trusted);
			for (size_t at = 0; at < len; at++) {
				octets[at] ^= 0x40;
				f = auth_check(a, octets, len, version);
				assert_int_not_equal(f.result, AUTH_VALID);
				octets[at] ^= 0x40;
			}
		}
	}
	auth_wipe(a);
	assert_null(auth_key(a, 16));
}

static void a_mac_after_extension_fields_is_found_in_version_4_only(void **state)
{
	struct auth *a = make_table();
	uint8_t octets[128] = {0};

	(void)state;
	for (unsigned i = 0; i < sizeof table_ids / sizeof table_ids[0]; i++) {
		(void)from_hex(HEADER, octets);
		memset(octets + 48, 0, 28);
		octets[48] = 1; /* type 0x0104, 28 octets */
		octets[49] = 4;
		octets[51] = 28;
		size_t len = auth_append(a, table_ids[i], octets, 76, sizeof octets);
		assert_int_equal(auth_check(a, octets, len, 4).result, AUTH_VALID);
		assert_int_equal(auth_check(a, octets, len, 4).key_id, table_ids[i]);
		assert_int_not_equal(auth_check(a, octets, len, 3).result, AUTH_VALID);
	}
}

static enum auth_result check_tail(const char *hex, uint8_t version)
{
	uint8_t octets[160];

	(void)from_hex(HEADER, octets);
	size_t len = 48 + from_hex(hex, octets + 48);
	return auth_check(make_table(), octets, len, version).result;
}

#define ZEROS16 "00000000000000000000000000000000"

static void tails_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(check_tail("", 4), AUTH_NONE);
	assert_int_equal(check_tail("", 3), AUTH_NONE);
	assert_int_equal(check_tail("00000000", 4), AUTH_NAK);
	assert_int_equal(check_tail("00000000", 3), AUTH_NAK);
	assert_int_equal(check_tail("00000001", 4), AUTH_FORMAT);
	assert_int_equal(check_tail("0000000000000000", 4), AUTH_FORMAT);
	/* Unknown keys: 16, 20 and 32 octets of tag. */
	assert_int_equal(check_tail("00000007" ZEROS16, 4), AUTH_UNKNOWN);
	assert_int_equal(check_tail("00000007" ZEROS16 "00000000", 4), AUTH_UNKNOWN);
	assert_int_equal(check_tail("00000007" ZEROS16 ZEROS16, 3), AUTH_UNKNOWN);
	/* Known keys, wrong tag or a tag of another length. */
	assert_int_equal(check_tail("00000014" ZEROS16, 4), AUTH_BAD);
	assert_int_equal(check_tail("00000024" ZEROS16 ZEROS16, 4), AUTH_BAD);
	assert_int_equal(check_tail("00000024" ZEROS16, 3), AUTH_BAD);
	/* A field of 28 octets alone is no MAC; one of 44 neither. */
	assert_int_equal(check_tail("0104001c" ZEROS16 "0000000000000000", 4), AUTH_NONE);
	assert_int_equal(check_tail("0104001c" ZEROS16 "0000000000000000", 3), AUTH_FORMAT);
}

static void no_key_and_no_room_give_nothing(void **state)
{
	struct auth *a = make_table();
	uint8_t octets[68] = {0};

	(void)state;
	assert_int_equal(auth_append(a, 99, octets, 48, sizeof octets), 0);
	assert_int_equal(auth_append(a, 36, octets, 48, sizeof octets), 0);
	assert_int_equal(auth_append(a, 16, octets, 48, sizeof octets), 68);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(tags_are_those_of_the_published_vectors),
	cmocka_unit_test(a_long_hmac_key_is_hashed_first),
	cmocka_unit_test(what_is_signed_verifies_in_every_version),
	cmocka_unit_test(a_mac_after_extension_fields_is_found_in_version_4_only),
	cmocka_unit_test(tails_are_told_apart),
	cmocka_unit_test(no_key_and_no_room_give_nothing),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
