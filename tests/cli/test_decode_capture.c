/* Source: cli/decode_capture.c */
#include "base/text.h"
#include "cli/decode_capture.h"
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HTTP " HTTP/1.1\r\n"
#define HOST "Host: gateway\r\n"

static const struct {
	const char *why;
	enum decode_form form;
	const char *line, *want; /* the bytes, or why there are none */
} lines[] = {
	{ "hex", DECODE_HEX, "6162", "ab" },
	{ "hex with blanks, and in capitals", DECODE_HEX, " 6 1\t4A 4b ", "aJK" },
	{ "half a byte", DECODE_HEX, "616", "bad_hex" },
	{ "no digit", DECODE_HEX, "61g2", "bad_hex" },
	{ "a sign", DECODE_HEX, "0x61", "bad_hex" },
	{ "text", DECODE_TEXT, "*HQ,1#", "*HQ,1#" },
	{ "bytes beyond ASCII", DECODE_TEXT, "\xE9\xC3\xA9", "\xE9\xC3\xA9" },
	{ "escapes", DECODE_TEXT, "\\r\\n\\t\\\\\\x41\\x7e", "\r\n\t\\A~" },
	{ "no escapes", DECODE_TEXT, "\\q\\x4\\x4g\\", "\\q\\x4\\x4g\\" },
	{ "an escape that was escaped", DECODE_TEXT, "\\\\r", "\\r" },
	{ "nothing said", DECODE_HTTP, "{}", "GET /" HTTP HOST "\r\n" },
	{ "null is nothing said", DECODE_HTTP, "{\"method\":null,\"uri\":null,\"headers\":null,\"body\":null}",
		"GET /" HTTP HOST "\r\n" },
	{ "a query", DECODE_HTTP, "{\"method\":\"GET\",\"uri\":\"/?id=a&lat=1\"}",
		"GET /?id=a&lat=1" HTTP HOST "\r\n" },
	{ "a body", DECODE_HTTP, "{\"uri\":\"/x\",\"body\":\"id=\\u00e9\"}",
		"POST /x" HTTP HOST "Content-Length: 5\r\n\r\nid=\xC3\xA9" },
	{ "a method for the body", DECODE_HTTP, "{\"method\":\"PUT\",\"body\":\"a\"}",
		"PUT /" HTTP HOST "Content-Length: 1\r\n\r\na" },
	{ "no body", DECODE_HTTP, "{\"method\":\"POST\",\"body\":\"\"}",
		"POST /" HTTP HOST "Content-Length: 0\r\n\r\n" },
	{ "headers", DECODE_HTTP, "{\"headers\":{\"X-A\":\"1\",\"X-B\":2,\"X-C\":[\"3\",4]}}",
		"GET /" HTTP "X-A: 1\r\nX-B: 2\r\nX-C: 3\r\nX-C: 4\r\n" HOST "\r\n" },
	{ "a host", DECODE_HTTP, "{\"headers\":{\"host\":\"a\"}}", "GET /" HTTP "host: a\r\n\r\n" },
	{ "a length that is not the body's", DECODE_HTTP,
		"{\"headers\":{\"content-length\":\"7\",\"Transfer-Encoding\":\"chunked\"},\"body\":\"ab\"}",
		"POST /" HTTP HOST "Content-Length: 2\r\n\r\nab" },
	{ "no JSON", DECODE_HTTP, "GET / HTTP/1.1", "bad_json" },
	{ "two of them", DECODE_HTTP, "{}{}", "bad_json" },
	{ "no object", DECODE_HTTP, "[]", "bad_json" },
	{ "a URI that is none", DECODE_HTTP, "{\"uri\":1}", "bad_json" },
	{ "a method that is none", DECODE_HTTP, "{\"method\":[]}", "bad_json" },
	{ "a body that is none", DECODE_HTTP, "{\"body\":{}}", "bad_json" },
	{ "headers that are none", DECODE_HTTP, "{\"headers\":[]}", "bad_json" },
	{ "a header that is none", DECODE_HTTP, "{\"headers\":{\"a\":{}}}", "bad_json" },
	{ "one of many that is none", DECODE_HTTP, "{\"headers\":{\"a\":[\"b\",true]}}", "bad_json" },
};

/* What a line is read into, no byte larger than it need be, so that one too many is seen. */
static struct decode_bytes bytes_for(size_t line_n)
{
	struct decode_bytes b = { .room = decode_capture_room(line_n) };

	b.at = malloc(b.room);
	return b;
}

START_TEST(reads)
{
	size_t n = strlen(lines[_i].line);
	struct decode_bytes b = bytes_for(n);
	const char *fault = decode_capture_read(&b, lines[_i].form, lines[_i].line, n);

	if (fault) {
		ck_assert_str_eq(fault, lines[_i].want);
	} else {
		ck_assert_uint_eq(b.n, strlen(lines[_i].want));
		ck_assert_mem_eq(b.at, lines[_i].want, b.n);
	}
	free(b.at);
}
END_TEST

START_TEST(a_nul)
{
	static const char *const as[] = { "6100", "a\\0" };
	struct decode_bytes b = bytes_for(4);

	for (size_t i = 0; i < 2; i++) {
		ck_assert_ptr_null(decode_capture_read(&b, i ? DECODE_TEXT : DECODE_HEX, as[i], strlen(as[i])));
		ck_assert_uint_eq(b.n, 2);
		ck_assert_mem_eq(b.at, "a\0", 2);
	}
	free(b.at);
}
END_TEST

/* Each value of a list becomes a line with the name of the header. */
START_TEST(a_request_without_room)
{
	char line[2048];
	struct text t = text_in(line, sizeof line);

	text_puts(&t, "{\"headers\":{\"a\":[");
	for (int i = 0; i < 400; i++)
		text_puts(&t, i ? ",0" : "0");
	text_puts(&t, "]}}");
	ck_assert(text_ok(&t));
	struct decode_bytes b = bytes_for(t.len);
	ck_assert_str_eq(decode_capture_read(&b, DECODE_HTTP, line, t.len), "line_too_long");
	free(b.at);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("decode_capture");
	TCase *t = tcase_create("decode_capture");

	tcase_add_loop_test(t, reads, 0, COUNT(lines));
	tcase_add_test(t, a_nul);
	tcase_add_test(t, a_request_without_room);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
