/*
 * ended - sessions that were ended while their access tokens are still good; internal to query/access
 *
 * Bounded: past @max the oldest is forgotten. Thread: under access.lock.
 */
#pragma once

#include "base/uuid_map.h"

#include <stdint.h>
#include <sys/queue.h>

struct ended_session {
	struct uuid_link link;
	TAILQ_ENTRY(ended_session) order;
	int64_t until_ms;
};

struct ended {
	struct uuid_map sessions;
	TAILQ_HEAD(, ended_session) order; /* oldest first */
	size_t max;
};

MUST_CHECK int ended_open(struct ended *e, size_t max);
void ended_close(struct ended *e);

/* Remembers @session until @until_ms. Forgets those whose time has come. Without memory it is not remembered. */
void ended_add(struct ended *e, const struct uuid *session, int64_t now_ms, int64_t until_ms);
bool ended_has(const struct ended *e, const struct uuid *session, int64_t now_ms);
