/*
 * cache - tokens that were verified, by their SHA-256; internal to lib/token
 *
 * Sets of WAYS entries; a new token takes the place of the one in its set that ends first. Only tokens with a good
 * signature get in, so nobody outside can choose what collides.
 * Thread: any.
 */
#pragma once

#include "token/claims.h"

enum { CACHE_DIGEST = 32 };

struct cache;

MUST_CHECK int cache_open(struct cache **ret);
void cache_close(struct cache *c); /* accepts NULL */

bool cache_find(struct cache *c, const uint8_t digest[static CACHE_DIGEST], struct claims_read *ret);
void cache_add(struct cache *c, const uint8_t digest[static CACHE_DIGEST], const struct claims_read *r);
void cache_empty(struct cache *c);
