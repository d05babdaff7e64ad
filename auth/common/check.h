/*
 * check - what people may call themselves, and how they prove it
 *
 * Thread: any.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	EMAIL_SIZE = 255, /* RFC 5321's 254 bytes and a NUL */
	PASSWORD_MIN = 12,
	PASSWORD_MAX = 128, /* characters, not bytes */
	NAME_MAX_CHARS = 100,
};

/* Copies @email in lower case. False when it is not a text that a mail server could take: HTML's definition of a valid
 * e-mail address, ASCII only. @email may be NULL or not a text. */
bool check_email(const json_t *email, char out[static EMAIL_SIZE]);

enum password_result { PASSWORD_GOOD, PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_COMMON, PASSWORD_GUESSABLE };

/* Its length alone, in characters (code points). What is not a text is too short. The rest is password.h's. */
enum password_result check_password(const json_t *password);

/* A text of 1 to @max_chars characters, none of them a control character, not only spaces. */
bool check_name(const json_t *name, size_t max_chars);

/* What is wrong with a member of a request: @member, "pet.sex", must @must, "be female, male or unknown". Both live as long
 * as the process. */
struct check_fault {
	const char *member, *must;
};
