/*
 * share_link - a device shown to whoever has a link: for a walker, for a vet
 *
 * Collection share_links: { _id: UUID, owner: UUID, device: UUID, token: SHA-256 (unique), label?, live: bool, history: bool,
 * from?: Date, until?: Date, blur: int, created: Date, expires: Date, uses: int64, used?: Date, revoked?: Date, event?,
 * announced? }. One that has expired stays, to be renewed; one that is revoked stays, without its token, until its event is
 * in Kafka.
 *
 * Role devices makes, changes and ends them and tells query what each shows; role authentication, which has the keys to
 * sign with, opens them.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/outbox.h"
#include "base/uuid.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

#define SHARE_LINKS_COLLECTION "share_links"

/* Characters of the geohash whose cell a blurred position is shown as: about 39 by 20 km, 5 km, 1.2 by 0.6 km, 150 m. */
enum { BLUR_NONE = 0, BLUR_MIN = 4, BLUR_MAX = 7 };

/* What a link shows, and until when. */
struct share_terms {
	bool live; /* where the device is, and as it moves */
	bool history; /* where it was */
	int64_t from_ms, until_ms; /* positions from <= time < until only; SHARE_ALWAYS and SHARE_FOR_EVER: no bound */
	int64_t blur; /* BLUR_NONE, or BLUR_MIN to BLUR_MAX */
	int64_t expires_ms;
};

#define SHARE_ALWAYS INT64_MIN
#define SHARE_FOR_EVER INT64_MAX

struct share_link {
	struct uuid id, owner, device;
	const char *label; /* NULL: none; borrowed from the document */
	struct share_terms terms;
	int64_t created_ms;
	int64_t uses, used_ms; /* how often it was opened, and when last; @used_ms 0: never */
};

/* Makes the indexes; an upkeep_prepare. */
MUST_CHECK int share_links_prepare(struct store *s);

/* Changed and revoked ones, for the outbox. */
extern const struct outbox_source share_links_source;

/* False when the document is no link's, or a revoked one's. */
bool share_link_read(const bson_t *doc, struct share_link *ret);

/* Appends what @t says to a document or to an update's $set; bounds that it has not to @unset, which may be NULL. */
void share_terms_write(const struct share_terms *t, bson_t *set, bson_t *unset);

/* {"live","history","from","until","blur","expires"}, times as texts, null where there is no bound. NULL when memory is
 * out. */
json_t *share_terms_json(const struct share_terms *t);

/* The same for query: times in ms, what does not bound left out. */
json_t *share_limits_json(const struct share_terms *t);

/* Opens the link of @token: one that stands is counted. 0 and the document as it is then, the caller's; STORE_E_MISSING: no
 * such token, expired, or revoked; STORE_E_RETRY or negative. */
MUST_CHECK int share_link_open(struct store *s, const char *token, size_t len, int64_t now_ms, bson_t **ret);

/* Ends all that @filter finds: here at once, elsewhere by their events. @outbox may be NULL. 0 also when there is none. */
MUST_CHECK int share_links_revoke(struct store *s, struct outbox *outbox, const bson_t *filter, int64_t *ret_n);
