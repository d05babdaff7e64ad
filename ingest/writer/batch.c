/* batch - records on their way from Kafka to MongoDB. */
#include "batch.h"
#include "record/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_SIZE = 128 * 1024 };

int batch_open(struct batch *b, size_t max)
{
	void *memory = malloc(ARENA_SIZE);

	*b = (struct batch){ .max = max, .arena = arena_over(memory, ARENA_SIZE) };
	b->entries = calloc(max, sizeof(*b->entries));
	b->sent = calloc(max, sizeof(struct entry *));
	bson_init(&b->doc);
	if (memory && b->entries && b->sent)
		return 0;
	batch_close(b);
	return -ENOMEM;
}

void batch_close(struct batch *b)
{
	if (b->max == 0)
		return;
	batch_clear(b);
	bson_destroy(&b->doc);
	bytes_free(&b->docs);
	free(b->sent);
	free(b->entries);
	free(b->arena.buf);
	*b = (struct batch){ 0 };
}

/* Decodes @record into *ret. NULL, or why it is poison. */
static const char *decode(struct batch *b, const struct bus_record *record, struct position *ret)
{
	if (!record->value)
		return POISON_EMPTY;
	arena_reset(&b->arena);
	switch (record_decode(ret, &b->arena, record->value, record->value_len)) {
	case 0:
		break;
	case RECORD_E_TOO_LARGE:
		return POISON_TOO_LARGE;
	default:
		return POISON_MALFORMED;
	}
	if (record->key_len != sizeof(ret->device.b) || memcmp(record->key, ret->device.b, sizeof(ret->device.b)) != 0)
		return POISON_KEY;
	return NULL;
}

static struct report report_of(const struct position *p)
{
	bool has_fix = position_has(p, POSITION_LOCATION);

	return (struct report){
		.device = p->device,
		.contact_ms = p->received_ms,
		.has_fix = has_fix,
		.time_ms = has_fix ? p->time_ms : 0,
		.has_battery = !has_fix && position_has(p, POSITION_BATTERY),
		.battery_pct = (double)p->battery_pct,
	};
}

static int make_document(struct batch *b, struct entry *e, const struct position *p)
{
	bson_reinit(&b->doc);
	if (document_position(&b->doc, p)) {
		e->poison = POISON_TOO_LARGE;
		return 0;
	}
	e->doc_len = b->doc.len;
	return bytes_add(&b->docs, bson_get_data(&b->doc), b->doc.len, &e->doc);
}

int batch_add(struct batch *b, const struct bus_record *record, int64_t now_ms)
{
	struct entry *e = &b->entries[b->n];
	struct position p = { 0 };
	int r = 0;

	*e = (struct entry){ .record = *record, .poison = decode(b, record, &p) };
	if (!e->poison) {
		e->report = report_of(&p);
		if (e->report.has_fix)
			r = make_document(b, e, &p);
	}
	if (r)
		return r;
	if (b->n++ == 0)
		b->opened_ms = now_ms;
	return 0;
}

bool batch_document(const struct batch *b, const struct entry *e, bson_t *ret)
{
	return e->doc_len > 0 && bson_init_static(ret, b->docs.at + e->doc, e->doc_len);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		bus_record_free(&b->entries[i].record);
	b->n = 0;
	bytes_clear(&b->docs);
}

static bool among(int32_t partition, const int32_t *partitions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (partitions[i] == partition)
			return true;
	return false;
}

size_t batch_drop(struct batch *b, const int32_t *partitions, size_t n)
{
	size_t kept = 0, dropped;

	for (size_t i = 0; i < b->n; i++) {
		struct entry *e = &b->entries[i];
		if (among(e->record.partition, partitions, n))
			bus_record_free(&e->record);
		else
			b->entries[kept++] = *e;
	}
	dropped = b->n - kept;
	b->n = kept;
	return dropped;
}
