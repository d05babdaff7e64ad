#include "client/client.h"
#include "client/exchange.h"
#include "client/origins.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"
#include "http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static struct client *open_plain(const struct http_server *s)
{
	struct client *c = NULL;

	ck_assert_int_eq(
		client_open(&c, &(struct client_options){ .base_url = http_server_url(s), .timeout_ms = 2000 }), 0);
	return c;
}

static struct client *open_service(const struct http_server *s)
{
	struct client *c = NULL;
	struct client_options o = {
		.base_url = http_server_url(s),
		.client_id = "gateway",
		.client_secret = "s&cret=1",
		.timeout_ms = 2000,
	};

	ck_assert_int_eq(client_open(&c, &o), 0);
	return c;
}

/* ---- requests ---- */

static void answer_echo(const struct http_seen *q, FILE *out, void *user)
{
	(void)q;
	(void)user;
	http_answer_with(out, 200, "", "{\"ok\":true}");
}

START_TEST(sends_what_it_was_given)
{
	struct http_server *s = http_server_start(answer_echo, NULL);
	struct client *c = open_plain(s);
	json_t *body = json_pack("{s:s}", "name", "Misty"), *answer = NULL;
	long status = 0;

	ck_assert_int_eq(client_call(c, "PATCH", "/v1/devices/1?a=b", body, "to.k-en", &answer, &status), 0);
	ck_assert_int_eq(status, 200);
	ck_assert(json_is_true(json_object_get(answer, "ok")));
	struct http_seen last = http_server_last(s);
	ck_assert_str_eq(last.method, "PATCH");
	ck_assert_str_eq(last.path, "/v1/devices/1?a=b");
	ck_assert_str_eq(last.authorization, "Bearer to.k-en");
	ck_assert_str_eq(last.content_type, "application/json");
	ck_assert_str_eq(last.body, "{\"name\":\"Misty\"}");
	json_decref(answer);
	json_decref(body);

	static const char *const bodiless[] = { "GET", "DELETE", "POST" };
	for (size_t i = 0; i < sizeof(bodiless) / sizeof(*bodiless); i++) {
		ck_assert_int_eq(client_call(c, bodiless[i], "/v1", NULL, NULL, NULL, NULL), 0);
		last = http_server_last(s);
		ck_assert_str_eq(last.method, bodiless[i]);
		ck_assert_str_eq(last.authorization, "");
		ck_assert_str_eq(last.content_type, "");
		ck_assert_str_eq(last.body, "");
	}
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(keeps_its_connection)
{
	struct http_server *s = http_server_start(answer_echo, NULL);
	struct client *c = open_plain(s);

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(client_call(c, "GET", "/", NULL, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(http_server_requests(s), 5);
	ck_assert_uint_eq(http_server_last(s).connection, 0);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(refuses_what_no_request_may_hold)
{
	struct http_server *s = http_server_start(answer_echo, NULL);
	struct client *c = open_plain(s);

	ck_assert_int_eq(client_call(c, "GET", "v1", NULL, NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(client_call(c, "GET", "/v1 /x", NULL, NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(client_call(c, "GET", "/\r\nX: y", NULL, NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(client_call(c, "GET", "/", NULL, "a\r\nX: y", NULL, NULL), -EINVAL);
	ck_assert_uint_eq(http_server_requests(s), 0);
	client_close(c);
	http_server_stop(s);
}
END_TEST

static const struct {
	const char *why;
	struct client_options o;
} bad_options[] = {
	{ "no URL", { 0 } },
	{ "no scheme", { .base_url = "127.0.0.1:8081" } },
	{ "another scheme", { .base_url = "file:///etc/passwd" } },
	{ "a user", { .base_url = "http://a:b@127.0.0.1" } },
	{ "a query", { .base_url = "http://127.0.0.1/?a=b" } },
	{ "no secret", { .base_url = "http://127.0.0.1", .client_id = "a" } },
	{ "a path without an address", { .base_url = "http://127.0.0.1,/v1/oauth" } },
	{ "an address without a path", { .base_url = "http://127.0.0.1,http://127.0.0.2" } },
	{ "a path of nothing", { .base_url = "http://127.0.0.1,/=http://127.0.0.2" } },
	{ "a comma too many", { .base_url = "http://127.0.0.1," } },
	{ "another scheme for a path", { .base_url = "http://127.0.0.1,/v1/oauth=ftp://127.0.0.2" } },
	{ "no address for all", { .base_url = "/v1/oauth=http://127.0.0.2" } },
};

START_TEST(refuses_options)
{
	struct client *c = NULL;

	ck_assert_msg(client_open(&c, &bad_options[_i].o) == -EINVAL, "%s", bad_options[_i].why);
	ck_assert_ptr_null(c);
}
END_TEST

/* ---- a module whose parts answer at several addresses ---- */

static const struct {
	const char *path, *url;
} origins[] = {
	{ "/v1/devices/1", "http://devices:1" },
	{ "/", "http://devices:1" },
	{ "/v1/users", "http://users:2/a" },
	{ "/v1/users/7/devices", "http://users:2/a" },
	{ "/v1/users?a=b", "http://users:2/a" },
	{ "/v1/usersandmore", "http://devices:1" },
	{ "/v1/users/7/sessions", "http://sessions" },
	{ "/v1/users/7/sessions/current", "http://sessions" },
};

START_TEST(the_longest_path_that_fits_counts)
{
	struct origins *o = NULL;

	ck_assert_int_eq(origins_new(&o, "http://devices:1/,/v1/users/=http://users:2/a/"
					 ",/v1/users/7/sessions=http://sessions,/v1=http://devices:1"),
		0);
	ck_assert_str_eq(origins_find(o, origins[_i].path), origins[_i].url);
	origins_free(o);
}
END_TEST

START_TEST(one_address_is_for_every_path)
{
	struct origins *o = NULL;

	ck_assert_int_eq(origins_new(&o, "http://127.0.0.1:8081//"), 0);
	ck_assert_str_eq(origins_find(o, "/v1/users"), "http://127.0.0.1:8081");
	origins_free(o);
}
END_TEST

/* ---- answers ---- */

struct row {
	int status;
	const char *body;
	int result;
	const char *error;
};

static const struct row rows[] = {
	{ 200, "{}", 0, NULL },
	{ 201, "[1]", 0, NULL },
	{ 204, "", 0, NULL },
	{ 302, "", CLIENT_E_REFUSED, "status 302" },
	{ 400, "{\"error\":\"invalid_request\"}", CLIENT_E_REFUSED, "invalid_request (status 400)" },
	{ 401, "", CLIENT_E_DENIED, "status 401" },
	{ 403, "{\"title\":\"Forbidden\"}", CLIENT_E_DENIED, "Forbidden (status 403)" },
	{ 404, "{\"title\":\"Not found\",\"detail\":\"no such\\n pet\"}", CLIENT_E_MISSING,
		"no such  pet (status 404)" },
	{ 408, "", CLIENT_E_RETRY, "status 408" },
	{ 409, "not JSON", CLIENT_E_CONFLICT, "status 409" },
	{ 422, "{\"detail\":7}", CLIENT_E_REFUSED, "status 422" },
	{ 429, "", CLIENT_E_RETRY, "status 429" },
	{ 500, "", CLIENT_E_RETRY, "status 500" },
	{ 503, "", CLIENT_E_RETRY, "status 503" },
	{ 200, "{\"half\":", CLIENT_E_MALFORMED, NULL },
	{ 200, "<html>", CLIENT_E_MALFORMED, NULL },
};

static void answer_row(const struct http_seen *q, FILE *out, void *user)
{
	const struct row *row = user;

	(void)q;
	http_answer_with(out, row->status, "Location: http://127.0.0.1:1/\r\n", row->body);
}

START_TEST(tells_answers_apart)
{
	struct row row = rows[_i];
	struct http_server *s = http_server_start(answer_row, &row);
	struct client *c = open_plain(s);
	json_t *answer = NULL;
	long status = 0;

	ck_assert_int_eq(client_call(c, "GET", "/", NULL, NULL, &answer, &status), row.result);
	ck_assert_int_eq(status, row.status);
	ck_assert_int_eq(answer != NULL, row.result == 0 && row.body[0] != '\0');
	if (row.error)
		ck_assert_str_eq(client_last_error(), row.error);
	json_decref(answer);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(fetches_an_answer_as_it_is)
{
	struct row row = { 200, "id,name\n1,Misty\n", 0, NULL };
	struct http_server *s = http_server_start(answer_row, &row);
	struct client *c = open_plain(s);
	char *body = NULL;
	size_t len = 0;

	ck_assert_int_eq(client_fetch(c, "/", "t", &body, &len), 0);
	ck_assert_uint_eq(len, strlen(row.body));
	ck_assert_str_eq(body, row.body);
	free(body);

	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(fetches_nothing_from_a_refusal)
{
	struct row row = { 404, "", 0, NULL };
	struct http_server *s = http_server_start(answer_row, &row);
	struct client *c = open_plain(s);
	char *body = NULL;
	size_t len = 7;

	ck_assert_int_eq(client_fetch(c, "/", "t", &body, &len), CLIENT_E_MISSING);
	ck_assert_ptr_null(body);
	ck_assert_uint_eq(len, 7);
	client_close(c);
	http_server_stop(s);
}
END_TEST

/* ---- answers that are as long as they are ---- */

/* What a sink got. */
struct got {
	size_t n, takes; /* so many bytes, then no more */
};

static bool take(void *owner, const void *bytes, size_t n)
{
	struct got *g = owner;

	ck_assert(n == 0 || ((const char *)bytes)[0] == 'x');
	g->n += n;
	return g->n <= g->takes;
}

enum { LONG = 300000, PLAIN_MAX = 1000 };

/* In chunks of 1000. */
static void answer_long(const struct http_seen *q, FILE *out, void *user)
{
	char piece[1001];

	(void)user;
	memset(piece, 'x', 1000);
	piece[1000] = '\0';
	if (!strcmp(q->path, "/missing")) {
		http_answer_with(out, 404, "Content-Type: application/problem+json\r\n", "{\"detail\":\"gone\"}");
		return;
	}
	fprintf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < LONG / 1000; i++)
		fprintf(out, "3e8\r\n%s\r\n", piece);
	fputs("0\r\n\r\n", out);
}

static const struct {
	const char *path;
	size_t takes, n;
	int r;
} downloads[] = {
	{ "/whole", SIZE_MAX, LONG, 0 }, /* far more than the options' answer_max */
	{ "/missing", SIZE_MAX, 0, CLIENT_E_MISSING }, /* what a refusal says is not the sink's */
};

START_TEST(downloads_whatever_length)
{
	struct http_server *s = http_server_start(answer_long, NULL);
	struct got got = { .takes = downloads[_i].takes };
	struct client *c;

	ck_assert_int_eq(
		client_open(&c, &(struct client_options){ .base_url = http_server_url(s), .answer_max = PLAIN_MAX }),
		0);
	ck_assert_int_eq(client_download(c, downloads[_i].path, "t", take, &got), downloads[_i].r);
	ck_assert_uint_eq(got.n, downloads[_i].n);
	if (downloads[_i].r == CLIENT_E_MISSING)
		ck_assert_str_eq(client_last_error(), "gone (status 404)");
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(a_sink_that_takes_no_more)
{
	struct http_server *s = http_server_start(answer_long, NULL);
	struct client *c = open_plain(s);
	struct got got = { .takes = 5000 };

	ck_assert_int_eq(client_download(c, "/whole", "t", take, &got), -EPIPE);
	ck_assert_uint_lt(got.n, LONG);
	client_close(c);
	http_server_stop(s);
}
END_TEST

enum { LIMIT = 1000 };

static void answer_of_size(const struct http_seen *q, FILE *out, void *user)
{
	char body[LIMIT + 2];
	size_t n = strtoul(q->path + 1, NULL, 10);

	(void)user;
	memset(body, ' ', n);
	body[n] = '\0';
	body[0] = '1';
	if (q->method[0] == 'G')
		http_answer_with(out, 200, "", body);
	else /* in chunks, so that no header tells how long it will be */
		fprintf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n%zx\r\n%s\r\n0\r\n\r\n",
			n - 1, body + 1);
}

START_TEST(bounds_an_answer)
{
	struct http_server *s = http_server_start(answer_of_size, NULL);
	struct client *c = NULL;
	const char *method = _i ? "POST" : "GET";
	json_t *answer = NULL;

	ck_assert_int_eq(
		client_open(&c, &(struct client_options){ .base_url = http_server_url(s), .answer_max = LIMIT }), 0);
	ck_assert_int_eq(client_call(c, method, "/1000", NULL, NULL, &answer, NULL), 0);
	ck_assert_int_eq(json_integer_value(answer), 1);
	json_decref(answer);
	ck_assert_int_eq(client_call(c, method, "/1001", NULL, NULL, &answer, NULL), CLIENT_E_MALFORMED);
	ck_assert_str_eq(client_last_error(), "the answer is larger than 1000 bytes");
	client_close(c);
	http_server_stop(s);
}
END_TEST

static void answer_broken(const struct http_seen *q, FILE *out, void *user)
{
	static const char *const texts[] = {
		"",
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"garbage\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Le",
	};

	(void)user;
	fputs(texts[strtoul(q->path + 1, NULL, 10)], out);
}

START_TEST(a_broken_answer_is_none)
{
	struct http_server *s = http_server_start(answer_broken, NULL);
	struct client *c = NULL;
	char path[8];

	snprintf(path, sizeof(path), "/%d", _i);
	ck_assert_int_eq(
		client_open(&c, &(struct client_options){ .base_url = http_server_url(s), .timeout_ms = 300 }), 0);
	ck_assert_int_eq(client_call(c, "GET", path, NULL, NULL, NULL, NULL), CLIENT_E_RETRY);
	ck_assert_str_ne(client_last_error(), "");
	client_close(c);
	http_server_stop(s);
}
END_TEST

static void answer_late(const struct http_seen *q, FILE *out, void *user)
{
	(void)q;
	(void)user;
	sleep_ms(600);
	http_answer_with(out, 200, "", "{}");
}

START_TEST(a_slow_answer_is_none)
{
	struct http_server *s = http_server_start(answer_late, NULL);
	struct client *c = NULL;
	struct timespec before, after;

	ck_assert_int_eq(
		client_open(&c, &(struct client_options){ .base_url = http_server_url(s), .timeout_ms = 100 }), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_assert_int_eq(client_call(c, "GET", "/", NULL, NULL, NULL, NULL), CLIENT_E_RETRY);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_lt((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 500);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(a_refused_connection_is_no_answer)
{
	struct http_server *s = http_server_start(answer_echo, NULL);
	struct client *c = open_plain(s);
	long status = 7;

	http_server_stop(s);
	ck_assert_int_eq(client_call(c, "GET", "/", NULL, NULL, NULL, &status), CLIENT_E_RETRY);
	ck_assert_int_eq(status, 7);
	ck_assert_ptr_nonnull(strstr(client_last_error(), "connect"));
	client_close(c);
}
END_TEST

/* ---- the service token ---- */

struct issuer {
	atomic_uint issued;
	atomic_uint valid; /* the token of this number is taken */
	atomic_uint life_s;
	atomic_int status; /* of the token endpoint; 0: 200 */
	_Atomic(const char *) bad_grant; /* sent in place of a token */
};

static void answer_issuer(const struct http_seen *q, FILE *out, void *user)
{
	struct issuer *i = user;
	char text[128];

	if (strcmp(q->path, "/v1/oauth/token") != 0) {
		snprintf(text, sizeof(text), "Bearer token-%u", atomic_load(&i->valid));
		http_answer_with(out, strcmp(q->authorization, text) ? 401 : 200, "", "{}");
		return;
	}
	if (atomic_load(&i->status)) {
		http_answer_with(out, atomic_load(&i->status), "", "{\"error\":\"invalid_client\"}");
		return;
	}
	unsigned n = atomic_fetch_add(&i->issued, 1) + 1;
	snprintf(text, sizeof(text), "{\"access_token\":\"token-%u\",\"token_type\":\"Bearer\",\"expires_in\":%u}", n,
		atomic_load(&i->life_s));
	const char *bad_grant = atomic_load(&i->bad_grant);
	http_answer_with(out, 200, "", bad_grant ? bad_grant : text);
}

static int call(struct client *c)
{
	return client_call(c, "GET", "/internal", NULL, NULL, NULL, NULL);
}

START_TEST(token_is_fetched_once_and_kept)
{
	struct issuer issuer = { .valid = 1, .life_s = 900 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(call(c), 0);
	ck_assert_uint_eq(issuer.issued, 1);
	ck_assert_uint_eq(http_server_requests(s), 4);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(sends_a_form_as_the_service)
{
	struct issuer issuer = { .valid = 1, .life_s = 900 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);
	json_t *answer = NULL;

	ck_assert_int_eq(client_form(c, "/v1/oauth/introspect", "token=a%26b", &answer), 0);
	ck_assert(json_is_object(answer));
	struct http_seen last = http_server_last(s);
	ck_assert_str_eq(last.method, "POST");
	ck_assert_str_eq(last.path, "/v1/oauth/introspect");
	ck_assert_str_eq(last.authorization, "Bearer token-1");
	ck_assert_str_eq(last.content_type, "application/x-www-form-urlencoded");
	ck_assert_str_eq(last.body, "token=a%26b");
	json_decref(answer);
	client_close(c);
	http_server_stop(s);
}
END_TEST

static void answer_no_token(const struct http_seen *q, FILE *out, void *user)
{
	(void)q;
	(void)user;
	http_answer_with(out, 401, "", "");
}

START_TEST(token_is_asked_for_by_form)
{
	struct http_server *s = http_server_start(answer_no_token, NULL);
	struct client *c = open_service(s);

	ck_assert_int_eq(call(c), CLIENT_E_DENIED);
	struct http_seen last = http_server_last(s);
	ck_assert_str_eq(last.method, "POST");
	ck_assert_str_eq(last.path, "/v1/oauth/token");
	ck_assert_str_eq(last.content_type, "application/x-www-form-urlencoded");
	ck_assert_str_eq(last.body, "grant_type=client_credentials&client_id=gateway&client_secret=s%26cret%3D1");
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(token_is_fetched_anew_after_401)
{
	struct issuer issuer = { .valid = 1, .life_s = 900 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	ck_assert_int_eq(call(c), 0);
	issuer.valid = 2;
	ck_assert_int_eq(call(c), 0);
	ck_assert_uint_eq(issuer.issued, 2);

	issuer.valid = 0; /* none will do: asked twice, not for ever */
	ck_assert_int_eq(call(c), CLIENT_E_DENIED);
	ck_assert_uint_eq(issuer.issued, 3);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(token_is_renewed_before_its_end)
{
	struct issuer issuer = { .valid = 1, .life_s = 1 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	ck_assert_int_eq(call(c), 0);
	sleep_ms(800); /* in its last quarter */
	issuer.valid = 2;
	ck_assert_int_eq(call(c), 0);
	ck_assert_uint_eq(issuer.issued, 2);
	ck_assert_uint_eq(http_server_requests(s), 4);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(token_that_is_good_outlives_a_failed_renewal)
{
	struct issuer issuer = { .valid = 1, .life_s = 1 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	ck_assert_int_eq(call(c), 0);
	issuer.status = 503;
	sleep_ms(800);
	ck_assert_int_eq(call(c), 0);
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(token_is_not_for_a_call_with_another)
{
	struct issuer issuer = { .valid = 1, .life_s = 900 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	ck_assert_int_eq(client_call(c, "GET", "/", NULL, "mine", NULL, NULL), CLIENT_E_DENIED);
	ck_assert_uint_eq(http_server_requests(s), 1);
	client_close(c);
	http_server_stop(s);
}
END_TEST

static const struct {
	int status, result;
	const char *grant;
} no_token[] = {
	{ 401, CLIENT_E_DENIED, NULL },
	{ 400, CLIENT_E_DENIED, NULL },
	{ 503, CLIENT_E_RETRY, NULL },
	{ 0, CLIENT_E_MALFORMED, "{}" },
	{ 0, CLIENT_E_MALFORMED, "[" },
	{ 0, CLIENT_E_MALFORMED, "{\"access_token\":\"a\"}" },
	{ 0, CLIENT_E_MALFORMED, "{\"access_token\":\"a\",\"token_type\":\"mac\"}" },
	{ 0, CLIENT_E_MALFORMED, "{\"access_token\":\"\",\"token_type\":\"Bearer\"}" },
	{ 0, CLIENT_E_MALFORMED, "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"Bearer\"}" },
};

START_TEST(without_a_token_nothing_is_asked)
{
	struct issuer issuer = { .valid = 1, .status = no_token[_i].status, .bad_grant = no_token[_i].grant };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	ck_assert_int_eq(call(c), no_token[_i].result);
	ck_assert_uint_eq(http_server_requests(s), 1);
	ck_assert_str_ne(client_last_error(), "");
	ck_assert_ptr_null(strstr(client_last_error(), "s%26cret"));

	issuer.status = 0; /* and it is well again at once */
	issuer.bad_grant = NULL;
	issuer.valid = atomic_load(&issuer.issued) + 1;
	ck_assert_int_eq(call(c), 0);
	client_close(c);
	http_server_stop(s);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 24, CALLS = 20 };

static void *call_often(void *arg)
{
	uintptr_t failed = 0;

	for (int i = 0; i < CALLS; i++)
		failed += call(arg) != 0;
	return (void *)failed;
}

static uintptr_t call_from_threads(struct client *c)
{
	pthread_t threads[THREADS];
	uintptr_t failed = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call_often, c);
	for (int i = 0; i < THREADS; i++) {
		void *n;
		pthread_join(threads[i], &n);
		failed += (uintptr_t)n;
	}
	return failed;
}

START_TEST(threads_share_a_client)
{
	struct issuer issuer = { .valid = 1, .life_s = 900 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	struct client *c = open_service(s);

	ck_assert_uint_eq(call_from_threads(c), 0);
	ck_assert_uint_eq(issuer.issued, 1);
	ck_assert_uint_eq(http_server_requests(s), THREADS * CALLS + 1);
	client_close(c);
	http_server_stop(s);
}
END_TEST

static void *call_once(void *arg)
{
	return (void *)(uintptr_t)call(arg);
}

static void answer_late_refusal(const struct http_seen *q, FILE *out, void *user)
{
	(void)q;
	(void)user;
	sleep_ms(200);
	http_answer_with(out, 503, "", "");
}

START_TEST(those_who_wait_share_a_failed_fetch)
{
	struct http_server *s = http_server_start(answer_late_refusal, NULL);
	struct client *c = open_service(s);
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call_once, c);
	for (int i = 0; i < THREADS; i++) {
		void *r;
		pthread_join(threads[i], &r);
		ck_assert_int_eq((int)(uintptr_t)r, CLIENT_E_RETRY);
	}
	ck_assert_uint_le(http_server_requests(s), 3); /* a thread that starts late asks for itself */
	client_close(c);
	http_server_stop(s);
}
END_TEST

START_TEST(token_comes_from_where_its_path_is_answered)
{
	struct issuer issuer = { .valid = 1, .life_s = 900 };
	struct http_server *authentication = http_server_start(answer_issuer, &issuer);
	struct http_server *devices = http_server_start(answer_echo, NULL);
	struct client *c = NULL;
	char urls[256];

	snprintf(urls, sizeof(urls), "%s,/v1/oauth=%s", http_server_url(devices), http_server_url(authentication));
	ck_assert_int_eq(
		client_open(&c, &(struct client_options){ .base_url = urls, .client_id = "a", .client_secret = "b" }),
		0);
	ck_assert_int_eq(call(c), 0);
	ck_assert_str_eq(http_server_last(devices).authorization, "Bearer token-1");
	ck_assert_str_eq(http_server_last(authentication).path, "/v1/oauth/token");
	ck_assert_uint_eq(http_server_requests(authentication), 1);
	client_close(c);
	http_server_stop(devices);
	http_server_stop(authentication);
}
END_TEST

/* ---- out of memory ---- */

START_TEST(opening_survives_each_failed_allocation)
{
	struct client_options o = {
		.base_url = "http://127.0.0.1:1/,/v1/oauth=http://127.0.0.1:2",
		.client_id = "a",
		.client_secret = "b",
		.ca_file = "/nonexistent",
	};

	size_t n = 1;

	/* Check allocates too: no assertion while a failure is set. */
	for (bool hit = true; hit; n++) {
		struct client *c = NULL;
		failing_alloc_at(n);
		int r = client_open(&c, &o);
		hit = failing_alloc_happened();
		failing_alloc_at(0);
		ck_assert_int_eq(r, hit ? -ENOMEM : 0);
		ck_assert_int_eq(c == NULL, hit);
		client_close(c);
	}
	ck_assert_uint_gt(n, 4);
}
END_TEST

START_TEST(calls_survive_each_failed_allocation)
{
	struct issuer issuer = { .life_s = 900 };
	struct http_server *s = http_server_start(answer_issuer, &issuer);
	json_t *body = json_pack("{s:s}", "a", "b");
	size_t n = 1;

	for (bool hit = true; hit; n++) {
		struct client *c = open_service(s);
		json_t *answer = NULL;
		issuer.valid = atomic_load(&issuer.issued) + 1;
		failing_alloc_at(n);
		int r = client_call(c, "POST", "/internal", body, NULL, &answer, NULL);
		hit = failing_alloc_happened();
		failing_alloc_at(0);
		ck_assert_int_eq(r, hit ? -ENOMEM : 0);
		ck_assert_int_eq(answer == NULL, hit);
		json_decref(answer);
		client_close(c);
	}
	ck_assert_uint_gt(n, 4);
	json_decref(body);
	http_server_stop(s);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

static Suite *suite(void)
{
	Suite *s = suite_create("client");
	TCase *tc = tcase_create("request");

	tcase_add_test(tc, sends_what_it_was_given);
	tcase_add_test(tc, keeps_its_connection);
	tcase_add_test(tc, refuses_what_no_request_may_hold);
	tcase_add_loop_test(tc, refuses_options, 0, ROWS(bad_options));
	tcase_add_loop_test(tc, the_longest_path_that_fits_counts, 0, ROWS(origins));
	tcase_add_test(tc, one_address_is_for_every_path);
	suite_add_tcase(s, tc);

	tc = tcase_create("answer");
	tcase_add_loop_test(tc, tells_answers_apart, 0, ROWS(rows));
	tcase_add_test(tc, fetches_an_answer_as_it_is);
	tcase_add_test(tc, fetches_nothing_from_a_refusal);
	tcase_add_loop_test(tc, downloads_whatever_length, 0, (int)(sizeof downloads / sizeof *downloads));
	tcase_add_test(tc, a_sink_that_takes_no_more);
	tcase_add_loop_test(tc, bounds_an_answer, 0, 2);
	tcase_add_loop_test(tc, a_broken_answer_is_none, 0, 5);
	tcase_add_test(tc, a_slow_answer_is_none);
	tcase_add_test(tc, a_refused_connection_is_no_answer);
	suite_add_tcase(s, tc);

	tc = tcase_create("service token");
	tcase_add_test(tc, token_is_fetched_once_and_kept);
	tcase_add_test(tc, token_is_asked_for_by_form);
	tcase_add_test(tc, sends_a_form_as_the_service);
	tcase_add_test(tc, token_is_fetched_anew_after_401);
	tcase_add_test(tc, token_is_renewed_before_its_end);
	tcase_add_test(tc, token_that_is_good_outlives_a_failed_renewal);
	tcase_add_test(tc, token_is_not_for_a_call_with_another);
	tcase_add_test(tc, token_comes_from_where_its_path_is_answered);
	tcase_add_loop_test(tc, without_a_token_nothing_is_asked, 0, ROWS(no_token));
	suite_add_tcase(s, tc);

	tc = tcase_create("threads");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, threads_share_a_client);
	tcase_add_test(tc, those_who_wait_share_a_failed_fetch);
	suite_add_tcase(s, tc);

	tc = tcase_create("memory");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, opening_survives_each_failed_allocation);
	tcase_add_test(tc, calls_survive_each_failed_allocation);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(suite)
