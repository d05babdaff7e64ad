/*
 * devices - which trackers are known: a cache of what auth says, shared by all loops
 *
 * A loop asks by identifier and is never made to wait: what is not cached is put on a list of wants with a ticket, and
 * lookup.c settles the wants in batches. A device that was known stays served while it is asked about again, also when
 * auth does not answer; one that was never known is unavailable then.
 *
 * Bounded: the known and the others (unknown, being asked about) each have a limit of their own, so that a flood of made-up
 * identifiers cannot push out the known. The least recently used go first. One takes about 200 bytes, and 330 more where auth says
 * rules for it.
 *
 * Thread: any; every call is short.
 */
#pragma once

#include "base/err.h"
#include "base/uuid.h"
#include "ingest/gateway/filter.h"
#include "ingest/gateway/rules.h"
#include "ingest/protocols/protocol.h"
#include "secret/secret.h"

struct devices;

struct device {
	struct uuid id;
	struct uuid owner; /* a user; all zero where auth does not say */
	uint8_t secret[SECRET_HASH_SIZE];
	struct rules rules;
	struct fix last; /* as devices_follow() has it; nothing that auth says */
};

struct devices_options {
	int64_t known_max, others_max;
	int64_t known_ms; /* after this a known device is asked about again, while it is served */
	int64_t unknown_ms; /* how long a no holds */
	int64_t unavailable_ms; /* how long auth is let alone about an identifier after it did not answer */
};

MUST_CHECK int devices_open(struct devices **ret, const struct devices_options *o);
void devices_close(struct devices *d);

/* ---- for the loops ---- */

enum devices_result {
	DEVICES_E_UNKNOWN = 1,
	DEVICES_E_UNAVAILABLE, /* auth did not answer, or too much is being asked */
	DEVICES_E_WAIT, /* *ret_ticket: ask again once devices_settled() has reached it */
};

/* 0 and *ret, or enum devices_result. */
MUST_CHECK int devices_find(
	struct devices *d, const char *identifier, int64_t now_ms, struct device *ret, uint64_t *ret_ticket);

/* A fix of @identifier was taken: the last one, if it is newer than that. Known to this process alone, for as
 * long as the device is cached: a tracker whose fixes come through several gateways has a last one in each. */
void devices_follow(struct devices *d, const char *identifier, const struct fix *fix);

/* Every want up to this ticket has been settled. */
uint64_t devices_settled(struct devices *d);

/* ---- for whoever asks auth ---- */

typedef char devices_identifier[PROTOCOL_IDENTIFIER_MAX + 1];

/* Takes up to @max wants, waiting up to @wait_ms for the first. Returns how many; each must be settled. */
size_t devices_take(struct devices *d, devices_identifier *out, size_t max, int wait_ms);

/* What auth said about one that was taken: a device, NULL for an unknown one. What is settled already is left alone. */
void devices_settle(struct devices *d, const char *identifier, const struct device *device, int64_t now_ms);
/* It did not answer. */
void devices_settle_unavailable(struct devices *d, const char *identifier, int64_t now_ms);
/* The whole batch that was taken last has been settled. */
void devices_batch_done(struct devices *d);

/* ---- for whoever hears of changes ---- */

/* Something about it changed: what is cached, and what is being answered right now, counts no more. */
void devices_forget(struct devices *d, const char *identifier);
/* Changes may have been missed: all known are asked about again when next used. */
void devices_doubt_all(struct devices *d);

struct devices_counts {
	size_t known, others, wanted;
};
struct devices_counts devices_count(struct devices *d);
