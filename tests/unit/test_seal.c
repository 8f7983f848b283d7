/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "conf/seal.h"

static void count_up(void *context, uint8_t *octets, size_t len)
{
	uint8_t *next = context;

	for (size_t i = 0; i < len; i++)
		octets[i] = (*next)++;
}

static uint8_t counter;

static struct seal a_seal(uint8_t first)
{
	struct seal s = {.random = count_up, .context = &counter};

	for (unsigned i = 0; i < SEAL_MASTER_LEN; i++)
		s.master[i] = (uint8_t)(first + i);
	return s;
}

static void what_is_sealed_opens_again(void **state)
{
	struct seal s = a_seal(1);
	uint8_t key[255], back[255];
	char text[SEAL_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 7);
	for (size_t n = 1; n <= sizeof key; n++) {
		seal_close(&s, 42, 1, key, n, text);
		assert_true(seal_is_sealed(text));
		assert_true(strlen(text) >= 20 && strlen(text) <= 432);
		assert_null(strpbrk(text, " \t\n|\"?"));
		assert_int_equal(seal_open(&s, 42, 1, text, back, NULL), n);
		assert_memory_equal(key, back, n);
	}
}

static void the_same_key_never_looks_the_same_twice(void **state)
{
	struct seal s = a_seal(1);
	char a[SEAL_TEXT_MAX], b[SEAL_TEXT_MAX];

	(void)state;
	seal_close(&s, 42, 1, (const uint8_t *)"secret", 6, a);
	seal_close(&s, 42, 1, (const uint8_t *)"secret", 6, b);
	assert_string_not_equal(a, b);
	assert_null(strstr(a, "secret"));
}

/* The format is on disks: this text must open for ever. */
static void an_old_sealed_text_still_opens(void **state)
{
	static const char old[] =
		"%^%#AaChoqOkpaanqKmqq6ytrq/ptS/VhtbIgFQogxZOFCCAZH2QIiom2p0vXMdlAMyjTw==%^%#";
	struct seal s = a_seal(1);
	uint8_t back[255];

	(void)state;
	assert_int_equal(seal_open(&s, 7, 2, old, back, NULL), 16);
	assert_memory_equal(back, "0123456789abcdef", 16);
}

static void a_text_moved_elsewhere_does_not_open(void **state)
{
	struct seal s = a_seal(1), other = a_seal(2);
	char text[SEAL_TEXT_MAX];
	uint8_t back[255] = {0x5a};
	struct err err = {0};

	(void)state;
	seal_close(&s, 42, 1, (const uint8_t *)"secret", 6, text);
	assert_int_equal(seal_open(&s, 43, 1, text, back, &err), -EBADMSG);
	assert_int_equal(seal_open(&s, 42, 2, text, back, &err), -EBADMSG);
	assert_int_equal(seal_open(&other, 42, 1, text, back, &err), -EBADMSG);
	assert_true(strlen(err.text) > 0);
	assert_int_equal(back[0], 0x5a);
}

static void any_changed_character_is_noticed(void **state)
{
	struct seal s = a_seal(1);
	char text[SEAL_TEXT_MAX];
	uint8_t back[255];

	(void)state;
	seal_close(&s, 42, 1, (const uint8_t *)"0123456789ab", 12, text);
	for (size_t i = 0; i < strlen(text); i++) {
		char keep = text[i];
		text[i] = keep == 'A' ? 'B' : 'A';
		assert_int_equal(seal_open(&s, 42, 1, text, back, NULL), -EBADMSG);
		text[i] = ' ';
		assert_int_equal(seal_open(&s, 42, 1, text, back, NULL), -EBADMSG);
		text[i] = keep;
	}
	assert_int_equal(seal_open(&s, 42, 1, text, back, NULL), 12);
}

static void texts_that_are_no_seal_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"%^%#",
		"%^%#%^%#",
		"%^%#AA==%^%#",
		"%^%#====%^%#",
		"secret",
		"%^%#secret",
		"%^%#AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==%^%#",
	};
	struct seal s = a_seal(1);
	char large[600];
	uint8_t back[255];

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(seal_open(&s, 1, 1, texts[i], back, NULL), -EBADMSG);
	memset(large, 'A', sizeof large);
	(void)snprintf(large, 5, "%%^%%#");
	large[4] = 'A';
	(void)snprintf(large + sizeof large - 5, 5, "%%^%%#");
	assert_true(seal_is_sealed(large));
	assert_int_equal(seal_open(&s, 1, 1, large, back, NULL), -EBADMSG);
	assert_false(seal_is_sealed("%^%#"));
	assert_false(seal_is_sealed("secret%^%#"));
	assert_true(seal_is_sealed("%^%#%^%#"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens_again),
		cmocka_unit_test(the_same_key_never_looks_the_same_twice),
		cmocka_unit_test(an_old_sealed_text_still_opens),
		cmocka_unit_test(a_text_moved_elsewhere_does_not_open),
		cmocka_unit_test(any_changed_character_is_noticed),
		cmocka_unit_test(texts_that_are_no_seal_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
