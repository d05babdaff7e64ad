/*
 * proof - the second factor asked of a request: members "code" and "recovery_code" of its body
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/auth.h"
#include "auth/common/users.h"

enum proof {
	PROOF_GOOD, /* or there is nothing to prove */
	PROOF_ABSENT, /* answered: second_factor_required */
	PROOF_WRONG, /* answered: invalid_code */
	PROOF_UNTRIED, /* answered: 429, 503 */
};

/* Whether the body proves the second factor of @user, where there is one; all but PROOF_GOOD is answered, a refusal with
 * @status. What was shown is used up. Limited by the user (AUTH_LIMIT_CODE); ask for the password first. */
enum proof proof_asked(struct web_request *q, const struct auth *a, const struct user *user, int status);
