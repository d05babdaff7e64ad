/*
 * api - the REST routes of pettrack-query's role api: where pets are, and where they were
 *
 *     GET /v1/latest              where all my pets are, page by page
 *     GET /v1/latest/{device}     where one is
 *     GET /v1/history/{device}    where one was; ?from&to&order&limit&cursor&format
 *     GET /v1/export              all that is held of me, as a ZIP
 *     GET /v1/config              what the page must know
 *     GET /internal/v1/users/{id}/latest
 *                                 where a user's pets are and what they are called, for the gateway; ?limit
 *
 * Answers go from the MongoDB cursor to the socket, document by document; none is ever whole in memory. A device that
 * the token's user may not see is answered like one that does not exist, to the byte.
 *
 * Thread: handlers run on the server's threads, several at once.
 */
#pragma once

#include "base/err.h"
#include "client/client.h"
#include "query/access/access.h"
#include "query/access/keys.h"
#include "store/store.h"
#include "web/web.h"

struct api;

/* All borrowed until api_close(). */
struct api_options {
	struct store *store;
	struct access *access;
	struct keys *keys;
	struct client_options auth; /* whom exports are asked from, with the scope account.export */
	int64_t exports_max; /* under way at once */
	/* For GET /v1/config; NULL is as good as "". */
	const char *auth_url; /* where auth's REST is, for browsers */
	const char *live_url; /* the live WebSocket, path included */
	const char *tile_url; /* template with {z}, {x}, {y}; "": none, a grid is drawn */
	const char *tile_attribution; /* whom the tiles are owed to */
};

/* 0, -EINVAL for an URL of auth that is none, or -ENOMEM. */
MUST_CHECK int api_open(struct api **ret, const struct api_options *o);
void api_close(struct api *a); /* accepts NULL; after web_close() */

/* The routes, for web_options.routes and --routes; their owner (web_options.owner) is the struct api. */
const struct web_route *api_routes(void);

/* For web_options.verify: a token that auth signed, of a session that has not been ended since. @owner: the struct api. */
int api_verify(void *owner, const char *token, size_t len, struct token_claims *ret);
