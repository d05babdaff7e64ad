/* test_server - the server over real sockets. */
#include "base/clock.h"
#include "base/guesses.h"
#include "service/metrics.h"
#include "tests/lib/unit.h"
#include "tests/lib/web/raw_client.h"
#include "web/web.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BODY_MAX = 1000, TIMEOUT_MS = 400, GUESSES = 2 };

static struct web *web;
static struct guesses *guesses;
static uint16_t port;
static char dir[] = "/tmp/pettrack-web-XXXXXX";
static int verified;

/* ---- handlers ---- */

static void echo(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q);

	ck_assert_ptr_eq(owner, &web);
	if (body)
		web_reply(q, 200, json_deep_copy(body));
}

static void show(struct web_request *q, void *owner)
{
	const char *name = web_query(q, "name"), *remote = web_remote(q);

	(void)owner;
	web_add_header(q, "X-Extra", "1");
	web_add_header(q, "X-Bad", "1\r\nSet-Cookie: a=b"); /* not sent */
	web_reply(q, 200, json_pack("{s:s, s:s?, s:s}", "id", web_path(q, "id"), "name", name, "remote", remote));
}

static void form(struct web_request *q, void *owner)
{
	char a[8] = "-";
	bool found = web_form(q, "a", a, sizeof a);

	(void)owner;
	web_reply(q, 200, json_pack("{s:b, s:s}", "found", found, "a", a));
}

/* Bodies of a million lines. */
static void stream(struct web_request *q, void *owner)
{
	char line[16];

	(void)owner;
	web_begin(q, 200, "text/plain");
	for (int i = 0; i < 1000000; i++) {
		int n = snprintf(line, sizeof line, "%07d\n", i);
		if (!web_write(q, line, (size_t)n))
			return;
	}
	web_end(q);
}

static void stream_one_block(struct web_request *q, void *owner)
{
	static char block[100000];

	(void)owner;
	memset(block, 'x', sizeof block);
	web_begin(q, 200, "text/plain");
	web_write(q, "", 0);
	web_write(q, block, sizeof block);
	web_end(q);
}

static void fail_early(struct web_request *q, void *owner)
{
	(void)owner;
	web_begin(q, 200, "text/plain");
	web_write(q, "some", 4);
	web_problem(q, 503, "unavailable", "Try again.");
	web_end(q);
}

static void fail_late(struct web_request *q, void *owner)
{
	static char block[100000];

	(void)owner;
	web_begin(q, 200, "text/plain");
	web_write(q, block, sizeof block);
	web_problem(q, 503, "unavailable", "Try again.");
	web_end(q);
}

static void silent(struct web_request *q, void *owner)
{
	(void)q;
	(void)owner;
}

static void slow(struct web_request *q, void *owner)
{
	(void)owner;
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
	web_reply(q, 204, NULL);
}

static void whoami(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200, json_pack("{s:b}", "service", web_claims(q)->service));
}

static const struct web_route routes[] = {
	{ .method = "POST", .path = "/echo", .handle = echo },
	{ .method = "GET", .path = "/show/{id}", .handle = show },
	{ .method = "POST", .path = "/form", .handle = form },
	{ .method = "GET", .path = "/stream", .handle = stream },
	{ .method = "GET", .path = "/block", .handle = stream_one_block },
	{ .method = "GET", .path = "/early", .handle = fail_early },
	{ .method = "GET", .path = "/late", .handle = fail_late },
	{ .method = "GET", .path = "/silent", .handle = silent },
	{ .method = "GET", .path = "/slow", .handle = slow },
	{ .method = "GET", .path = "/me", .handle = whoami, .access = WEB_USER },
	{ .method = "DELETE", .path = "/me", .handle = whoami, .access = WEB_USER },
	{ .method = "GET", .path = "/internal", .handle = whoami, .access = WEB_SERVICE, .scope = "access.read" },
	{ 0 },
};

static int verify(void *owner, const char *token, size_t len, struct token_claims *ret)
{
	ck_assert_ptr_eq(owner, &web);
	ck_assert_uint_eq(strlen(token), len);
	verified++;
	*ret = (struct token_claims){ .service = token[0] == 's' };
	if (!strcmp(token, "service-with-scope"))
		strcpy(ret->scope, "other access.read");
	if (!strcmp(token, "user") || !strcmp(token, TOKEN_PERSONAL_PREFIX "good") || token[0] == 's')
		return 0;
	if (token_is_personal(token, len))
		return TOKEN_E_MALFORMED;
	return !strcmp(token, "no-keys") ? -EAGAIN : !strcmp(token, "expired") ? TOKEN_E_EXPIRED : TOKEN_E_SIGNATURE;
}

/* ---- the server ---- */

