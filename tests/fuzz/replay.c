/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target once over every file of its corpus, as part of the tests. Knows nothing of
 * what the target does with the bytes. An empty or missing corpus is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define INPUT_MAX 65536

static int replay_file(const char *path)
{
	/* A block of just the right size lets the address sanitizer see a read past its end. */
	static uint8_t whole[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t len;
	uint8_t *exact;

	if (!f) {
		perror(path);
		return -1;
	}
	len = fread(whole, 1, sizeof(whole), f);
	if (ferror(f)) {
		perror(path);
		fclose(f);
		return -1;
	}
	fclose(f);
	exact = malloc(len ? len : 1);
	if (!exact)
		abort();
	memcpy(exact, whole, len);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	dir = opendir(argv[1]);
	if (!dir) {
		perror(argv[1]);
		return 1;
	}
	while ((entry = readdir(dir))) {
		char path[4096];
		int n = snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);

		if (entry->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(path))
			continue;
		if (replay_file(path)) {
			closedir(dir);
			return 1;
		}
		count++;
	}
	closedir(dir);
	printf("%u inputs replayed\n", count);
	return count ? 0 : 1;
}
