/*
 * grants - devices that are shared with another account: for a family, friends, a vet who has an account
 *
 * Collection grants: { _id: UUID, device: UUID, owner: UUID, email, rights: "view|manage", created: Date, and
 *   while it waits: expires: Date (TTL);
 *   once accepted: grantee: UUID, accepted: Date, event?, announced? }.
 * It is addressed to an e-mail address, and waits for whoever has the account of that address: nobody is told by it that there
 * is one. Once accepted it is the account's, whatever becomes of the address. An ended one that was accepted keeps nothing but
 * { former_grantee, ended: Date }, under names that no look-up uses, until its event is in Kafka (outbox); one that waits is
 * gone at once. No device is shared twice with one address or one account: two unique indexes.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/check.h"
#include "auth/common/erasure.h"
#include "auth/common/outbox.h"
#include "auth/devices/rights.h"

#define GRANTS_COLLECTION "grants"

/* Makes the collection's indexes. 0, STORE_E_RETRY or negative. */
MUST_CHECK int grants_prepare(struct store *s);

/* Accepted and ended ones, for the outbox: the grantee's devices have changed. */
extern const struct outbox_source grants_source;

/* ---- documents ---- */

struct grant {
	struct uuid id, device, owner;
	char email[EMAIL_SIZE];
	enum rights rights;
	bool accepted;
	struct uuid grantee; /* once accepted */
};

/* False when the document is no grant that waits or is accepted. */
bool grant_read(struct grant *ret, const bson_t *doc);

/* {"id","device","owner","email","rights","state","created","expires"}, the device and the owner by their ids; NULL when the
 * document is no grant or memory is out. */
json_t *grant_json(const bson_t *doc);

/* What the outbox says of a grant's document. */
bool grant_plan(const bson_t *doc, struct outbox_plan *ret);

/* ---- filters: the caller's to bson_destroy() ---- */

/* Those that wait or are accepted, and match @filter, at @now_ms: what has expired may be there for a minute yet. */
bson_t *grants_standing(const bson_t *filter, int64_t now_ms);

/* Those that wait for whoever has @email, but for what is @user's own. */
bson_t *grants_waiting(const char *email, const struct uuid *user, int64_t now_ms);

/* ---- reading and ending ---- */

/* The first that matches. 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int grants_find(struct store *s, const bson_t *filter, struct grant *ret);

/* What @user may do with somebody else's @device. STORE_E_MISSING: nothing. STORE_E_RETRY or negative. */
MUST_CHECK int grant_permission(
	struct store *s, const struct uuid *device, const struct uuid *user, struct permission *ret);

/* How many of those that stand match @filter. 0, STORE_E_RETRY or negative. */
MUST_CHECK int grants_count(struct store *s, const bson_t *filter, int64_t *ret);

/* Ends those that match @filter, which names an owner, a grantee or an address, and has their grantees told. *ret_n: how
 * many. 0, STORE_E_RETRY or negative: some may stay, do it again. */
MUST_CHECK int grants_end(struct store *s, struct outbox *o, const bson_t *filter, int64_t *ret_n);

/* ---- the end of an account: an erasure_part ---- */

/* Those that it gave, those that it has, and those that wait for one of its addresses. */
bson_t *grants_of_account(const struct erasure_subject *who);
MUST_CHECK int grants_erase(struct store *s, struct outbox *o, const struct erasure_subject *who);
