/* Source: query/access/keys.c. Auth is an HTTP server inside the test. */
#include "base/clock.h"
#include "query/access/keys.h"
#include "service/health.h"
#include "tests/lib/client/http_server.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static struct http_server *auth;
static struct keys *keys;
static char *pem[2];
static _Atomic int published, status = 200; /* how many keys are in the JWKS */
static int64_t refresh_ms = 300000;

static void answer(const struct http_seen *q, FILE *out, void *user)
{
	char body[4096] = "{\"keys\":[";
	static const char *const kids[] = { "one", "two" };

	(void)user;
	ck_assert_str_eq(q->path, "/.well-known/jwks.json");
	ck_assert_str_eq(q->authorization, "");
	for (int i = 0; i < published; i++) {
		char *jwk;
		ck_assert_int_eq(token_jwk(pem[i], kids[i], &jwk), 0);
		strcat(strcat(body, i ? "," : ""), jwk);
		free(jwk);
	}
	http_answer_with(out, status, "", strcat(body, "]}"));
}

static void start(int keys_n)
{
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(token_key_generate(&pem[i]), 0);
	published = keys_n;
	auth = http_server_start(answer, NULL);
	struct keys_options o = { .auth = { .base_url = http_server_url(auth) },
		.issuer = "pettrack",
		.refresh_ms = refresh_ms,
		.dependency = dependency_new("auth", "", DEPENDENCY_AT_START) };
	ck_assert_int_eq(keys_open(&keys, &o), 0);
}

static void stop(void)
{
	keys_close(keys);
	http_server_stop(auth);
	free(pem[0]);
	free(pem[1]);
}

/* A token that is signed with the i-th key. */
static void sign(int i, char out[static TOKEN_SIZE_MAX])
{
	static const char *const kids[] = { "one", "two" };
	struct token_claims c = { .subject = { { 1 } }, .session = { { 2 } }, .issued_s = clock_real_ms() / 1000 };
	struct token_signer *signer;

	c.expires_s = c.issued_s + 60;
	ck_assert_int_eq(token_signer_open(&signer, pem[i], kids[i], "pettrack", "pettrack"), 0);
	ck_assert_int_eq(token_sign(signer, &c, out, TOKEN_SIZE_MAX), 0);
	token_signer_close(signer);
}

/* What keys_verify() says of such a token. */
static int verify(int i, int64_t wait_ms)
{
	struct token_claims got;
	char token[TOKEN_SIZE_MAX];

	sign(i, token);
	int r = keys_verify(keys, token, strlen(token), wait_ms, &got);
	if (r == 0)
		ck_assert_uint_eq(got.subject.b[0], 1);
	return r;
}

static void await_keys(void)
{
	char text[1024];

	for (int i = 0; i < 5000 && !health_ready(text, sizeof text); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ck_assert(health_ready(text, sizeof text));
}

START_TEST(fetched_at_the_start)
{
	start(1);
	await_keys();
	ck_assert_int_eq(verify(0, 0), 0);
	stop();
}
END_TEST

START_TEST(until_there_are_some)
{
	char text[1024];

	status = 503;
	start(1);
	ck_assert_int_eq(verify(0, 0), -EAGAIN);
	ck_assert(!health_ready(text, sizeof text));
	while (http_server_requests(auth) < 2)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	status = 200;
	await_keys();
	ck_assert_int_eq(verify(0, 0), 0);
	stop();
}
END_TEST

START_TEST(none_yet_is_as_good_as_no_answer)
{
	char text[1024] = "";

	start(0);
	while (!strstr(text, "it has no keys, or none that are valid"))
		ck_assert(!health_ready(text, sizeof text));
	published = 1;
	await_keys();
	stop();
}
END_TEST

START_TEST(a_new_key_is_fetched_when_it_is_met)
{
	start(1);
	await_keys();
	published = 2;
	nanosleep(&(struct timespec){ .tv_sec = 3, .tv_nsec = 100000000 }, NULL); /* not asked more often */
	ck_assert_int_eq(verify(1, 5000), 0);
	ck_assert_uint_eq(http_server_requests(auth), 2);
	stop();
}
END_TEST

START_TEST(a_key_that_nobody_has)
{
	start(1);
	await_keys();
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(verify(1, 5000), TOKEN_E_UNKNOWN_KEY);
	ck_assert_uint_le(http_server_requests(auth), 2);
	ck_assert_int_eq(verify(0, 0), 0);
	stop();
}
END_TEST

START_TEST(while_auth_is_away_the_known_keys_serve)
{
	int r = TOKEN_E_UNKNOWN_KEY;

	refresh_ms = 20;
	start(1);
	await_keys();
	status = 503;
	for (int i = 0; i < 5000 && r == TOKEN_E_UNKNOWN_KEY; i++)
		r = verify(1, 60000); /* it may be one that auth has made since: nobody can tell, or waits for it */
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_eq(verify(0, 60000), 0);
	status = 200;
	for (int i = 0; i < 5000 && r == -EAGAIN; i++)
		r = verify(1, 0);
	ck_assert_int_eq(r, TOKEN_E_UNKNOWN_KEY);
	stop();
}
END_TEST

/* Nothing is parsed, so nothing allocated: a look-up, whoever asks. */
START_TEST(a_token_is_checked_once)
{
	struct token_claims got;
	char token[TOKEN_SIZE_MAX];

	json_set_alloc_funcs(malloc, free); /* as linked here: the ones that fail */
	start(1);
	await_keys();
	sign(0, token);
	ck_assert_int_eq(keys_verify(keys, token, strlen(token), 0, &got), 0);
	for (int i = 0; i < 100; i++) {
		failing_alloc_at(1);
		int r = keys_verify(keys, token, strlen(token), 0, &got);
		ck_assert(!failing_alloc_happened());
		ck_assert_int_eq(r, 0);
	}
	stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("keys");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, fetched_at_the_start);
	tcase_add_test(t, until_there_are_some);
	tcase_add_test(t, none_yet_is_as_good_as_no_answer);
	tcase_add_test(t, a_new_key_is_fetched_when_it_is_met);
	tcase_add_test(t, a_key_that_nobody_has);
	tcase_add_test(t, while_auth_is_away_the_known_keys_serve);
	tcase_add_test(t, a_token_is_checked_once);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
