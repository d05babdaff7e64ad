/*
 * unknown - trackers that came and are nobody's yet, each with a code by which its owner claims it
 *
 * Collection unknown_devices: { _id: identifier, protocol, address?, first: Date, last: Date, contacts: int64, code,
 * guesses?, expires: Date (TTL) }. Bounded: where there are too many, those that were heard of longest ago go. Whoever runs
 * Pettrack reads the list, and gives a code to whoever has the tracker.
 *
 * Thread: any.
 */
#pragma once

#include "store/store.h"

#include <jansson.h>

#define UNKNOWN_COLLECTION "unknown_devices"

enum {
	CODE_LENGTH = 8, /* of 31 letters and digits */
	GUESSES_MAX = 10, /* that one code may cost */
};

/* Makes the collection and its indexes. 0, STORE_E_RETRY or negative. */
MUST_CHECK int unknown_prepare(struct store *s);

/* A tracker that came, as the gateway tells it. */
struct contact {
	const char *identifier, *protocol;
	const char *address; /* NULL: not known */
	int64_t n; /* how many times */
};

/* Reads one of the gateway's list; what @ret has is borrowed. NULL, or what is wrong: "\"count\" must be 1 to ...". */
const char *contact_read(struct contact *ret, const json_t *entry);

/* {"identifier","protocol","address","first_contact","last_contact","contacts","code"}; NULL when the document is none of
 * these or memory is out. */
json_t *unknown_json(const bson_t *doc);

/* Whether @code is that of @identifier. Counted: the code of an identifier is another after GUESSES_MAX wrong ones. Nothing
 * tells one that is not listed from one that has another code, but that only the latter costs a write. 0, STORE_E_RETRY or
 * negative. */
MUST_CHECK int unknown_check_code(struct store *s, const char *identifier, const char *code, bool *ret_right);

/* Takes an identifier off the list: it is a device's now. When that fails, the list has it until it expires. */
void unknown_forget(struct store *s, const char *identifier);
