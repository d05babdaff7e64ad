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

/* Whether the body's "current_password" is that of the token's user, who is read into @ret. False: it is answered (400
 * missing_password, 403 wrong_password, 429, 503...). Limited by the user (AUTH_LIMIT_PASSWORD). */
bool confirm_password(struct web_request *q, const struct auth *a, struct user *ret);
