/*
 * bulk - many unordered writes
 *
 * A bulk is a list of parts, each of which libmongoc sends as exactly one command: writes of one kind, within the
 * server's limits. That is on purpose. Of several commands in one mongoc_bulk_operation_t, version 1.23 reports the
 * first document's fault even where a later command never reached the server, and a lost batch would look like a
 * duplicate. One command has one outcome.
 *
 * Nothing is reported before every part is known to have gone through.
 */
#include "store/bulk_reply.h"
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PART_WRITES = 50000, /* the server takes 100,000 in one command */
	PART_BYTES = 40 << 20, /* and 48,000,000 bytes in one message */
	WRITE_OVERHEAD = 128, /* what a write needs beside its documents, at most */
};

enum kind { INSERTS, UPDATES };

struct part {
	enum kind kind;
	mongoc_bulk_operation_t *op;
	size_t first, n; /* which writes of the bulk */
	size_t bytes;
	bson_t *reply; /* NULL before part_run() */
};

struct store_bulk {
	struct store *store;
	char *collection;
	struct part *parts;
	size_t parts_n, parts_room;
	size_t n;
	bson_t *upsert; /* { upsert: true } */
};

/* ---- life ---- */

int store_bulk_open(struct store *s, const char *collection, struct store_bulk **ret)
{
	struct store_bulk *b = calloc(1, sizeof *b);

	if (!b)
		return -ENOMEM;
	b->store = s;
	b->upsert = BCON_NEW("upsert", BCON_BOOL(true));
	b->collection = strdup(collection);
	if (!b->collection) {
		store_bulk_close(b);
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

static void empty(struct store_bulk *b)
{
	for (size_t i = 0; i < b->parts_n; i++) {
		mongoc_bulk_operation_destroy(b->parts[i].op);
		bson_destroy(b->parts[i].reply);
	}
	b->parts_n = 0;
	b->n = 0;
}

void store_bulk_close(struct store_bulk *b)
{
	if (!b)
		return;
	empty(b);
	bson_destroy(b->upsert);
	free(b->parts);
	free(b->collection);
	free(b);
}

size_t store_bulk_size(const struct store_bulk *b)
{
	return b->n;
}

/* ---- adding ---- */

static int add_part(struct store_bulk *b, enum kind kind, struct part **ret)
{
	if (b->parts_n == b->parts_room) {
		size_t room = b->parts_room ? b->parts_room * 2 : 4;
		struct part *parts = reallocarray(b->parts, room, sizeof *parts);
		if (!parts)
			return -ENOMEM;
		b->parts = parts;
		b->parts_room = room;
	}
	struct part *p = &b->parts[b->parts_n++];
	*p = (struct part){ .kind = kind, .op = mongoc_bulk_operation_new(false), .first = b->n };
	*ret = p;
	return 0;
}

static bool takes(const struct part *p, enum kind kind, size_t bytes)
{
	return p->kind == kind && p->n < PART_WRITES && p->bytes + bytes <= PART_BYTES;
}

/* The part that takes a write of @kind and @bytes: the last one, where it fits. */
static int part_for(struct store_bulk *b, enum kind kind, size_t bytes, struct part **ret)
{
	if (b->parts_n == 0 || !takes(&b->parts[b->parts_n - 1], kind, bytes))
		return add_part(b, kind, ret);
	*ret = &b->parts[b->parts_n - 1];
	return 0;
}

/* The library checks what it is given; its message is not repeated, since it names keys. */
static int added(struct store_bulk *b, struct part *p, size_t bytes, bool ok)
{
	if (!ok)
		return store_fail_as(STORE_E_POISON, "a key is not allowed");
	p->n++;
	p->bytes += bytes;
	b->n++;
	return 0;
}

int store_bulk_insert(struct store_bulk *b, const bson_t *doc)
{
	size_t bytes = (size_t)doc->len + WRITE_OVERHEAD;
	bson_error_t ignored;
	struct part *p;

	if (doc->len > DOCUMENT_MAX)
		return store_fail_as(STORE_E_POISON, "the document is too large");
	int r = part_for(b, INSERTS, bytes, &p);
	if (r)
		return r;
	bool ok = mongoc_bulk_operation_insert_with_opts(p->op, doc, NULL, &ignored);
	return added(b, p, bytes, ok);
}

int store_bulk_update_one(struct store_bulk *b, const bson_t *filter, const bson_t *update, bool upsert)
{
	size_t bytes = (size_t)filter->len + update->len + WRITE_OVERHEAD;
	bson_error_t ignored;
	struct part *p;

	if (bytes > DOCUMENT_MAX)
		return store_fail_as(STORE_E_POISON, "the update is too large");
	int r = part_for(b, UPDATES, bytes, &p);
	if (r)
		return r;
	bool ok =
		mongoc_bulk_operation_update_one_with_opts(p->op, filter, update, upsert ? b->upsert : NULL, &ignored);
	return added(b, p, bytes, ok);
}

/* ---- running ---- */

static int part_run(struct part *p, const struct store_bulk *b, mongoc_client_t *client)
{
	bson_error_t error = { 0 };
	bson_t reply;

	mongoc_bulk_operation_set_client(p->op, client);
	mongoc_bulk_operation_set_database(p->op, b->store->database);
	mongoc_bulk_operation_set_collection(p->op, b->collection);
	mongoc_bulk_operation_set_write_concern(p->op, b->store->majority);
	bool ok = mongoc_bulk_operation_execute(p->op, &reply, &error) != 0;
	p->reply = bson_copy(&reply);
	bson_destroy(&reply);
	return store_bulk_judge(p->reply, ok, &error, p->n, p->kind == INSERTS);
}

static int run_parts(struct store_bulk *b)
{
	struct loan l;
	int r = store_borrow(&l, b->store, NULL);

	if (r)
		return r;
	for (size_t i = 0; i < b->parts_n && r == 0; i++)
		if (b->parts[i].n) /* none when its first write was refused */
			r = part_run(&b->parts[i], b, l.client);
	store_give_back(&l);
	return r;
}

int store_bulk_run(struct store_bulk *b, store_bulk_fault fault, void *owner)
{
	int r = b->n ? run_parts(b) : 0;

	for (size_t i = 0; i < b->parts_n && r == 0; i++)
		if (b->parts[i].reply && fault)
			store_bulk_report(b->parts[i].reply, b->parts[i].first, fault, owner);
	empty(b);
	return r;
}
