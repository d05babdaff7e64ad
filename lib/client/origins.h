/*
 * origins - where a module answers: at one address, or its parts at several
 *
 *     http://auth:8081
 *     http://devices:8081,/v1/users=http://registration:8081,/v1/sessions=http://authentication:8081
 *
 * The first is for every path; a path with an address of its own, and what is below it, is asked there. The longest path
 * that fits counts.
 * Thread: any, once made.
 */
#pragma once

#include "base/err.h"

struct origins;

/* @text is copied. 0 and *ret; -EINVAL when it is not as above, or an address is not plain http(s)://host[:port][/path]. */
MUST_CHECK int origins_new(struct origins **ret, const char *text);
/* Accepts NULL. */
void origins_free(struct origins *o);

/* The address that answers @path ("/v1/users?a=b"), without a slash at its end; borrowed. */
const char *origins_find(const struct origins *o, const char *path);
