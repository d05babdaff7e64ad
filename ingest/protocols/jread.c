/* jread - a cursor over JSON text; errors stick. */
#include "ingest/protocols/jread.h"

struct jread jread_over(struct slice text)
{
	return (struct jread){ .at = text.s, .end = text.s + text.n };
}

/* The next byte that is not blank, without taking it; '\0' at the end or after an error. */
static char peek(struct jread *j)
{
	while (!j->bad && j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
		j->at++;
	return j->bad || j->at == j->end ? '\0' : *j->at;
}

static bool take(struct jread *j, char c)
{
	if (peek(j) != c || c == '\0')
		return false;
	j->at++;
	return true;
}

static void need(struct jread *j, char c)
{
	if (!take(j, c))
		j->bad = true;
}

enum jread_type jread_type(struct jread *j)
{
	char c = peek(j);

	switch (c) {
	case '{':
		return JREAD_OBJECT;
	case '[':
		return JREAD_ARRAY;
	case '"':
		return JREAD_STRING;
	case 't':
	case 'f':
		return JREAD_BOOL;
	case 'n':
		return JREAD_NULL;
	default:
		return c == '-' || (c >= '0' && c <= '9') ? JREAD_NUMBER : JREAD_NOTHING;
	}
}

void jread_object(struct jread *j)
{
	need(j, '{');
	j->fresh = true;
}

void jread_array(struct jread *j)
{
	need(j, '[');
	j->fresh = true;
}

/* Whether another member or element follows; passes the comma or the @close. */
static bool another(struct jread *j, char close)
{
	bool first = j->fresh;

	j->fresh = false;
	if (j->bad || take(j, close))
		return false;
	if (!first)
		need(j, ',');
	return !j->bad;
}

/* What is between the quotes, as written. */
static struct slice raw_string(struct jread *j)
{
	need(j, '"');
	const char *from = j->at;

	for (; !j->bad && j->at < j->end; j->at++) {
		unsigned char c = (unsigned char)*j->at;
		if (c == '"') {
			j->at++;
			return slice_of(from, (size_t)(j->at - from) - 1);
		}
		if (c < ' ')
			break;
		if (c == '\\' && ++j->at == j->end)
			break;
	}
	j->bad = true;
	return (struct slice){ 0 };
}

bool jread_member(struct jread *j, struct slice *ret_name)
{
	if (!another(j, '}'))
		return false;
	*ret_name = raw_string(j);
	need(j, ':');
	return !j->bad;
}

bool jread_element(struct jread *j)
{
	return another(j, ']');
}

static void digits(struct jread *j)
{
	const char *from = j->at;

	while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
		j->at++;
	if (j->at == from)
		j->bad = true;
}

/* number = [-] int [. digits] [e [+-] digits], int without a leading zero */
static struct slice raw_number(struct jread *j)
{
	const char *from = j->at;

	if (*j->at == '-')
		j->at++;
	if (j->at < j->end && *j->at == '0')
		j->at++;
	else
		digits(j);
	if (!j->bad && j->at < j->end && *j->at == '.') {
		j->at++;
		digits(j);
	}
	if (!j->bad && j->at < j->end && (*j->at | 32) == 'e') {
		j->at++;
		if (j->at < j->end && (*j->at == '+' || *j->at == '-'))
			j->at++;
		digits(j);
	}
	return j->bad ? (struct slice){ 0 } : slice_of(from, (size_t)(j->at - from));
}

struct slice jread_number(struct jread *j)
{
	if (jread_type(j) == JREAD_NUMBER)
		return raw_number(j);
	jread_skip(j);
	return (struct slice){ 0 };
}

static void word(struct jread *j, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(j->end - j->at) >= n && memcmp(j->at, w, n) == 0)
		j->at += n;
	else
		j->bad = true;
}

bool jread_bool(struct jread *j, bool *ret)
{
	if (jread_type(j) != JREAD_BOOL) {
		jread_skip(j);
		return false;
	}
	bool v = *j->at == 't';
	word(j, v ? "true" : "false");
	if (!j->bad)
		*ret = v;
	return !j->bad;
}

