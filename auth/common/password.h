/*
 * password - which passwords people may have (NIST SP 800-63B-4 section 3.1.1.2)
 *
 * Length alone, no rule of composition; but none that is guessed first: of the 10,000 commonest, or made of nothing but the
 * person's own address or our name. Characters are code points, and the bytes are hashed as they came: no Unicode
 * normalisation, since clients are free to do it, and what one has typed elsewhere must stay the same.
 *
 * Thread: any; pure.
 */
#pragma once

#include "auth/common/check.h"

/* check_password(), and beyond length: PASSWORD_COMMON, PASSWORD_GUESSABLE. @email: the person's, in lower case. */
enum password_result password_judge(const json_t *password, const char *email);
