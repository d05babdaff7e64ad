/* jt808_frame - where frames end, what is in them, and making some. */
#include "ingest/protocols/jt808.h"

#include <string.h>

enum {
	MARK = 0x7E,
	ESCAPE = 0x7D,
	NOISE_MAX = 16, /* bytes before a mark; more is something else */
	HEADER = 2 + 2 + JT808_TERMINAL + 2,
	HEADER_2019 = 2 + 2 + 1 + JT808_TERMINAL_2019 + 2,
	SPLIT_HEADER = 4, /* more of it */
};

bool jt808_is_lock(uint16_t id)
{
	return id == JT808_LOCK || id == JT808_LOCK_BLIND;
}

/* ---- frames ---- */

static ssize_t sentence_length(const uint8_t *buf, size_t len, size_t max)
{
	size_t looked = len < max ? len : max;
	const uint8_t *end = memchr(buf, ')', looked);

	if (end)
		return end - buf + 1;
	return len < max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
}

/* Where the frame begins: what is before its mark is noise, and marks may stand one after another. */
static size_t skip_noise(const uint8_t *buf, size_t len)
{
	size_t at = 0;

	while (at < len && buf[at] != MARK)
		at++;
	while (at + 1 < len && buf[at + 1] == MARK)
		at++;
	return at;
}

/* How many bytes a message has by its header. 0: its id is not known, or its header not whole. */
static size_t announced(const uint8_t *bytes, size_t n)
{
	struct wire w = wire_over(bytes, n);
	uint16_t id = wire_u16(&w), properties = wire_u16(&w);
	size_t header = jt808_is_lock(id) ? HEADER - 1 : properties & JT808_2019 ? HEADER_2019 : HEADER;

	if (!wire_ok(&w) || !jt808_is_known(id))
		return 0;
	return header + (properties & JT808_SPLIT && !jt808_is_lock(id) ? SPLIT_HEADER : 0) +
	       (properties & JT808_LENGTH) + 1;
}

/* Unescapes @n bytes from @from to @to of @room bytes; what goes beyond is only counted. How many there are, or 0 when an escape is
 * none. */
static size_t unescape(uint8_t *to, size_t room, const uint8_t *from, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t b = from[i];
		if (b == ESCAPE) {
			if (++i == n || from[i] < 1 || from[i] > 2)
				return 0;
			b = from[i] == 2 ? MARK : ESCAPE;
		}
		if (count < room)
			to[count] = b;
		count++;
	}
	return count;
}

/* Whether @n bytes between marks are as long as they say, unescaped. */
static bool is_escaped(const uint8_t *inner, size_t n)
{
	uint8_t head[4];
	size_t count = unescape(head, sizeof head, inner, n);

	return count >= sizeof head && announced(head, sizeof head) == count;
}

/* A frame whose bytes are not escaped, as some devices send it, ends where its header says and not at the first mark. */
ssize_t jt808_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits)
{
	if (len > 0 && buf[0] == '(')
		return sentence_length(buf, len, limits->frame_max);
	if (!memchr(buf, MARK, len < NOISE_MAX ? len : NOISE_MAX))
		return len < NOISE_MAX ? PROTOCOL_MORE : -REASON_BAD_FRAME;
	size_t from = skip_noise(buf, len) + 1;
	size_t looked = len < limits->frame_max ? len : limits->frame_max;
	const uint8_t *end = from < looked ? memchr(buf + from, MARK, looked - from) : NULL;
	if (!end)
		return len < limits->frame_max ? PROTOCOL_MORE : -REASON_TOO_LARGE;
	size_t n = (size_t)(end - buf) - from, plain = announced(buf + from, n);
	if (plain <= n || is_escaped(buf + from, n))
		return end - buf + 1;
	if (plain + 1 > limits->frame_max - from)
		return -REASON_TOO_LARGE;
	if (len - from < plain + 1)
		return PROTOCOL_MORE;
	return buf[from + plain] == MARK ? (ssize_t)(from + plain + 1) : -REASON_BAD_FRAME;
}

static uint8_t sum(const uint8_t *bytes, size_t n)
{
	uint8_t check = 0;

	while (n-- > 0)
		check ^= *bytes++;
	return check;
}

/* The message without marks, escapes and check. 0 or enum protocol_reason. */
int jt808_open(struct wire *ret, const uint8_t *frame, size_t len, struct arena *arena)
{
	size_t from = skip_noise(frame, len) + 1;

	if (len < from + 2 || frame[len - 1] != MARK)
		return REASON_BAD_FRAME;
	const uint8_t *inner = frame + from;
	size_t n = len - from - 1;
	uint8_t *plain = arena_take(arena, n);
	if (!plain)
		return REASON_TOO_MANY;
	size_t count = unescape(plain, n, inner, n);
	if (count == 0 || memchr(inner, MARK, n)) { /* not escaped, or nothing at all */
		if (announced(inner, n) != n)
			return REASON_BAD_FRAME;
		plain = memcpy(plain, inner, n);
		count = n;
	}
	*ret = wire_over(plain, count - 1);
	return sum(plain, count) == 0 ? 0 : REASON_BAD_CHECKSUM;
}

/* A frame under construction: bytes are escaped and added to the check as they come. */
struct frame {
	uint8_t *out;
	size_t n;
	uint8_t check;
};

static void put_byte(struct frame *f, uint8_t b)
{
	f->check ^= b;
	if (b == MARK || b == ESCAPE) {
		f->out[f->n++] = ESCAPE;
		b = b == MARK ? 2 : 1;
	}
	f->out[f->n++] = b;
}

static void put_bytes(struct frame *f, const uint8_t *bytes, size_t n)
{
	while (n-- > 0)
		put_byte(f, *bytes++);
}

static void put_u16(struct frame *f, unsigned v)
{
	put_byte(f, (uint8_t)(v >> 8));
	put_byte(f, (uint8_t)v);
}

/* The longest is a registration's, far below PROTOCOL_ANSWER_MAX with every byte escaped. */
size_t jt808_make(uint8_t *out, const struct jt808_address *to, uint16_t id, const uint8_t *body, size_t n)
{
	struct frame f = { .out = out, .n = 1 };

	out[0] = MARK;
	put_u16(&f, id);
	put_u16(&f, (unsigned)n | (to->newer ? JT808_2019 : 0));
	if (to->newer)
		put_byte(&f, to->version);
	put_bytes(&f, to->terminal, to->newer ? JT808_TERMINAL_2019 : JT808_TERMINAL);
	if (id == JT808_LOCK_ANSWER)
		put_byte(&f, 1); /* its serial numbers have one byte */
	else
		put_u16(&f, 0); /* ours: each answer stands alone */
	put_bytes(&f, body, n);
	put_byte(&f, f.check);
	f.out[f.n++] = MARK;
	return f.n;
}
