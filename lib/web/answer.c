/* answer - status, headers, and a body whole or in chunks. */
#include "web/internal.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
	CHUNK_HEAD = 6, /* "3f00\r\n" before a chunk's bytes, and "\r\n" after them */
	CHUNK_TAIL = 2,
	MS_PER_S = 1000,
	SLOWEST = 4, /* bytes a millisecond that a client must take of a stream, after the request's timeout */
};

_Static_assert(OUT_SIZE <= 0xffff, "a chunk's size is written with four digits");

/* ---- headers ---- */

static bool is_token(const char *s)
{
	return *s && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

void web_add_header(struct web_request *q, const char *name, const char *value)
{
	if (!is_token(name) || strpbrk(value, "\r\n")) /* nobody can write a header through a value */
		return;
	q->own_cache_control = q->own_cache_control || !strcasecmp(name, "Cache-Control");
	q->own_policy = q->own_policy || !strcasecmp(name, "Content-Security-Policy");
	text_printf(&q->extra, "%s: %s\r\n", name, value);
}

static void add_date(struct text *head)
{
	time_t now = time(NULL);
	struct tm utc;
	char date[40];

	gmtime_r(&now, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
	text_printf(head, "Date: %s\r\n", date);
}

/* The headers that every answer has. */
static struct text begin_head(struct web_request *q, int status, const char *type)
{
	struct text head = text_in(q->out, HEAD_SIZE);

	request_settle_body(q);
	/* A connection holds a thread: when all are held, let another client have this one. */
	if (atomic_load(&q->web->connections) >= q->web->o.threads)
		q->close = true;
	q->status = status;
	text_printf(&head, "HTTP/1.1 %d %s\r\n", status, mg_get_response_code_text(q->conn, status));
	add_date(&head);
	if (type)
		text_printf(&head, "Content-Type: %s\r\n", type);
	if (!q->own_cache_control)
		text_puts(&head, "Cache-Control: no-store\r\n");
	if (!q->own_policy)
		text_puts(&head, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
	text_puts(&head, "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
	access_add_cors(q, &head);
	if (text_ok(&q->extra))
		text_puts(&head, q->extra.buf);
	if (q->close)
		text_puts(&head, "Connection: close\r\n");
	return head;
}

static bool is_head(const struct web_request *q)
{
	return q->method && !strcmp(q->method, "HEAD");
}

/* Sends all of it, or notes that the client has gone. */
static bool send_bytes(struct web_request *q, const void *bytes, size_t n)
{
	if (q->state == ANSWER_BROKEN)
		return false;
	if (n && mg_write(q->conn, bytes, n) != (int)n) {
		q->state = ANSWER_BROKEN;
		q->close = true;
	}
	return q->state != ANSWER_BROKEN;
}

/* ---- whole answers ---- */

static bool has_length(int status)
{
	return status != 204 && status != 304;
}

void web_reply_text(struct web_request *q, int status, const char *type, const char *body, size_t len)
{
	if (q->state != ANSWER_DUE)
		return;
	struct text head = begin_head(q, status, type);
	if (has_length(status))
		text_printf(&head, "Content-Length: %zu\r\n", len);
	text_puts(&head, "\r\n");
	if (is_head(q) || !has_length(status))
		len = 0;
	q->state = ANSWER_DONE;
	bool together = len <= sizeof q->out - head.len;
	if (together && len)
		memcpy(q->out + head.len, body, len);
	if (send_bytes(q, q->out, head.len + (together ? len : 0)) && !together)
		send_bytes(q, body, len);
}

void web_reply(struct web_request *q, int status, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (text)
		web_reply_text(q, status, "application/json", text, strlen(text));
	else if (!body)
		web_reply_text(q, status, NULL, NULL, 0);
	else
		web_problem(q, 500, "internal", "The answer could not be written.");
	free(text);
	json_decref(body);
}

/* A streamed answer of which nothing has left can still be another one; else it is broken off. */
static bool take_back(struct web_request *q)
{
	if (q->state == ANSWER_STREAMING && q->sent == 0)
		q->state = ANSWER_DUE;
	else if (q->state == ANSWER_STREAMING)
		web_abort(q);
	return q->state == ANSWER_DUE;
}

void web_problem(struct web_request *q, int status, const char *code, const char *detail_format, ...)
{
	char detail[512], body[2048];
	struct text t = text_in(body, sizeof body);
	const char *title = mg_get_response_code_text(q->conn, status);
	va_list args;

	if (!take_back(q))
		return;
	va_start(args, detail_format);
	vsnprintf(detail, sizeof detail, detail_format, args);
	va_end(args);
	text_printf(&t, "{\"type\":\"urn:pettrack:problem:%s\",\"title\":", code);
	text_json(&t, title, strlen(title));
	text_printf(&t, ",\"status\":%d,\"detail\":", status);
	text_json(&t, detail, strlen(detail));
	text_printf(&t, ",\"code\":\"%s\"}", code);
	web_reply_text(q, status, "application/problem+json", body, t.len);
}

void web_too_many(struct web_request *q, const char *why, int64_t wait_ms)
{
	char seconds[24];

	snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + MS_PER_S - 1) / MS_PER_S);
	web_add_header(q, "Retry-After", seconds);
	web_add_header(q, "Cache-Control", "no-store");
	web_problem(q, 429, "too_many_attempts", "%s Try again in %s s.", why, seconds);
}

/* ---- streams ---- */

static void begin_chunk(struct web_request *q)
{
	q->chunk = q->out_len;
	if (q->chunked)
		q->out_len += CHUNK_HEAD;
}

static size_t chunk_len(const struct web_request *q)
{
	return q->out_len - q->chunk - (q->chunked ? CHUNK_HEAD : 0);
}

/* Puts the chunk's size before its bytes. An empty chunk would end the stream: it is taken back. */
static void close_chunk(struct web_request *q)
{
	char size[CHUNK_HEAD + 1];

	if (!q->chunked)
		return;
	if (chunk_len(q) == 0) {
		q->out_len = q->chunk;
		return;
	}
	snprintf(size, sizeof size, "%04x\r\n", (unsigned)chunk_len(q));
	memcpy(q->out + q->chunk, size, CHUNK_HEAD);
	memcpy(q->out + q->out_len, "\r\n", CHUNK_TAIL);
	q->out_len += CHUNK_TAIL;
}

/* A client that takes too little for too long would hold its thread for ever. */
static bool too_slow(const struct web_request *q)
{
	int64_t ms = (clock_mono_ns() - q->started_ns) / 1000000;

	return ms > q->web->o.request_timeout_ms * 2 + q->sent / SLOWEST;
}

static bool flush(struct web_request *q)
{
	close_chunk(q);
	size_t n = q->out_len;
	q->out_len = 0;
	if (q->sent > 0 && too_slow(q)) {
		web_abort(q);
		return false;
	}
	q->sent += (int64_t)n;
	return send_bytes(q, q->out, n);
}

void web_begin(struct web_request *q, int status, const char *type)
{
	if (q->state != ANSWER_DUE)
		return;
	q->chunked = q->info && q->info->http_version && !strcmp(q->info->http_version, "1.1");
	if (!q->chunked) /* the end of the connection is the end of the body */
		q->close = true;
	struct text head = begin_head(q, status, type);
	if (q->chunked)
		text_puts(&head, "Transfer-Encoding: chunked\r\n");
	text_puts(&head, "\r\n");
	q->out_len = head.len;
	q->state = ANSWER_STREAMING;
	if (!is_head(q))
		begin_chunk(q);
}

bool web_write(struct web_request *q, const void *bytes, size_t n)
{
	const char *at = bytes;

	if (q->state != ANSWER_STREAMING || is_head(q))
		return false;
	while (n > 0) {
		size_t room = OUT_SIZE - CHUNK_TAIL - chunk_len(q) - CHUNK_HEAD;
		size_t part = n < room ? n : room;
		memcpy(q->out + q->out_len, at, part);
		q->out_len += part;
		at += part;
		n -= part;
		if (part < room)
			break;
		if (!flush(q))
			return false;
		begin_chunk(q);
	}
	return true;
}

void web_abort(struct web_request *q)
{
	q->state = ANSWER_BROKEN;
	q->close = true;
}

void web_end(struct web_request *q)
{
	if (q->state != ANSWER_STREAMING)
		return;
	bool head = is_head(q);
	if (head ? send_bytes(q, q->out, q->out_len) : flush(q) && (!q->chunked || send_bytes(q, "0\r\n\r\n", 5)))
		q->state = ANSWER_DONE;
}

void answer_finish(struct web_request *q)
{
	if (q->state == ANSWER_DUE)
		web_problem(q, 500, "internal", "The request was not answered.");
	web_end(q);
}
