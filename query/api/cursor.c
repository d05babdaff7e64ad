/*
 * cursor - a fixed layout, most significant byte first
 *
 *     0     kind
 *     1     1: descending
 *     2     device
 *     18    time, ms
 *     26    check of all before it
 */
#include "query/api/cursor.h"
#include "base/text.h"
#include "base/wire.h"

#include <errno.h>
#include <string.h>

enum { CHECKED = 26, SIZE = 30 };

_Static_assert(CURSOR_TEXT_SIZE >= TEXT_BASE64_SIZE(SIZE), "a cursor fits its text");

static void put_be(uint8_t *out, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

/* FNV-1a. */
static uint32_t check(const uint8_t *bytes)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < CHECKED; i++)
		h = (h ^ bytes[i]) * 16777619u;
	return h;
}

void cursor_format(char out[static CURSOR_TEXT_SIZE], const struct cursor *c)
{
	uint8_t b[SIZE] = { (uint8_t)c->kind, c->descending };

	memcpy(b + 2, c->device.b, sizeof c->device.b);
	put_be(b + 18, (uint64_t)c->time_ms, 8);
	put_be(b + CHECKED, check(b), 4);
	text_base64url(out, b, sizeof b);
}

int cursor_parse(struct cursor *ret, const char *text)
{
	uint8_t b[SIZE];
	size_t n;
	char again[CURSOR_TEXT_SIZE];

	if (text_unbase64(b, sizeof b, &n, text, strlen(text)) || n != SIZE)
		return -EINVAL;
	struct wire w = wire_over(b, sizeof b);
	struct cursor c = { .kind = (enum cursor_kind)wire_u8(&w), .descending = wire_u8(&w) == 1 };
	memcpy(c.device.b, wire_bytes(&w, sizeof c.device.b), sizeof c.device.b);
	c.time_ms = (int64_t)wire_u64(&w);
	if (wire_u32(&w) != check(b) || (c.kind != CURSOR_HISTORY && c.kind != CURSOR_LATEST))
		return -EINVAL;
	cursor_format(again, &c);
	if (strcmp(again, text) != 0) /* another spelling of the same: not ours */
		return -EINVAL;
	*ret = c;
	return 0;
}
