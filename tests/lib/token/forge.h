/* forge - tokens as an attacker, or another issuer, would make them: independent of lib/token. */
#pragma once

#include <stddef.h>

enum forge_algorithm { FORGE_ES256, FORGE_HS256, FORGE_EMPTY };

/* "b64(header).b64(payload).signature" in a static buffer. @key: a private key as PEM for ES256, any bytes for HS256. */
char *forge(enum forge_algorithm how, const char *key, const char *header, const char *payload);

/* The public half of a private PEM, as PEM; free(). */
char *forge_public_pem(const char *private_pem);
