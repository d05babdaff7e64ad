/* http - lines, headers, where the body ends, chunks; then what requests carry, and answers. */
#include "ingest/protocols/http.h"

#include "base/text.h"

#include <time.h>

enum {
	METHOD_MAX = 16, /* bytes; longer is garbage */
	CHUNK_LINE_MAX = 256, /* a chunk's size with its extensions */
	CHUNK_DIGITS_MAX = 8,
	RETRY_AFTER_S = 5,
};

/* protocol_note.state */
enum { NOTE_READ, NOTE_KEEP_ALIVE, NOTE_HTTP10, NOTE_HEAD };

/* ---- lines ---- */

/* RFC 9110 5.6.2, a bit for each byte from 0 on. */
static bool is_token_byte(unsigned char c)
{
	static const uint32_t allowed[8] = { 0, 0x03FF6CFA, 0xC7FFFFFE, 0x57FFFFFF };

	return allowed[c / 32] >> c % 32 & 1;
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_byte((unsigned char)s.s[i]))
			return false;
	return s.n > 0;
}

/* Cuts a line that ends in CR LF from the front of @rest. Its length with the end, MORE or -REASON_BAD_FRAME. */
static ssize_t cut_line(struct slice *rest, struct slice *ret)
{
	const char *end = rest->n ? memchr(rest->s, '\n', rest->n) : NULL;
	if (!end)
		return PROTOCOL_MORE;
	size_t n = (size_t)(end - rest->s);
	if (n == 0 || rest->s[n - 1] != '\r' || memchr(rest->s, '\r', n - 1))
		return -REASON_BAD_FRAME;
	*ret = slice_of(rest->s, n - 1);
	*rest = slice_of(end + 1, rest->n - n - 1);
	return (ssize_t)(n + 1);
}

/* Bytes that cannot become a request line need not wait for its end. */
static bool can_become_request(struct slice partial)
{
	struct slice method = slice_of(partial.s, partial.n < METHOD_MAX + 1 ? partial.n : METHOD_MAX + 1);
	struct slice rest = method;

	method = slice_cut(&rest, ' ');
	return is_token(method) && method.n <= METHOD_MAX;
}

/* These two look at every byte of a request, and at all of it, so that the compiler can take many at a time. */
static bool has_blank_or_control(struct slice s)
{
	bool found = false;

	for (size_t i = 0; i < s.n; i++)
		found |= (unsigned char)s.s[i] <= ' ' || s.s[i] == 0x7F;
	return found;
}

static bool has_control(struct slice s)
{
	bool found = false;

	for (size_t i = 0; i < s.n; i++)
		found |= ((unsigned char)s.s[i] < ' ' && s.s[i] != '\t') || s.s[i] == 0x7F;
	return found;
}

static int read_request_line(struct http_request *q, struct slice line)
{
	q->method = slice_cut(&line, ' ');
	struct slice target = slice_cut(&line, ' ');
	if (!is_token(q->method) || q->method.n > METHOD_MAX || target.n == 0 || has_blank_or_control(target))
		return REASON_BAD_FRAME;
	if (line.n != 8 || memcmp(line.s, "HTTP/", 5) != 0 || line.s[6] != '.')
		return REASON_BAD_FRAME;
	if (line.s[5] != '1' || (line.s[7] != '0' && line.s[7] != '1'))
		return REASON_UNSUPPORTED;
	q->http10 = line.s[7] == '0';
	q->keep_alive = !q->http10;
	q->path = slice_cut(&target, '?');
	q->query = slice_cut(&target, '#');
	return 0;
}

/* ---- headers ---- */

struct head {
	struct http_request *q;
	struct slice host, length, coding;
	bool close;
};

static bool once(struct slice *field, struct slice value)
{
	if (field->s)
		return false;
	*field = value;
	return true;
}

static void read_connection(struct head *h, struct slice value)
{
	while (value.n > 0) {
		struct slice option = slice_trim(slice_cut(&value, ','));
		if (slice_is_nocase(option, "close"))
			h->close = true;
		else if (slice_is_nocase(option, "keep-alive"))
			h->q->keep_alive = true;
	}
}

