#include "query/live/update.h"
#include "base/text.h"
#include "query/json/position_json.h"

#include <stdlib.h>
#include <string.h>

static void format(struct text *t, const struct position *p)
{
	t->len = 0;
	t->full = false;
	if (p && position_has(p, POSITION_LOCATION))
		position_json(t, p, 0, 0);
	if (!text_ok(t)) /* cannot be: the scratch is large enough for any */
		t->len = 0;
}

struct update *update_new(const struct position *p, struct text *scratch)
{
	format(scratch, p);
	size_t len = scratch->len > 0 ? scratch->len - 1 : 0;
	struct update *u = malloc(sizeof(*u) + len);

	if (!u)
		return NULL;
	*u = (struct update){ .partition = -1, .offset = -1, .len = (uint32_t)len };
	atomic_init(&u->refs, 1);
	if (p) {
		u->device = p->device;
		u->time_ms = p->time_ms;
		u->received_ms = p->received_ms;
	}
	memcpy(u->json, scratch->buf, len);
	return u;
}

void update_unref(struct update *u)
{
	if (u && atomic_fetch_sub_explicit(&u->refs, 1, memory_order_acq_rel) == 1)
		free(u);
}

/* ---- check ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, const uint8_t *at, size_t n)
{
	uint64_t v;

	for (; n >= sizeof(v); n -= sizeof(v), at += sizeof(v)) {
		memcpy(&v, at, sizeof(v));
		h = mix(h, v);
	}
	v = 0;
	if (n > 0)
		memcpy(&v, at, n);
	return mix(h, v ^ (uint64_t)n << 56);
}

uint32_t record_check(
	const void *key, size_t key_len, const void *value, size_t value_len, int64_t offset, int64_t time_ms)
{
	uint64_t h = mix(mix(0, (uint64_t)offset), (uint64_t)time_ms);

	h = mix_bytes(h, key, key ? key_len : 0);
	h = mix_bytes(h, value, value ? value_len : 0);
	uint32_t check = (uint32_t)(h ^ h >> 32);
	return check ? check : 1;
}
