/*
 * grant_internal - what the handlers of grants share; nobody else includes it
 *
 * Thread: any.
 */
#pragma once

#include "auth/devices/grants.h"
#include "auth/devices/internal.h"
#include "auth/common/audit.h"
#include "auth/common/users.h"

/* Answers 404: there is no such grant, not any more, or it is somebody else's. */
void answer_no_grant(struct web_request *q);

/* Answers 409: the @max that there may be are there. */
void answer_too_many_grants(struct web_request *q, int64_t max);

/* The caller's account; else answers why not and returns false. */
bool grant_caller(struct web_request *q, const struct devices *d, struct user *ret);

/* Whether fewer than @max of those that stand match @filter, which is destroyed; else answers that there are too many, or a
 * failure. */
bool grant_room(struct web_request *q, const struct devices *d, bson_t *filter, int64_t max);

/* Writes @event about @g to its owner's log, and to that of @grantee, if it is known who that is (else NULL): to each with
 * the other's address, and to the caller's with where he came from. */
void grant_audit(struct web_request *q, const struct devices *d, const char *event, const struct grant *g,
	const struct uuid *grantee);
