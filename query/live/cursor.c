/*
 * cursor - bytes, then base64url:
 *
 *     version 1 | flags 1 | partitions varint | devices 8 | places varint | {partition varint, next varint, check 4}...
 */
#include "query/live/cursor.h"
#include "base/text.h"
#include "base/wire.h"

#include <errno.h>
#include <string.h>

enum {
	VERSION = 1,
	FLAG_PROOF = 1,
	BYTES_MAX = 16 + (CURSOR_PLACES_MAX + 1) * 20,
};

uint64_t device_sum(const struct uuid *device)
{
	return uuid_hash(device, 0x7065747472616B31u); /* the same in every replica */
}

/* ---- writing ---- */

static size_t put_varint(uint8_t *out, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

static size_t put_le(uint8_t *out, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> 8 * i);
	return n;
}

static size_t put_place(uint8_t *out, const struct cursor_place *p)
{
	size_t n = put_varint(out, (uint64_t)p->partition);

	n += put_varint(out + n, (uint64_t)p->at.next);
	return n + put_le(out + n, p->at.check, 4);
}

size_t cursor_write(char out[static CURSOR_TEXT_SIZE], uint32_t partitions, uint64_t devices,
	const struct cursor_place *places, size_t n, const struct cursor_place *proof)
{
	uint8_t bytes[BYTES_MAX];
	size_t len = 0;

	if (n > CURSOR_PLACES_MAX || partitions == 0) {
		partitions = 0;
		n = 0;
		proof = NULL;
	}
	bytes[len++] = VERSION;
	bytes[len++] = proof ? FLAG_PROOF : 0;
	len += put_varint(bytes + len, partitions);
	len += put_le(bytes + len, devices, 8);
	len += put_varint(bytes + len, n + (proof ? 1 : 0));
	for (size_t i = 0; i < n; i++)
		len += put_place(bytes + len, &places[i]);
	if (proof)
		len += put_place(bytes + len, proof);
	return text_base64url(out, bytes, len);
}

/* ---- reading ---- */

static uint64_t take_varint(struct wire *w)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = wire_u8(w);
		v |= (uint64_t)(b & 0x7F) << shift;
		if (!(b & 0x80)) {
			w->bad |= (b == 0 && shift > 0) || (shift == 63 && b > 1); /* one form for each number */
			return v;
		}
	}
	w->bad = true;
	return 0;
}

static void take_place(struct wire *w, struct cursor_place *ret, uint32_t partitions)
{
	uint64_t partition = take_varint(w), next = take_varint(w);

	w->bad |= partition >= partitions || next > INT64_MAX;
	*ret = (struct cursor_place){ (int32_t)partition, { (int64_t)next, (uint32_t)wire_le(w, 4) } };
}

static int read_bytes(struct cursor *ret, struct wire *w)
{
	uint8_t version = wire_u8(w), flags = wire_u8(w);
	uint64_t partitions = take_varint(w);

	ret->devices = wire_le(w, 8);
	uint64_t n = take_varint(w);
	if (!wire_ok(w) || version != VERSION || flags > FLAG_PROOF || partitions > INT32_MAX ||
		n > CURSOR_PLACES_MAX + (uint64_t)flags || n < flags)
		return -EINVAL;
	ret->partitions = (uint32_t)partitions;
	ret->has_proof = flags & FLAG_PROOF;
	ret->n = (size_t)n;
	for (size_t i = 0; i < ret->n; i++)
		take_place(w, &ret->places[i], ret->partitions);
	return wire_ok(w) && w->left == 0 ? 0 : -EINVAL;
}

int cursor_read(struct cursor *ret, const char *text, size_t len)
{
	uint8_t bytes[BYTES_MAX];
	size_t n;

	if (text_unbase64(bytes, sizeof(bytes), &n, text, len))
		return -EINVAL;
	struct wire w = wire_over(bytes, n);
	return read_bytes(ret, &w);
}
