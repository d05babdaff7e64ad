/* http - answers have a length, or none is believed. */
#include "cli/simulation/http.h"

#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 8 * 1024, BODY_MAX = 32 * 1024 };

/* ---- requests ---- */

void http_put_basic(struct text *t, const char *user, const char *password)
{
	enum { PLAIN_MAX = DIALECT_IDENTIFIER_MAX + 1 + DIALECT_SECRET_MAX };
	char plain[PLAIN_MAX + 1], encoded[TEXT_BASE64_SIZE(PLAIN_MAX)];
	struct text p = text_in(plain, sizeof plain);

	text_printf(&p, "%s:%s", user, password);
	t->full |= !text_ok(&p);
	text_base64(encoded, plain, p.len);
	text_printf(t, "Authorization: Basic %s\r\n", encoded);
}

void http_put_bearer(struct text *t, const char *token)
{
	text_printf(t, "Authorization: Bearer %s\r\n", token);
}

void http_put_json(struct text *t, const struct text *body)
{
	t->full |= !text_ok(body);
	text_printf(t, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body->len);
	text_put(t, body->buf, body->len);
}

/* ---- answers ---- */

struct answer {
	int64_t status;
	const char *body;
	size_t body_n;
	size_t n; /* bytes of it all */
	bool last; /* the connection closes */
};

/* The value of the header @name in @head, which ends with an empty line. NULL when there is none. */
static const char *header(const char *head, size_t len, const char *name, size_t *ret_n)
{
	const char *end = head + len, *line = memchr(head, '\n', len);
	size_t name_n = strlen(name);

	for (; line && end - ++line > (ptrdiff_t)name_n; line = memchr(line, '\n', (size_t)(end - line))) {
		if (strncasecmp(line, name, name_n) != 0 || line[name_n] != ':')
			continue;
		const char *value = line + name_n + 1, *stop = memchr(value, '\r', (size_t)(end - value));
		while (stop && value < stop && *value == ' ')
			value++;
		*ret_n = stop ? (size_t)(stop - value) : 0;
		return stop ? value : NULL;
	}
	return NULL;
}

/* Reads @head, which ends with an empty line, but for the body. */
static bool read_head(struct answer *a, const char *head, size_t len)
{
	int64_t length = 0;
	size_t n;

	if (len < 16 || text_to_int(&a->status, head + 9, 3) || a->status < 200)
		return false;
	const char *value = header(head, len, "Content-Length", &n);
	if (value && (text_to_int(&length, value, n) || length < 0 || length > BODY_MAX))
		return false;
	if (!value && a->status != 204) /* a body of unknown length */
		return false;
	a->body = head + len;
	a->body_n = (size_t)length;
	a->n = len + a->body_n;
	value = header(head, len, "Connection", &n);
	a->last = value && n == 5 && strncasecmp(value, "close", 5) == 0;
	return true;
}

/* REPLY_TAKEN: it is whole. */
static enum reply_kind read_answer(struct answer *a, const char *bytes, size_t len)
{
	if (memcmp(bytes, "HTTP/1.1 ", len < 9 ? len : 9) != 0)
		return REPLY_GARBAGE;
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	if (!end)
		return len > HEAD_MAX ? REPLY_GARBAGE : REPLY_MORE;
	if (!read_head(a, bytes, (size_t)(end - bytes) + 4))
		return REPLY_GARBAGE;
	return len < a->n ? REPLY_MORE : REPLY_TAKEN;
}

static enum reply_kind by_status(int64_t status)
{
	if (status >= 200 && status < 300)
		return REPLY_TAKEN;
	if (status == 429 || status >= 500)
		return REPLY_LATER;
	return status == 401 || status == 403 ? REPLY_DENIED : REPLY_REFUSED;
}

struct reply http_reply(const uint8_t *bytes, size_t len, size_t sent, bool (*good)(const char *body, size_t n))
{
	struct answer a;
	enum reply_kind kind = read_answer(&a, (const char *)bytes, len);

	if (kind != REPLY_TAKEN)
		return (struct reply){ .kind = kind };
	kind = by_status(a.status);
	if (kind == REPLY_TAKEN && good && !good(a.body, a.body_n))
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = kind, .used = a.n, .taken = kind == REPLY_TAKEN ? sent : 0, .last = a.last };
}