static const struct web_options options = {
	.address = "127.0.0.1",
	.threads = 4,
	.body_max = BODY_MAX,
	.request_timeout_ms = TIMEOUT_MS,
	.keep_alive_ms = TIMEOUT_MS,
	.cors_origins = "https://pets.example, http://127.0.0.1:8083",
	.routes = routes,
	.owner = &web,
	.verify = verify,
	.files_dir = dir,
	.files_policy = "default-src 'self'",
	.ops = true,
};

static void setup(void)
{
	char path[64];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/index.html", dir);
	FILE *f = fopen(path, "w");
	fputs("<html>pets</html>", f);
	fclose(f);
	struct web_options o = options;
	ck_assert_int_eq(networks_parse(&o.trusted_proxies, "127.0.0.1, 10.0.0.0/8"), 0);
	ck_assert_int_eq(guesses_open(&guesses, GUESSES), 0);
	o.guesses = guesses;
	ck_assert_int_eq(web_open(&web, &o), 0);
	port = web_port(web);
	unlink(path);
	rmdir(dir);
}

static void teardown(void)
{
	web_close(web);
	guesses_close(guesses);
}

/* ---- looking at answers ---- */

static void has(const char *answer, const char *part)
{
	ck_assert_msg(strstr(answer, part) != NULL, "no \"%s\" in:\n%.800s", part, answer);
}

static void has_not(const char *answer, const char *part)
{
	ck_assert_msg(strstr(answer, part) == NULL, "\"%s\" is in:\n%.800s", part, answer);
}

static void status_is(const char *answer, int status)
{
	char line[32];

	snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
	ck_assert_msg(!strncmp(answer, line, strlen(line)), "no %d: %.300s", status, answer);
}

static void problem_is(const char *answer, int status, const char *code)
{
	char want[128];

	status_is(answer, status);
	has(answer, "Content-Type: application/problem+json\r\n");
	snprintf(want, sizeof want, "\"code\":\"%s\"}", code);
	has(answer, want);
	snprintf(want, sizeof want, "{\"type\":\"urn:pettrack:problem:%s\",\"title\":\"", code);
	has(answer, want);
}

static const char *ask(const char *method, const char *path, const char *headers, const char *body)
{
	static char request[8192];

	snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n%s", method, path,
		headers, body);
	return raw_ask(port, request);
}

static const char *post(const char *path, const char *type, const char *body)
{
	char headers[256];

	snprintf(headers, sizeof headers, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, strlen(body));
	return ask("POST", path, headers, body);
}

static const char *body_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	ck_assert_ptr_nonnull(end);
	return end + 4;
}

/* ---- whom it comes from ---- */

static void comes_from(const char *headers, const char *address)
{
	char want[80];

	snprintf(want, sizeof want, "\"remote\":\"%s\"}", address);
	has(ask("GET", "/show/x", headers, ""), want);
}

START_TEST(a_trusted_proxy_is_believed)
{
	comes_from("X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7");
	comes_from("x-forwarded-for: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7, 10.0.0.2\r\n", "203.0.113.7");
	comes_from("X-Forwarded-For: 2001:db8:1:0::7\r\n", "2001:db8:1::7");
	comes_from("Forwarded: for=203.0.113.7\r\n", "203.0.113.7");
	comes_from("Forwarded: for=198.51.100.1\r\nForwarded: for=\"[2001:db8::7]:1\"\r\n", "2001:db8::7");
	comes_from("X-Forwarded-For: 203.0.113.7\r\nForwarded: for=198.51.100.1\r\n", "127.0.0.1");
	comes_from("X-Forwarded-For: unknown\r\n", "127.0.0.1");
	comes_from("X-Real-IP: 203.0.113.7\r\n", "127.0.0.1");
}
END_TEST

START_TEST(another_peer_is_not)
{
	struct web *other;
	struct web_options o = options;

	o.files_dir = NULL;
	ck_assert_int_eq(networks_parse(&o.trusted_proxies, "10.0.0.0/8"), 0);
	ck_assert_int_eq(web_open(&other, &o), 0);
	uint16_t usual = port;
	port = web_port(other);
	comes_from("X-Forwarded-For: 203.0.113.7\r\n", "127.0.0.1");
	comes_from("X-Forwarded-For: 10.0.0.2\r\nForwarded: for=10.0.0.2\r\n", "127.0.0.1");
	port = usual;
	web_close(other);
}
END_TEST

/* ---- routing and headers ---- */

