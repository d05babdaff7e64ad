/*
 * auth - what handlers are given: the parts that roles share, and each role's own
 *
 * A role looks at the parts and at itself, never at another role.
 */
#pragma once

#include "auth/common/erasure.h"
#include "auth/common/hasher.h"
#include "auth/common/keyring.h"
#include "auth/common/limiter.h"
#include "auth/common/mail.h"
#include "auth/common/outbox.h"
#include "auth/common/upkeep.h"
#include "store/store.h"
#include "web/web.h"

struct second_factor; /* auth/common/second_factor.h */
struct registration;
struct authentication;
struct devices;

struct auth {
	struct store *store;
	struct limiter *limiter;
	struct upkeep *upkeep;
	struct hasher *hasher; /* NULL where no role hashes */
	struct keyring *keyring; /* NULL where no role verifies */
	struct outbox *outbox; /* NULL where no role has events */
	struct second_factor *second_factor; /* NULL without the master secret */
	struct erasure *erasure;
	struct mailer *mailer; /* whether there is a mail server or not */
	const char *public_url; /* where the page is; NULL: not known */
	struct registration *registration;
	struct authentication *authentication;
	struct devices *devices;
};

/* web_options.verify: a good token whose session, where it is a person's, still stands; or a personal access token. */
MUST_CHECK int auth_verify(void *owner, const char *token, size_t len, struct token_claims *ret);

/* Answers a request that a part could not serve: 503 where it may go well later, else 500, with a line in the log. */
void auth_fail(struct web_request *q, int r);

/* 503 with Retry-After: too many password hashes wait. */
void auth_busy(struct web_request *q);

/* AUTH_PUBLIC_URL: http(s)://HOST[:PORT][/PATH], a const char *, for the settings table. */
const char *auth_url_setting(const char *text, void *target, int64_t min, int64_t max);

/* "PUBLIC_URL/#verify=TOKEN", or "PUBLIC_URL/" with @what NULL. A token stands in the fragment, which is sent to no server
 * and is in nobody's log. False, and an empty text, where it is not known where the page is, or does not fit. */
enum { AUTH_URL_SIZE = 512 };
bool auth_url(const struct auth *a, const char *what, const char *token, char out[static AUTH_URL_SIZE]);

/* Queues a mail with the page's address, that tells an owner what happened to his account. It has happened: a failure is only
 * logged. */
void auth_notice(const struct auth *a, enum mail_kind kind, const char *to);

/* ---- limits (admit.c): first auth_admit(), then what became of it ----
 *
 * @account: any text, whether such an account exists or not; NULL where it is not known whose it is. The same text for all calls
 * of one attempt, and call them for unknown accounts as for known ones. */

/* Whether the caller may try, and takes what that costs; else 429 with Retry-After is answered. */
bool auth_admit(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account);

/* The same for what is only a part of a request, and is left out: nothing is answered. */
bool auth_admits(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account);

/* It failed: wrong password, code or secret. Costs more, and from the sixth on shuts for a while. */
void auth_penalise(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account);

/* It went well: failures from here at this account are forgiven, and this address is known there from now on. Also where
 * something else proved that the account is the caller's, as a secret out of a mail does: that needs no auth_admit(). */
void auth_restore(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account);

/* It was not tried, for a reason of ours (auth_busy(), auth_fail()): gives back what auth_admit() took. */
void auth_refund(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account);
