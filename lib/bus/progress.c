/* progress - offsets of a topic and of a group, asked by a consumer that joins nothing */
#include "bus/progress.h"
#include "bus/kafka.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/* ---- offsets ---- */

int bus_offsets_add(struct bus_offsets *o, int64_t offset)
{
	int64_t *at = realloc(o->at, ((size_t)o->n + 1) * sizeof *at);

	if (!at)
		return -ENOMEM;
	o->at = at;
	o->at[o->n++] = offset;
	return 0;
}

void bus_offsets_free(struct bus_offsets *o)
{
	free(o->at);
	*o = (struct bus_offsets){ 0 };
}

bool bus_offsets_passed(const struct bus_offsets *done, const struct bus_offsets *until)
{
	for (int32_t i = 0; i < until->n; i++)
		if (until->at[i] > 0 && (i >= done->n || done->at[i] < until->at[i]))
			return false;
	return true;
}

/* ---- asking ---- */

/* One question: what is asked, and when the answer is not waited for any more. */
struct question {
	rd_kafka_t *rk;
	const char *topic;
	int32_t partitions;
	int64_t deadline_ms;
};

static int ask_ends(const struct question *q, struct bus_offsets *ret)
{
	int r = 0;

	for (int32_t i = 0; r == 0 && i < q->partitions; i++) {
		int64_t low, high;
		r = kafka_result(rd_kafka_query_watermark_offsets(
			q->rk, q->topic, i, &low, &high, kafka_left_ms(q->deadline_ms)));
		if (r == 0)
			r = bus_offsets_add(ret, high);
	}
	return r;
}

static int ask_committed(const struct question *q, struct bus_offsets *ret)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(q->partitions);

	if (!list)
		return -ENOMEM;
	for (int32_t i = 0; i < q->partitions; i++)
		rd_kafka_topic_partition_list_add(list, q->topic, i);
	int r = kafka_result(rd_kafka_committed(q->rk, list, kafka_left_ms(q->deadline_ms)));
	for (int32_t i = 0; r == 0 && i < q->partitions; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];
		r = p->err ? kafka_result(p->err) : bus_offsets_add(ret, p->offset > 0 ? p->offset : 0);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return r;
}

static int ask(const struct question *q, struct bus_offsets *done, struct bus_offsets *ends)
{
	int r = done ? ask_committed(q, done) : 0;

	return r == 0 && ends ? ask_ends(q, ends) : r;
}

int bus_group_progress(const struct bus_config *c, const char *group, const char *topic, int timeout_ms,
	struct bus_offsets *ret_done, struct bus_offsets *ret_ends)
{
	/* Callbacks run inside polls only: what kafka_close() may leave behind has no use for the state. */
	struct kafka_state state = { 0 };
	struct kafka_setup s = kafka_setup(c, &state);
	struct question q = { .topic = topic, .deadline_ms = clock_mono_ms() + timeout_ms };
	struct bus_offsets done = { 0 }, ends = { 0 };

	kafka_set(&s, "group.id", group);
	int r = kafka_open(&q.rk, &s, RD_KAFKA_CONSUMER);
	if (r)
		return r;
	r = kafka_count_partitions(q.rk, topic, timeout_ms, &q.partitions);
	if (r == 0)
		r = ask(&q, ret_done ? &done : NULL, ret_ends ? &ends : NULL);
	if (r)
		kafka_explain(q.rk, &state);
	kafka_close(q.rk);
	if (r) {
		bus_offsets_free(&done);
		bus_offsets_free(&ends);
		return r;
	}
	if (ret_done)
		*ret_done = done;
	if (ret_ends)
		*ret_ends = ends;
	return 0;
}
