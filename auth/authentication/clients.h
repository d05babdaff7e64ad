/*
 * clients - Pettrack's own modules, which prove themselves by a secret (OAuth 2.0 client credentials)
 *
 * Written as "ID:SECRET:SCOPE[ SCOPE...]", comma-separated. An ID has letters, digits, '.', '_' and '-'; a secret has at
 * least CLIENT_SECRET_MIN characters and no comma.
 * Thread: any, once read.
 */
#pragma once

#include "auth/common/document.h"
#include "token/token.h"

#include <stdbool.h>

enum { CLIENTS_MAX = 32, CLIENT_SECRET_MIN = 16 };

struct client_entry {
	char id[TOKEN_CLIENT_MAX];
	uint8_t secret[SHA256_SIZE];
	char scope[TOKEN_SCOPE_MAX];
};

struct clients {
	struct client_entry entries[CLIENTS_MAX];
	size_t n;
};

/* NULL, or what is wrong with @text. */
const char *clients_read(struct clients *ret, const char *text);

/* The client with this id and secret, or NULL. Takes the same time whatever is wrong. */
const struct client_entry *clients_find(const struct clients *c, const char *id, const char *secret);

/* Whether every word of @asked is among @granted's. */
bool scope_within(const char *asked, const char *granted);
