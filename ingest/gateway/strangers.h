/*
 * strangers - identifiers that trackers came with and auth does not know, until auth has been told of them
 *
 * Bounded: a flood of made-up identifiers fills it and is counted from then on. Protocol and address are those of the last
 * contact.
 *
 * Thread: any; every call is short.
 */
#pragma once

#include "base/err.h"
#include "base/network.h"
#include "ingest/protocols/protocol.h"

struct strangers;

struct stranger {
	char identifier[PROTOCOL_IDENTIFIER_MAX + 1];
	const char *protocol; /* of the table */
	struct address from;
	int64_t contacts;
};

/* At most @max identifiers at a time. Registers its metric; from main, before threads start. 0 or -ENOMEM. */
MUST_CHECK int strangers_open(struct strangers **ret, int64_t max);
/* Accepts NULL. */
void strangers_close(struct strangers *s);

/* One more contact. What cannot be an identifier is none; one for which there is no room is counted and forgotten. */
void strangers_note(struct strangers *s, const char *identifier, const char *protocol, const struct address *from);

/* Takes up to @max of them out, those that came first first. Returns how many. */
size_t strangers_take(struct strangers *s, struct stranger *out, size_t max);

/* Auth will not hear of @n of @list: their contacts are counted. */
void strangers_forget(struct strangers *s, const struct stranger *list, size_t n);
