/*
 * registration - people who want an account
 *
 * Collection users: { _id: UUID, email, password: argon2id, name, created, asked }. No answer, nor the time it takes,
 * tells whether an address is known: a known one is hashed for and written to all the same, but stays what it was.
 *
 * Thread: handlers run on the server's.
 */
#pragma once

#include "auth/common/auth.h"

struct registration;

extern const struct web_route registration_routes[];
extern const struct outbox_source *const registration_sources[]; /* NULL-terminated */
extern const struct erasure_part registration_erase[];

/* Borrows the parts of @a. */
MUST_CHECK int registration_open(struct registration **ret, const struct auth *a);
void registration_close(struct registration *r); /* accepts NULL */

/* Its collection and indexes; an upkeep_prepare. */
MUST_CHECK int registration_prepare(struct store *s);
