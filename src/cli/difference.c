/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define SHOWN 9

struct row {
	const char *head; /* block that an indented line is in, NULL outside */
	size_t head_len;
	const char *line;
	size_t len;
	unsigned number; /* in the text, from 1 */
};

struct page {
	struct row *rows; /* in order; separators and comments are left out */
	struct row **sorted;
	unsigned count;
};

static int compare(const struct row *a, const struct row *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int c = a->head_len != b->head_len ? (a->head_len < b->head_len ? -1 : 1)
		: a->head_len > 0	   ? memcmp(a->head, b->head, a->head_len)
					   : 0;

	if (c == 0)
		c = memcmp(a->line, b->line, n);
	return c != 0 ? c : a->len < b->len ? -1 : a->len > b->len;
}

static int compare_sorted(const void *a, const void *b)
{
	return compare(*(struct row *const *)a, *(struct row *const *)b);
}

static struct page page_new(const char *text)
{
	struct page p = {0};
	struct row row = {0};
	unsigned lines = 0;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	p.rows = auto_new(lines + 1, sizeof *p.rows);
	p.sorted = auto_new(lines + 1, sizeof(void *));
	for (const char *at = text; *at; at += row.len + (at[row.len] == '\n')) {
		row.line = at;
		row.len = strcspn(at, "\n");
		row.number++;
		bool indented = *at == ' ';
		if (!indented)
			row.head_len = 0;
		if (row.len > 0 && *at != '#' && *at != '!') {
			p.rows[p.count] = row;
			p.sorted[p.count] = &p.rows[p.count];
			p.count++;
		}
		if (!indented) {
			row.head = at;
			row.head_len = row.len;
		}
	}
	qsort(p.sorted, p.count, sizeof(void *), compare_sorted);
	return p;
}

static void page_free(struct page *p)
{
	free(p->rows);
	free(p->sorted);
}

static bool has(const struct page *p, const struct row *row)
{
	return bsearch(&row, p->sorted, p->count, sizeof(void *), compare_sorted);
}

struct output {
	const struct row *head; /* block whose header was shown last */
	bool any;
	struct text *out;
};

static void show(struct output *o, char mark, const struct row *row)
{
	bool new_block =
		!o->head || o->head->head_len != row->head_len ||
		(row->head_len > 0 && memcmp(o->head->head, row->head, row->head_len) != 0);

	if (!o->any || new_block)
		text_add(o->out, "  #\n");
	if (new_block && row->head_len > 0)
		text_addf(o->out, "  %.*s\n", (int)row->head_len, row->head);
	text_addf(o->out, "%c %.*s\n", mark, (int)row->len, row->line);
	o->head = row;
	o->any = true;
}

/* A header is shown with its first line; alone it says nothing. */
static bool is_block_header(const struct page *p, unsigned i)
{
	return p->rows[i].head_len == 0 && i + 1 < p->count && p->rows[i + 1].head_len > 0;
}

bool difference_print(const char *from, const char *to, struct text *out)
{
	struct page a = page_new(from);
	struct page b = page_new(to);
	struct output o = {.out = out};
	unsigned i = 0;
	unsigned j = 0;

	/* Lines that both have stand in the same order in both: the rows print them so. */
	while (i < a.count || j < b.count) {
		if (i < a.count && !has(&b, &a.rows[i])) {
			if (!is_block_header(&a, i))
				show(&o, '-', &a.rows[i]);
			i++;
		} else if (j < b.count && !has(&a, &b.rows[j])) {
			if (!is_block_header(&b, j))
				show(&o, '+', &b.rows[j]);
			j++;
		} else {
			i += i < a.count;
			j += j < b.count;
		}
	}
	page_free(&a);
	page_free(&b);
	return o.any;
}

static void show_from(const struct page *p, unsigned i, const char *what, struct text *out)
{
	text_addf(out, "====== %s line %u ======\n", what,
		  i < p->count	 ? p->rows[i].number
		  : p->count > 0 ? p->rows[p->count - 1].number
				 : 0);
	for (unsigned k = 0; k < SHOWN && i + k < p->count; k++)
		text_addf(out, "%.*s\n", (int)p->rows[i + k].len, p->rows[i + k].line);
}

bool difference_first(const char *current, const char *file, struct text *out)
{
	struct page a = page_new(current);
	struct page b = page_new(file);
	unsigned i = 0;

	while (i < a.count && i < b.count && compare(&a.rows[i], &b.rows[i]) == 0)
		i++;
	bool differ = i < a.count || i < b.count;
	if (differ) {
		show_from(&a, i, "Current configuration", out);
		show_from(&b, i, "Configuration file", out);
	}
	page_free(&a);
	page_free(&b);
	return differ;
}
