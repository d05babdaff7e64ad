/* tracks - files into memory, the choice of the format, and the order of the fixes. */
#include "cli/simulation/tracks.h"
#include "cli/simulation/tracks_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more of @size bytes when @n are there; grows by doubling, from 16. */
static void *grown(void *items, size_t n, size_t size)
{
	if (n && (n < 16 || n & (n - 1)))
		return items;
	return reallocarray(items, n ? 2 * n : 16, size);
}

struct track *tracks_new(struct tracks *t)
{
	struct track *items = grown(t->items, t->n, sizeof *items);

	if (!items)
		return NULL;
	t->items = items;
	items[t->n] = (struct track){ 0 };
	return &items[t->n++];
}

struct track *tracks_named(struct tracks *t, const char *name, size_t len)
{
	/* Rows of one tag stand together: the last one first. */
	for (size_t i = t->n; i-- > 0;)
		if (strlen(t->items[i].name) == len && !memcmp(t->items[i].name, name, len))
			return &t->items[i];
	char *copy = strndup(name, len);
	struct track *track = copy ? tracks_new(t) : NULL;
	if (track)
		track->name = copy;
	else
		free(copy);
	return track;
}

int track_add(struct track *t, const struct position *fix)
{
	struct position *fixes = grown(t->fixes, t->n, sizeof *fixes);

	if (!fixes)
		return -ENOMEM;
	t->fixes = fixes;
	fixes[t->n++] = *fix;
	return 0;
}

int tracks_fault(char *fault, size_t line, const char *format, ...)
{
	va_list args;
	int n = snprintf(fault, TRACKS_FAULT_SIZE, "line %zu: ", line);

	va_start(args, format);
	vsnprintf(fault + n, TRACKS_FAULT_SIZE - (size_t)n, format, args);
	va_end(args);
	return TRACKS_E_MALFORMED;
}

void tracks_free(struct tracks *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->items[i].name);
		free(t->items[i].fixes);
	}
	free(t->items);
	*t = (struct tracks){ 0 };
}

static int by_time(const void *a, const void *b)
{
	const struct position *x = a, *y = b;

	return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

int tracks_parse(struct tracks *ret, const char *bytes, size_t len, char fault[static TRACKS_FAULT_SIZE])
{
	struct tracks t = { 0 };
	size_t bom = len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0, first = bom;

	while (first < len && strchr(" \t\r\n", bytes[first]))
		first++;
	bool gpx = first < len && bytes[first] == '<';
	int r = gpx ? gpx_parse(&t, bytes + bom, len - bom, fault) : csv_parse(&t, bytes + bom, len - bom, fault);
	if (r == 0 && t.n == 0)
		r = tracks_fault(fault, 1, "no track in this file");
	if (r) {
		tracks_free(&t);
		return r;
	}
	for (size_t i = 0; i < t.n; i++)
		qsort(t.items[i].fixes, t.items[i].n, sizeof *t.items[i].fixes, by_time);
	*ret = t;
	return 0;
}

/* The whole of a file, the caller's to free(). */
static int slurp(const char *path, char **ret, size_t *ret_len)
{
	FILE *f = fopen(path, "re");
	char *bytes = NULL;
	size_t len = 0;

	if (!f)
		return -errno;
	for (size_t size = 1 << 16;; size *= 2) {
		char *more = realloc(bytes, size);
		if (!more) {
			fclose(f);
			free(bytes);
			return -ENOMEM;
		}
		bytes = more;
		len += fread(bytes + len, 1, size - len, f);
		if (len < size)
			break;
	}
	int r = ferror(f) ? -EIO : 0;
	fclose(f);
	if (r) {
		free(bytes);
		return r;
	}
	*ret = bytes;
	*ret_len = len;
	return 0;
}

int tracks_read(struct tracks *ret, const char *path, char fault[static TRACKS_FAULT_SIZE])
{
	char *bytes = NULL;
	size_t len = 0;
	int r = slurp(path, &bytes, &len);

	if (r)
		return r;
	r = tracks_parse(ret, bytes, len, fault);
	free(bytes);
	return r;
}