/* False for one that must not be repeated. */
static bool read_field(struct head *h, struct slice name, struct slice value)
{
	switch (name.n) { /* most headers mean nothing here, and are told by their length */
	case 4:
		return !slice_is_nocase(name, "host") || once(&h->host, value);
	case 6:
		if (slice_is_nocase(name, "expect"))
			h->q->expects_continue = slice_is_nocase(value, "100-continue");
		return true;
	case 9:
		if (slice_is_nocase(name, "x-limit-u"))
			return once(&h->q->user, value);
		return !slice_is_nocase(name, "x-limit-d") || once(&h->q->device, value);
	case 10:
		if (slice_is_nocase(name, "connection"))
			read_connection(h, value);
		return true;
	case 12:
		return !slice_is_nocase(name, "content-type") || once(&h->q->content_type, value);
	case 13:
		return !slice_is_nocase(name, "authorization") || once(&h->q->authorization, value);
	case 14:
		return !slice_is_nocase(name, "content-length") || once(&h->length, value);
	case 15:
		return !slice_is_nocase(name, "x-device-secret") || once(&h->q->device_secret, value);
	case 17:
		return !slice_is_nocase(name, "transfer-encoding") || once(&h->coding, value);
	default:
		return true;
	}
}

static int read_header_line(struct head *h, struct slice line)
{
	const char *colon = memchr(line.s, ':', line.n);
	if (!colon)
		return REASON_BAD_FRAME;
	struct slice name = slice_of(line.s, (size_t)(colon - line.s));
	struct slice value = slice_trim(slice_of(colon + 1, line.n - name.n - 1));
	if (!is_token(name)) /* a blank before the colon, and a folded line, end here too */
		return REASON_BAD_FRAME;
	return !has_control(value) && read_field(h, name, value) ? 0 : REASON_BAD_FRAME;
}

/* What the headers say about the body, RFC 9112 6.3. */
static int settle_body(struct head *h, size_t body_max)
{
	struct http_request *q = h->q;

	if (h->coding.s) {
		if (h->length.s || q->http10)
			return REASON_BAD_FRAME;
		if (!slice_is_nocase(h->coding, "chunked"))
			return REASON_UNSUPPORTED;
		q->chunked = true;
	} else if (h->length.s) {
		if (h->length.n == 0)
			return REASON_BAD_FRAME;
		for (size_t i = 0; i < h->length.n; i++) {
			char c = h->length.s[i];
			if (c < '0' || c > '9')
				return REASON_BAD_FRAME;
			if (q->content_length <= body_max) /* no overflow: one digit past the bound is enough */
				q->content_length = q->content_length * 10 + (size_t)(c - '0');
		}
		q->has_length = true;
		if (q->content_length > body_max)
			return REASON_TOO_LARGE;
	}
	if (h->close)
		q->keep_alive = false;
	if (q->http10)
		q->expects_continue = false;
	return 0;
}

static size_t body_max(const struct protocol_limits *limits)
{
	return limits->frame_max > limits->header_max ? limits->frame_max - limits->header_max : 0;
}

ssize_t http_head(const uint8_t *buf, size_t len, const struct protocol_limits *limits, struct http_request *ret)
{
	struct slice rest = slice_of((const char *)buf, len), line;
	struct head h = { .q = ret };
	bool first = true;

	*ret = (struct http_request){ 0 };
	while (rest.n >= 2 && rest.s[0] == '\r' && rest.s[1] == '\n') /* RFC 9112 2.2: before a request, ignored */
		rest = slice_of(rest.s + 2, rest.n - 2);
	if (rest.n == 1 && rest.s[0] == '\r')
		return len < limits->header_max ? PROTOCOL_MORE : -REASON_HEADER_TOO_LARGE;
	for (;;) {
		ssize_t n = cut_line(&rest, &line);
		size_t used = len - rest.n;
		if (n < 0)
			return n;
		if (n == PROTOCOL_MORE) {
			if (first && rest.n > 0 && !can_become_request(rest))
				return -REASON_BAD_FRAME;
			return len < limits->header_max ? PROTOCOL_MORE : -REASON_HEADER_TOO_LARGE;
		}
		if (used > limits->header_max)
			return -REASON_HEADER_TOO_LARGE;
		if (line.n == 0)
			break;
		int r = first ? read_request_line(ret, line) : read_header_line(&h, line);
		if (r != 0)
			return -r;
		first = false;
	}
	int r = settle_body(&h, body_max(limits));
	return r != 0 ? -r : (ssize_t)(len - rest.n);
}

