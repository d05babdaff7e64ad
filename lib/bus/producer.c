/* producer - records into Kafka, with delivery reports */
#include "bus/kafka.h"
#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	TOPICS_MAX = 16, /* a program sends to one or two */
	QUEUE_MAX_KB = 128 * 1024, /* bytes bound the queue too: records may be large */
	DELIVERY_TIMEOUT_MS = 300000,
	PURGE_MS = 1000,
};

struct bus_producer {
	struct kafka_state state; /* first: see struct kafka_state */
	rd_kafka_t *rk;
	rd_kafka_topic_t *topics[TOPICS_MAX]; /* a look-up by name for each record costs more than the sending */
	size_t topics_n;
	bus_delivered delivered;
	void *owner;
	size_t pending;
	size_t served; /* reports, since the producer was made */
	size_t lost; /* of them, failed */
	int event; /* eventfd; -1 until asked for */
};

static_assert(offsetof(struct bus_producer, state) == 0, "librdkafka's opaque is both");

/* ---- life ---- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct bus_producer *p = opaque;
	int r = kafka_result(m->err);

	(void)rk;
	p->pending--;
	p->served++;
	if (r)
		p->lost++;
	else
		atomic_store_explicit(&p->state.up, true, memory_order_relaxed);
	if (p->delivered)
		p->delivered(p->owner, m->_private, r);
}

static int start(struct bus_producer *p, const struct bus_config *c, const struct bus_producer_options *o)
{
	struct kafka_setup s = kafka_setup(c, &p->state);

	kafka_set(&s, "acks", "all");
	kafka_set(&s, "enable.idempotence", "true");
	kafka_set(&s, "partitioner", "murmur2_random");
	kafka_set_int(&s, "linger.ms", o->linger_ms);
	kafka_set_int(&s, "queue.buffering.max.messages", o->queue_max);
	kafka_set_int(&s, "queue.buffering.max.kbytes", QUEUE_MAX_KB);
	kafka_set_int(&s, "message.timeout.ms", o->delivery_timeout_ms ? o->delivery_timeout_ms : DELIVERY_TIMEOUT_MS);
	rd_kafka_conf_set_dr_msg_cb(s.conf, on_delivery);
	return kafka_open(&p->rk, &s, RD_KAFKA_PRODUCER);
}

int bus_producer_open(struct bus_producer **ret, const struct bus_config *c, const struct bus_producer_options *o)
{
	struct bus_producer *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->delivered = o->delivered;
	p->owner = o->owner;
	p->event = -1;
	int r = start(p, c, o);
	if (r) {
		free(p);
		return r;
	}
	*ret = p;
	return 0;
}

/* Gives up what is still queued; its reports come, as lost, before this returns. */
static void purge(struct bus_producer *p)
{
	int64_t deadline_ms = clock_mono_ms() + PURGE_MS;

	if (rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT))
		return;
	while (p->pending > 0 && kafka_left_ms(deadline_ms) > 0)
		rd_kafka_poll(p->rk, kafka_left_ms(deadline_ms));
}

size_t bus_producer_close(struct bus_producer *p, int timeout_ms)
{
	if (!p)
		return 0;
	p->lost = 0;
	/* Whether it flushed or ran out of time shows in what is pending. */
	(void)rd_kafka_flush(p->rk, timeout_ms);
	if (p->pending > 0)
		purge(p);
	size_t lost = p->lost + p->pending;
	for (size_t i = 0; i < p->topics_n; i++)
		rd_kafka_topic_destroy(p->topics[i]);
	kafka_close(p->rk);
	if (p->event >= 0)
		close(p->event);
	free(p);
	return lost;
}

/* ---- sending ---- */

