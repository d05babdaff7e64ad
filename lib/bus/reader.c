/* reader - every partition of one topic, without a group */
#include "bus/kafka.h"
#include "base/clock.h"
#include "service/log.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct span {
	int64_t first, end;
};

struct bus_reader {
	struct kafka_state state; /* first: see struct kafka_state */
	rd_kafka_t *rk;
	char *topic;
	struct span *spans; /* by partition, when reading began */
	int32_t partitions;
};

static_assert(offsetof(struct bus_reader, state) == 0, "librdkafka's opaque is both");

/* ---- life ---- */

static int start(struct bus_reader *r, const struct bus_config *c)
{
	struct kafka_setup s = kafka_setup(c, &r->state);

	/* The library wants a name for the group even where nobody joins it and nothing is committed. */
	kafka_set(&s, "group.id", c->client ? c->client : "pettrack-reader");
	kafka_set(&s, "enable.auto.commit", "false");
	kafka_set(&s, "enable.auto.offset.store", "false");
	kafka_set(&s, "auto.offset.reset", "error");
	return kafka_open(&r->rk, &s, RD_KAFKA_CONSUMER);
}

static int find_spans(struct bus_reader *r, int64_t back, int64_t deadline_ms)
{
	for (int32_t i = 0; i < r->partitions; i++) {
		int64_t low, high;
		rd_kafka_resp_err_t err =
			rd_kafka_query_watermark_offsets(r->rk, r->topic, i, &low, &high, kafka_left_ms(deadline_ms));
		if (err)
			return kafka_result(err);
		int64_t first = back == BUS_START_OLDEST || back > high - low ? low : high - (back > 0 ? back : 0);
		r->spans[i] = (struct span){ .first = first, .end = high };
	}
	return 0;
}

static int assign(struct bus_reader *r)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(r->partitions);

	if (!list)
		return -ENOMEM;
	for (int32_t i = 0; i < r->partitions; i++)
		rd_kafka_topic_partition_list_add(list, r->topic, i)->offset = r->spans[i].first;
	rd_kafka_resp_err_t err = rd_kafka_poll_set_consumer(r->rk);
	if (!err)
		err = rd_kafka_assign(r->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	return kafka_result(err);
}

static int find_start(struct bus_reader *r, int64_t back, int timeout_ms)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	int result = kafka_count_partitions(r->rk, r->topic, timeout_ms, &r->partitions);

	if (result)
		return result;
	r->spans = calloc((size_t)r->partitions, sizeof(*r->spans));
	if (!r->spans)
		return -ENOMEM;
	result = find_spans(r, back, deadline_ms);
	return result ? result : assign(r);
}

int bus_reader_open(
	struct bus_reader **ret, const struct bus_config *c, const char *topic, int64_t back, int timeout_ms)
{
	struct bus_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->topic = strdup(topic);
	int result = r->topic ? start(r, c) : -ENOMEM;
	if (result == 0) {
		result = find_start(r, back, timeout_ms);
		if (result == BUS_E_MISSING)
			(void)kafka_fail(result, "topic %s: is missing", topic);
		else if (result)
			kafka_explain(r->rk, &r->state);
	}
	if (result) {
		bus_reader_close(r);
		return result;
	}
	atomic_store(&r->state.up, true);
	*ret = r;
	return 0;
}

void bus_reader_close(struct bus_reader *r)
{
	if (!r)
		return;
	if (r->rk)
		(void)rd_kafka_consumer_close(r->rk); /* no group to leave */
	kafka_close(r->rk);
	free(r->spans);
	free(r->topic);
	free(r);
}

/* ---- reading ---- */

static bool topic_changed(const struct bus_reader *r)
{
	return atomic_load(&r->state.missing) || atomic_load(&r->state.partitions) > r->partitions;
}

int bus_reader_poll(struct bus_reader *r, int timeout_ms, struct bus_record *ret)
{
	int result = kafka_take(rd_kafka_consumer_poll(r->rk, timeout_ms), ret);

	if (result == BUS_E_MISSING || (result == BUS_E_NONE && topic_changed(r)))
		return BUS_E_GONE;
	return result;
}

int32_t bus_reader_partitions(const struct bus_reader *r)
{
	return r->partitions;
}

int64_t bus_reader_first(const struct bus_reader *r, int32_t partition)
{
	return r->spans[partition].first;
}

int64_t bus_reader_end_at_start(const struct bus_reader *r, int32_t partition)
{
	return r->spans[partition].end;
}

bool bus_reader_up(struct bus_reader *r)
{
	return kafka_is_up(&r->state);
}
