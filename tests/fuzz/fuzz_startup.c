/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as a start-up configuration: refused with a line, or loaded, printed and read back. */
#include <assert.h>

#include "../cli/world.h"
#include "cli/rows.h"
#include "printed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct stage stage = {0};
	struct world world = stage_world(&stage);
	struct seal seal = {.random = stage_random};
	struct shelf *shelf = shelf_new();
	struct office *office;
	static const struct graph *held; /* across inputs */
	struct err err = {{0}};
	char *text = calloc(1, len + 1);

	if (!held)
		held = rows_hold();
	if (!text || office_new(&world, shelf, &seal, &office, &err) < 0)
		abort();
	memcpy(text, bytes, len);
	if (office_load_text(office, "FILE", text, &err) == 0) {
		assert(stage.applied == 1);
		printed_reads_back(office, &world, &seal);
	} else {
		assert(stage.applied == 0 && err.text[0] != '\0');
	}
	office_free(office);
	shelf_free(shelf);
	stage_fini(&stage);
	free(text);
	return 0;
}
