/* Source: ingest/protocols/http.c. RFC 9110, RFC 9112. */
#include "bytes.h"
#include "ingest/protocols/http.h"
#include "tests/lib/unit.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HOST "Host: gateway\r\n"

/* Headers up to 300 bytes, bodies up to 100. */
static const struct protocol_limits limits = { .frame_max = 400, .header_max = 300 };

static uint8_t memory[4096];

static ssize_t frame(const char *text)
{
	size_t n = strlen(text);
	return http_frame(bytes_at_guard(text, n), n, &limits);
}

static const struct {
	const char *why, *text, *body;
	bool keep_alive;
} good[] = {
	{ "the shortest", "GET / HTTP/1.1\r\n\r\n", "", true },
	{ "a query", "GET /?id=1&lat=2 HTTP/1.1\r\n" HOST "\r\n", "", true },
	{ "absolute form", "GET http://gateway:5055/?id=1 HTTP/1.1\r\n" HOST "\r\n", "", true },
	{ "empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "", true },
	{ "a body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde", "abcde", true },
	{ "any method, any case of headers", "BREW / HTTP/1.1\r\nhOsT:gateway\r\ncontent-LENGTH:\t2 \r\n\r\nab", "ab",
		true },
	{ "leading zeros", "POST / HTTP/1.1\r\nContent-Length: 0005\r\n\r\nabcde", "abcde", true },
	{ "asked to close", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "", false },
	{ "asked to close among others", "GET / HTTP/1.1\r\nConnection: keep-alive, TE , close\r\n\r\n", "", false },
	{ "1.0 closes", "GET / HTTP/1.0\r\n\r\n", "", false },
	{ "1.0 unless asked", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "", true },
	{ "chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n02\r\nde\r\n0\r\n\r\n", "abcde",
		true },
	{ "chunk extensions and trailers",
		"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\nA;x=\"y\"\r\n0123456789\r\n0 ; last\r\nSum: "
		"1\r\n\r\n",
		"0123456789", true },
	{ "no chunk at all", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", true },
	{ "a header without a value", "GET / HTTP/1.1\r\nX-Nothing:\r\n\r\n", "", true },
};

START_TEST(reads_requests)
{
	size_t n = strlen(good[_i].text);
	struct arena arena = arena_over(memory, sizeof memory);
	struct http_request q;
	struct protocol_note note;
	struct slice body;

	ck_assert_msg(frame(good[_i].text) == (ssize_t)n, "%s: %zd", good[_i].why, frame(good[_i].text));
	ck_assert_int_eq(http_read(&q, &body, bytes_at_guard(good[_i].text, n), n, &arena, &note), 0);
	ck_assert_msg(slice_is(body, good[_i].body), "%s", good[_i].why);
	ck_assert_int_eq(q.keep_alive, good[_i].keep_alive);
}
END_TEST

START_TEST(no_prefix_is_a_request)
{
	const char *text = good[_i].text;

	for (size_t cut = 0; cut < strlen(text); cut++) {
		const uint8_t *part = bytes_at_guard(text, cut);
		struct arena arena = arena_over(memory, sizeof memory);
		struct http_request q;
		struct protocol_note note;
		struct slice body;
		ck_assert_msg(http_frame(part, cut, &limits) == PROTOCOL_MORE, "%s, %zu bytes", good[_i].why, cut);
		ck_assert_int_ne(http_read(&q, &body, part, cut, &arena, &note), 0);
	}
}
END_TEST

START_TEST(pipelined_requests_are_cut_one_by_one)
{
	char text[300];

	for (size_t i = 0; i < COUNT(good); i++) {
		strcpy(text, good[_i].text);
		strcat(text, good[i].text);
		ck_assert_int_eq(frame(text), (ssize_t)strlen(good[_i].text));
	}
}
END_TEST

static const struct {
	const char *why, *text;
	int reason;
} bad[] = {
	/* not HTTP, known from the first bytes */
	{ "a TLS hello", "\x16\x03\x01\x02", REASON_BAD_FRAME },
	{ "a tracker's login", "##,imei:", REASON_BAD_FRAME },
	{ "a method without end", "AAAAAAAAAAAAAAAAA", REASON_BAD_FRAME },
	{ "a blank first", " GET / HTTP/1.1\r\n\r\n", REASON_BAD_FRAME },
	{ "NUL", "GE\001T / HTTP/1.1\r\n\r\n", REASON_BAD_FRAME },
	/* the request line */
	{ "no version", "GET /\r\n\r\n", REASON_BAD_FRAME },
	{ "two blanks", "GET  / HTTP/1.1\r\n\r\n", REASON_BAD_FRAME },
	{ "a blank in the target", "GET /?a=b c HTTP/1.1\r\n\r\n", REASON_BAD_FRAME },
	{ "a control in the target", "GET /\x01 HTTP/1.1\r\n\r\n", REASON_BAD_FRAME },
	{ "version 2", "PRI * HTTP/2.0\r\n\r\n", REASON_UNSUPPORTED },
	{ "version 1.2", "GET / HTTP/1.2\r\n\r\n", REASON_UNSUPPORTED },
	{ "another protocol", "GET / HTTQ/1.1\r\n\r\n", REASON_BAD_FRAME },
	/* lines */
	{ "LF alone", "GET / HTTP/1.1\n\n", REASON_BAD_FRAME },
	{ "LF alone in the headers", "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", REASON_BAD_FRAME },
	{ "CR alone", "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", REASON_BAD_FRAME },
	{ "folded", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", REASON_BAD_FRAME },
	{ "no colon", "GET / HTTP/1.1\r\nA\r\n\r\n", REASON_BAD_FRAME },
	{ "no name", "GET / HTTP/1.1\r\n: b\r\n\r\n", REASON_BAD_FRAME },
	{ "a blank before the colon", "GET / HTTP/1.1\r\nContent-Length : 1\r\n\r\na", REASON_BAD_FRAME },
	{ "a control in a value", "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n", REASON_BAD_FRAME },
	/* where the body ends */
	{ "both", "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		REASON_BAD_FRAME },
	{ "two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", REASON_BAD_FRAME },
	{ "a list of lengths", "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na", REASON_BAD_FRAME },
	{ "a signed length", "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", REASON_BAD_FRAME },
	{ "a hex length", "POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\na", REASON_BAD_FRAME },
	{ "an empty length", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", REASON_BAD_FRAME },
	{ "two codings", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		REASON_BAD_FRAME },
	{ "another coding", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", REASON_UNSUPPORTED },
	{ "chunks in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REASON_BAD_FRAME },
	{ "two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", REASON_BAD_FRAME },
	{ "two secrets", "GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
		REASON_BAD_FRAME },
	/* bounds */
	{ "a body of 101", "POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", REASON_TOO_LARGE },
	{ "a body past all numbers", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
		REASON_TOO_LARGE },
#define CHUNKED "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	{ "a chunk of 101", CHUNKED "65\r\n", REASON_TOO_LARGE },
	{ "a chunk size past all numbers", CHUNKED "100000000\r\n", REASON_BAD_FRAME },
	{ "no chunk size", CHUNKED "\r\n", REASON_BAD_FRAME },
	{ "a chunk size in words", CHUNKED "five\r\n", REASON_BAD_FRAME },
	{ "a negative chunk size", CHUNKED "-1\r\n", REASON_BAD_FRAME },
	{ "a chunk longer than it says", CHUNKED "1\r\nab\r\n0\r\n\r\n", REASON_BAD_FRAME },
	{ "a chunk without its end", CHUNKED "1\r\na\rb", REASON_BAD_FRAME },
	{ "LF after a chunk", CHUNKED "1\r\na\n0\r\n\r\n", REASON_BAD_FRAME },
	{ "a trailer that is none", CHUNKED "0\r\nnothing\r\n\r\n", REASON_BAD_FRAME },
};

START_TEST(refuses)
{
	ssize_t r = frame(bad[_i].text);
	ck_assert_msg(r == -bad[_i].reason, "%s: %zd", bad[_i].why, r);
}
END_TEST

START_TEST(bounds)
{
	char text[800];

	strcpy(text, "GET / HTTP/1.1\r\nA: ");
	memset(text + strlen(text), 'x', 700);
	size_t head = strlen("GET / HTTP/1.1\r\nA: \r\n\r\n"), longest = 300 - head;
	text[300] = '\0';
	ck_assert_int_eq(frame(text), -REASON_HEADER_TOO_LARGE);
	text[299] = '\0';
	ck_assert_int_eq(frame(text), PROTOCOL_MORE);
	strcpy(text + 19 + longest, "\r\n\r\n");
	ck_assert_int_eq(frame(text), 300);
	strcpy(text + 19 + longest, "y\r\n\r\n");
	ck_assert_int_eq(frame(text), -REASON_HEADER_TOO_LARGE);

	memset(text, 0, sizeof text);
	memset(text, 'x', 299); /* no line at all: known by its method */
	ck_assert_int_eq(frame(text), -REASON_BAD_FRAME);

	/* many small chunks: what is bounded is what must be kept */
	strcpy(text, CHUNKED);
	for (int i = 0; i < 17; i++)
		strcat(text, "1\r\na\r\n");
	ck_assert_int_eq(frame(text), -REASON_TOO_LARGE);
}
END_TEST

START_TEST(says_go_on_when_asked)
{
	static const char asks[] = "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n";
	static const char old[] = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
	uint8_t out[PROTOCOL_ANSWER_MAX];

	ck_assert_uint_eq(http_interim((const uint8_t *)asks, sizeof asks - 1, &limits, out), 25);
	ck_assert_mem_eq(out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	ck_assert_uint_eq(http_interim((const uint8_t *)asks, sizeof asks - 2, &limits, out), 0);
	ck_assert_uint_eq(http_interim((const uint8_t *)old, sizeof old - 1, &limits, out), 0);
}
END_TEST

static const struct {
	const char *headers, *secret;
} secrets[] = {
	{ "Authorization: Bearer s3cret\r\n", "s3cret" },
	{ "authorization: bearer   s3cret \r\n", "s3cret" },
	{ "Authorization: Basic Y2F0OnMzY3JldA==\r\n", "s3cret" },
	{ "Authorization: Basic Y2F0OnM6M2NyZXQ\r\n", "s:3cret" }, /* only the first colon divides */
	{ "Authorization: Basic Y2F0\r\n", NULL },
	{ "Authorization: Basic !!!!\r\n", NULL },
	{ "Authorization: Digest username=cat\r\n", NULL },
	{ "X-Device-Secret: s3cret\r\n", "s3cret" },
	{ "X-Device-Secret: other\r\nAuthorization: Bearer s3cret\r\n", "s3cret" },
	{ "X-Other: s3cret\r\n", NULL },
};

START_TEST(a_secret)
{
	struct arena arena = arena_over(memory, sizeof memory);
	struct http_request q;
	char text[256] = "GET / HTTP/1.1\r\n";

	strcat(text, secrets[_i].headers);
	strcat(text, "\r\n");
	ck_assert_int_gt(http_head((const uint8_t *)text, strlen(text), &limits, &q), 0);
	const char *secret = http_secret(&q, &arena);
	ck_assert_pstr_eq(secret, secrets[_i].secret);
}
END_TEST

START_TEST(pairs)
{
	struct arena arena = arena_over(memory, sizeof memory);
	struct slice rest = slice_of("&a=1&&b&c=&=d&e=f=g", 19), name, value;
	static const char *const want[][2] = { { "a", "1" }, { "b", "" }, { "c", "" }, { "", "d" }, { "e", "f=g" } };

	for (size_t i = 0; i < COUNT(want); i++) {
		ck_assert(http_pair(&rest, &name, &value));
		ck_assert(slice_is(name, want[i][0]) && slice_is(value, want[i][1]));
	}
	ck_assert(!http_pair(&rest, &name, &value));

	ck_assert_int_eq(http_unescape(&value, slice_of("a%2Cb+c", 7), &arena), 0);
	ck_assert(slice_is(value, "a,b c"));
	ck_assert_int_eq(http_unescape(&value, slice_of("a%2", 3), &arena), REASON_BAD_VALUE);
	ck_assert_int_eq(http_unescape(&value, slice_of("a%00", 4), &arena), REASON_BAD_VALUE);
}
END_TEST

static const char *answer(const char *request, int status, enum protocol_reason reason, bool *ret_close)
{
	static char out[PROTOCOL_ANSWER_MAX + 1];
	struct arena arena = arena_over(memory, sizeof memory);
	struct protocol_note note = { 0 };
	struct http_request q;
	struct slice body;

	if (request)
		ck_assert_int_eq(http_read(&q, &body, (const uint8_t *)request, strlen(request), &arena, &note), 0);
	struct protocol_answer a = http_answer(&note, status, reason, 784111777000, (uint8_t *)out);
	out[a.len] = '\0';
	*ret_close = a.close;
	return out;
}

START_TEST(answers)
{
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	bool close;

	ck_assert_str_eq(answer("GET / HTTP/1.1\r\n\r\n", 200, 0, &close),
		"HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\n\r\n");
	ck_assert(!close);
	ck_assert_str_eq(answer("GET / HTTP/1.0\r\n\r\n", 200, 0, &close),
		"HTTP/1.1 200 OK\r\n" DATE "Connection: close\r\nContent-Length: 0\r\n\r\n");
	ck_assert(close);
	ck_assert_str_eq(answer("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, 0, &close),
		"HTTP/1.1 200 OK\r\n" DATE "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n");
	ck_assert(!close);
	ck_assert_str_eq(answer("GET / HTTP/1.1\r\n\r\n", 401, REASON_WRONG_SECRET, &close),
		"HTTP/1.1 401 Unauthorized\r\n" DATE "WWW-Authenticate: Basic realm=\"pettrack\", Bearer\r\n"
		"Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nwrong_secret\n");
	ck_assert(!close);
	ck_assert_str_eq(answer("HEAD / HTTP/1.1\r\n\r\n", 503, REASON_UNAVAILABLE, &close),
		"HTTP/1.1 503 Service Unavailable\r\n" DATE
		"Retry-After: 5\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n");
	ck_assert_str_eq(answer(NULL, 431, REASON_HEADER_TOO_LARGE, &close),
		"HTTP/1.1 431 Request Header Fields Too Large\r\n" DATE
		"Connection: close\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nheader_too_large\n");
	ck_assert(close);
}
END_TEST

START_TEST(answers_with_json)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	struct arena arena = arena_over(memory, sizeof memory);
	static const char *const requests[] = { "POST / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n" };
	static const char *const want[] = { "[]", "" };
	static const char head[] =
		"HTTP/1.1 200 OK\r\n" DATE "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n";

	for (size_t i = 0; i < COUNT(requests); i++) {
		struct protocol_note note;
		struct http_request q;
		struct slice body;
		ck_assert_int_eq(
			http_read(&q, &body, (const uint8_t *)requests[i], strlen(requests[i]), &arena, &note), 0);
		struct protocol_answer a = http_answer_json(&note, "[]", 784111777000, out);
		ck_assert_uint_eq(a.len, sizeof head - 1 + strlen(want[i]));
		ck_assert_mem_eq(out, head, sizeof head - 1);
		ck_assert_mem_eq(out + sizeof head - 1, want[i], strlen(want[i]));
		ck_assert(!a.close);
	}
}
END_TEST

START_TEST(names_of_owntracks)
{
	static const char text[] = "POST / HTTP/1.1\r\nX-Limit-U: jane\r\nx-limit-d:  cat \r\n\r\n",
			  twice[] = "POST / HTTP/1.1\r\nX-Limit-U: jane\r\nX-Limit-U: john\r\n\r\n";
	struct http_request q;

	ck_assert_int_gt(http_head((const uint8_t *)text, sizeof text - 1, &limits, &q), 0);
	ck_assert(slice_is(q.user, "jane") && slice_is(q.device, "cat"));
	ck_assert_int_eq(http_head((const uint8_t *)twice, sizeof twice - 1, &limits, &q), -REASON_BAD_FRAME);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_add_loop_test(t, reads_requests, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_request, 0, COUNT(good));
	tcase_add_loop_test(t, pipelined_requests_are_cut_one_by_one, 0, COUNT(good));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, bounds);
	tcase_add_test(t, says_go_on_when_asked);
	tcase_add_loop_test(t, a_secret, 0, COUNT(secrets));
	tcase_add_test(t, pairs);
	tcase_add_test(t, answers);
	tcase_add_test(t, answers_with_json);
	tcase_add_test(t, names_of_owntracks);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