/* ---- bodies ---- */

/* Cuts "1a;extension CRLF" from @rest. 1 and *ret, PROTOCOL_MORE or -REASON_BAD_FRAME. */
static int cut_chunk_size(struct slice *rest, size_t *ret)
{
	struct slice line;
	ssize_t n = cut_line(rest, &line);
	size_t size = 0, digits = 0;

	if (n == PROTOCOL_MORE)
		return rest->n < CHUNK_LINE_MAX ? PROTOCOL_MORE : -REASON_BAD_FRAME;
	if (n < 0 || n > CHUNK_LINE_MAX)
		return -REASON_BAD_FRAME;
	for (; digits < line.n; digits++) {
		char c = line.s[digits];
		int v = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (v < 0)
			break;
		if (digits == CHUNK_DIGITS_MAX)
			return -REASON_BAD_FRAME;
		size = size << 4 | (size_t)v;
	}
	struct slice extension = slice_trim(slice_of(line.s + digits, line.n - digits));
	if (digits == 0 || (extension.n > 0 && extension.s[0] != ';'))
		return -REASON_BAD_FRAME;
	*ret = size;
	return 1;
}

/* Cuts one chunk, or the last one with the trailers, from @rest. 1 with *ret_data (empty: it was the last), MORE or
 * -reason. */
static int cut_chunk(struct slice *rest, struct slice *ret_data, size_t max)
{
	size_t size = 0;
	int r = cut_chunk_size(rest, &size);
	if (r <= 0)
		return r;
	if (size > max)
		return -REASON_TOO_LARGE;
	if (size == 0) {
		struct slice trailer;
		ssize_t n;
		*ret_data = slice_of(rest->s, 0);
		while ((n = cut_line(rest, &trailer)) > 0 && trailer.n > 0)
			if (!memchr(trailer.s, ':', trailer.n))
				return -REASON_BAD_FRAME;
		return n > 0 ? 1 : (int)n;
	}
	const char *end = rest->s + size;
	if (rest->n > size && end[0] != '\r')
		return -REASON_BAD_FRAME;
	if (rest->n < size + 2)
		return PROTOCOL_MORE;
	if (end[1] != '\n')
		return -REASON_BAD_FRAME;
	*ret_data = slice_of(rest->s, size);
	*rest = slice_of(end + 2, rest->n - size - 2);
	return 1;
}

static ssize_t chunked_length(const uint8_t *buf, size_t len, size_t max)
{
	struct slice rest = slice_of((const char *)buf, len), data;
	int r;

	while ((r = cut_chunk(&rest, &data, max)) > 0 && data.n > 0)
		;
	if (r == PROTOCOL_MORE)
		return len < max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
	if (r > 0 && len - rest.n > max)
		return -REASON_TOO_LARGE;
	return r < 0 ? r : (ssize_t)(len - rest.n);
}

ssize_t http_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	struct http_request q;
	ssize_t head = http_head(buf, len, limits, &q);

	if (head <= 0)
		return head;
	if (!q.chunked)
		return len - (size_t)head < q.content_length ? PROTOCOL_MORE : head + (ssize_t)q.content_length;
	ssize_t body = chunked_length(buf + head, len - (size_t)head, body_max(limits));
	return body <= 0 ? body : head + body;
}

size_t http_interim(const uint8_t *buf, size_t len, const struct protocol_limits *limits, uint8_t *out)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_request q;

	if (http_head(buf, len, limits, &q) <= 0 || !q.expects_continue)
		return 0;
	memcpy(out, go_on, sizeof go_on - 1);
	return sizeof go_on - 1;
}

