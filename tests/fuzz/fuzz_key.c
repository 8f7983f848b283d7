/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a sealed key, in the reader of seals and in a start-up line: refused with a sentence,
 * or what was sealed. The first octet picks key id and algorithm, the second what is changed of a
 * true seal.
 */
#include <assert.h>

#include "../cli/world.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "conf/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct seal seal = {.master = {7}, .random = stage_random};

static void open_any(const char *text, uint32_t key_id, uint8_t algorithm)
{
	char again[SEAL_TEXT_MAX];
	uint8_t key[255], same[255];
	struct err err = {{0}};
	int r = seal_open(&seal, key_id, algorithm, text, key, &err);

	if (r < 0) {
		assert(err.text[0] != '\0');
		return;
	}
	assert(r >= 1 && r <= 255);
	seal_close(&seal, key_id, algorithm, key, (size_t)r, again);
	assert(seal_open(&seal, key_id, algorithm, again, same, &err) == r);
	assert(memcmp(key, same, (size_t)r) == 0);
}

/* A seal with one bit changed opens nothing, nor does one that was moved. */
static void open_changed(const uint8_t *key, size_t len, uint8_t change, uint8_t algorithm)
{
	char text[SEAL_TEXT_MAX];
	uint8_t opened[255];
	struct err err;

	seal_close(&seal, 5, algorithm, key, len, text);
	assert(seal_is_sealed(text));
	assert(seal_open(&seal, 5, algorithm, text, opened, &err) == (int)len);
	assert(memcmp(opened, key, len) == 0);
	assert(seal_open(&seal, 6, algorithm, text, opened, &err) < 0);
	assert(seal_open(&seal, 5, algorithm ^ 1, text, opened, &err) < 0);
	text[(change >> 3) * 13U % strlen(text)] ^= (char)(1 << (change & 7));
	assert(seal_open(&seal, 5, algorithm, text, opened, &err) < 0);
}

/* A line of the start-up file. */
static void load(const char *text, uint8_t algorithm)
{
	static const char *const modes[] = {"md5", "hmac-sha256", "aes-128-cmac", "aes-256-cmac"};
	static const struct graph *held; /* across inputs */
	struct stage stage = {0};
	struct world world = stage_world(&stage);
	struct shelf *shelf = shelf_new();
	struct text line = {0};
	struct office *office;
	struct err err = {{0}};

	if (!held)
		held = rows_hold();
	if (office_new(&world, shelf, &seal, &office, &err) < 0)
		abort();
	text_addf(&line, "ntp authentication-keyid 5 authentication-mode %s cipher %s\n",
		  modes[algorithm], text);
	if (office_load_text(office, "FILE", text_chars(&line), &err) == 0)
		assert(stage.applied == 1);
	else
		assert(stage.applied == 0 && err.text[0] != '\0');
	for (unsigned i = 0; i < stage.key_count; i++)
		assert(stage.keys[i].len >= 1);
	text_fini(&line);
	office_free(office);
	shelf_free(shelf);
	stage_fini(&stage);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 3)
		return 0;
	uint8_t algorithm = bytes[0] & 3;
	char *text = calloc(1, len - 1);

	if (!text)
		abort();
	memcpy(text, bytes + 2, len - 2);
	open_any(text, 5, algorithm);
	open_changed(bytes + 2, len - 2 < 255 ? len - 2 : 255, bytes[1], algorithm);
	if (bytes[0] & 4)
		load(text, algorithm);
	free(text);
	return 0;
}
