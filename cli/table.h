/*
 * table - JSON objects as lines of text, in columns
 *
 * Thread: main.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

struct table_column {
	const char *head;
	const char *member; /* "email", or "owner.email": of an object within */
};

/* Prints @n columns (16 at most) of each object of @list, below their heads: texts and whole numbers; nothing for what is
 * absent or null. */
void table_print(const json_t *list, const struct table_column *columns, size_t n);