/* ---- strings ---- */

static int hex4(struct slice s)
{
	int v = 0;

	if (s.n < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		char c = s.s[i], low = (char)(c | 32);
		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (low - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static char *put_utf8(char *to, unsigned code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xC0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3F));
	} else if (code < 0x10000) {
		*to++ = (char)(0xE0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3F));
		*to++ = (char)(0x80 | (code & 0x3F));
	} else {
		*to++ = (char)(0xF0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 0x3F));
		*to++ = (char)(0x80 | (code >> 6 & 0x3F));
		*to++ = (char)(0x80 | (code & 0x3F));
	}
	return to;
}

/* The code point of an escape \uXXXX, or two of them, whose u is at the front of @s; -1 when it is none, or NUL. */
static int unicode_escape(struct slice *s)
{
	int high = hex4(slice_of(s->s + 1, s->n - 1));

	if (high <= 0 || (high >= 0xDC00 && high < 0xE000))
		return -1;
	*s = slice_of(s->s + 5, s->n - 5);
	if (high < 0xD800 || high >= 0xE000)
		return high;
	if (s->n < 6 || s->s[0] != '\\' || s->s[1] != 'u')
		return -1;
	int low = hex4(slice_of(s->s + 2, s->n - 2));
	if (low < 0xDC00 || low >= 0xE000)
		return -1;
	*s = slice_of(s->s + 6, s->n - 6);
	return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* Undoes the escape whose backslash was taken. The new end of the text, or NULL. */
static char *unescape(char *to, struct slice *s)
{
	static const char from[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";

	if (s->n == 0)
		return NULL;
	if (*s->s == 'u') {
		int code = unicode_escape(s);
		return code < 0 ? NULL : put_utf8(to, (unsigned)code);
	}
	const char *at = *s->s ? strchr(from, *s->s) : NULL;
	if (!at)
		return NULL;
	*s = slice_of(s->s + 1, s->n - 1);
	*to++ = meant[at - from];
	return to;
}

const char *jread_string(struct jread *j, struct arena *arena)
{
	if (jread_type(j) != JREAD_STRING) {
		jread_skip(j);
		return NULL;
	}
	struct slice raw = raw_string(j);
	if (j->bad)
		return NULL;
	char *text = arena_take(arena, raw.n + 1), *to = text; /* an escape is longer than what it means */
	while (to && raw.n > 0) {
		char c = *raw.s;
		raw = slice_of(raw.s + 1, raw.n - 1);
		if (c == '\\')
			to = unescape(to, &raw);
		else
			*to++ = c;
	}
	if (!to) {
		j->bad = true;
		return NULL;
	}
	*to = '\0';
	return text;
}

/* ---- passing over ---- */

static void skip_value(struct jread *j, int depth);

static void skip_inside(struct jread *j, enum jread_type type, int depth)
{
	struct slice name;

	if (depth == JREAD_DEPTH_MAX) {
		j->bad = true;
	} else if (type == JREAD_OBJECT) {
		for (jread_object(j); jread_member(j, &name);)
			skip_value(j, depth + 1);
	} else {
		for (jread_array(j); jread_element(j);)
			skip_value(j, depth + 1);
	}
}

static void skip_value(struct jread *j, int depth)
{
	switch (jread_type(j)) {
	case JREAD_OBJECT:
		skip_inside(j, JREAD_OBJECT, depth);
		break;
	case JREAD_ARRAY:
		skip_inside(j, JREAD_ARRAY, depth);
		break;
	case JREAD_STRING:
		raw_string(j);
		break;
	case JREAD_NUMBER:
		raw_number(j);
		break;
	case JREAD_BOOL:
		word(j, *j->at == 't' ? "true" : "false");
		break;
	case JREAD_NULL:
		word(j, "null");
		break;
	case JREAD_NOTHING:
		j->bad = true;
		break;
	}
}

void jread_skip(struct jread *j)
{
	skip_value(j, 0);
}

bool jread_done(struct jread *j)
{
	return peek(j) == '\0' && !j->bad && j->at == j->end;
}
