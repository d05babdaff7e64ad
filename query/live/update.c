#include "query/live/update.h"
#include "base/text.h"
#include "query/json/position_json.h"

#include <stdlib.h>
#include <string.h>

struct blurred {
	struct blurred *next;
	int blur; /* characters of the geohash */
	uint32_t len;
	char json[];
};

/* Returns the bytes before what may name the tracker. */
static size_t format(struct text *t, const struct position *p)
{
	size_t plain = 0;

	t->len = 0;
	t->full = false;
	if (p && position_has(p, POSITION_LOCATION))
		plain = position_json(t, p, 0, 0);
	if (!text_ok(t)) /* cannot be: the scratch is large enough for any */
		t->len = 0;
	return plain;
}

struct update *update_new(const struct position *p, struct text *scratch)
{
	size_t plain = format(scratch, p), len = scratch->len > 0 ? scratch->len - 1 : 0;
	struct update *u = malloc(sizeof(*u) + len);

	if (!u)
		return NULL;
	*u = (struct update){ .partition = -1, .offset = -1, .len = (uint32_t)len, .plain_len = (uint32_t)plain };
	atomic_init(&u->refs, 1);
	atomic_init(&u->blurred, NULL);
	if (p) {
		u->device = p->device;
		u->time_ms = p->time_ms;
		u->received_ms = p->received_ms;
		u->lat_e7 = p->lat_e7;
		u->lon_e7 = p->lon_e7;
		u->invalid = p->invalid;
	}
	memcpy(u->json, scratch->buf, len);
	return u;
}

static void free_blurred(struct blurred *b)
{
	for (struct blurred *next; b; b = next) {
		next = b->next;
		free(b);
	}
}

void update_unref(struct update *u)
{
	if (!u || atomic_fetch_sub_explicit(&u->refs, 1, memory_order_acq_rel) != 1)
		return;
	free_blurred(atomic_load_explicit(&u->blurred, memory_order_acquire));
	free(u);
}

/* ---- blurred ---- */

static const struct blurred *find_blurred(const struct blurred *b, int blur)
{
	while (b && b->blur != blur)
		b = b->next;
	return b;
}

static void format_blurred(struct text *t, const struct update *u, const struct limits *l)
{
	struct position p = {
		.device = u->device,
		.time_ms = u->time_ms,
		.lat_e7 = u->lat_e7,
		.lon_e7 = u->lon_e7,
		.has = POSITION_LOCATION,
		.invalid = u->invalid,
	};

	limits_apply(l, &p);
	position_json(t, &p, 0, 0);
}

/* Another loop may add the same at the same time; either is good. */
static void keep_blurred(struct update *u, int blur, const char *json, uint32_t len)
{
	struct blurred *b = malloc(sizeof(*b) + len);

	if (!b) /* written again next time */
		return;
	b->blur = blur;
	b->len = len;
	memcpy(b->json, json, len);
	b->next = atomic_load_explicit(&u->blurred, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&u->blurred, &b->next, b, memory_order_release, memory_order_relaxed))
		;
}

struct update_text update_blurred(struct update *u, const struct limits *l)
{
	static _Thread_local char json[POSITION_JSON_SIZE];
	const struct blurred *b = find_blurred(atomic_load_explicit(&u->blurred, memory_order_acquire), l->blur);

	if (b)
		return (struct update_text){ b->json, b->len };
	struct text t = text_in(json, sizeof(json));
	format_blurred(&t, u, l);
	keep_blurred(u, l->blur, json, (uint32_t)t.len - 1);
	return (struct update_text){ json, (uint32_t)t.len - 1 };
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
