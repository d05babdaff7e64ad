/* Forged tokens: each row is a good token but for one thing, signed again where that is not the signature itself. */
#include "tests/lib/failing_alloc.h"
#include "tests/lib/token/forge.h"
#include "tests/lib/unit.h"
#include "token/token.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define USER "0f8fad5b-d9cb-469f-a165-70867728950e"
#define SESSION "7c9e6679-7425-40de-944b-e07fc1f90ae7"
#define HEADER "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"a\"}"
#define NAMES "\"iss\":\"pettrack\",\"aud\":\"pettrack\""
#define PERSON "\"sub\":\"" USER "\",\"sid\":\"" SESSION "\""
#define TIMES "\"iat\":1000,\"exp\":1900"
#define PAYLOAD "{" NAMES "," PERSON "," TIMES ",\"scope\":\"a b\"}"

enum { NOW = 1500 };

static char *known_key, *other_key;
static struct token_keys *keys;

static void load(struct token_keys *k, const char *pem, const char *kid)
{
	char *jwk, *jwks;

	ck_assert_int_eq(token_jwk(pem, kid, &jwk), 0);
	ck_assert_int_gt(asprintf(&jwks, "{\"keys\":[%s]}", jwk), 0);
	ck_assert_int_eq(token_keys_load(k, jwks, strlen(jwks)), 0);
	free(jwks);
	free(jwk);
}

static void setup(void)
{
	ck_assert_int_eq(token_key_generate(&known_key), 0);
	ck_assert_int_eq(token_key_generate(&other_key), 0);
	ck_assert_int_eq(token_keys_open(&keys, "pettrack", "pettrack"), 0);
	load(keys, known_key, "a");
}

static void teardown(void)
{
	token_keys_close(keys);
	free(known_key);
	free(other_key);
}

static int verify_at(const char *token, int64_t now)
{
	struct token_claims c;

	return token_verify(keys, token, strlen(token), now, &c);
}

/* ---- good ones ---- */

START_TEST(signed_is_verified)
{
	struct token_claims c = { .scope = "devices.lookup access.read", .issued_s = 1000, .expires_s = 1900 }, got;
	struct token_signer *s;
	char token[TOKEN_SIZE_MAX];

	ck_assert_int_eq(uuid_parse(&c.subject, USER, strlen(USER)), 0);
	ck_assert_int_eq(uuid_parse(&c.session, SESSION, strlen(SESSION)), 0);
	ck_assert_int_eq(token_signer_open(&s, known_key, "a", "pettrack", "pettrack"), 0);
	ck_assert_int_eq(token_sign(s, &c, token, sizeof token), 0);
	ck_assert_int_eq(token_sign(s, &c, token, strlen(token)), -ENOSPC);
	token_signer_close(s);
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(token_verify(keys, token, strlen(token), NOW, &got), 0);
		ck_assert(uuid_same(&got.subject, &c.subject) && uuid_same(&got.session, &c.session));
		ck_assert(!got.service);
		ck_assert_str_eq(got.client, "");
		ck_assert_str_eq(got.scope, c.scope);
		ck_assert_int_eq(got.issued_s, 1000);
		ck_assert_int_eq(got.expires_s, 1900);
	}
}
END_TEST

START_TEST(service_is_no_person)
{
	struct token_claims c = { .service = true,
		.client = "gateway",
		.scope = "devices.lookup",
		.issued_s = 1000,
		.expires_s = 1900 },
			    got;
	struct token_signer *s;
	char token[TOKEN_SIZE_MAX];

	ck_assert_int_eq(token_signer_open(&s, known_key, "a", "pettrack", "pettrack"), 0);
	ck_assert_int_eq(token_sign(s, &c, token, sizeof token), 0);
	ck_assert_int_eq(token_verify(keys, token, strlen(token), NOW, &got), 0);
	ck_assert(got.service);
	ck_assert_str_eq(got.client, "gateway");
	ck_assert(uuid_same(&got.subject, &(struct uuid){ 0 }));

	c.client[0] = '\0';
	ck_assert_int_eq(token_sign(s, &c, token, sizeof token), -EINVAL);
	c.service = false;
	memset(c.scope, 'x', sizeof c.scope);
	ck_assert_int_eq(token_sign(s, &c, token, sizeof token), -EINVAL);
	token_signer_close(s);
}
END_TEST