static int find_topic(struct bus_producer *p, const char *name, rd_kafka_topic_t **ret)
{
	for (size_t i = 0; i < p->topics_n; i++)
		if (!strcmp(rd_kafka_topic_name(p->topics[i]), name)) {
			*ret = p->topics[i];
			return 0;
		}
	if (p->topics_n == TOPICS_MAX)
		return -ENOSPC;
	rd_kafka_topic_t *t = rd_kafka_topic_new(p->rk, name, NULL);
	if (!t)
		return -EINVAL;
	*ret = p->topics[p->topics_n++] = t;
	return 0;
}

static void *unconst(const void *bytes)
{
	union {
		const void *in;
		void *out;
	} u = { .in = bytes };

	return u.out;
}

static rd_kafka_headers_t *copy_headers(const struct bus_header *headers)
{
	rd_kafka_headers_t *copy = rd_kafka_headers_new(4);

	for (const struct bus_header *h = headers; copy && h->name; h++)
		if (rd_kafka_header_add(copy, h->name, -1, h->value, (ssize_t)h->len)) {
			rd_kafka_headers_destroy(copy);
			return NULL;
		}
	return copy;
}

static int send_with_headers(struct bus_producer *p, rd_kafka_topic_t *t, const void *key, size_t key_len,
	const void *value, size_t value_len, const struct bus_header *headers, void *opaque)
{
	rd_kafka_headers_t *copy = copy_headers(headers);
	rd_kafka_vu_t parts[] = {
		{ RD_KAFKA_VTYPE_RKT, { .rkt = t } },
		{ RD_KAFKA_VTYPE_MSGFLAGS, { .i = RD_KAFKA_MSG_F_COPY } },
		{ RD_KAFKA_VTYPE_KEY, { .mem = { unconst(key), key_len } } },
		{ RD_KAFKA_VTYPE_VALUE, { .mem = { unconst(value), value_len } } },
		{ RD_KAFKA_VTYPE_HEADERS, { .headers = copy } },
		{ RD_KAFKA_VTYPE_OPAQUE, { .ptr = opaque } },
	};

	if (!copy)
		return -ENOMEM;
	rd_kafka_error_t *e = rd_kafka_produceva(p->rk, parts, sizeof(parts) / sizeof(*parts));
	int r = e ? kafka_result(rd_kafka_error_code(e)) : 0;
	if (e)
		rd_kafka_headers_destroy(copy); /* taken on success only */
	rd_kafka_error_destroy(e);
	return r;
}

int bus_send(struct bus_producer *p, const char *topic, const void *key, size_t key_len, const void *value,
	size_t value_len, const struct bus_header *headers, void *opaque)
{
	rd_kafka_topic_t *t = NULL;
	int r = find_topic(p, topic, &t);

	if (r)
		return r;
	if (headers)
		r = send_with_headers(p, t, key, key_len, value, value_len, headers, opaque);
	else if (rd_kafka_produce(t, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, unconst(value), value_len, key,
			 key_len, opaque))
		r = kafka_result(rd_kafka_last_error());
	if (r == 0)
		p->pending++;
	return r;
}

/* ---- reports ---- */

int bus_producer_poll(struct bus_producer *p, int timeout_ms)
{
	size_t before = p->served;
	eventfd_t raised;

	/* Lowered first: a report that comes while these are served raises it again. */
	if (p->event >= 0)
		(void)eventfd_read(p->event, &raised);
	rd_kafka_poll(p->rk, timeout_ms);
	return (int)(p->served - before);
}

int bus_producer_fd(struct bus_producer *p)
{
	const eventfd_t one = 1;

	if (p->event >= 0)
		return p->event;
	/* Raised from the start: what waits already is no transition from empty and would not be told. */
	p->event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->event < 0)
		return -errno;
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(p->rk);
	rd_kafka_queue_io_event_enable(queue, p->event, &one, sizeof(one));
	rd_kafka_queue_destroy(queue); /* our reference only */
	return p->event;
}

size_t bus_producer_pending(struct bus_producer *p)
{
	return p->pending;
}

bool bus_producer_up(struct bus_producer *p)
{
	return kafka_is_up(&p->state);
}
