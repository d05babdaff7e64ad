/* Source: lib/socket/tls.c. The server is OpenSSL's, over memory as well; its certificates are made here. */
#include "socket/tls.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "broker.example"
#define HELLO "the quick brown fox"

/* ---- certificates ---- */

static EVP_PKEY *key;
static X509 *certificate;
static char ca_path[64];

/* Self-signed, for @names, valid until @end_s from now. */
static X509 *make_certificate(const char *names, long end_s)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	ck_assert_ptr_nonnull(san);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), end_s);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, subject);
	X509_add_ext(x, san, -1);
	X509_EXTENSION_free(san);
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	return x;
}

static void write_ca(X509 *x)
{
	FILE *f;

	strcpy(ca_path, "/tmp/test_tls_XXXXXX");
	ck_assert_ptr_nonnull(f = fdopen(mkstemp(ca_path), "w"));
	ck_assert_int_eq(PEM_write_X509(f, x), 1);
	fclose(f);
}

/* ---- a server, and the wire ---- */

static SSL_CTX *server_ctx;
static SSL *server;
static BIO *to_server, *from_server;
static bool cut; /* the wire is */

static int on_send(void *owner, const void *bytes, size_t n)
{
	(void)owner;
	if (cut)
		return -EPIPE;
	ck_assert_int_eq(BIO_write(to_server, bytes, (int)n), (int)n);
	return 0;
}

static void open_server(X509 *x)
{
	server_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server_ctx, x);
	SSL_CTX_use_PrivateKey(server_ctx, key);
	server = SSL_new(server_ctx);
	to_server = BIO_new(BIO_s_mem());
	from_server = BIO_new(BIO_s_mem());
	SSL_set_bio(server, to_server, from_server);
	SSL_set_accept_state(server);
	cut = false;
}

static void setup(void)
{
	key = EVP_EC_gen("P-256");
	certificate = make_certificate("DNS:" NAME ",IP:192.0.2.7,IP:2001:db8::7", 86400);
	write_ca(certificate);
	open_server(certificate);
}

static void teardown(void)
{
	SSL_free(server);
	SSL_CTX_free(server_ctx);
	X509_free(certificate);
	EVP_PKEY_free(key);
	unlink(ca_path);
}

/* The next bytes for the client, @step at most. */
static int carry(struct tls *t, size_t step)
{
	char bytes[1 << 16];
	int n = BIO_read(from_server, bytes, (int)step);

	return n > 0 ? tls_feed(t, bytes, (size_t)n) : 0;
}

/* Both ends in turn, until the client is done or over. */
static int shake_hands(struct tls *t, size_t step)
{
	int r = tls_begin(t);

	for (int i = 0; r == 0 && i < 20000 && !(tls_established(t) && SSL_is_init_finished(server)); i++) {
		SSL_do_handshake(server);
		r = carry(t, step);
	}
	return r;
}

static struct tls_trust *trust;
static struct tls *client;

static int connect_as(const char *ca, const char *host, size_t step)
{
	ck_assert_int_eq(tls_trust_open(&trust, ca), 0);
	ck_assert_int_eq(tls_open(&client, trust, host, on_send, NULL), 0);
	return shake_hands(client, step);
}

static void disconnect(void)
{
	tls_close(client);
	tls_trust_close(trust);
}

static void assert_fault(int r, const char *why)
{
	ck_assert_int_eq(r, TLS_E_OVER);
	ck_assert_msg(strstr(tls_fault(client), why) != NULL, "%s", tls_fault(client));
}

/* ---- tests ---- */

