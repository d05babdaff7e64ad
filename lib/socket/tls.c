/* tls - OpenSSL between two memory BIOs. */
#include "socket/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 4096, WHY_SIZE = 160 };

struct tls_trust {
	SSL_CTX *ctx;
};

struct tls {
	SSL *ssl;
	BIO *from_wire, *to_wire; /* the SSL's */
	int (*send)(void *owner, const void *bytes, size_t n);
	void *owner;
	bool over;
	char why[WHY_SIZE];
};

/* ---- whom to believe ---- */

static int load(SSL_CTX *ctx, const char *ca_file)
{
	if (!ca_file)
		return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : -EINVAL;
	if (access(ca_file, R_OK) < 0)
		return -ENOENT;
	return SSL_CTX_load_verify_file(ctx, ca_file) == 1 ? 0 : -EINVAL;
}

int tls_trust_open(struct tls_trust **ret, const char *ca_file)
{
	struct tls_trust *t = calloc(1, sizeof *t);
	int r = -ENOMEM;

	if (t && (t->ctx = SSL_CTX_new(TLS_client_method()))) {
		SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
		SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION);
		SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
		r = load(t->ctx, ca_file);
	}
	ERR_clear_error();
	if (r < 0) {
		tls_trust_close(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tls_trust_close(struct tls_trust *t)
{
	if (t)
		SSL_CTX_free(t->ctx);
	free(t);
}

/* ---- the wire ---- */

static int over(struct tls *t, const char *why)
{
	if (!t->over)
		snprintf(t->why, sizeof t->why, "%s", why);
	t->over = true;
	return TLS_E_OVER;
}

static int flush(struct tls *t)
{
	char piece[PIECE];

	for (int n; (n = BIO_read(t->to_wire, piece, sizeof piece)) > 0;)
		if (t->send(t->owner, piece, (size_t)n) != 0)
			return over(t, "the connection was closed");
	return 0;
}

/* What OpenSSL complains of; of a certificate, what is wrong with it. */
static int complain(struct tls *t)
{
	char why[WHY_SIZE];
	long verified = SSL_get_verify_result(t->ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (verified != X509_V_OK)
		snprintf(why, sizeof why, "certificate verify failed: %s", X509_verify_cert_error_string(verified));
	else
		snprintf(why, sizeof why, "TLS: %s", reason ? reason : "failed");
	(void)flush(t); /* the alert, for the server's log */
	return over(t, why);
}

/* What the result @r of an SSL_ call means. 0: go on later. */
static int judge(struct tls *t, int r)
{
	int e = SSL_get_error(t->ssl, r);

	if (e == SSL_ERROR_ZERO_RETURN)
		return over(t, "the server closed the connection");
	return r > 0 || e == SSL_ERROR_WANT_READ ? flush(t) : complain(t);
}

static int shake_hands(struct tls *t)
{
	ERR_clear_error();
	return judge(t, SSL_do_handshake(t->ssl));
}

/* ---- one connection ---- */

static bool expect(SSL *ssl, const char *host)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
		return true;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

int tls_open(struct tls **ret, const struct tls_trust *trust, const char *host,
	int (*send)(void *owner, const void *bytes, size_t n), void *owner)
{
	struct tls *t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->send = send;
	t->owner = owner;
	t->ssl = SSL_new(trust->ctx);
	t->from_wire = BIO_new(BIO_s_mem());
	t->to_wire = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->from_wire || !t->to_wire || !expect(t->ssl, host)) {
		BIO_free(t->from_wire);
		BIO_free(t->to_wire);
		t->from_wire = t->to_wire = NULL;
		tls_close(t);
		return -ENOMEM;
	}
	SSL_set_bio(t->ssl, t->from_wire, t->to_wire); /* they are its own from here on */
	SSL_set_connect_state(t->ssl);
	*ret = t;
	return 0;
}

void tls_close(struct tls *t)
{
	if (t)
		SSL_free(t->ssl);
	free(t);
}

int tls_begin(struct tls *t)
{
	return t->over ? TLS_E_OVER : shake_hands(t);
}

int tls_feed(struct tls *t, const void *bytes, size_t n)
{
	if (t->over)
		return TLS_E_OVER;
	if (n > INT_MAX || BIO_write(t->from_wire, bytes, (int)n) != (int)n)
		return over(t, "memory is out");
	return tls_established(t) ? 0 : shake_hands(t);
}

bool tls_established(const struct tls *t)
{
	return SSL_is_init_finished(t->ssl);
}

int tls_read(struct tls *t, void *out, size_t size, size_t *ret_n)
{
	size_t n = 0;

	*ret_n = 0;
	if (t->over)
		return TLS_E_OVER;
	if (!tls_established(t))
		return 0;
	ERR_clear_error();
	int r = judge(t, SSL_read_ex(t->ssl, out, size, &n));
	*ret_n = n;
	return r;
}

int tls_write(struct tls *t, const void *bytes, size_t n)
{
	size_t written;

	if (t->over || !tls_established(t))
		return over(t, "written before it was established");
	if (n == 0)
		return 0;
	ERR_clear_error();
	return judge(t, SSL_write_ex(t->ssl, bytes, n, &written));
}

void tls_end(struct tls *t)
{
	if (t->over || !tls_established(t))
		return;
	SSL_shutdown(t->ssl);
	(void)flush(t);
	(void)over(t, "closed");
}

const char *tls_fault(const struct tls *t)
{
	return t->why;
}
