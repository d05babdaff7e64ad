/* admin - makes topics, or sees that they are there */
#include "bus/topics.h"
#include "bus/kafka.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	DEAD_RETENTION_DAYS = 30,
	DAY_MS = 86400000,
	REPLICAS_FOR_TWO = 3, /* so many, and two of them must be in sync */
	PREPARE_MS = 5000,
	LOOK_AGAIN_MS = 50,
};

/* What is special about some of them. */
static const struct kind {
	const char *name;
	bool compacted;
	int64_t retention_ms; /* 0: the broker's default */
} kinds[] = {
	{ BUS_TOPIC_DEAD, false, (int64_t)DEAD_RETENTION_DAYS *DAY_MS },
	{ BUS_TOPIC_ACCESS, true, 0 },
	{ BUS_TOPIC_DEVICES, true, 0 },
};

/* One topic that is being looked for. */
struct wanted {
	const struct bus_topics *how;
	const char *name;
	char full[BUS_TOPIC_SIZE];
	rd_kafka_t *rk;
	int64_t deadline_ms;
	struct kafka_state *state;
};

void bus_topic_name(char out[static BUS_TOPIC_SIZE], const struct bus_topics *t, const char *name)
{
	snprintf(out, BUS_TOPIC_SIZE, "%s%s", t->prefix ? t->prefix : "", name);
}

static int fail(const struct wanted *w, int r, const char *what)
{
	return kafka_fail(r, "topic %s: %s", w->full, what);
}

/* ---- making ---- */

static int set_number(rd_kafka_NewTopic_t *n, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return kafka_result(rd_kafka_NewTopic_set_config(n, name, text));
}

static int describe(rd_kafka_NewTopic_t *n, const struct wanted *w)
{
	const struct kind *kind = NULL;
	int r = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].name, w->name))
			kind = &kinds[i];
	if (kind && kind->compacted)
		r = kafka_result(rd_kafka_NewTopic_set_config(n, "cleanup.policy", "compact"));
	if (r == 0 && kind && kind->retention_ms)
		r = set_number(n, "retention.ms", kind->retention_ms);
	if (r == 0 && w->how->replication >= REPLICAS_FOR_TWO)
		r = set_number(n, "min.insync.replicas", 2);
	return r;
}

/* What became of the one topic that was asked for. */
static int read_answer(const struct wanted *w, rd_kafka_event_t *event)
{
	size_t n = 0;

	if (!event)
		return fail(w, BUS_E_RETRY, "the cluster does not answer");
	if (rd_kafka_event_error(event))
		return fail(w, kafka_result(rd_kafka_event_error(event)), rd_kafka_event_error_string(event));
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	const rd_kafka_topic_result_t **topics = result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;
	rd_kafka_resp_err_t err = n == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
	if (err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return 0;
	if (err) {
		const char *says = n == 1 ? rd_kafka_topic_result_error_string(topics[0]) : NULL;
		return fail(w, kafka_result(err), says ? says : rd_kafka_err2str(err));
	}
	if (w->how->made)
		w->how->made("topic", w->full);
	return 0;
}

static int ask(const struct wanted *w, rd_kafka_NewTopic_t *n)
{
	char why[256];
	int timeout_ms = kafka_left_ms(w->deadline_ms);
	rd_kafka_queue_t *answers = rd_kafka_queue_new(w->rk);
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(w->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_event_t *event = NULL;
	int r = answers && o ? 0 : -ENOMEM;

	/* Both times: for the controller's answer, and for the controller itself to wait until the topic is known. */
	if (r == 0)
		r = kafka_result(rd_kafka_AdminOptions_set_request_timeout(o, timeout_ms, why, sizeof(why)));
	if (r == 0)
		r = kafka_result(rd_kafka_AdminOptions_set_operation_timeout(o, timeout_ms, why, sizeof(why)));
	if (r == 0) {
		rd_kafka_CreateTopics(w->rk, &n, 1, o, answers);
		event = rd_kafka_queue_poll(answers, timeout_ms + 1000);
		r = read_answer(w, event);
	}
	rd_kafka_event_destroy(event);
	if (o)
		rd_kafka_AdminOptions_destroy(o);
	if (answers)
		rd_kafka_queue_destroy(answers);
	return r;
}

static int create(const struct wanted *w)
{
	char why[256];
	rd_kafka_NewTopic_t *n =
		rd_kafka_NewTopic_new(w->full, (int)w->how->partitions, (int)w->how->replication, why, sizeof(why));

	if (!n)
		return fail(w, -EINVAL, why);
	int r = describe(n, w);
	if (r == 0)
		r = ask(w, n);
	rd_kafka_NewTopic_destroy(n);
	return r;
}

/* ---- looking ---- */

static int look(const struct wanted *w)
{
	int32_t partitions;

	return kafka_count_partitions(w->rk, w->full, kafka_left_ms(w->deadline_ms), &partitions);
}

/* The controller has made it; brokers hear of it a moment later. */
static int await_made(const struct wanted *w)
{
	int r = look(w);

	while (r == BUS_E_MISSING && kafka_left_ms(w->deadline_ms) > 0) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_AGAIN_MS * 1000000L }, NULL);
		r = look(w);
	}
	return r == BUS_E_MISSING ? fail(w, BUS_E_RETRY, "is made, and not known yet") : r;
}

/* Looks before it asks: a program whose account may not make topics starts where they are there. */
static int ensure(const struct wanted *w)
{
	int r = look(w);

	if (r == BUS_E_MISSING && !w->how->create)
		return fail(w, r, "is missing, and KAFKA_CREATE_TOPICS is false");
	if (r == BUS_E_MISSING) {
		r = create(w);
		return r ? r : await_made(w);
	}
	if (r == -EACCES)
		return fail(w, r, "this account may not see it");
	if (r)
		kafka_explain(w->rk, w->state);
	return r;
}

static int ensure_all(struct wanted *w, const char *const *names)
{
	int r = 0;

	for (; r == 0 && *names; names++) {
		w->name = *names;
		bus_topic_name(w->full, w->how, w->name);
		r = ensure(w);
	}
	return r;
}

int bus_topics_ensure(const struct bus_config *c, const struct bus_topics *t, const char *const *names, int timeout_ms)
{
	/* A consumer's metadata request, unlike a producer's, makes the broker create nothing by itself. Callbacks run
	 * inside polls only: what kafka_close() may leave behind has no use for the state. */
	struct kafka_state state = { 0 };
	struct kafka_setup s = kafka_setup(c, &state);
	struct wanted w = { .how = t, .deadline_ms = clock_mono_ms() + timeout_ms, .state = &state };
	int r = kafka_open(&w.rk, &s, RD_KAFKA_CONSUMER);

	if (r)
		return r;
	r = ensure_all(&w, names);
	kafka_close(w.rk);
	return r;
}

int bus_prepare(void *needs, const char **ret_why)
{
	const struct bus_needs *n = needs;

	*ret_why = bus_last_error();
	return bus_topics_ensure(n->kafka, n->topics, n->names, PREPARE_MS);
}
