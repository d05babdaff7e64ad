#include "fakes.h"
#include "records.h"
#include "ingest/writer/erased.h"
#include "service/service.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct fake_collection fake_positions, fake_latest;
struct fake_kafka fake_kafka;
struct fake_erased fake_erased;

static void reset_collection(struct fake_collection *c)
{
	for (size_t i = 0; i < c->n; i++)
		bson_destroy(c->docs[i]);
	*c = (struct fake_collection){ .duplicate = -1, .poison = -1 };
}

void fakes_reset(void)
{
	reset_collection(&fake_positions);
	reset_collection(&fake_latest);
	fake_kafka = (struct fake_kafka){ 0 };
	fake_erased = (struct fake_erased){ 0 };
	for (size_t i = 0; i < FAKE_PARTITIONS; i++)
		fake_kafka.stored[i] = fake_kafka.committed[i] = -1;
}

/* ---- the bulk ---- */

struct store_bulk {
	struct fake_collection *collection;
	bson_t *docs[FAKE_MAX];
	size_t n;
};

int store_bulk_open(struct store *s, const char *collection, struct store_bulk **ret)
{
	struct store_bulk *b = calloc(1, sizeof(*b));

	(void)s;
	if (!b)
		return -ENOMEM;
	b->collection = strcmp(collection, "latest") == 0 ? &fake_latest : &fake_positions;
	*ret = b;
	return 0;
}

void store_bulk_close(struct store_bulk *b)
{
	for (size_t i = 0; b && i < b->n; i++)
		bson_destroy(b->docs[i]);
	free(b);
}

static int add(struct store_bulk *b, const bson_t *doc)
{
	ck_assert_uint_lt(b->n, FAKE_MAX);
	b->docs[b->n++] = bson_copy(doc);
	return 0;
}

int store_bulk_insert(struct store_bulk *b, const bson_t *doc)
{
	return add(b, doc);
}

int store_bulk_update_one(struct store_bulk *b, const bson_t *filter, const bson_t *update, bool upsert)
{
	ck_assert(upsert);
	ck_assert_int_eq(bson_count_keys(filter), 1);
	return add(b, update);
}

/* Takes @doc, or reports why not. */
static void take(struct store_bulk *b, size_t i, store_bulk_fault fault, void *owner)
{
	struct fake_collection *c = b->collection;

	if (c->duplicate == (int64_t)i || c->poison == (int64_t)i) {
		fault(owner, i, c->duplicate == (int64_t)i ? STORE_E_DUPLICATE : STORE_E_POISON, "refused");
		bson_destroy(b->docs[i]);
		return;
	}
	ck_assert_uint_lt(c->n, FAKE_MAX);
	c->docs[c->n++] = b->docs[i];
}

int store_bulk_run(struct store_bulk *b, store_bulk_fault fault, void *owner)
{
	struct fake_collection *c = b->collection;
	int r = c->result;

	c->runs++;
	c->result = 0;
	for (size_t i = 0; i < b->n; i++) {
		if (r)
			bson_destroy(b->docs[i]);
		else
			take(b, i, fault, owner);
	}
	if (r == 0)
		c->duplicate = c->poison = -1;
	b->n = 0;
	return r;
}

const char *store_last_error(void)
{
	return "the fake says so";
}

/* ---- the list of erased devices ---- */

int erased_prepare(struct store *s)
{
	(void)s;
	return 0;
}

int erased_meet(struct store *s, const struct newest *n, int64_t now_ms)
{
	int r = fake_erased.result;

	(void)s;
	ck_assert_int_gt(now_ms, 0);
	fake_erased = (struct fake_erased){ .asks = fake_erased.asks + 1,
		.devices = newest_devices(n),
		.stored_then = fake_positions.n,
		.latest_then = fake_latest.n,
		.commits_then = fake_kafka.commits };
	return r;
}

/* ---- the producer ---- */

struct bus_producer {
	struct bus_producer_options o;
	void *waiting[FAKE_MAX];
	size_t n;
};

int bus_producer_open(struct bus_producer **ret, const struct bus_config *c, const struct bus_producer_options *o)
{
	struct bus_producer *p = calloc(1, sizeof(*p));

	(void)c;
	if (!p)
		return -ENOMEM;
	p->o = *o;
	*ret = p;
	return 0;
}

size_t bus_producer_close(struct bus_producer *p, int timeout_ms)
{
	(void)timeout_ms;
	free(p);
	return 0;
}

int bus_send(struct bus_producer *p, const char *topic, const void *key, size_t key_len, const void *value,
	size_t value_len, const struct bus_header *headers, void *opaque)
{
	(void)key;
	(void)key_len;
	(void)value;
	(void)value_len;
	ck_assert_str_eq(topic, "positions.dead");
	ck_assert_str_eq(headers[0].name, "error");
	ck_assert_str_eq(headers[3].name, "offset");
	ck_assert_uint_lt(fake_kafka.dead_n, FAKE_MAX);
	fake_kafka.dead[fake_kafka.dead_n].error = headers[0].value;
	fake_kafka.dead[fake_kafka.dead_n++].offset = strtoll(headers[3].value, NULL, 10);
	p->waiting[p->n++] = opaque;
	return 0;
}