START_TEST(a_route_with_parameters)
{
	const char *a = ask("GET", "/show/a%20b?name=c%26d&x", "", "");

	status_is(a, 200);
	ck_assert_str_eq(body_of(a), "{\"id\":\"a b\",\"name\":\"c&d\",\"remote\":\"127.0.0.1\"}");
	has(a, "Content-Type: application/json\r\n");
	has(a, "Content-Length: 46\r\n");
	has(a, "Date: ");
	has(a, "X-Extra: 1\r\n");
	has_not(a, "Set-Cookie");
	has(a, "X-Content-Type-Options: nosniff\r\n");
	has(a, "Referrer-Policy: no-referrer\r\n");
	has(a, "Cache-Control: no-store\r\n");
	has(a, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
	status_is(ask("GET", "/show/x", "", ""), 200);
	has(ask("GET", "/show/x", "", ""), "\"name\":null");
}
END_TEST

START_TEST(what_is_not_there)
{
	problem_is(ask("GET", "/nothing", "", ""), 404, "not_found");
	problem_is(ask("GET", "/show/", "", ""), 404, "not_found");
	problem_is(ask("GET", "/show/a/", "", ""), 404, "not_found");
	problem_is(ask("GET", "/show/a?x=%zz", "", ""), 400, "bad_request");
	problem_is(ask("GET", "/show/%00", "", ""), 400, "bad_request");
	problem_is(ask("GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "", ""), 414, "uri_too_long");
}
END_TEST

START_TEST(another_method)
{
	const char *a = ask("PUT", "/me", "Content-Length: 0\r\n", "");

	problem_is(a, 405, "method_not_allowed");
	has(a, "Allow: GET, HEAD, DELETE\r\n");
	a = ask("POST", "/", "Content-Length: 0\r\n", "");
	problem_is(a, 405, "method_not_allowed");
	has(a, "Allow: GET, HEAD\r\n");
	a = ask("DELETE", "/metrics", "", "");
	problem_is(a, 405, "method_not_allowed");
}
END_TEST

START_TEST(head_is_get_without_the_body)
{
	const char *a = ask("HEAD", "/show/x", "", "");

	status_is(a, 200);
	has(a, "Content-Length: 43\r\n");
	ck_assert_str_eq(body_of(a), "");
	a = ask("HEAD", "/stream", "", "");
	status_is(a, 200);
	ck_assert_str_eq(body_of(a), "");
	a = ask("HEAD", "/nothing", "", "");
	status_is(a, 404);
	ck_assert_str_eq(body_of(a), "");
	ck_assert_str_eq(body_of(ask("HEAD", "/", "", "")), "");
}
END_TEST

START_TEST(a_handler_that_says_nothing)
{
	problem_is(ask("GET", "/silent", "", ""), 500, "internal");
}
END_TEST

/* ---- bodies ---- */

START_TEST(a_json_body)
{
	const char *a = post("/echo", "application/json; charset=utf-8", "{\"a\": [1, \"\xc3\xa9\"]}");

	status_is(a, 200);
	ck_assert_str_eq(body_of(a), "{\"a\":[1,\"\xc3\xa9\"]}");
}
END_TEST

static const char *const bad_json[] = { "", "{", "[]", "null", "1", "{} x", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}",
	"{\"a\":\"\xff\"}", "{'a':1}", "{\"a\":01}", "{\"a\":NaN}" };

START_TEST(a_body_that_is_no_json_object)
{
	problem_is(post("/echo", "application/json", bad_json[_i]), 400, "invalid_json");
}
END_TEST

START_TEST(a_body_nested_deep)
{
	char body[BODY_MAX];

	memset(body, '[', sizeof body - 1);
	body[sizeof body - 1] = '\0';
	problem_is(post("/echo", "application/json", body), 400, "invalid_json");
}
END_TEST

START_TEST(a_body_of_another_type)
{
	problem_is(post("/echo", "text/plain", "{}"), 415, "unsupported_media_type");
	problem_is(post("/echo", "application/jsonx", "{}"), 415, "unsupported_media_type");
	problem_is(post("/form", "application/json", "{}"), 415, "unsupported_media_type");
	problem_is(ask("POST", "/echo", "Content-Length: 2\r\n", "{}"), 415, "unsupported_media_type");
}
END_TEST

START_TEST(a_body_too_large)
{
	char body[BODY_MAX + 2];

	memset(body, ' ', sizeof body - 1);
	memcpy(body, "{}", 2);
	body[BODY_MAX + 1] = '\0';
	problem_is(post("/echo", "application/json", body), 413, "body_too_large");
	body[BODY_MAX] = '\0';
	status_is(post("/echo", "application/json", body), 200);
}
END_TEST

START_TEST(a_huge_body_is_not_waited_for)
{
	int64_t start = clock_mono_ms();

	problem_is(ask("POST", "/echo", "Content-Type: application/json\r\nContent-Length: 100000000000\r\n", "{"), 413,
		"body_too_large");
	ck_assert_int_lt(clock_mono_ms() - start, 10000);
}
END_TEST

static const char *const bad_lengths[] = { "Content-Length: 2x\r\n", "Content-Length: -1\r\n", "Content-Length: \r\n",
	"Content-Length: 99999999999999999999\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n",
	"Content-Length: 0x2\r\n", "Content-Length: +2\r\n" };

START_TEST(a_length_in_doubt)
{
	char headers[256];

	snprintf(headers, sizeof headers, "Content-Type: application/json\r\n%s", bad_lengths[_i]);
	problem_is(ask("POST", "/echo", headers, "{}"), 400, "bad_request");
}
END_TEST

START_TEST(a_body_in_chunks)
{
	const char *a = ask("POST", "/echo", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
		"2\r\n{}\r\n0\r\n\r\n");

	problem_is(a, 411, "length_required");
	has(a, "Connection: close\r\n");
	a = ask("POST", "/echo", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n");
	problem_is(a, 411, "length_required");
}
END_TEST

START_TEST(a_body_that_does_not_come)
{
	int64_t start = clock_mono_ms();

	problem_is(ask("POST", "/echo", "Content-Type: application/json\r\nContent-Length: 10\r\n", "{"), 408,
		"request_timeout");
	ck_assert_int_lt(clock_mono_ms() - start, 10000);
}
END_TEST

START_TEST(a_client_that_asks_before_it_sends)
{
	int fd = raw_connect(port);

	raw_text(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
		     "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	ck_assert_str_eq(raw_read(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
	raw_text(fd, "{}");
	status_is(raw_read(fd, NULL), 200);
	raw_close(fd);
	/* refused without being asked to go on */
	problem_is(ask("POST", "/echo", "Content-Length: 2\r\nExpect: 100-continue\r\n", ""), 415,
		"unsupported_media_type");
}
END_TEST

static const struct {
	const char *body, *found;
} forms[] = {
	{ "a=1", "{\"found\":true,\"a\":\"1\"}" },
	{ "x=2&a=%41+b&y", "{\"found\":true,\"a\":\"A b\"}" },
	{ "a=", "{\"found\":true,\"a\":\"\"}" },
	{ "b=a&aa=1", "{\"found\":false,\"a\":\"-\"}" },
	{ "", "{\"found\":false,\"a\":\"-\"}" },
	{ "a", "{\"found\":false,\"a\":\"-\"}" },
	{ "a=12345678", "{\"found\":false,\"a\":\"-\"}" },
	{ "a=%4", "{\"found\":false,\"a\":\"-\"}" },
};

START_TEST(forms_are_read)
{
	const char *a = post("/form", "application/x-www-form-urlencoded", forms[_i].body);

	status_is(a, 200);
	ck_assert_str_eq(body_of(a), forms[_i].found);
}
END_TEST

START_TEST(a_parameter_given_twice_is_none)
{
	has(post("/form", "application/x-www-form-urlencoded", "a=1&a=2"), "\"found\":false");
}
END_TEST

/* ---- streams ---- */

/* Undoes chunked coding in place. Returns the length, or -1 when the last chunk is missing. */
static long dechunk(char *body)
{
	char *in = body, *out = body;

	for (;;) {
		char *end;
		unsigned long n = strtoul(in, &end, 16);
		if (end == in || strncmp(end, "\r\n", 2))
			return -1;
		in = end + 2;
		if (n == 0)
			return out - body;
		if (strlen(in) < n + 2)
			return -1;
		memmove(out, in, n);
		out += n;
		in += n + 2;
	}
}

START_TEST(a_stream_arrives_whole)
{
	const char *a = ask("GET", "/stream", "", "");

	status_is(a, 200);
	has(a, "Transfer-Encoding: chunked\r\n");
	has_not(a, "Content-Length");
	char *body = (char *)body_of(a);
	ck_assert_int_eq(dechunk(body), 8000000);
	for (int i = 0; i < 1000000; i++)
		ck_assert(atoi(body + 8 * i) == i);
}
END_TEST

START_TEST(a_write_larger_than_the_buffer)
{
	char *body = (char *)body_of(ask("GET", "/block", "", ""));

	ck_assert_int_eq(dechunk(body), 100000);
	ck_assert_uint_eq(strspn(body, "x") >= 100000, 1);
}
END_TEST

START_TEST(a_stream_for_an_old_client_ends_with_the_connection)
{
	const char *a = raw_ask(port, "GET /block HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

	status_is(a, 200);
	has_not(a, "chunked");
	has(a, "Connection: close\r\n");
	ck_assert_uint_eq(strlen(body_of(a)), 100000);
}
END_TEST

START_TEST(a_stream_that_fails_before_it_left_is_a_problem)
{
	const char *a = ask("GET", "/early", "", "");

	problem_is(a, 503, "unavailable");
	has_not(a, "some");
	has_not(a, "chunked");
}
END_TEST

START_TEST(a_stream_that_fails_later_is_seen_to_be_cut)
{
	int fd = raw_connect(port);
	static char all[200000];
	size_t len = 0;
	ssize_t n;

	raw_text(fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
	while (len < sizeof all && (n = read(fd, all + len, sizeof all - len)) > 0)
		len += (size_t)n;
	raw_close(fd);
	ck_assert(len > 50000);
	ck_assert_ptr_null(memmem(all, len, "\r\n0\r\n", 5));
}
END_TEST

START_TEST(a_client_that_goes_away_ends_the_stream)
{
	for (int i = 0; i < 8; i++) { /* twice as many as there are threads */
		int fd = raw_connect(port);
		raw_text(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
		raw_read(fd, "HTTP/1.1 200");
		raw_close(fd);
	}
	status_is(ask("GET", "/show/x", "", ""), 200);
}
END_TEST

/* ---- connections ---- */

START_TEST(one_connection_many_requests)
{
	int fd = raw_connect(port);

	for (int i = 0; i < 3; i++) {
		raw_text(fd, "GET /show/x HTTP/1.1\r\nHost: x\r\n\r\n");
		has_not(raw_read(fd, "}"), "Connection: close");
	}
	raw_text(fd, "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"); /* a body nobody reads */
	problem_is(raw_read(fd, "}"), 404, "not_found");
	raw_text(fd, "GET /show/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	status_is(raw_read(fd, NULL), 200);
	raw_close(fd);
}
END_TEST

START_TEST(requests_sent_together)
{
	const char *a = raw_ask(port,
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
		"{\"a\":1}"
		"GET /show/second HTTP/1.1\r\nHost: x\r\n\r\n"
		"GET /show/third HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

	has(a, "{\"a\":1}HTTP/1.1 200 OK\r\n");
	has(a, "\"second\"");
	has(a, "\"third\"");
}
END_TEST

START_TEST(a_large_body_nobody_reads_closes_the_connection)
{
	const char *a = ask("POST", "/nothing", "Content-Length: 1000000\r\n", "");

	problem_is(a, 404, "not_found");
	has(a, "Connection: close\r\n");
}
END_TEST

START_TEST(a_slow_header_is_given_up)
{
	int64_t start = clock_mono_ms();
	int fd = raw_connect(port);

	raw_text(fd, "GET /show/x HTTP/1.1\r\nHost:");
	problem_is(raw_read(fd, NULL), 400, "bad_request");
	raw_close(fd);
	ck_assert_int_lt(clock_mono_ms() - start, 10000);
}
END_TEST

START_TEST(an_idle_connection_is_given_up)
{
	int fd = raw_connect(port);

	raw_text(fd, "GET /show/x HTTP/1.1\r\nHost: x\r\n\r\n");
	status_is(raw_read(fd, "}"), 200);
	ck_assert_str_eq(raw_read(fd, NULL), "");
	raw_close(fd);
	fd = raw_connect(port); /* nothing at all is sent */
	ck_assert_str_eq(raw_read(fd, NULL), "");
	raw_close(fd);
}
END_TEST

START_TEST(when_all_threads_are_held_a_connection_is_not_kept)
{
	int fds[4], closed = 0;

	for (int i = 0; i < 4; i++) {
		fds[i] = raw_connect(port);
		raw_text(fds[i], "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	status_is(ask("GET", "/show/x", "", ""), 200); /* it waited, and was served */
	for (int i = 0; i < 4; i++) {
		const char *a = raw_read(fds[i], "\r\n\r\n");
		status_is(a, 204);
		closed += strstr(a, "Connection: close\r\n") != NULL;
		raw_close(fds[i]);
	}
	ck_assert_int_gt(closed, 0);
}
END_TEST

static const struct {
	const char *bytes;
	int status;
	const char *code;
} garbage[] = {
	{ "\r\n\r\n\r\n", 400, "bad_request" },
	{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_request" },
	{ "GET\r\n\r\n", 400, "bad_request" },
	{ "GET /\r\n\r\n", 400, "bad_request" },
	{ "NONSENSE / HTTP/1.1\r\n\r\n", 400, "bad_request" },
	{ "GET show HTTP/1.1\r\n\r\n", 400, "bad_request" },
	{ "GET / HTTP/2.0\r\n\r\n", 505, "http_version" },
	{ "GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "bad_request" },
	{ "GET / HTTP/1.1\r\na: b\x01\r\n\r\n", 400, "bad_request" },
};

START_TEST(what_is_no_request)
{
	const char *a = raw_ask(port, garbage[_i].bytes);

	problem_is(a, garbage[_i].status, garbage[_i].code);
	has(a, "Connection: close\r\n");
}
END_TEST

START_TEST(headers_too_many_or_too_large)
{
	static char request[20000];
	size_t n = (size_t)snprintf(request, sizeof request, "GET /show/x HTTP/1.1\r\n");

	for (int i = 0; i < 70; i++)
		n += (size_t)snprintf(request + n, sizeof request - n, "X-%d: y\r\n", i);
	strcpy(request + n, "Content-Length: 5\r\n\r\nabcde");
	problem_is(raw_ask(port, request), 431, "header_too_large");
	strcpy(request, "GET /show/x HTTP/1.1\r\nX: ");
	memset(request + 25, 'a', sizeof request - 26);
	problem_is(raw_ask(port, request), 400, "bad_request");
	memset(request + 5, 'a', 3000);
	strcpy(request + 3000, " HTTP/1.1\r\n\r\n");
	problem_is(raw_ask(port, request), 414, "uri_too_long");
}
END_TEST

/* ---- who may ---- */

START_TEST(no_token_or_a_bad_one)
{
	const char *a = ask("GET", "/me", "", "");

	problem_is(a, 401, "unauthorized");
	has(a, "WWW-Authenticate: Bearer realm=\"pettrack\"\r\n");
	problem_is(ask("GET", "/me", "Authorization: Basic dTpw\r\n", ""), 401, "unauthorized");
	problem_is(ask("GET", "/me", "Authorization: Bearer \r\n", ""), 401, "unauthorized");
	a = ask("GET", "/me", "Authorization: Bearer forged\r\n", "");
	problem_is(a, 401, "invalid_token");
	has(a, "WWW-Authenticate: Bearer realm=\"pettrack\", error=\"invalid_token\"\r\n");
	a = ask("GET", "/me", "Authorization: Bearer expired\r\n", "");
	problem_is(a, 401, "invalid_token");
	has(a, "expired");
	a = ask("GET", "/me", "Authorization: Bearer no-keys\r\n", "");
	problem_is(a, 503, "keys_unavailable");
	has(a, "Retry-After: 1\r\n");
}
END_TEST

START_TEST(a_token_too_long_is_not_looked_at)
{
	static char header[TOKEN_SIZE_MAX + 64];

	strcpy(header, "Authorization: Bearer ");
	memset(header + strlen(header), 'u', TOKEN_SIZE_MAX);
	strcat(header, "\r\n");
	verified = 0;
	problem_is(ask("GET", "/me", header, ""), 401, "invalid_token");
	ck_assert_int_eq(verified, 0);
}
END_TEST

static const char *me_from(const char *token, const char *from)
{
	char headers[160];

	snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\nX-Forwarded-For: %s\r\n", token, from);
	return ask("GET", "/me", headers, "");
}

START_TEST(who_shows_too_many_that_are_none_waits)
{
	static const char wrong[] = TOKEN_PERSONAL_PREFIX "wrong", good[] = TOKEN_PERSONAL_PREFIX "good";

	for (int i = 0; i < GUESSES; i++)
		problem_is(me_from(wrong, "198.51.100.7"), 401, "invalid_token");
	verified = 0;
	const char *a = me_from(wrong, "198.51.100.7");
	problem_is(a, 429, "too_many_attempts");
	ck_assert_ptr_nonnull(strstr(a, "Retry-After: "));
	problem_is(me_from(good, "198.51.100.7"), 429, "too_many_attempts");
	ck_assert_int_eq(verified, 0);
	status_is(me_from("user", "198.51.100.7"), 200); /* who logged in there shows what needs no look-up */
	status_is(me_from(good, "203.0.113.9"), 200);
	problem_is(me_from(wrong, "203.0.113.9"), 401, "invalid_token");
}
END_TEST

START_TEST(a_user_and_a_service)
{
	verified = 0;
	has(ask("GET", "/me", "authorization: bearer user\r\n", ""), "{\"service\":false}");
	ck_assert_int_eq(verified, 1);
	has(ask("GET", "/internal", "Authorization: Bearer service-with-scope\r\n", ""), "{\"service\":true}");
	problem_is(ask("GET", "/internal", "Authorization: Bearer user\r\n", ""), 403, "forbidden");
	problem_is(ask("GET", "/me", "Authorization: Bearer service-with-scope\r\n", ""), 403, "forbidden");
	const char *a = ask("GET", "/internal", "Authorization: Bearer service\r\n", "");
	problem_is(a, 403, "insufficient_scope");
	has(a, "error=\"insufficient_scope\", scope=\"access.read\"\r\n");
	verified = 0;
	status_is(ask("GET", "/show/x", "Authorization: Bearer forged\r\n", ""), 200);
	ck_assert_int_eq(verified, 0);
}
END_TEST

/* ---- pages of other origins ---- */

START_TEST(a_listed_origin)
{
	const char *a = ask("GET", "/show/x", "Origin: http://127.0.0.1:8083\r\n", "");

	has(a, "Access-Control-Allow-Origin: http://127.0.0.1:8083\r\n");
	has(a, "Vary: Origin\r\n");
	a = ask("GET", "/me", "Origin: https://pets.example\r\n", "");
	status_is(a, 401); /* errors must be readable too */
	has(a, "Access-Control-Allow-Origin: https://pets.example\r\n");
}
END_TEST

static const char *const strange_origins[] = { "https://pets.example.evil", "https://pets.exampl",
	"http://pets.example", "null", "*", "", ",", "https://pets.example, http://127.0.0.1:8083" };

START_TEST(another_origin)
{
	char header[256];

	snprintf(header, sizeof header, "Origin: %s\r\n", strange_origins[_i]);
	const char *a = ask("GET", "/show/x", header, "");
	has_not(a, "Access-Control");
	has(a, "Vary: Origin\r\n");
	strcat(header, "Access-Control-Request-Method: GET\r\n");
	has_not(ask("OPTIONS", "/show/x", header, ""), "Access-Control");
}
END_TEST

START_TEST(preflight)
{
	const char *a =
		ask("OPTIONS", "/me", "Origin: https://pets.example\r\nAccess-Control-Request-Method: DELETE\r\n", "");

	status_is(a, 204);
	has(a, "Access-Control-Allow-Origin: https://pets.example\r\n");
	has(a, "Access-Control-Allow-Methods: GET, HEAD, DELETE\r\n");
	has(a, "Access-Control-Allow-Headers: Authorization, Content-Type\r\n");
	has(a, "Access-Control-Max-Age: 600\r\n");
	has_not(a, "Content-Length");
	a = ask("OPTIONS", "/me", "", "");
	status_is(a, 204);
	has(a, "Allow: GET, HEAD, DELETE, OPTIONS\r\n");
	has_not(a, "Access-Control");
	status_is(ask("OPTIONS", "/nothing", "", ""), 404);
}
END_TEST

/* ---- files ---- */

START_TEST(a_page)
{
	char header[128];
	const char *a = ask("GET", "/", "", "");

	status_is(a, 200);
	has(a, "Content-Type: text/html; charset=utf-8\r\n");
	has(a, "Content-Security-Policy: default-src 'self'\r\n");
	has(a, "Cache-Control: no-cache\r\n");
	has(a, "X-Content-Type-Options: nosniff\r\n");
	ck_assert_str_eq(body_of(a), "<html>pets</html>");
	const char *tag = strstr(a, "ETag: ") + 6;
	snprintf(header, sizeof header, "If-None-Match: \"x\", W/%.*s\r\n", (int)strcspn(tag, "\r"), tag);
	a = ask("GET", "/index.html", header, "");
	status_is(a, 304);
	has(a, "ETag: ");
	ck_assert_str_eq(body_of(a), "");
}
END_TEST

static const char *const outside[] = { "/../index.html", "/..%2findex.html", "/%2e%2e/%2e%2e/etc/passwd",
	"//index.html", "/./index.html", "/x/../index.html", "/index.html/", "/index.html%00.js", "/..\\index.html",
	"/.", "/%2findex.html" };

START_TEST(no_way_out_of_the_folder)
{
	const char *a = ask("GET", outside[_i], "", "");

	ck_assert(!strncmp(a, "HTTP/1.1 404", 12) || !strncmp(a, "HTTP/1.1 400", 12));
	has_not(a, "pets</html>");
}
END_TEST

/* ---- ops ---- */

START_TEST(metrics_name_routes_by_their_pattern)
{
	ask("GET", "/show/secret-name", "", "");
	ask("GET", "/nothing/secret-name", "", "");
	raw_ask(port, "BREW / HTTP/1.1\r\n\r\n");
	const char *a = ask("GET", "/metrics", "", "");

	status_is(a, 200);
	has(a, "Content-Type: text/plain; version=0.0.4");
	has(a, "pettrack_http_requests_total{route=\"/show/{id}\",method=\"GET\",status=\"200\"} ");
	has(a, "pettrack_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} ");
	has(a, "pettrack_http_requests_total{route=\"malformed\",method=\"other\",status=\"400\"} ");
	has(a, "pettrack_http_request_seconds_count{route=\"/show/{id}\"} ");
	has_not(a, "secret-name");
}
END_TEST

START_TEST(health)
{
	has(ask("GET", "/healthz", "", ""), "{\"status\":\"ok\"}");
	has(ask("GET", "/readyz", "", ""), "{\"status\":");
}
END_TEST

/* ---- opening and closing ---- */

START_TEST(ops_alone)
{
	struct web *ops = NULL;

	ck_assert_int_eq(web_ops_open(&ops, "127.0.0.1", 0), 0);
	status_is(raw_ask(web_port(ops), "GET /healthz HTTP/1.0\r\n\r\n"), 200);
	status_is(raw_ask(web_port(ops), "GET / HTTP/1.0\r\n\r\n"), 404);
	web_close(ops);
}
END_TEST

START_TEST(what_cannot_be_opened)
{
	struct web *w = NULL;
	struct web_options o = options;

	o.files_dir = NULL;
	o.port = port;
	ck_assert_int_eq(web_open(&w, &o), -EADDRINUSE);
	o.port = 0;
	o.address = "192.0.2.1";
	ck_assert_int_eq(web_open(&w, &o), -EADDRNOTAVAIL);
	o.address = "localhost.invalid";
	ck_assert_int_eq(web_open(&w, &o), -EINVAL);
	o.address = "127.0.0.1";
	o.cors_origins = "*";
	ck_assert_int_eq(web_open(&w, &o), -EINVAL);
	o.cors_origins = NULL;
	o.verify = NULL;
	ck_assert_int_eq(web_open(&w, &o), -EINVAL);
	o = options;
	o.files_dir = "/nonexistent";
	ck_assert_int_eq(web_open(&w, &o), -ENOENT);
	ck_assert_ptr_null(w);
	web_close(NULL);
}
END_TEST

START_TEST(ipv6)
{
	struct web *w = NULL;
	struct web_options o = options;

	o.files_dir = NULL;
	o.address = "[::1]";
	int r = web_open(&w, &o);
	ck_assert(r == 0 || r == -EADDRNOTAVAIL || r == -EAFNOSUPPORT); /* machines without it */
	web_close(w);
}
END_TEST

static void *close_it(void *w)
{
	web_close(w);
	return NULL;
}

START_TEST(closing_lets_a_request_finish)
{
	struct web *w = NULL;
	struct web_options o = options;
	pthread_t closer;

	o.files_dir = NULL;
	ck_assert_int_eq(web_open(&w, &o), 0);
	int fd = raw_connect(web_port(w)), late = raw_connect(web_port(w));
	raw_text(fd, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL); /* it has begun */
	ck_assert_int_eq(pthread_create(&closer, NULL, close_it, w), 0);
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	raw_text(late, "GET /show/x HTTP/1.1\r\nHost: x\r\n\r\n");
	problem_is(raw_read(late, "}"), 503, "stopping");
	status_is(raw_read(fd, NULL), 204);
	pthread_join(closer, NULL);
	raw_close(fd);
	raw_close(late);
}
END_TEST

static void add_exchanges(TCase *c)
{
	tcase_add_test(c, a_trusted_proxy_is_believed);
	tcase_add_test(c, another_peer_is_not);
	tcase_add_test(c, a_route_with_parameters);
	tcase_add_test(c, what_is_not_there);
	tcase_add_test(c, another_method);
	tcase_add_test(c, head_is_get_without_the_body);
	tcase_add_test(c, a_handler_that_says_nothing);
	tcase_add_test(c, a_json_body);
	tcase_add_loop_test(c, a_body_that_is_no_json_object, 0, sizeof bad_json / sizeof *bad_json);
	tcase_add_test(c, a_body_nested_deep);
	tcase_add_test(c, a_body_of_another_type);
	tcase_add_test(c, a_body_too_large);
	tcase_add_test(c, a_huge_body_is_not_waited_for);
	tcase_add_loop_test(c, a_length_in_doubt, 0, sizeof bad_lengths / sizeof *bad_lengths);
	tcase_add_test(c, a_body_in_chunks);
	tcase_add_test(c, a_body_that_does_not_come);
	tcase_add_test(c, a_client_that_asks_before_it_sends);
	tcase_add_loop_test(c, forms_are_read, 0, sizeof forms / sizeof *forms);
	tcase_add_test(c, a_parameter_given_twice_is_none);
	tcase_add_test(c, a_stream_arrives_whole);
	tcase_add_test(c, a_write_larger_than_the_buffer);
	tcase_add_test(c, a_stream_for_an_old_client_ends_with_the_connection);
	tcase_add_test(c, a_stream_that_fails_before_it_left_is_a_problem);
	tcase_add_test(c, a_stream_that_fails_later_is_seen_to_be_cut);
	tcase_add_test(c, a_client_that_goes_away_ends_the_stream);
}

static void add_connections(TCase *c)
{
	tcase_add_test(c, one_connection_many_requests);
	tcase_add_test(c, requests_sent_together);
	tcase_add_test(c, a_large_body_nobody_reads_closes_the_connection);
	tcase_add_test(c, a_slow_header_is_given_up);
	tcase_add_test(c, an_idle_connection_is_given_up);
	tcase_add_test(c, when_all_threads_are_held_a_connection_is_not_kept);
	tcase_add_loop_test(c, what_is_no_request, 0, sizeof garbage / sizeof *garbage);
	tcase_add_test(c, headers_too_many_or_too_large);
	tcase_add_test(c, ops_alone);
	tcase_add_test(c, what_cannot_be_opened);
	tcase_add_test(c, ipv6);
	tcase_add_test(c, closing_lets_a_request_finish);
}

static void add_access_and_files(TCase *c)
{
	tcase_add_test(c, no_token_or_a_bad_one);
	tcase_add_test(c, a_token_too_long_is_not_looked_at);
	tcase_add_test(c, who_shows_too_many_that_are_none_waits);
	tcase_add_test(c, a_user_and_a_service);
	tcase_add_test(c, a_listed_origin);
	tcase_add_loop_test(c, another_origin, 0, sizeof strange_origins / sizeof *strange_origins);
	tcase_add_test(c, preflight);
	tcase_add_test(c, a_page);
	tcase_add_loop_test(c, no_way_out_of_the_folder, 0, sizeof outside / sizeof *outside);
	tcase_add_test(c, metrics_name_routes_by_their_pattern);
	tcase_add_test(c, health);
}

static Suite *suite(void)
{
	Suite *s = suite_create("server");
	TCase *c = tcase_create("server");

	tcase_add_unchecked_fixture(c, setup, teardown);
	add_exchanges(c);
	add_connections(c);
	add_access_and_files(c);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
