/*
 * second_factor - what a person has beside his password: an authenticator app (TOTP), and recovery codes
 *
 * In the user's document: { totp: { sealed, since: Date, step }?, totp_pending: { sealed, expires: Date }?, recovery: [hash]? }.
 * The secret is sealed together with the user's id, so that it is worth nothing in another's document. A code's step and a
 * recovery code are used up by one conditional write: of two that show the same at once, one is refused.
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/master.h"
#include "auth/common/recovery.h"
#include "base/uuid.h"
#include "store/store.h"
#include "token/otp.h"

struct second_factor;

/* Beside enum store_result. */
enum second_factor_result {
	SECOND_FACTOR_E_OFF = 64, /* he has none: nothing is to be proven */
	SECOND_FACTOR_E_ON, /* he has one already */
	SECOND_FACTOR_E_REQUIRED, /* he has one, and nothing was shown */
	SECOND_FACTOR_E_WRONG, /* what was shown is wrong, or used up, or, to be confirmed, came too late */
};

/* @store is borrowed; of @master the keys are copied. 0 or -ENOMEM. */
MUST_CHECK int second_factor_open(struct second_factor **ret, struct store *store, const struct master *master);
void second_factor_close(struct second_factor *f); /* accepts NULL */

/* What somebody shows; NULL: nothing. Texts of a request, borrowed. */
struct second_factor_proof {
	const char *code, *recovery_code;
};

/* Takes what @user shows; with both, the code counts. 0 and, in *ret_recovery (may be NULL), whether it was a recovery
 * code; SECOND_FACTOR_E_OFF, _REQUIRED or _WRONG; STORE_E_RETRY or negative. */
MUST_CHECK int second_factor_prove(
	struct second_factor *f, const struct uuid *user, const struct second_factor_proof *proof, bool *ret_recovery);

/* A new secret, which counts once it was confirmed, within 15 minutes; another call replaces it. 0, SECOND_FACTOR_E_ON,
 * STORE_E_MISSING where there is no such user, STORE_E_RETRY or negative. Wipe it by sodium_memzero(). */
MUST_CHECK int second_factor_begin(
	struct second_factor *f, const struct uuid *user, uint8_t ret_secret[static OTP_SECRET_SIZE]);

struct recovery_codes {
	char text[RECOVERY_CODES][RECOVERY_TEXT_SIZE];
};

/* Turns it on: @code shows that the app has the secret. 0 and the first recovery codes, SECOND_FACTOR_E_WRONG, _ON,
 * STORE_E_RETRY or negative. */
MUST_CHECK int second_factor_confirm(
	struct second_factor *f, const struct uuid *user, const char *code, struct recovery_codes *ret);

/* New recovery codes in place of those that are left. 0, SECOND_FACTOR_E_OFF, STORE_E_RETRY or negative. */
MUST_CHECK int second_factor_renew(struct second_factor *f, const struct uuid *user, struct recovery_codes *ret);

/* Turns it off and forgets it; 0 also where it was. STORE_E_MISSING where there is no such user, STORE_E_RETRY or
 * negative. */
MUST_CHECK int second_factor_end(struct second_factor *f, const struct uuid *user);
