/* router - patterns and paths compared, segment by segment. */
#include "web/router.h"

#include <string.h>

/* One segment of a pattern. */
struct piece {
	const char *text;
	size_t len;
	bool parameter; /* @text is the name, without braces */
};

/* The piece after the slash at @at. Returns where the next one's slash is, or NULL after the last. */
static const char *next_piece(const char *at, struct piece *ret)
{
	const char *text = at + 1;
	size_t len = strcspn(text, "/");

	*ret = (struct piece){ .text = text, .len = len };
	if (len >= 2 && text[0] == '{' && text[len - 1] == '}')
		*ret = (struct piece){ .text = text + 1, .len = len - 2, .parameter = true };
	return text[len] ? text + len : NULL;
}

static bool same(const struct piece *p, const char *s)
{
	return strlen(s) == p->len && !memcmp(p->text, s, p->len);
}

bool route_fits(const char *pattern, const struct path *path)
{
	const char *at = pattern;
	size_t i = 0;

	for (; at && i < path->n; i++) {
		struct piece p;
		at = next_piece(at, &p);
		if (p.parameter ? !*path->segments[i] : !same(&p, path->segments[i]))
			return false;
	}
	return !at && i == path->n;
}

const struct web_route *route_find(const struct web_route *table, const char *method, const struct path *path)
{
	const char *wanted = strcmp(method, "HEAD") ? method : "GET";

	for (const struct web_route *r = table; r && r->method; r++)
		if (!strcmp(r->method, wanted) && route_fits(r->path, path))
			return r;
	return NULL;
}

static void add_method(struct text *list, const char *method)
{
	if (strstr(list->buf, method)) /* no method's name is part of another one's */
		return;
	text_puts(list, list->len ? ", " : "");
	text_puts(list, method);
}

bool route_methods(struct text *list, const struct web_route *table, const struct path *path)
{
	bool any = false;

	for (const struct web_route *r = table; r && r->method; r++) {
		if (!route_fits(r->path, path))
			continue;
		add_method(list, r->method);
		if (!strcmp(r->method, "GET"))
			add_method(list, "HEAD");
		any = true;
	}
	return any;
}

const char *route_parameter(const char *pattern, const struct path *path, const char *name)
{
	const char *at = pattern;

	for (size_t i = 0; at && i < path->n; i++) {
		struct piece p;
		at = next_piece(at, &p);
		if (p.parameter && same(&p, name))
			return path->segments[i];
	}
	return NULL;
}

static int append_routes(json_t *list, const struct web_route *table)
{
	int r = 0;

	for (; table && table->method; table++)
		r |= json_array_append_new(list, json_pack("{s:s, s:s}", "method", table->method, "path", table->path));
	return r;
}

char *web_routes_json(const struct web_route *const *tables, size_t n)
{
	json_t *list = json_array();
	char *text = NULL;
	int r = list ? 0 : -1;

	for (size_t i = 0; i < n && r == 0; i++)
		r = append_routes(list, tables[i]);
	if (r == 0)
		text = json_dumps(list, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(list);
	return text;
}
