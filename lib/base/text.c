/* text - building text in a bounded buffer. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_in(char *buf, size_t size)
{
	buf[0] = '\0';
	return (struct text){ .buf = buf, .size = size };
}

void text_put(struct text *t, const void *bytes, size_t n)
{
	if (t->full || n >= t->size - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->buf + t->len, bytes, n);
	t->len += n;
	t->buf[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
	text_put(t, &c, 1);
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list args;
	size_t room = t->size - t->len;

	if (t->full)
		return;
	va_start(args, format);
	int n = vsnprintf(t->buf + t->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		t->full = true;
		t->buf[t->len] = '\0';
		return;
	}
	t->len += (size_t)n;
}

/* How many bytes at @s form one well-formed UTF-8 character, 0 when none do. RFC 3629, section 4. */
static size_t utf8_length(const uint8_t *s, size_t n)
{
	static const struct {
		uint8_t first_min, first_max, second_min, second_max, len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (s[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (s[0] < forms[i].first_min || s[0] > forms[i].first_max)
			continue;
		if (n < forms[i].len || s[1] < forms[i].second_min || s[1] > forms[i].second_max)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

bool text_is_utf8(const char *s, size_t n)
{
	const uint8_t *u = (const uint8_t *)s;

	for (size_t i = 0, len; i < n; i += len) {
		len = utf8_length(u + i, n - i);
		if (len == 0)
			return false;
	}
	return true;
}

static bool json_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void json_escape(struct text *t, uint8_t c)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *p = named; *p; p += 2)
		if ((uint8_t)p[0] == c) {
			text_put(t, (const char[]){ '\\', p[1] }, 2);
			return;
		}
	text_printf(t, "\\u%04x", c);
}

void text_json(struct text *t, const char *s, size_t n)
{
	const uint8_t *u = (const uint8_t *)s;

	text_putc(t, '"');
	for (size_t i = 0; i < n;) {
		size_t plain = i;
		while (plain < n && json_plain(u[plain]))
			plain++;
		text_put(t, s + i, plain - i);
		i = plain;
		if (i == n)
			break;
		size_t len = utf8_length(u + i, n - i);
		if (len == 0)
			text_puts(t, "\xef\xbf\xbd");
		else if (len == 1)
			json_escape(t, u[i]);
		else
			text_put(t, s + i, len);
		i += len ? len : 1;
	}
	text_putc(t, '"');
}