int bus_producer_poll(struct bus_producer *p, int timeout_ms)
{
	int n = (int)p->n;

	(void)timeout_ms;
	for (int i = 0; i < n; i++) {
		p->o.delivered(p->o.owner, p->waiting[i], fake_kafka.delivery);
		fake_kafka.delivery = 0;
	}
	p->n = 0;
	return n;
}

/* ---- the consumer ---- */

int bus_store_offset(struct bus_consumer *c, const char *topic, int32_t partition, int64_t offset)
{
	(void)c;
	ck_assert_str_eq(topic, "positions");
	ck_assert_int_lt(partition, FAKE_PARTITIONS);
	fake_kafka.stored[partition] = offset;
	return 0;
}

int bus_commit(struct bus_consumer *c)
{
	int r = fake_kafka.commit_result;

	(void)c;
	fake_kafka.commits++;
	fake_kafka.stored_at_commit = fake_positions.n;
	fake_kafka.commit_result = 0;
	if (r == 0)
		memcpy(fake_kafka.committed, fake_kafka.stored, sizeof(fake_kafka.stored));
	return r;
}

void bus_record_free(struct bus_record *r)
{
	fake_kafka.freed++;
	free(r->impl);
	r->impl = NULL;
}

/* ---- the group: there is one consumer ---- */

struct bus_consumer {
	struct bus_consumer_options o;
	bool mine[FAKE_PARTITIONS];
};

int bus_consumer_open(struct bus_consumer **ret, const struct bus_config *c, const struct bus_consumer_options *o)
{
	struct bus_consumer *consumer = calloc(1, sizeof(*consumer));

	(void)c;
	ck_assert_ptr_nonnull(consumer);
	consumer->o = *o;
	fake_kafka.joins++;
	*ret = consumer;
	return 0;
}

static void take_away(struct bus_consumer *c, int32_t partition, bool lost)
{
	c->o.revoked(c->o.owner, "positions", &partition, 1, lost);
	c->mine[partition] = false;
}

void bus_consumer_close(struct bus_consumer *c)
{
	for (int32_t i = 0; c && i < FAKE_PARTITIONS; i++)
		if (c->mine[i])
			take_away(c, i, false);
	free(c);
}

/* A rebalance brings no record of its own, but may bring one in the same call. */
static const struct fake_event *rebalance(struct bus_consumer *c, const struct fake_event *e)
{
	for (;; e++) {
		switch (e->kind) {
		case FAKE_ASSIGN:
			c->mine[e->partition] = true;
			c->o.assigned(c->o.owner, "positions", &e->partition, 1);
			break;
		case FAKE_REVOKE:
		case FAKE_LOSE:
			take_away(c, e->partition, e->kind == FAKE_LOSE);
			break;
		default:
			return e;
		}
	}
}

int bus_poll(struct bus_consumer *c, int timeout_ms, struct bus_record *ret)
{
	const struct fake_event *e = rebalance(c, fake_kafka.script);
	struct position p = fix(1, e->offset);

	fake_kafka.script = e->kind == FAKE_END ? e : e + 1;
	switch (e->kind) {
	case FAKE_RECORD:
		*ret = record_of(&p, e->partition, e->offset);
		return 0;
	case FAKE_GONE:
		return BUS_E_GONE;
	case FAKE_FAIL:
		return -EACCES;
	case FAKE_END:
		service_stop(0);
		return BUS_E_NONE;
	default:
		nanosleep(&(struct timespec){ .tv_nsec = (long)timeout_ms * 1000000 }, NULL);
		return BUS_E_NONE;
	}
}

int bus_pause(struct bus_consumer *c)
{
	(void)c;
	fake_kafka.pauses++;
	return 0;
}

int bus_resume(struct bus_consumer *c)
{
	(void)c;
	fake_kafka.resumes++;
	return 0;
}

int64_t bus_lag(struct bus_consumer *c)
{
	(void)c;
	return 0;
}

bool bus_consumer_up(struct bus_consumer *c)
{
	(void)c;
	return true;
}

void bus_topic_name(char out[static BUS_TOPIC_SIZE], const struct bus_topics *t, const char *name)
{
	(void)t;
	strcpy(out, name);
}

const char *bus_last_error(void)
{
	return "";
}

int bus_topics_ensure(const struct bus_config *c, const struct bus_topics *t, const char *const *names, int timeout_ms)
{
	(void)c;
	(void)t;
	(void)names;
	(void)timeout_ms;
	return 0;
}

/* ---- the rest of MongoDB ---- */

int store_prepare(void *needs, const char **ret_why)
{
	const struct store_needs *n = needs;
	int r = 0;

	*ret_why = "";
	for (size_t i = 0; r == 0 && n->make[i]; i++)
		r = n->make[i](n->store);
	return r;
}

const char *store_address(const struct store *s)
{
	(void)s;
	return "";
}

int64_t store_patience_ms(const struct store *s)
{
	(void)s;
	return 0;
}

int store_ping(struct store *s)
{
	(void)s;
	return 0;
}

int store_collection_ensure(struct store *s, const char *collection, const bson_t *options)
{
	(void)s;
	(void)options;
	ck_assert_str_eq(collection, "positions");
	return 0;
}

int store_index_ensure(struct store *s, const char *collection, const bson_t *keys, const bson_t *options)
{
	(void)s;
	(void)keys;
	(void)options;
	ck_assert_str_eq(collection, "latest");
	return 0;
}
