/* Source: query/access/personal.c. Auth is an HTTP server inside the test. */
#include "base/clock.h"
#include "query/access/personal.h"
#include "tests/lib/client/http_server.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define USER "0b6c6a52-9e0e-4e37-9a0b-3c8a2d1d5a10"
#define SCOPE "positions.read"

enum { HOUR_S = 3600 };

static struct http_server *auth;
static struct client *client;
static struct personal *personal;
static _Atomic int asked, status;
static _Atomic bool hold; /* no answer as long as this is set */
static char answer_text[1024]; /* NULL-terminated; "": by the token's last letter */

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* A token's id ends with its last letter, so that each has one of its own. */
static void id_of(const char *token, char out[static UUID_TEXT_SIZE])
{
	snprintf(
		out, UUID_TEXT_SIZE, "5d0e7f0a-6f3b-4f0e-9b53-0f6a2a1c7b%02x", (unsigned char)token[strlen(token) - 1]);
}

static void answer(const struct http_seen *q, FILE *out, void *user)
{
	char id[UUID_TEXT_SIZE], text[512];

	(void)user;
	if (!strcmp(q->path, "/v1/oauth/token")) {
		http_answer_with(out, 200, "", "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":900}");
		return;
	}
	atomic_fetch_add(&asked, 1);
	while (hold)
		nap();
	ck_assert_str_eq(q->path, "/v1/oauth/introspect");
	ck_assert_int_eq(strncmp(q->body, "token=" TOKEN_PERSONAL_PREFIX, 19), 0);
	id_of(q->body, id);
	snprintf(text, sizeof text,
		"{\"active\":true,\"token_type\":\"Bearer\",\"scope\":\"" SCOPE "\",\"sub\":\"" USER
		"\",\"sid\":\"%s\",\"iat\":1,\"exp\":%lld}",
		id, (long long)clock_real_ms() / 1000 + HOUR_S);
	http_answer_with(out, atomic_load(&status), "", answer_text[0] ? answer_text : text);
}

static int64_t ttl_ms, stale_ms, max;

/* @timeout_ms 0: the client's own. */
static void open_client(int64_t timeout_ms)
{
	struct client_options o = {
		.base_url = http_server_url(auth), .client_id = "query", .client_secret = "s", .timeout_ms = timeout_ms
	};

	ck_assert_int_eq(client_open(&client, &o), 0);
}

static void start(void)
{
	signal(SIGPIPE, SIG_IGN);
	status = 200;
	ttl_ms = 60000;
	stale_ms = 60000;
	max = 2;
	auth = http_server_start(answer, NULL);
	open_client(0);
}

static void open_it(void)
{
	ck_assert_int_eq(personal_open(&personal, &(struct personal_options){ client, ttl_ms, stale_ms, max }), 0);
}

static void stop(void)
{
	personal_close(personal);
	client_close(client);
	http_server_stop(auth);
}

static int verify(const char *tail, struct token_claims *ret)
{
	char token[128];

	snprintf(token, sizeof token, TOKEN_PERSONAL_PREFIX "%s", tail);
	return personal_verify(personal, token, strlen(token), ret);
}

static int look(const char *tail)
{
	struct token_claims c;

	return verify(tail, &c);
}

