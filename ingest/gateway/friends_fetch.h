/*
 * friends_fetch - asks query where the pets are that are wanted, one owner at a time
 *
 * A thread of its own, since lib/client blocks. Query is taken to be there until it does not answer; from then on it is asked
 * about once a second.
 */
#pragma once

#include "client/client.h"
#include "ingest/gateway/friends.h"

enum { FRIENDS_PER_OWNER = 50 }; /* of an owner who has more, those with the newest fixes */

struct friends_fetch;

struct friends_fetch_options {
	struct friends *friends;
	const char *query_url; /* where pettrack-query answers */
	const struct client_options *auth; /* where auth does, who this is there, and how long a request may take */
};

/* Registers its metrics and starts. The texts are not kept. 0, -ENOMEM, or -EINVAL for a wrong URL. */
MUST_CHECK int friends_fetch_open(struct friends_fetch **ret, const struct friends_fetch_options *o);
/* Waits for the request under way. Accepts NULL. */
void friends_fetch_close(struct friends_fetch *f);