/* All chunks in a row. False when @arena is full, or the frame was not whole after all. */
static bool join_chunks(struct slice *ret, struct slice rest, struct arena *arena)
{
	char *to = arena_take(arena, rest.n); /* no more than came */
	struct slice data;
	size_t n = 0;

	if (!to)
		return false;
	for (;;) {
		if (cut_chunk(&rest, &data, rest.n) <= 0)
			return false;
		if (data.n == 0)
			break;
		memcpy(to + n, data.s, data.n);
		n += data.n;
	}
	*ret = slice_of(to, n);
	return true;
}

int http_read(struct http_request *ret, struct slice *ret_body, const uint8_t *frame, size_t len, struct arena *arena,
	struct protocol_note *note)
{
	static const struct protocol_limits any = { .frame_max = SIZE_MAX / 2, .header_max = SIZE_MAX / 4 };
	ssize_t head = http_head(frame, len, &any, ret);

	*note = (struct protocol_note){ 0 };
	if (head <= 0)
		return head < 0 ? (int)-head : REASON_BAD_FRAME;
	note->state[NOTE_READ] = 1;
	note->state[NOTE_KEEP_ALIVE] = ret->keep_alive;
	note->state[NOTE_HTTP10] = ret->http10;
	note->state[NOTE_HEAD] = slice_is(ret->method, "HEAD");

	struct slice body = slice_of((const char *)frame + head, len - (size_t)head);
	if (ret->chunked)
		return join_chunks(ret_body, body, arena) ? 0 : REASON_TOO_MANY;
	if (body.n < ret->content_length)
		return REASON_BAD_FRAME;
	*ret_body = slice_of(body.s, ret->content_length);
	return 0;
}

int http_decode(http_reader *read, const uint8_t *frame, size_t len, struct protocol_scratch *scratch,
	struct protocol_result *ret)
{
	struct protocol_result result = { 0 };
	struct http_request http;
	struct slice body = { NULL, 0 };

	arena_reset(&scratch->arena);
	int e = http_read(&http, &body, frame, len, &scratch->arena, &result.note);
	if (e == 0)
		e = read(&http, body, scratch, &result);
	ret->note = result.note;
	if (e != 0)
		return e;
	*ret = result;
	ret->note.records = (uint32_t)result.positions_n;
	return 0;
}

/* ---- what requests carry ---- */

static bool starts_nocase(struct slice *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || strncasecmp(s->s, prefix, n) != 0)
		return false;
	*s = slice_trim(slice_of(s->s + n, s->n - n));
	return true;
}

static const char *basic_password(struct slice credentials, struct arena *arena)
{
	char *plain = arena_take(arena, credentials.n + 1);
	size_t n;

	if (!plain || text_unbase64(plain, credentials.n, &n, credentials.s, credentials.n) != 0)
		return NULL;
	plain[n] = '\0';
	char *colon = memchr(plain, ':', n);
	return colon ? colon + 1 : NULL;
}

const char *http_secret(const struct http_request *q, struct arena *arena)
{
	struct slice value = q->authorization;

	if (value.s && starts_nocase(&value, "Bearer "))
		return arena_text(arena, value.s, value.n);
	if (value.s && starts_nocase(&value, "Basic "))
		return basic_password(value, arena);
	return q->device_secret.s ? arena_text(arena, q->device_secret.s, q->device_secret.n) : NULL;
}

bool http_pair(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
	while (rest->n > 0) {
		struct slice pair = slice_cut(rest, '&');
		if (pair.n == 0)
			continue;
		*ret_name = slice_cut(&pair, '=');
		*ret_value = pair;
		return true;
	}
	return false;
}

int http_unescape(struct slice *ret, struct slice raw, struct arena *arena)
{
	if (raw.n == 0 || (!memchr(raw.s, '%', raw.n) && !memchr(raw.s, '+', raw.n))) {
		*ret = raw;
		return raw.n > 0 && memchr(raw.s, '\0', raw.n) ? REASON_BAD_VALUE : 0;
	}
	char *copy = arena_text(arena, raw.s, raw.n);
	size_t n;
	if (!copy || text_urldecode(copy, raw.n, &n) != 0)
		return REASON_BAD_VALUE;
	*ret = slice_of(copy, n);
	return 0;
}

/* ---- answers ---- */

