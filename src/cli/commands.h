/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every configuration command, one row each: its notation, the object of the settings that it
 * sets, and which word or argument fills which field with which default. The same row parses,
 * completes, helps, undoes and prints.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/match.h"
#include "conf/store.h"

#define COMMAND_NO_RULE UINT32_MAX /* default of a rule's number: the next */

enum field_kind {
	FIELD_END,
	FIELD_FIXED,	/* always number; prints only objects that have it */
	FIELD_WORD,	/* number if that word is there */
	FIELD_NUMBER,	/* argument */
	FIELD_ADDR,	/* argument */
	FIELD_REFCLOCK, /* argument: last octet of 127.127.1.U */
	FIELD_WILDCARD, /* argument: a number, shown as X.X.X.X or 0 */
	FIELD_TEXT,	/* argument */
	FIELD_SEALED,	/* argument: a key, never kept in plain */
};

struct command_field {
	uint8_t kind; /* enum field_kind */
	uint8_t size; /* octets of the field */
	uint16_t offset;
	const char *name;    /* of the word or argument in the notation */
	uint64_t number;     /* FIELD_NUMBER: default; FIELD_FIXED, FIELD_WORD: the value */
	const char *address; /* FIELD_ADDR: default, NULL: must be given */
	/* A default that depends on the other fields. */
	uint64_t (*otherwise)(const union edit_value *v);
	/* Path of the leaf in JSON, NULL: none; a word says that text, "" its number, NULL true. */
	const char *leaf;
	const char *says;
};

struct command_row {
	uint8_t views;
	uint8_t object; /* enum edit_object */
	const char *notation;
	const char *undo; /* after undo */
	const struct command_field *fields;
	const char *json; /* path of the list in JSON */
};

extern const struct command_row commands[];
extern const unsigned command_count;

/* True if the row is the one that prints this object. */
bool command_fits(const struct command_row *row, const union edit_value *v);
/* A field of a value, and its default there. */
uint64_t command_number(const struct command_field *f, const union edit_value *v);
uint64_t command_default(const struct command_field *f, const union edit_value *v);
const struct command_field *command_field(const struct command_row *row, const char *name);

#endif
