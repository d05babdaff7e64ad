/* replies - what the tests of dialects share: a position to be said, and answers to be read */
#pragma once

#include "cli/simulation/dialect.h"

/* Every field is known. 2017-06-24 01:03:57 UTC. */
extern const struct position replies_fix;

/* What the dialect says as a frame of @n times that position (the secret is "s3cret"), until the next call: as text, as hex, and as hex
 * the login. Asserts that it does not fit in less room. */
const char *replies_frame(const char *dialect, const char *identifier, size_t n);
const char *replies_frame_hex(const char *dialect, const char *identifier, size_t n);
const char *replies_login_hex(const char *dialect, const char *identifier);

struct reply_case {
	const char *why, *dialect;
	bool greeting;
	size_t sent;
	const char *bytes; /* text, or where @hex: digits */
	bool hex;
	enum reply_kind kind;
	size_t rest; /* bytes that are not of the answer */
	size_t taken;
	bool last;
};

/* Asserts that the answer is read so, without a look behind its end. */
void replies_check(const struct reply_case *c);

/* Asserts that each beginning of an answer that is none of garbage wants more. */
void replies_check_beginnings(const struct reply_case *c);
