/*
 * router - which route a path means
 *
 * Internal to lib/web. Thread: any.
 */
#pragma once

#include "base/text.h"
#include "web/path.h"
#include "web/web.h"

/* Whether @path fits @pattern: segments as they are, {name} for one that is not empty. */
bool route_fits(const char *pattern, const struct path *path);

/* The route of @table (may be NULL) for @method and @path; HEAD means the GET route. NULL: none. */
const struct web_route *route_find(const struct web_route *table, const char *method, const struct path *path);

/* Adds the methods that @table has for @path to a list such as "GET, HEAD". Returns whether there are any. */
bool route_methods(struct text *list, const struct web_route *table, const struct path *path);

/* The segment of @path where @pattern has {name}; NULL when it has none. */
const char *route_parameter(const char *pattern, const struct path *path, const char *name);