static const struct {
	int status;
	const char *title;
} statuses[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 404, "Not Found" },
	{ 413, "Content Too Large" },
	{ 431, "Request Header Fields Too Large" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

int http_status(enum protocol_reason reason)
{
	switch (reason) {
	case REASON_TOO_LARGE:
	case REASON_TOO_MANY:
		return 413;
	case REASON_HEADER_TOO_LARGE:
		return 431;
	case REASON_UNSUPPORTED:
		return 501;
	case REASON_WRONG_SECRET:
		return 401;
	case REASON_UNAVAILABLE:
		return 503;
	default:
		return reason == 0 ? 200 : 400;
	}
}

static const char *title_of(int status)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return statuses[i].title;
	return "Error";
}

static void put_two(struct text *t, int v)
{
	text_putc(t, (char)('0' + v / 10 % 10));
	text_putc(t, (char)('0' + v % 10));
}

/* "Sun, 06 Nov 1994 08:49:37 GMT"; strftime would ask the locale, and printf costs as much as reading the request. */
static void put_date(struct text *t, int64_t now_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	text_puts(t, "Date: ");
	text_put(t, days + 3 * tm.tm_wday, 3);
	text_puts(t, ", ");
	put_two(t, tm.tm_mday);
	text_putc(t, ' ');
	text_put(t, months + 3 * tm.tm_mon, 3);
	text_putc(t, ' ');
	text_int(t, tm.tm_year + 1900);
	text_putc(t, ' ');
	put_two(t, tm.tm_hour);
	text_putc(t, ':');
	put_two(t, tm.tm_min);
	text_putc(t, ':');
	put_two(t, tm.tm_sec);
	text_puts(t, " GMT\r\n");
}

/* @type: of @body; NULL: there is none. */
static struct protocol_answer put_answer(const struct protocol_note *note, int status, const char *type,
	struct slice body, int64_t now_ms, struct text t)
{
	bool close = !note->state[NOTE_READ] || !note->state[NOTE_KEEP_ALIVE];

	text_puts(&t, "HTTP/1.1 ");
	text_int(&t, status);
	text_putc(&t, ' ');
	text_puts(&t, title_of(status));
	text_puts(&t, "\r\n");
	put_date(&t, now_ms);
	if (close)
		text_puts(&t, "Connection: close\r\n");
	else if (note->state[NOTE_HTTP10])
		text_puts(&t, "Connection: keep-alive\r\n");
	if (status == 401)
		text_puts(&t, "WWW-Authenticate: Basic realm=\"pettrack\", Bearer\r\n");
	if (status == 503)
		text_printf(&t, "Retry-After: %d\r\n", RETRY_AFTER_S);
	if (type) {
		text_puts(&t, "Content-Type: ");
		text_puts(&t, type);
		text_puts(&t, "\r\n");
	}
	text_puts(&t, "Content-Length: ");
	text_int(&t, (int64_t)body.n);
	text_puts(&t, "\r\n\r\n");
	if (body.n > 0 && !note->state[NOTE_HEAD])
		text_put(&t, body.s, body.n);
	return (struct protocol_answer){ .len = t.len, .close = close };
}

struct protocol_answer http_answer(
	const struct protocol_note *note, int status, enum protocol_reason reason, int64_t now_ms, uint8_t *out)
{
	struct text whole = text_in((char *)out, PROTOCOL_ANSWER_MAX);
	char buf[32];
	struct text t = text_in(buf, sizeof buf);

	if (!reason)
		return put_answer(note, status, NULL, slice_of("", 0), now_ms, whole);
	text_puts(&t, protocol_reason_name(reason));
	text_putc(&t, '\n');
	return put_answer(note, status, "text/plain", slice_of(buf, t.len), now_ms, whole);
}

struct protocol_answer http_answer_json(
	const struct protocol_note *note, const char *json, int64_t now_ms, uint8_t *out)
{
	return http_answer_long_json(note, json, now_ms, out, PROTOCOL_ANSWER_MAX);
}

struct protocol_answer http_answer_long_json(
	const struct protocol_note *note, const char *json, int64_t now_ms, uint8_t *out, size_t size)
{
	return put_answer(
		note, 200, "application/json", slice_of(json, strlen(json)), now_ms, text_in((char *)out, size));
}