static void assert_both_ways(void)
{
	char out[64];
	size_t n;

	ck_assert_int_eq(tls_write(client, HELLO, strlen(HELLO)), 0);
	ck_assert_int_eq(SSL_read(server, out, sizeof out), (int)strlen(HELLO));
	ck_assert_mem_eq(out, HELLO, strlen(HELLO));
	ck_assert_int_gt(SSL_write(server, out, 9), 0);
	ck_assert_int_eq(carry(client, 1 << 16), 0);
	ck_assert_int_eq(tls_read(client, out, 4, &n), 0);
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(tls_read(client, out + 4, sizeof out - 4, &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_mem_eq(out, "the quick", 9);
	ck_assert_int_eq(tls_read(client, out, sizeof out, &n), 0);
	ck_assert_uint_eq(n, 0);
}

static const struct {
	const char *host;
	size_t step;
	int version;
} good[] = {
	{ NAME, 1 << 16, TLS1_3_VERSION },
	{ NAME, 1, TLS1_3_VERSION },
	{ NAME, 1 << 16, TLS1_2_VERSION },
	{ NAME, 1, TLS1_2_VERSION },
	{ "192.0.2.7", 1 << 16, TLS1_3_VERSION },
	{ "2001:db8::7", 1 << 16, TLS1_3_VERSION },
};

START_TEST(bytes_go_both_ways)
{
	SSL_set_max_proto_version(server, good[_i].version);
	ck_assert_int_eq(connect_as(ca_path, good[_i].host, good[_i].step), 0);
	assert_both_ways();
	disconnect();
}
END_TEST

START_TEST(the_server_hears_which_name_is_wanted)
{
	ck_assert_int_eq(connect_as(ca_path, NAME, 1 << 16), 0);
	ck_assert_str_eq(SSL_get_servername(server, TLSEXT_NAMETYPE_host_name), NAME);
	disconnect();
}
END_TEST

START_TEST(another_name_is_refused)
{
	static const char *const others[] = { "other.example", "roker.example", "192.0.2.8", "example" };

	assert_fault(connect_as(ca_path, others[_i], 1 << 16), "mismatch");
	ck_assert(!SSL_is_init_finished(server) || SSL_read(server, (char[1]){ 0 }, 1) <= 0);
	disconnect();
}
END_TEST

START_TEST(who_is_not_trusted_is_refused)
{
	assert_fault(connect_as(NULL, NAME, 1 << 16), "self-signed certificate");
	disconnect();
}
END_TEST

START_TEST(an_old_certificate_is_refused)
{
	X509 *old = make_certificate("DNS:" NAME, -3600);

	SSL_use_certificate(server, old);
	unlink(ca_path);
	write_ca(old);
	assert_fault(connect_as(ca_path, NAME, 1 << 16), "expired");
	X509_free(old);
	disconnect();
}
END_TEST

START_TEST(an_old_protocol_is_refused)
{
	SSL_set_security_level(server, 0);
	SSL_set_max_proto_version(server, TLS1_1_VERSION);
	SSL_set_min_proto_version(server, TLS1_VERSION);
	assert_fault(connect_as(ca_path, NAME, 1 << 16), "TLS");
	disconnect();
}
END_TEST

START_TEST(a_server_without_tls_is_told)
{
	ck_assert_int_eq(tls_trust_open(&trust, ca_path), 0);
	ck_assert_int_eq(tls_open(&client, trust, NAME, on_send, NULL), 0);
	ck_assert_int_eq(tls_begin(client), 0);
	assert_fault(tls_feed(client, "\x20\x02\0\0\0\0\0", 7), "wrong version number");
	disconnect();
}
END_TEST

START_TEST(nothing_is_said_before_the_server_is_known)
{
	char out[8];
	size_t n = 1;

	ck_assert_int_eq(tls_trust_open(&trust, ca_path), 0);
	ck_assert_int_eq(tls_open(&client, trust, NAME, on_send, NULL), 0);
	ck_assert_int_eq(tls_begin(client), 0);
	ck_assert_int_eq(tls_read(client, out, sizeof out, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert(!tls_established(client));
	assert_fault(tls_write(client, HELLO, 1), "before");
	disconnect();
}
END_TEST

START_TEST(a_goodbye_is_heard)
{
	char out[8];
	size_t n;

	ck_assert_int_eq(connect_as(ca_path, NAME, 1 << 16), 0);
	ck_assert_int_gt(SSL_write(server, "bye", 3), 0);
	SSL_shutdown(server);
	ck_assert_int_eq(carry(client, 1 << 16), 0);
	ck_assert_int_eq(tls_read(client, out, sizeof out, &n), 0);
	ck_assert_uint_eq(n, 3);
	assert_fault(tls_read(client, out, sizeof out, &n), "closed");
	ck_assert_uint_eq(n, 0);
	disconnect();
}
END_TEST

START_TEST(and_said)
{
	char out[8];

	ck_assert_int_eq(connect_as(ca_path, NAME, 1 << 16), 0);
	tls_end(client);
	ck_assert_int_le(SSL_read(server, out, sizeof out), 0);
	ck_assert_int_eq(SSL_get_shutdown(server), SSL_RECEIVED_SHUTDOWN);
	assert_fault(tls_write(client, HELLO, 1), "closed");
	disconnect();
}
END_TEST

START_TEST(a_wire_that_is_cut_is_noticed)
{
	ck_assert_int_eq(connect_as(ca_path, NAME, 1 << 16), 0);
	cut = true;
	assert_fault(tls_write(client, HELLO, 1), "closed");
	assert_fault(tls_feed(client, "x", 1), "closed");
	disconnect();
}
END_TEST

START_TEST(bytes_that_were_changed_are_refused)
{
	char bytes[256], out[8];
	size_t got;

	ck_assert_int_eq(connect_as(ca_path, NAME, 1 << 16), 0);
	while (BIO_pending(from_server) > 0)
		ck_assert_int_eq(carry(client, 1 << 16), 0);
	ck_assert_int_gt(SSL_write(server, "cat", 3), 0);
	int n = BIO_read(from_server, bytes, sizeof bytes);
	bytes[n - 1] ^= 1;
	ck_assert_int_eq(tls_feed(client, bytes, (size_t)n), 0);
	assert_fault(tls_read(client, out, sizeof out, &got), "bad record mac");
	ck_assert_uint_eq(got, 0);
	disconnect();
}
END_TEST

START_TEST(a_file_that_is_none)
{
	char path[] = "/tmp/test_tls_XXXXXX";
	struct tls_trust *t = NULL;

	ck_assert_int_eq(tls_trust_open(&t, "/nowhere/ca.pem"), -ENOENT);
	close(mkstemp(path));
	ck_assert_int_eq(tls_trust_open(&t, path), -EINVAL);
	unlink(path);
	ck_assert_ptr_null(t);
	tls_close(NULL);
	tls_trust_close(NULL);
}
END_TEST

START_TEST(memory_may_be_out)
{
	for (size_t n = 1; failing_alloc_more(n); n++) {
		trust = NULL;
		client = NULL;
		int r = tls_trust_open(&trust, ca_path);
		if (r == 0)
			r = tls_open(&client, trust, NAME, on_send, NULL);
		ck_assert_int_eq(r, failing_alloc_happened() ? -ENOMEM : 0);
		disconnect();
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, bytes_go_both_ways, 0, sizeof good / sizeof *good);
	tcase_add_test(t, the_server_hears_which_name_is_wanted);
	tcase_add_loop_test(t, another_name_is_refused, 0, 4);
	tcase_add_test(t, who_is_not_trusted_is_refused);
	tcase_add_test(t, an_old_certificate_is_refused);
	tcase_add_test(t, an_old_protocol_is_refused);
	tcase_add_test(t, a_server_without_tls_is_told);
	tcase_add_test(t, nothing_is_said_before_the_server_is_known);
	tcase_add_test(t, a_goodbye_is_heard);
	tcase_add_test(t, and_said);
	tcase_add_test(t, a_wire_that_is_cut_is_noticed);
	tcase_add_test(t, bytes_that_were_changed_are_refused);
	tcase_add_test(t, a_file_that_is_none);
	tcase_add_test(t, memory_may_be_out);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
