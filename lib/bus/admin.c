/* admin - makes topics */
#include "bus/kafka.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int describe(rd_kafka_NewTopic_t *n, const struct bus_topic *t)
{
	char retention[24];
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	snprintf(retention, sizeof(retention), "%lld", (long long)t->retention_ms);
	if (t->compacted)
		err = rd_kafka_NewTopic_set_config(n, "cleanup.policy", "compact");
	else if (t->retention_ms)
		err = rd_kafka_NewTopic_set_config(n, "retention.ms", retention);
	return kafka_result(err);
}

/* What became of the one topic that was asked for. */
static int read_answer(rd_kafka_event_t *event)
{
	size_t n = 0;

	if (!event)
		return BUS_E_RETRY;
	if (rd_kafka_event_error(event))
		return kafka_result(rd_kafka_event_error(event));
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	const rd_kafka_topic_result_t **topics = result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;
	rd_kafka_resp_err_t err = n == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
	if (err)
		log_debug("kafka topic not made", LOG_S("error", rd_kafka_err2name(err)));
	return err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? 0 : kafka_result(err);
}

static int ask(rd_kafka_t *rk, rd_kafka_NewTopic_t *n, int timeout_ms)
{
	char why[256];
	rd_kafka_queue_t *answers = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_event_t *event = NULL;
	int r = answers && o ? 0 : -ENOMEM;

	/* Both times: for the controller's answer, and for the controller itself to wait until the topic is known. */
	if (r == 0)
		r = kafka_result(rd_kafka_AdminOptions_set_request_timeout(o, timeout_ms, why, sizeof(why)));
	if (r == 0)
		r = kafka_result(rd_kafka_AdminOptions_set_operation_timeout(o, timeout_ms, why, sizeof(why)));
	if (r == 0) {
		rd_kafka_CreateTopics(rk, &n, 1, o, answers);
		event = rd_kafka_queue_poll(answers, timeout_ms + 1000);
		r = read_answer(event);
	}
	rd_kafka_event_destroy(event);
	if (o)
		rd_kafka_AdminOptions_destroy(o);
	if (answers)
		rd_kafka_queue_destroy(answers);
	return r;
}

static int create(rd_kafka_t *rk, const struct bus_topic *t, int timeout_ms)
{
	char why[256];
	rd_kafka_NewTopic_t *n = rd_kafka_NewTopic_new(t->name, t->partitions, t->replication, why, sizeof(why));

	if (!n)
		return -EINVAL;
	int r = describe(n, t);
	if (r == 0)
		r = ask(rk, n, timeout_ms);
	rd_kafka_NewTopic_destroy(n);
	return r;
}

/* Looks before it asks: a program whose account may not make topics starts where they are there. */
static int ensure(rd_kafka_t *rk, const struct bus_topic *t, int64_t deadline_ms)
{
	int32_t partitions;
	int r = kafka_count_partitions(rk, t->name, kafka_left_ms(deadline_ms), &partitions);

	return r == BUS_E_MISSING ? create(rk, t, kafka_left_ms(deadline_ms)) : r;
}

int bus_topics_ensure(const struct bus_config *c, const struct bus_topic *topics, int timeout_ms)
{
	/* A consumer's metadata request, unlike a producer's, makes the broker create nothing by itself. */
	struct kafka_setup s = kafka_setup(c, NULL);
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	rd_kafka_t *rk;
	int r = kafka_open(&rk, &s, RD_KAFKA_CONSUMER);

	if (r)
		return r;
	for (const struct bus_topic *t = topics; r == 0 && t->name; t++)
		r = ensure(rk, t, deadline_ms);
	kafka_close(rk);
	return r;
}
