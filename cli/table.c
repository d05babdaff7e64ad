/* table - each column is as wide as what is in it. */
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 16, CELL_SIZE = 24 };

static const json_t *member_of(const json_t *object, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot)
		return json_object_get(object, path);
	return member_of(json_object_getn(object, path, (size_t)(dot - path)), dot + 1);
}

/* The text of a cell: the member's, or @number's. */
static const char *cell(const json_t *object, const struct table_column *c, char number[static CELL_SIZE])
{
	const json_t *v = member_of(object, c->member);

	if (!json_is_integer(v))
		return json_is_string(v) ? json_string_value(v) : "";
	snprintf(number, CELL_SIZE, "%lld", (long long)json_integer_value(v));
	return number;
}

static int width_of(const json_t *list, const struct table_column *c)
{
	char number[CELL_SIZE];
	size_t width = strlen(c->head);

	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t n = strlen(cell(json_array_get(list, i), c, number));
		width = n > width ? n : width;
	}
	return (int)width;
}

/* @object: NULL for the heads. Nothing is filled up behind the last column. */
static void print_row(const json_t *object, const struct table_column *columns, size_t n, const int *widths)
{
	char number[CELL_SIZE];

	for (size_t i = 0; i < n; i++)
		printf("%-*s%s", i + 1 < n ? widths[i] : 0,
			object ? cell(object, &columns[i], number) : columns[i].head, i + 1 < n ? "  " : "\n");
}

void table_print(const json_t *list, const struct table_column *columns, size_t n)
{
	int widths[COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < n && i < COLUMNS_MAX; i++)
		widths[i] = width_of(list, &columns[i]);
	print_row(NULL, columns, n, widths);
	for (size_t i = 0; i < json_array_size(list); i++)
		print_row(json_array_get(list, i), columns, n, widths);
}
