#include "socket/websocket_request.h"

#include <string.h>
#include <strings.h>

enum { KEY_LENGTH = 24 }; /* 16 bytes in base64 */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trimmed(struct slice s)
{
	while (s.n > 0 && is_blank(s.at[0])) {
		s.at++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.at[s.n - 1]))
		s.n--;
	return s;
}

static bool slice_is(struct slice s, const char *word, bool ignore_case)
{
	size_t n = strlen(word);

	return s.n == n && (ignore_case ? strncasecmp(s.at, word, n) : memcmp(s.at, word, n)) == 0;
}

/* Cuts off what precedes @mark, and @mark, from *s. What precedes, or all of it where there is no @mark. */
static struct slice cut(struct slice *s, char mark)
{
	const char *end = memchr(s->at, mark, s->n);
	struct slice first = { .at = s->at, .n = end ? (size_t)(end - s->at) : s->n };
	size_t used = first.n + (end ? 1 : 0);

	s->at += used;
	s->n -= used;
	return first;
}

bool slice_lists(struct slice list, const char *word, bool ignore_case)
{
	while (list.n > 0)
		if (slice_is(trimmed(cut(&list, ',')), word, ignore_case))
			return true;
	return false;
}

/* ---- lines ---- */

/* What is allowed in a header's value, and more than what is in a name or target. */
static bool is_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == 0x7F)
			return false;
	return true;
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i] <= ' ' || s.at[i] == 0x7F || strchr("\"(),/:;<=>?@[\\]{}", s.at[i]))
			return false;
	return s.n > 0;
}

/* The next line of *head, without its CRLF, into *ret. */
static bool next_line(struct slice *head, struct slice *ret)
{
	*ret = cut(head, '\n');
	if (ret->n == 0 || ret->at[ret->n - 1] != '\r')
		return false;
	ret->n--;
	return is_text(*ret);
}

static int read_request_line(struct slice line, struct ws_request *ret)
{
	struct slice method = cut(&line, ' '), target = cut(&line, ' ');

	if (!is_token(method) || target.n == 0 || target.at[0] != '/' || !slice_is(line, "HTTP/1.1", false))
		return WS_REQUEST_BAD;
	if (!slice_is(method, "GET", false))
		return WS_REQUEST_METHOD;
	ret->path = cut(&target, '?');
	return 0;
}

/* ---- headers ---- */

struct headers {
	struct slice host, upgrade, connection, version, key, protocols, origin, length, encoding;
	struct forwarded_lines x_forwarded_for, forwarded;
};

/* Where the value of the header @name goes, NULL for those that do not matter. */
static struct slice *place_of(struct headers *h, struct slice name)
{
	struct {
		const char *name;
		struct slice *place;
	} known[] = {
		{ "Host", &h->host },
		{ "Upgrade", &h->upgrade },
		{ "Connection", &h->connection },
		{ "Sec-WebSocket-Version", &h->version },
		{ "Sec-WebSocket-Key", &h->key },
		{ "Sec-WebSocket-Protocol", &h->protocols },
		{ "Origin", &h->origin },
		{ "Content-Length", &h->length },
		{ "Transfer-Encoding", &h->encoding },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (slice_is(name, known[i].name, true))
			return known[i].place;
	return NULL;
}

/* Those that may come in several lines. Whether @name is one. */
static bool read_lines(struct slice name, struct slice line, struct headers *h)
{
	struct forwarded_lines *lines = slice_is(name, "X-Forwarded-For", true) ? &h->x_forwarded_for
					: slice_is(name, "Forwarded", true)     ? &h->forwarded
										: NULL;

	if (lines)
		forwarded_add(lines, line.at, line.n);
	return lines;
}

static int read_header(struct slice line, struct headers *h)
{
	if (!memchr(line.at, ':', line.n))
		return WS_REQUEST_BAD;
	struct slice name = cut(&line, ':');
	if (!is_token(name)) /* also refuses a folded line, which begins with a blank */
		return WS_REQUEST_BAD;
	if (read_lines(name, line, h))
		return 0;
	struct slice *place = place_of(h, name);
	if (!place)
		return 0;
	if (place->at)
		return WS_REQUEST_BAD; /* twice: which one is meant? */
	*place = trimmed(line);
	return 0;
}

static bool is_key(struct slice s)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (s.n != KEY_LENGTH || memcmp(s.at + KEY_LENGTH - 2, "==", 2) != 0)
		return false;
	for (size_t i = 0; i < KEY_LENGTH - 2; i++)
		if (s.at[i] == '\0' || !strchr(base64, s.at[i]))
			return false;
	return true;
}

static int judge(const struct headers *h, struct ws_request *ret)
{
	if (h->host.n == 0 || h->encoding.at || (h->length.at && !slice_is(h->length, "0", false)))
		return WS_REQUEST_BAD;
	if (!slice_lists(h->upgrade, "websocket", true) || !slice_lists(h->connection, "upgrade", true) ||
		!slice_is(h->version, "13", false))
		return WS_REQUEST_UPGRADE;
	if (!is_key(h->key))
		return WS_REQUEST_BAD;
	ret->key = h->key;
	ret->protocols = h->protocols;
	ret->origin = h->origin;
	ret->x_forwarded_for = h->x_forwarded_for;
	ret->forwarded = h->forwarded;
	return 0;
}

int ws_request_read(const char *bytes, size_t n, size_t *ret_used, struct ws_request *ret)
{
	const char *end = memmem(bytes, n, "\r\n\r\n", 4);
	struct ws_request request = { 0 };
	struct headers headers = { 0 };
	struct slice line;

	if (!end)
		return WS_REQUEST_MORE;
	struct slice head = { .at = bytes, .n = (size_t)(end - bytes) + 2 };
	int r = next_line(&head, &line) ? read_request_line(line, &request) : WS_REQUEST_BAD;
	while (r == 0 && head.n > 0)
		r = next_line(&head, &line) ? read_header(line, &headers) : WS_REQUEST_BAD;
	if (r == 0)
		r = judge(&headers, &request);
	if (r)
		return r;
	*ret_used = (size_t)(end - bytes) + 4;
	*ret = request;
	return 0;
}
