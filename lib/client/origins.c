/* origins - where a module answers: at one address, or its parts at several */
#include "client/origins.h"
#include "client/exchange.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct origin {
	const char *path; /* without a slash at its end; "": every path */
	size_t path_len;
	const char *url; /* without a slash at its end */
};

struct origins {
	char *text; /* cut into the pieces that the list points into */
	size_t n;
	struct origin list[];
};

static size_t count(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

static void drop_slashes(char *s)
{
	for (size_t n = strlen(s); n > 0 && s[n - 1] == '/'; n--)
		s[n - 1] = '\0';
}

/* @piece is "URL" for the first, "/PATH=URL" for the others. */
static int add(struct origins *o, char *piece)
{
	char *path = piece + strlen(piece), *url = piece;

	if (o->n > 0) {
		url = strchr(piece, '=');
		if (piece[0] != '/' || !url)
			return -EINVAL;
		*url++ = '\0';
		path = piece;
	}
	drop_slashes(path);
	drop_slashes(url);
	if (o->n > 0 && !*path)
		return -EINVAL;
	o->list[o->n++] = (struct origin){ .path = path, .path_len = strlen(path), .url = url };
	return exchange_check_url(url);
}

int origins_new(struct origins **ret, const char *text)
{
	struct origins *o = calloc(1, sizeof(*o) + count(text) * sizeof(o->list[0]));
	char *rest = o ? strdup(text) : NULL;
	int r = rest ? 0 : -ENOMEM;

	if (o)
		o->text = rest;
	for (char *piece; r == 0 && (piece = strsep(&rest, ","));)
		r = add(o, piece);
	if (r) {
		origins_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

void origins_free(struct origins *o)
{
	if (o)
		free(o->text);
	free(o);
}

static bool fits(const struct origin *o, const char *path)
{
	return !strncmp(path, o->path, o->path_len) && strchr("/?", path[o->path_len]); /* or at its end */
}

const char *origins_find(const struct origins *o, const char *path)
{
	const struct origin *best = &o->list[0];

	for (size_t i = 1; i < o->n; i++)
		if (fits(&o->list[i], path) && o->list[i].path_len > best->path_len)
			best = &o->list[i];
	return best->url;
}
