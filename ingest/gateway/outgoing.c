/* outgoing - one stretch of memory, a header before each record. */
#include "ingest/gateway/outgoing.h"

#include "record/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIZE = 2 << 20, /* more than the largest frame */
	ALIGN = 16,
};

/* Before each record's bytes. */
struct header {
	void *opaque;
	struct uuid key;
	uint32_t len;
};

static size_t whole(size_t len)
{
	return (sizeof(struct header) + len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

int outgoing_open(struct outgoing *o)
{
	*o = (struct outgoing){ .buf = malloc(SIZE), .size = SIZE };
	return o->buf ? 0 : -ENOMEM;
}

void outgoing_close(struct outgoing *o)
{
	free(o->buf);
}

int outgoing_add(struct outgoing *o, const struct position *p, void *opaque)
{
	size_t room = o->size - o->used, len;

	if (room < whole(RECORD_SIZE_MAX))
		return OUTGOING_E_FULL;
	uint8_t *at = o->buf + o->used;
	if (record_encode(p, at + sizeof(struct header), RECORD_SIZE_MAX, &len) != 0)
		return OUTGOING_E_TOO_LARGE;
	*(struct header *)(void *)at = (struct header){ opaque, p->device, (uint32_t)len };
	o->used += whole(len);
	return 0;
}

static void forget_if_done(struct outgoing *o)
{
	if (o->head == o->used)
		o->head = o->used = 0;
}

void outgoing_flush(
	struct outgoing *o, struct bus_producer *producer, const char *topic, bus_delivered failed, void *owner)
{
	while (o->head < o->used) {
		const struct header *h = (const void *)(o->buf + o->head);
		int r = bus_send(producer, topic, h->key.b, sizeof h->key.b, h + 1, h->len, NULL, h->opaque);
		if (r == BUS_E_FULL)
			return;
		o->head += whole(h->len);
		if (r != 0)
			failed(owner, h->opaque, r);
	}
	forget_if_done(o);
}

size_t outgoing_fail(struct outgoing *o, int r, bus_delivered failed, void *owner)
{
	size_t n = 0;

	for (; o->head < o->used; n++) {
		const struct header *h = (const void *)(o->buf + o->head);
		o->head += whole(h->len);
		failed(owner, h->opaque, r);
	}
	forget_if_done(o);
	return n;
}
