/*
 * confirm - the password asked again of somebody who is logged in, before what must not be done by whoever finds his
 * device unlocked
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/auth.h"
#include "auth/common/users.h"

#include <stdbool.h>

enum confirmation {
	CONFIRM_GOOD,
	CONFIRM_WRONG, /* answered: 403 wrong_password; in the account's log where it is somebody who is logged in */
	CONFIRM_UNTRIED, /* answered: 429, 503 */
};

/* The text of the body's @member, a password; one that is longer than anybody's is "", which is wrong as well. NULL: it is
 * none, which is answered by 400 missing_password. */
const char *confirm_text(struct web_request *q, const char *member);

/* Whether @password is @user's; all but CONFIRM_GOOD is answered, CONFIRM_WRONG with @wrong. Limited by the user
 * (AUTH_LIMIT_PASSWORD). */
enum confirmation confirm_shown(
	struct web_request *q, const struct auth *a, const struct user *user, const char *password, const char *wrong);

/* Whether the body's "current_password" is that of the token's user, who is read into @ret. False: it is answered (400
 * missing_password, 403 wrong_password, 429, 503...). Limited by the user (AUTH_LIMIT_PASSWORD). */
bool confirm_password(struct web_request *q, const struct auth *a, struct user *ret);