START_TEST(asked_once_and_remembered)
{
	struct token_claims c;
	char user[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE], wanted[UUID_TEXT_SIZE];

	open_it();
	for (int i = 0; i < 3; i++) {
		memset(&c, 0xff, sizeof c);
		ck_assert_int_eq(verify("a", &c), 0);
		uuid_format(user, &c.subject);
		uuid_format(id, &c.session);
		id_of("a", wanted);
		ck_assert_str_eq(user, USER);
		ck_assert_str_eq(id, wanted);
		ck_assert_str_eq(c.scope, SCOPE);
		ck_assert(!c.service && c.issued_s == 1);
	}
	ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(asked_again_when_it_is_old)
{
	ttl_ms = -1;
	open_it();
	ck_assert_int_eq(look("a"), 0);
	ck_assert_int_eq(look("a"), 0);
	ck_assert_int_eq(asked, 2);
}
END_TEST

START_TEST(what_was_ended_is_asked_again)
{
	struct token_claims a, b;

	open_it();
	ck_assert_int_eq(verify("a", &a), 0);
	ck_assert_int_eq(verify("b", &b), 0);
	personal_forget(personal, &a.session);
	ck_assert_int_eq(look("b"), 0);
	ck_assert_int_eq(asked, 2);
	strcpy(answer_text, "{\"active\":false}");
	ck_assert_int_eq(look("a"), TOKEN_E_MALFORMED);
	ck_assert_int_eq(asked, 3);
	personal_forget(personal, NULL);
	ck_assert_int_eq(look("b"), TOKEN_E_MALFORMED);
	ck_assert_int_eq(look("b"), TOKEN_E_MALFORMED); /* that it is none is not remembered */
	ck_assert_int_eq(asked, 5);
}
END_TEST

/* At most max; the one that was not used for longest goes. */
START_TEST(memory_is_bounded)
{
	open_it();
	ck_assert_int_eq(look("a"), 0);
	ck_assert_int_eq(look("b"), 0);
	ck_assert_int_eq(look("a"), 0);
	ck_assert_int_eq(look("c"), 0);
	ck_assert_int_eq(asked, 3);
	ck_assert_int_eq(look("a"), 0);
	ck_assert_int_eq(asked, 3);
	ck_assert_int_eq(look("b"), 0);
	ck_assert_int_eq(asked, 4);
}
END_TEST

START_TEST(served_while_auth_is_away)
{
	ttl_ms = -1;
	open_it();
	ck_assert_int_eq(look("a"), 0);
	status = 503;
	ck_assert_int_eq(look("a"), 0);
	ck_assert_int_eq(look("b"), -EAGAIN);
	ck_assert_int_eq(asked, 2); /* left alone for a while once it did not answer */
}
END_TEST

static void *look_at_b(void *ret)
{
	*(int *)ret = look("b");
	return NULL;
}

START_TEST(while_auth_hangs_one_tries_it)
{
	pthread_t thread;
	int got;

	client_close(client);
	open_client(300);
	open_it();
	hold = true;
	ck_assert_int_eq(look("a"), -EAGAIN);
	nanosleep(&(struct timespec){ .tv_nsec = 600000000 }, NULL); /* as long as it is left alone, and more */
	ck_assert_int_eq(pthread_create(&thread, NULL, look_at_b, &got), 0);
	while (asked < 2)
		nap();
	ck_assert_int_eq(look("c"), -EAGAIN);
	ck_assert_int_eq(asked, 2);
	pthread_join(thread, NULL);
	ck_assert_int_eq(got, -EAGAIN);
	hold = false;
}
END_TEST

START_TEST(not_for_longer_than_it_may)
{
	ttl_ms = stale_ms = -1;
	open_it();
	ck_assert_int_eq(look("a"), 0);
	status = 503;
	ck_assert_int_eq(look("a"), -EAGAIN);
}
END_TEST

/* What an answer may be that is not one about an access token with scopes: never taken for one. */
static const struct {
	const char *text;
	int result;
} answers[] = {
	{ "{\"active\":false}", TOKEN_E_MALFORMED },
	{ "{}", TOKEN_E_MALFORMED },
	{ "{\"active\":\"true\"}", TOKEN_E_MALFORMED },
	{ "{\"active\":true}", -EAGAIN },
	{ "[]", TOKEN_E_MALFORMED },
	{ "x", -EAGAIN },
	{ "{\"active\":true,\"token_type\":\"Bearer\",\"sub\":\"" USER "\",\"sid\":\"" USER "\",\"exp\":9999999999}",
		-EAGAIN },
	{ "{\"active\":true,\"token_type\":\"Bearer\",\"scope\":\" \",\"sub\":\"" USER "\",\"sid\":\"" USER
	  "\",\"exp\":9999999999}",
		-EAGAIN },
	{ "{\"active\":true,\"token_type\":\"refresh_token\",\"scope\":\"s\",\"sub\":\"" USER "\",\"sid\":\"" USER
	  "\",\"exp\":9999999999}",
		-EAGAIN },
	{ "{\"active\":true,\"token_type\":\"Bearer\",\"scope\":\"s\",\"sub\":\"query\",\"sid\":\"" USER
	  "\",\"exp\":9999999999}",
		-EAGAIN },
	{ "{\"active\":true,\"token_type\":\"Bearer\",\"scope\":\"s\",\"sub\":\"" USER "\",\"sid\":\"" USER
	  "\",\"exp\":1}",
		TOKEN_E_EXPIRED },
	{ "{\"active\":true,\"token_type\":\"Bearer\",\"scope\":\"s\",\"sub\":\"" USER "\",\"sid\":\"" USER "\"}",
		TOKEN_E_EXPIRED },
};

START_TEST(odd_answers)
{
	open_it();
	strcpy(answer_text, answers[_i].text);
	ck_assert_int_eq(look("a"), answers[_i].result);
}
END_TEST

START_TEST(what_cannot_be_one_is_not_asked)
{
	char long_one[TOKEN_SIZE_MAX + 8];

	open_it();
	memset(long_one, 'a', sizeof long_one);
	struct token_claims c;
	ck_assert_int_eq(personal_verify(personal, long_one, sizeof long_one, &c), TOKEN_E_MALFORMED);
	ck_assert_int_eq(look("a&token=b"), TOKEN_E_MALFORMED);
	ck_assert_int_eq(look("a%20"), TOKEN_E_MALFORMED);
	ck_assert_int_eq(asked, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query/access/personal");
	TCase *t = tcase_create("personal");

	tcase_add_checked_fixture(t, start, stop);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, asked_once_and_remembered);
	tcase_add_test(t, asked_again_when_it_is_old);
	tcase_add_test(t, what_was_ended_is_asked_again);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, served_while_auth_is_away);
	tcase_add_test(t, while_auth_hangs_one_tries_it);
	tcase_add_test(t, not_for_longer_than_it_may);
	tcase_add_loop_test(t, odd_answers, 0, (int)(sizeof answers / sizeof *answers));
	tcase_add_test(t, what_cannot_be_one_is_not_asked);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