START_TEST(scopes_are_whole_words)
{
	struct token_claims c = { .scope = "devices.lookup access.read" };

	ck_assert(token_has_scope(&c, "devices.lookup"));
	ck_assert(token_has_scope(&c, "access.read"));
	ck_assert(!token_has_scope(&c, "access"));
	ck_assert(!token_has_scope(&c, "access.read "));
	ck_assert(!token_has_scope(&c, "read"));
	ck_assert(!token_has_scope(&c, "devices"));
	ck_assert(!token_has_scope(&c, ""));
	c.scope[0] = '\0';
	ck_assert(!token_has_scope(&c, ""));
}
END_TEST

START_TEST(limited_or_not)
{
	static const struct {
		bool service;
		const char *scope, *needed;
		bool may;
	} rows[] = {
		{ false, "", "devices.read", true }, /* a person who has logged in */
		{ false, "", NULL, true },
		{ false, "devices.read", "devices.read", true },
		{ false, "positions.read devices.read", "devices.read", true },
		{ false, "devices.read", "devices.write", false },
		{ false, "devices.read", NULL, false },
		{ false, " ", "devices.read", true },
		{ true, "", "devices.read", false },
		{ true, "", NULL, false },
		{ true, "access.read", "access.read", true },
		{ true, "access.read", NULL, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct token_claims c = { .service = rows[i].service };
		strcpy(c.scope, rows[i].scope);
		ck_assert_msg(token_may(&c, rows[i].needed) == rows[i].may, "row %zu", i);
	}
}
END_TEST

/* ---- forged ones ---- */

static const struct {
	const char *why, *header, *payload;
	int result;
} forged[] = {
	{ "as it should be", HEADER, PAYLOAD, 0 },
	/* header */
	{ "alg none", "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_ALGORITHM },
	{ "alg RS256", "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_ALGORITHM },
	{ "alg ES384", "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_ALGORITHM },
	{ "alg in lower case", "{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_ALGORITHM },
	{ "alg a number", "{\"alg\":256,\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "alg missing", "{\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "alg twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD,
		TOKEN_E_MALFORMED },
	{ "typ JWT", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "typ missing", "{\"alg\":\"ES256\",\"kid\":\"a\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "typ a list", "{\"alg\":\"ES256\",\"typ\":[\"at+jwt\"],\"kid\":\"a\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "crit", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"a\",\"crit\":[\"x\"]}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "kid of another key", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"b\"}", PAYLOAD, TOKEN_E_UNKNOWN_KEY },
	{ "kid missing", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "kid empty", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "kid a number", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":0}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "kid with a NUL", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"a\\u0000\"}", PAYLOAD, TOKEN_E_MALFORMED },
	{ "kid overlong",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":"
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
		PAYLOAD, TOKEN_E_MALFORMED },
	{ "header a list", "[\"ES256\"]", PAYLOAD, TOKEN_E_MALFORMED },
	{ "header no JSON", "{\"alg\":\"ES256\"", PAYLOAD, TOKEN_E_MALFORMED },
	{ "header empty", "", PAYLOAD, TOKEN_E_MALFORMED },
	/* names */
	{ "iss of another", HEADER, "{\"iss\":\"pettrac\",\"aud\":\"pettrack\"," PERSON "," TIMES "}", TOKEN_E_ISSUER },
	{ "iss longer", HEADER, "{\"iss\":\"pettrack2\",\"aud\":\"pettrack\"," PERSON "," TIMES "}", TOKEN_E_ISSUER },
	{ "iss missing", HEADER, "{\"aud\":\"pettrack\"," PERSON "," TIMES "}", TOKEN_E_MALFORMED },
	{ "iss a list", HEADER, "{\"iss\":[\"pettrack\"],\"aud\":\"pettrack\"," PERSON "," TIMES "}",
		TOKEN_E_MALFORMED },
	{ "aud of another", HEADER, "{\"iss\":\"pettrack\",\"aud\":\"bank\"," PERSON "," TIMES "}", TOKEN_E_AUDIENCE },
	{ "aud missing", HEADER, "{\"iss\":\"pettrack\"," PERSON "," TIMES "}", TOKEN_E_MALFORMED },
	{ "aud a list", HEADER, "{\"iss\":\"pettrack\",\"aud\":[\"pettrack\"]," PERSON "," TIMES "}",
		TOKEN_E_MALFORMED },
	/* subject */
	{ "sub missing", HEADER, "{" NAMES ",\"sid\":\"" SESSION "\"," TIMES "}", TOKEN_E_MALFORMED },
	{ "sub a number", HEADER, "{" NAMES ",\"sub\":7,\"sid\":\"" SESSION "\"," TIMES "}", TOKEN_E_MALFORMED },
	{ "sub no UUID", HEADER, "{" NAMES ",\"sub\":\"root\",\"sid\":\"" SESSION "\"," TIMES "}", TOKEN_E_MALFORMED },
	{ "sid missing", HEADER, "{" NAMES ",\"sub\":\"" USER "\"," TIMES "}", TOKEN_E_MALFORMED },
	{ "sid null", HEADER, "{" NAMES ",\"sub\":\"" USER "\",\"sid\":null," TIMES "}", TOKEN_E_MALFORMED },
	{ "client_id beside another's sub", HEADER, "{" NAMES "," PERSON ",\"client_id\":\"gateway\"," TIMES "}",
		TOKEN_E_MALFORMED },
	{ "client_id null", HEADER, "{" NAMES "," PERSON ",\"client_id\":null," TIMES "}", TOKEN_E_MALFORMED },
	{ "client_id empty", HEADER, "{" NAMES ",\"sub\":\"\",\"client_id\":\"\"," TIMES "}", TOKEN_E_MALFORMED },
	{ "client_id a list", HEADER, "{" NAMES "," PERSON ",\"client_id\":[]," TIMES "}", TOKEN_E_MALFORMED },
	/* times */
	{ "exp missing", HEADER, "{" NAMES "," PERSON ",\"iat\":1000}", TOKEN_E_MALFORMED },
	{ "exp a text", HEADER, "{" NAMES "," PERSON ",\"iat\":1000,\"exp\":\"1900\"}", TOKEN_E_MALFORMED },
	{ "exp a real", HEADER, "{" NAMES "," PERSON ",\"iat\":1000,\"exp\":1900.5}", TOKEN_E_MALFORMED },
	{ "exp true", HEADER, "{" NAMES "," PERSON ",\"iat\":1000,\"exp\":true}", TOKEN_E_MALFORMED },
	{ "exp negative", HEADER, "{" NAMES "," PERSON ",\"iat\":1000,\"exp\":-1}", TOKEN_E_MALFORMED },
	{ "exp too large for 64 bits", HEADER, "{" NAMES "," PERSON ",\"iat\":1000,\"exp\":99999999999999999999}",
		TOKEN_E_MALFORMED },
	{ "exp now", HEADER, "{" NAMES "," PERSON ",\"iat\":1000,\"exp\":1500}", TOKEN_E_EXPIRED },
	{ "exp zero", HEADER, "{" NAMES "," PERSON ",\"iat\":0,\"exp\":0}", TOKEN_E_EXPIRED },
	{ "iat missing", HEADER, "{" NAMES "," PERSON ",\"exp\":1900}", TOKEN_E_MALFORMED },
	{ "nbf within the leeway", HEADER, "{" NAMES "," PERSON "," TIMES ",\"nbf\":1530}", 0 },
	{ "nbf later", HEADER, "{" NAMES "," PERSON "," TIMES ",\"nbf\":1531}", TOKEN_E_NOT_YET },
	{ "nbf at the end of time", HEADER, "{" NAMES "," PERSON "," TIMES ",\"nbf\":9223372036854775807}",
		TOKEN_E_NOT_YET },
	{ "nbf a text", HEADER, "{" NAMES "," PERSON "," TIMES ",\"nbf\":\"1000\"}", TOKEN_E_MALFORMED },
	/* the rest */
	{ "scope a list", HEADER, "{" NAMES "," PERSON "," TIMES ",\"scope\":[\"a\"]}", TOKEN_E_MALFORMED },
	{ "scope missing", HEADER, "{" NAMES "," PERSON "," TIMES "}", 0 },
	{ "sub twice", HEADER, "{" NAMES "," PERSON "," PERSON "," TIMES "}", TOKEN_E_MALFORMED },
	{ "payload a text", HEADER, "\"pettrack\"", TOKEN_E_MALFORMED },
	{ "payload with a tail", HEADER, PAYLOAD "{}", TOKEN_E_MALFORMED },
	{ "payload empty", HEADER, "", TOKEN_E_MALFORMED },
};

START_TEST(forged_is_refused)
{
	const char *token = forge(FORGE_ES256, known_key, forged[_i].header, forged[_i].payload);

	for (int again = 0; again < 2; again++) /* from the cache too */
		ck_assert_msg(
			verify_at(token, NOW) == forged[_i].result, "%s: %d", forged[_i].why, verify_at(token, NOW));
}
END_TEST

START_TEST(other_signatures_are_refused)
{
	char *public_pem = forge_public_pem(known_key);

	ck_assert_int_eq(verify_at(forge(FORGE_ES256, other_key, HEADER, PAYLOAD), NOW), TOKEN_E_SIGNATURE);
	ck_assert_int_eq(verify_at(forge(FORGE_EMPTY, NULL, HEADER, PAYLOAD), NOW), TOKEN_E_SIGNATURE);
	ck_assert_int_eq(verify_at(forge(FORGE_HS256, public_pem, HEADER, PAYLOAD), NOW), TOKEN_E_SIGNATURE);
	ck_assert_int_eq(verify_at(forge(FORGE_HS256, public_pem,
					   "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD),
				 NOW),
		TOKEN_E_ALGORITHM);
	ck_assert_int_eq(
		verify_at(
			forge(FORGE_EMPTY, NULL, "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", PAYLOAD), NOW),
		TOKEN_E_ALGORITHM);
	free(public_pem);
}
END_TEST

/* Every single bit of the whole text counts: none can be turned without the token being refused. */
START_TEST(every_bit_counts)
{
	char *token = forge(FORGE_ES256, known_key, HEADER, PAYLOAD);

	for (size_t i = 0; i < strlen(token); i++)
		for (int bit = 0; bit < 7; bit++) {
			char kept = token[i];
			token[i] = (char)(kept ^ 1 << bit);
			ck_assert_msg(verify_at(token, NOW) > 0, "byte %zu bit %d", i, bit);
			token[i] = kept;
		}
	ck_assert_int_eq(verify_at(token, NOW), 0);
}
END_TEST

START_TEST(every_prefix_is_refused)
{
	const char *token = forge(FORGE_ES256, known_key, HEADER, PAYLOAD);
	struct token_claims c;

	for (size_t n = 0; n < strlen(token); n++) {
		char *exact = malloc(n ? n : 1); /* so that a read past the end is seen by the sanitizer */
		memcpy(exact, token, n);
		ck_assert_int_gt(token_verify(keys, exact, n, NOW, &c), 0);
		free(exact);
	}
}
END_TEST

START_TEST(shapes_are_refused)
{
	static const char *const tails[] = { ".", "=", "==", ".x", " ", "\n", "A" };
	static char long_payload[4096];
	char token[TOKEN_SIZE_MAX];

	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(token, sizeof token, "%s%s", forge(FORGE_ES256, known_key, HEADER, PAYLOAD), tails[i]);
		ck_assert_msg(verify_at(token, NOW) > 0, "tail '%s'", tails[i]);
	}
	snprintf(long_payload, sizeof long_payload, "{" NAMES "," PERSON "," TIMES ",\"x\":\"%01400d\"}", 0);
	ck_assert_int_eq(verify_at(forge(FORGE_ES256, known_key, HEADER, long_payload), NOW), TOKEN_E_MALFORMED);
	ck_assert_int_eq(verify_at("", NOW), TOKEN_E_MALFORMED);
	ck_assert_int_eq(verify_at("..", NOW), TOKEN_E_MALFORMED);
	ck_assert_int_eq(verify_at("...", NOW), TOKEN_E_MALFORMED);
}
END_TEST

/* ---- key sets ---- */

START_TEST(replacing_the_keys_forgets_tokens)
{
	char *token = strdup(forge(FORGE_ES256, known_key, HEADER, PAYLOAD));

	ck_assert_int_eq(verify_at(token, NOW), 0);
	load(keys, other_key, "b");
	ck_assert_int_eq(verify_at(token, NOW), TOKEN_E_UNKNOWN_KEY);
	load(keys, other_key, "a");
	ck_assert_int_eq(verify_at(token, NOW), TOKEN_E_SIGNATURE);
	load(keys, known_key, "a");
	ck_assert_int_eq(verify_at(token, NOW), 0);
	free(token);
}
END_TEST

START_TEST(remembered_tokens_still_end)
{
	char *token = strdup(forge(FORGE_ES256, known_key, HEADER, PAYLOAD));

	ck_assert_int_eq(verify_at(token, NOW), 0);
	ck_assert_int_eq(verify_at(token, 1899), 0);
	ck_assert_int_eq(verify_at(token, 1900), TOKEN_E_EXPIRED);
	free(token);
}
END_TEST

static const char *const bad_jwks[] = {
	"",
	"{",
	"[]",
	"{}",
	"{\"keys\":{}}",
	"{\"keys\":[]}",
	"{\"keys\":[1,null,\"x\",[],{}]}",
	/* RFC 7517 appendix A.1's point, but for one thing */
	"{\"keys\":[{\"kty\":\"RSA\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":"
	"\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"a\",\"x\":"
	"\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"kid\":\"a\",\"x\":"
	"\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\",\"kid\":\"a\",\"x\":"
	"\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":"
	"\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":"
	"\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyA\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":"
	"\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7A\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
};

START_TEST(bad_jwks_changes_nothing)
{
	ck_assert_int_eq(token_keys_load(keys, bad_jwks[_i], strlen(bad_jwks[_i])), -EINVAL);
	ck_assert_uint_eq(token_keys_count(keys), 1);
	ck_assert_int_eq(verify_at(forge(FORGE_ES256, known_key, HEADER, PAYLOAD), NOW), 0);
}
END_TEST

START_TEST(usable_keys_of_a_mixed_jwks_are_taken)
{
	static const char jwks[] =
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"s\"},"
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
		"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"},"
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
		"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";

	ck_assert_int_eq(token_keys_load(keys, jwks, sizeof jwks - 1), 0);
	ck_assert_uint_eq(token_keys_count(keys), 1);
}
END_TEST

/* A token that is remembered is taken without an allocation; one that is read again is not. */
START_TEST(the_same_keys_again_forget_nothing)
{
	char *token = strdup(forge(FORGE_ES256, known_key, HEADER, PAYLOAD));

	json_set_alloc_funcs(malloc, free); /* as linked here: the ones that fail */
	ck_assert_int_eq(verify_at(token, NOW), 0);
	load(keys, known_key, "a");
	failing_alloc_at(1);
	int again = verify_at(token, NOW);
	ck_assert(!failing_alloc_happened());
	ck_assert_int_eq(again, 0);
	load(keys, other_key, "a");
	ck_assert_int_eq(verify_at(token, NOW), TOKEN_E_SIGNATURE);
	free(token);
}
END_TEST

START_TEST(bad_private_keys_are_refused)
{
	struct token_signer *s;
	char *public_pem = forge_public_pem(known_key), *jwk, long_kid[TOKEN_KID_MAX + 1];

	memset(long_kid, 'k', TOKEN_KID_MAX);
	long_kid[TOKEN_KID_MAX] = '\0';
	ck_assert_int_eq(token_signer_open(&s, public_pem, "a", "i", "a"), -EINVAL);
	ck_assert_int_eq(token_signer_open(&s, "", "a", "i", "a"), -EINVAL);
	ck_assert_int_eq(token_signer_open(&s, known_key, "", "i", "a"), -EINVAL);
	ck_assert_int_eq(token_signer_open(&s, known_key, long_kid, "i", "a"), -EINVAL);
	ck_assert_int_eq(token_jwk(public_pem, "a", &jwk), -EINVAL);
	free(public_pem);
}
END_TEST

/* ---- threads, and the cost of a known token ---- */

static void *verify_often(void *token)
{
	for (int i = 0; i < 2000; i++) {
		int r = verify_at(token, NOW);
		if (r != 0 && r != TOKEN_E_UNKNOWN_KEY)
			return token;
	}
	return NULL;
}

START_TEST(threads_share_a_set)
{
	pthread_t threads[4];
	void *wrong;
	char *token = strdup(forge(FORGE_ES256, known_key, HEADER, PAYLOAD));

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, verify_often, token), 0);
	for (int i = 0; i < 50; i++)
		load(keys, i % 2 ? known_key : other_key, i % 2 ? "a" : "b");
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
	ck_assert_int_eq(verify_at(token, NOW), 0);
	free(token);
}
END_TEST

/* CPU time of this thread: what else the machine does is not counted. */
static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

START_TEST(a_known_token_costs_little)
{
	enum { TIMES_ASKED = 20000, LIMIT_NS = 30000 };
	char *token = strdup(forge(FORGE_ES256, known_key, HEADER, PAYLOAD));
	int64_t start;

	ck_assert_int_eq(verify_at(token, NOW), 0);
	start = cpu_ns();
	for (int i = 0; i < TIMES_ASKED; i++)
		ck_assert_int_eq(verify_at(token, NOW), 0);
	ck_assert_int_lt((cpu_ns() - start) / TIMES_ASKED, LIMIT_NS);
	free(token);
}
END_TEST

/* More tokens than the cache holds: none is refused for that. */
START_TEST(the_cache_is_bounded)
{
	struct token_claims c = { .service = true, .client = "gateway", .issued_s = 1000, .expires_s = 1900 }, got;
	struct token_signer *s;
	char token[TOKEN_SIZE_MAX];

	ck_assert_int_eq(token_signer_open(&s, known_key, "a", "pettrack", "pettrack"), 0);
	for (int i = 0; i < 6000; i++) {
		c.expires_s = 1900 + i;
		ck_assert_int_eq(token_sign(s, &c, token, sizeof token), 0);
		ck_assert_int_eq(token_verify(keys, token, strlen(token), NOW, &got), 0);
		ck_assert_int_eq(got.expires_s, c.expires_s);
	}
	token_signer_close(s);
}
END_TEST

/* ---- memory that is out: refused, nothing lost, nothing let through ---- */

/* A round's set is the one that was verified with before, or the new one: never half of it. */
START_TEST(memory_is_out)
{
	struct token_claims c = { .service = true,
		.client = "gateway",
		.scope = "s",
		.issued_s = 1000,
		.expires_s = 1900 },
			    got;
	char out[TOKEN_SIZE_MAX], *token = strdup(forge(FORGE_ES256, known_key, HEADER, PAYLOAD)), *jwk, *jwks;

	ck_assert_int_eq(token_jwk(known_key, "a", &jwk), 0);
	ck_assert_int_gt(asprintf(&jwks, "{\"keys\":[%s]}", jwk), 0);
	free(jwk);
	json_set_alloc_funcs(malloc, free); /* as linked here: the ones that fail */
	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct token_signer *signer = NULL;
		struct token_keys *set = NULL;
		jwk = NULL;
		int opened = token_keys_open(&set, "pettrack", "pettrack");
		int loaded = opened ? opened : token_keys_load(set, jwks, strlen(jwks));
		int verified = loaded ? loaded : token_verify(set, token, strlen(token), NOW, &got);
		int signs = token_signer_open(&signer, known_key, "a", "pettrack", "pettrack");
		int signature = signs ? signs : token_sign(signer, &c, out, sizeof out);
		int exported = token_jwk(known_key, "a", &jwk);
		bool failed = failing_alloc_happened();
		ck_assert_int_eq(failed, verified || signature || exported);
		ck_assert(!opened || opened == -ENOMEM);
		ck_assert_uint_eq(set ? token_keys_count(set) : 0, loaded ? 0 : 1);
		token_keys_close(set);
		token_signer_close(signer);
		free(jwk);
	}
	free(jwks);
	free(token);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("token");
	TCase *t = tcase_create("token");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signed_is_verified);
	tcase_add_test(t, service_is_no_person);
	tcase_add_test(t, scopes_are_whole_words);
	tcase_add_test(t, limited_or_not);
	tcase_add_loop_test(t, forged_is_refused, 0, (int)(sizeof forged / sizeof *forged));
	tcase_add_test(t, other_signatures_are_refused);
	tcase_add_test(t, every_bit_counts);
	tcase_add_test(t, every_prefix_is_refused);
	tcase_add_test(t, shapes_are_refused);
	tcase_add_test(t, replacing_the_keys_forgets_tokens);
	tcase_add_test(t, remembered_tokens_still_end);
	tcase_add_loop_test(t, bad_jwks_changes_nothing, 0, (int)(sizeof bad_jwks / sizeof *bad_jwks));
	tcase_add_test(t, usable_keys_of_a_mixed_jwks_are_taken);
	tcase_add_test(t, the_same_keys_again_forget_nothing);
	tcase_add_test(t, bad_private_keys_are_refused);
	tcase_add_test(t, threads_share_a_set);
	tcase_add_test(t, a_known_token_costs_little);
	tcase_add_test(t, the_cache_is_bounded);
	tcase_add_test(t, memory_is_out);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
