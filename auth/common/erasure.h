/*
 * erasure - the end of an account: a receipt, and what has yet to go
 *
 * Collection erasures: { _id: UUID (the receipt), user?: UUID unique, email?, former? (former.h), requested: Date, todo?:
 * [role...], erased?: { NAME: n }, ends?: [int64...], tried?: { ROLE: Date }, finished?: Date, expires?: Date (TTL) }. While something is to do
 * it says whose account it was; when all is gone it keeps two dates and how many of what went, and in the end goes too.
 *
 * Each process does the parts of its own roles (struct erasure_part), in a thread, again and again until nothing of the
 * account is found any more, and no request that was under way when it ended can have made something new. Nothing is
 * claimed: a part may be done by two replicas at once, stops anywhere and begins again. The last is "positions": the writer
 * erases them when it hears of the deleted devices, and how far it has got with those events is asked of Kafka.
 *
 * Thread: any; one thread inside.
 */
#pragma once

#include "auth/common/check.h"
#include "auth/common/former.h"
#include "auth/common/outbox.h"
#include "auth/common/upkeep.h"
#include "base/uuid.h"
#include "store/store.h"

#define ERASURES_COLLECTION "erasures"

/* Whose account ends. */
struct erasure_subject {
	struct uuid user;
	char email[EMAIL_SIZE];
	struct former_addresses former;
	int64_t requested_ms; /* what names one of the addresses later is somebody else's, who may have it by then */
};

/* Documents of one collection that are an account's. */
struct erasure_part {
	const char *name; /* what the receipt calls them: "sessions"; NULL: it does not count them */
	const char *collection; /* NULL ends a table */
	bson_t *(*filter)(const struct erasure_subject *who); /* the caller's to bson_destroy() */
	/* Sees to it that the filter finds none of them, at once or once their events are sent. 0, STORE_E_RETRY or negative.
	 * NULL: they are deleted. */
	int (*erase)(struct store *s, struct outbox *o, const struct erasure_subject *who);
};

/* { user: UUID }: a filter for most. */
bson_t *erasure_filter_user(const struct erasure_subject *who);

/* What names one of its addresses, as @put appends that to a filter, and whose date @time is not later than the address was
 * its own. */
bson_t *erasure_filter_addresses(
	const struct erasure_subject *who, void (*put)(bson_t *filter, const char *email), const char *time);

/* ---- what roles must do ---- */

/* A role's parts, in their order. */
struct erasure_role {
	const char *name; /* one of erasure_roles; NULL ends a list */
	const struct erasure_part *parts; /* ended by one without a collection */
};

/* All that must be done, by whichever process; the last is "positions", which is done where "devices" is. NULL-terminated. */
enum { ERASURE_ROLES = 4 };
extern const char *const erasure_roles[ERASURE_ROLES + 1];

/* ---- the thread ---- */

struct erasure;

struct erasure_options {
	struct store *store;
	struct outbox *outbox;
	const struct upkeep *upkeep;
	const struct erasure_role *roles; /* of this process, borrowed */
	const struct bus_config *kafka; /* borrowed, as are the topics; for "positions" */
	const struct bus_topics *topics;
	const char *writer_group; /* in which the writer hears of deleted devices */
	int64_t settle_ms; /* for so long after an account ended something may still be made for it */
	int64_t keep_ms; /* how long a receipt is kept */
};

MUST_CHECK int erasure_open(struct erasure **ret, const struct erasure_options *o);
void erasure_wake(struct erasure *e); /* there is something to do; accepts NULL */
void erasure_close(struct erasure *e); /* accepts NULL */

/* ---- receipts ---- */

/* Makes the collection's indexes; an upkeep_prepare. */
MUST_CHECK int erasure_prepare(struct store *s);

/* Begins: from now on all of it will go, whatever fails. One that has begun already is the same, with the same receipt. 0,
 * STORE_E_RETRY or negative. */
MUST_CHECK int erasure_begin(struct store *s, const struct erasure_subject *who, struct uuid *ret_receipt);

/* Notes that there were @n of what the receipt calls @name. The most that were ever there at once count, so that what a crash
 * interrupted is counted once. 0, STORE_E_RETRY or negative. */
MUST_CHECK int erasure_note(struct store *s, const struct uuid *receipt, const char *name, int64_t n);
/* The same of @who's documents in @collection: before they are ended by other hands than the erasure's. */
MUST_CHECK int erasure_note_all(struct store *s, const struct uuid *receipt, const struct erasure_subject *who,
	const char *name, const char *collection);

/* {"receipt","status","requested",...} as GET /v1/erasures/{receipt} answers. 0 and *ret the caller's, STORE_E_MISSING,
 * STORE_E_RETRY or negative. */
MUST_CHECK int erasure_show(struct store *s, const struct uuid *receipt, json_t **ret);
