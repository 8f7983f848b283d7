/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/filing.h"

#include <string.h>

#include "cli/inside.h"

static bool is_config_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(name);

	return len >= 5 && len <= 64 && *name != '.' && strcmp(name + len - 4, ".cfg") == 0 &&
	       name[strspn(name, allowed)] == '\0';
}

bool filing_accepts(struct session *s, const char *name, struct text *out)
{
	if (is_config_name(name))
		return true;
	session_refuse(s, out,
		       "A file name has 5 to 64 letters, digits, dots, hyphens or underscores and "
		       "ends in .cfg.");
	return false;
}

void filing_dir(struct session *s, const struct args *args, struct text *out)
{
	const struct shelf *shelf = s->office->shelf;
	const char *wanted = args_text(args, "file-name");
	struct text names = {0};
	struct err err;
	unsigned count = 0;

	if (shelf->list(shelf->context, &names, &err) < 0) {
		session_refuse(s, out, "%s", err.text);
		return;
	}
	for (char *save, *name = names.chars ? strtok_r(names.chars, "\n", &save) : NULL; name;
	     name = strtok_r(NULL, "\n", &save)) {
		struct text file = {0};
		if (!is_config_name(name) || (wanted && strcmp(wanted, name) != 0) ||
		    shelf->load(shelf->context, name, &file, NULL) < 0)
			continue;
		if (count == 0)
			text_add(out, "  Idx  Size(Byte)  FileName\n");
		text_addf(out, "%5u  %10zu  %s\n", count++, file.len, name);
		text_fini(&file);
	}
	if (count == 0)
		text_add(out, "Info: No file found.\n");
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

	if (!filing_accepts(s, name, out))
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
