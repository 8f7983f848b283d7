/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/filing.h"

#include <string.h>

#include "cli/displays.h"
#include "cli/inside.h"

/* What displays were sent to, in all: a disk is not to be filled by a mistake. */
#define FILES_MAX 20
#define FILE_OCTETS_MAX ((size_t)1024 * 1024)

static bool is_name(const char *name, const char *ending)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(name);

	return len >= 5 && len <= 64 && *name != '.' && strcmp(name + len - 4, ending) == 0 &&
	       name[strspn(name, allowed)] == '\0';
}

bool filing_accepts(struct session *s, const char *name, struct text *out)
{
	if (is_name(name, ".cfg"))
		return true;
	session_refuse(s, out,
		       "A file name has 5 to 64 letters, digits, dots, hyphens or underscores and "
		       "ends in .cfg.");
	return false;
}

bool filing_exists(struct session *s, const char *name, struct text *out)
{
	const struct shelf *shelf = s->office->shelf;
	struct text file = {0};
	bool there = shelf->load(shelf->context, name, &file, NULL) == 0;

	text_fini(&file);
	if (!there)
		session_refuse(s, out, "There is no saved configuration %s.", name);
	return there;
}

/* ---- what displays are sent to ---- */

bool filing_may_write(struct session *s, const char *name, struct text *out)
{
	if (s->level != SESSION_CONFIGURE) {
		s->failed = true;
		text_add(out, "\nError: No permission to run the command.\n");
		return false;
	}
	if (is_name(name, ".txt"))
		return true;
	session_refuse(s, out,
		       "A display goes to a file whose name has 5 to 64 letters, digits, dots, "
		       "hyphens or underscores and ends in .txt.");
	return false;
}

static unsigned count_texts(const struct shelf *shelf)
{
	struct text names = {0};
	unsigned count = 0;

	if (shelf->list(shelf->context, &names, NULL) == 0)
		for (char *save, *name = names.chars ? strtok_r(names.chars, "\n", &save) : NULL;
		     name; name = strtok_r(NULL, "\n", &save))
			count += is_name(name, ".txt");
	text_fini(&names);
	return count;
}

void filing_write(struct session *s, const char *name, bool append, const struct text *chars,
		  struct text *out)
{
	const struct shelf *shelf = s->office->shelf;
	struct text file = {0};
	struct err err;
	bool exists = shelf->load(shelf->context, name, &file, NULL) == 0;

	if (!append)
		text_clear(&file);
	text_add_len(&file, text_chars(chars), chars->len);
	if (!exists && count_texts(shelf) >= FILES_MAX)
		session_refuse(s, out, "There are %d text files already; delete one first.",
			       FILES_MAX);
	else if (file.len > FILE_OCTETS_MAX)
		session_refuse(s, out, "A text file has at most %zu octets.", FILE_OCTETS_MAX);
	else if (shelf->keep(shelf->context, name, text_chars(&file), file.len, &err) < 0)
		session_refuse(s, out, "%s", err.text);
	else
		text_addf(out, "Info: Succeeded in writing %zu bytes to %s.\n", chars->len, name);
	text_fini(&file);
}

static bool accepts_any(struct session *s, const char *name, struct text *out)
{
	if (is_name(name, ".cfg") || is_name(name, ".txt"))
		return true;
	session_refuse(s, out,
		       "A file name has 5 to 64 letters, digits, dots, hyphens or underscores and "
		       "ends in .cfg or .txt.");
	return false;
}

void filing_more(struct session *s, const struct args *args, struct text *out)
{
	const char *name = args_text(args, "file-name");
	const struct shelf *shelf = s->office->shelf;
	struct text file = {0};

	if (!accepts_any(s, name, out))
		return;
	if (shelf->load(shelf->context, name, &file, NULL) == 0)
		text_add(out, text_chars(&file));
	else
		text_add(out, "Info: No file found.\n");
	text_fini(&file);
}

/* ---- listing and deleting ---- */

void filing_dir(struct session *s, const struct args *args, struct text *out)
{
	const struct shelf *shelf = s->office->shelf;
	const char *wanted = args_text(args, "file-name");
	struct text names = {0};
	json_t *rows = json_array();
	struct err err;
	unsigned count = 0;

	if (shelf->list(shelf->context, &names, &err) < 0) {
		session_refuse(s, out, "%s", err.text);
		json_decref(rows);
		return;
	}
	for (char *save, *name = names.chars ? strtok_r(names.chars, "\n", &save) : NULL; name;
	     name = strtok_r(NULL, "\n", &save)) {
		struct text file = {0};
		if ((!is_name(name, ".cfg") && !is_name(name, ".txt")) ||
		    (wanted && strcmp(wanted, name) != 0) ||
		    shelf->load(shelf->context, name, &file, NULL) < 0)
			continue;
		json_array_append_new(
			rows, json_pack("{s:s, s:I}", "name", name, "size", (json_int_t)file.len));
		if (count == 0 && !s->json)
			text_add(out, "  Idx  Size(Byte)  FileName\n");
		if (!s->json)
			text_addf(out, "%5u  %10zu  %s\n", count, file.len, name);
		count++;
		text_fini(&file);
	}
	json_t *data = json_pack("{s:o}", "files", rows);
	if (s->json)
		displays_dump(data, out);
	else if (count == 0)
		text_add(out, "Info: No file found.\n");
	json_decref(data);
	text_fini(&names);
}

static void delete_answer(struct session *s, char answer, struct text *out)
{
	const struct shelf *shelf = s->office->shelf;
	struct err err;

	if (answer != 'y')
		return;
	if (shelf->drop(shelf->context, s->asked_name, &err) < 0)
		session_refuse(s, out, "%s", err.text);
	else
		text_addf(out, "Info: Succeeded in deleting file %s.\n", s->asked_name);
}

void filing_delete(struct session *s, const struct args *args, struct text *out)
{
	const char *name = args_text(args, "file-name");
	const struct shelf *shelf = s->office->shelf;
	struct text file = {0};
	char question[120];

	if (!accepts_any(s, name, out))
		return;
	bool there = shelf->load(shelf->context, name, &file, NULL) == 0;
	text_fini(&file);
	if (!there) {
		text_add(out, "Info: No file found.\n");
		return;
	}
	(void)snprintf(s->asked_name, sizeof s->asked_name, "%s", name);
	(void)snprintf(question, sizeof question,
		       "Warning: Delete %s? Continue? [Y/N]:", s->asked_name);
	if (args_has(args, "/quiet"))
		delete_answer(s, 'y', out);
	else
		session_ask(s, question, false, delete_answer, out);
}
