/*
 * tls - a client's TLS, for a stream that carries its bytes
 *
 * What came from the wire goes in by tls_feed(), what is to go onto it comes out by send(); in between are plain bytes. TLS
 * 1.2 or later. The server's certificate and its name are always checked.
 *
 * Beside lib/token the only folder that includes OpenSSL.
 * Thread: a tls is used by one thread at a time; a trust by any, and outlives its users.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- whom to believe ---- */

struct tls_trust;

/* @ca_file: certificates, PEM; NULL: the system's. 0, -ENOMEM, -ENOENT (no such file, or it cannot be read) or -EINVAL (no
 * certificate in it). */
MUST_CHECK int tls_trust_open(struct tls_trust **ret, const char *ca_file);
/* Accepts NULL. */
void tls_trust_close(struct tls_trust *t);

/* ---- one connection ---- */

struct tls;

enum tls_result {
	TLS_E_OVER = 1, /* no byte any more; why is in tls_fault() */
};

/* @host: the name, or the IP address, that the server's certificate must have; not kept. @send gets bytes for the wire, from
 * within the calls below: 0, or not when the wire is gone. 0 or -ENOMEM. */
MUST_CHECK int tls_open(struct tls **ret, const struct tls_trust *trust, const char *host,
	int (*send)(void *owner, const void *bytes, size_t n), void *owner);
/* Accepts NULL. */
void tls_close(struct tls *t);

/* Says hello. 0 or TLS_E_OVER. */
MUST_CHECK int tls_begin(struct tls *t);

/* Bytes came from the wire; all are taken. 0 or TLS_E_OVER. */
MUST_CHECK int tls_feed(struct tls *t, const void *bytes, size_t n);

/* The server is who it says; before, nothing can be written. */
bool tls_established(const struct tls *t);

/* Up to @size plain bytes that came; *ret_n is 0 when there are none now. 0 or TLS_E_OVER. */
MUST_CHECK int tls_read(struct tls *t, void *out, size_t size, size_t *ret_n);

/* 0 or TLS_E_OVER. */
MUST_CHECK int tls_write(struct tls *t, const void *bytes, size_t n);

/* Tells the server that no byte comes any more. */
void tls_end(struct tls *t);

/* Why it is over, in words: "certificate verify failed: hostname mismatch". */
const char *tls_fault(const struct tls *t);
