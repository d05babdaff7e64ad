/* decode_capture - hex, escapes, and requests put together. */
#include "cli/decode_capture.h"
#include "base/text.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

enum { ROOM_BESIDE = 256 }; /* the request line's version, Host and Content-Length; a NUL */

size_t decode_capture_room(size_t line_max)
{
	return line_max + ROOM_BESIDE;
}

/* ---- hex ---- */

static const char *read_hex(struct decode_bytes *b, const char *line, size_t n)
{
	char pair[2];
	size_t have = 0;

	for (size_t i = 0; i < n; i++) {
		if (line[i] == ' ' || line[i] == '\t')
			continue;
		pair[have++] = line[i];
		if (have < sizeof pair)
			continue;
		if (text_unhex(b->at + b->n, 1, pair, sizeof pair) != 0)
			return "bad_hex";
		b->n++;
		have = 0;
	}
	return have == 0 ? NULL : "bad_hex";
}

/* ---- text ---- */

/* The byte that an escape of @n bytes or less stands for. How many it has; 0: it is none. */
static size_t read_escape(uint8_t *ret, const char *s, size_t n)
{
	static const char letters[] = "rnt0\\", bytes[] = "\r\n\t\0\\";

	if (n >= 4 && s[1] == 'x' && text_unhex(ret, 1, s + 2, 2) == 0)
		return 4;
	const char *letter = n >= 2 ? memchr(letters, s[1], sizeof letters - 1) : NULL;
	if (!letter)
		return 0;
	*ret = (uint8_t)bytes[letter - letters];
	return 2;
}

static const char *read_text(struct decode_bytes *b, const char *line, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint8_t c = (uint8_t)line[i];
		size_t escape = c == '\\' ? read_escape(&c, line + i, n - i) : 0;
		b->at[b->n++] = c;
		i += escape > 0 ? escape : 1;
	}
	return NULL;
}

/* ---- requests ---- */

static bool put_header_line(struct text *t, const char *name, const json_t *value)
{
	text_puts(t, name);
	text_puts(t, ": ");
	if (json_is_integer(value))
		text_int(t, json_integer_value(value));
	else if (json_is_string(value))
		text_put(t, json_string_value(value), json_string_length(value));
	else
		return false;
	text_puts(t, "\r\n");
	return true;
}

/* How long the body is, and that it comes in one piece, is said by what is put together here. */
static bool is_length(const char *name)
{
	return !strcasecmp(name, "Content-Length") || !strcasecmp(name, "Transfer-Encoding");
}

static bool put_headers(struct text *t, json_t *headers)
{
	const char *name;
	json_t *value;
	const json_t *one;
	bool host = false, ok = true;
	size_t i;

	json_object_foreach(headers, name, value)
	{
		if (is_length(name))
			continue;
		host = host || !strcasecmp(name, "Host");
		if (!json_is_array(value))
			ok = put_header_line(t, name, value) && ok;
		else
			json_array_foreach(value, i, one) ok = put_header_line(t, name, one) && ok;
	}
	if (!host)
		text_puts(t, "Host: gateway\r\n");
	return ok;
}

/* A member of @request that is a string, or @otherwise where there is none. NULL: it is something else. */
static const char *member(const json_t *request, const char *name, const char *otherwise)
{
	const json_t *value = json_object_get(request, name);

	return !value || json_is_null(value) ? otherwise : json_string_value(value);
}

static bool put_request(struct text *t, const json_t *request)
{
	json_t *headers = json_object_get(request, "headers");
	const char *body = member(request, "body", "");
	const char *method = member(request, "method", body && *body ? "POST" : "GET");
	const char *uri = member(request, "uri", "/");
	size_t body_n = json_string_length(json_object_get(request, "body"));

	if (!method || !uri || !body || (headers && !json_is_object(headers) && !json_is_null(headers)))
		return false;
	text_printf(t, "%s %s HTTP/1.1\r\n", method, uri);
	if (!put_headers(t, headers))
		return false;
	if (body_n > 0 || !strcmp(method, "POST"))
		text_printf(t, "Content-Length: %zu\r\n", body_n);
	text_puts(t, "\r\n");
	text_put(t, body, body_n);
	return true;
}

static const char *read_request(struct decode_bytes *b, const char *line, size_t n)
{
	struct text t = text_in((char *)b->at, b->room);
	json_t *request = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
	const char *fault = NULL;

	if (!json_is_object(request) || !put_request(&t, request))
		fault = "bad_json";
	else if (!text_ok(&t))
		fault = "line_too_long";
	json_decref(request);
	b->n = t.len;
	return fault;
}

const char *decode_capture_read(struct decode_bytes *ret, enum decode_form form, const char *line, size_t n)
{
	ret->n = 0;
	switch (form) {
	case DECODE_HEX:
		return read_hex(ret, line, n);
	case DECODE_TEXT:
		return read_text(ret, line, n);
	case DECODE_HTTP:
		return read_request(ret, line, n);
	}
	return NULL;
}
