/* consumer - a member of a group; offsets are stored and committed by hand */
#include "bus/kafka.h"
#include "base/clock.h"
#include "service/log.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	SESSION_MS = 10000, /* after which the group takes a dead member's partitions */
	HEARTBEAT_MS = 1000, /* its answer tells of a rebalance, which takes two of them */
	QUEUED_RECORDS = 50000, /* fetched ahead, over all partitions */
	QUEUED_KB = 32 * 1024,
	COMMIT_MS = 5000, /* how long an answer is waited for */
	CALL_PARTITIONS = 64,
};

struct bus_consumer {
	struct kafka_state state; /* first: see struct kafka_state */
	rd_kafka_t *rk;
	rd_kafka_queue_t *answers; /* to commits */
	uint64_t commits_sent, commits_answered;
	int commit_result; /* of the last one answered */
	struct bus_consumer_options o;
	bool paused;
	bool assigned; /* at least once */
};

static_assert(offsetof(struct bus_consumer, state) == 0, "librdkafka's opaque is both");

/* ---- rebalance: runs inside bus_poll() and bus_consumer_close() ---- */

/* How many at @from are of one topic and fit one call; their numbers into @out. */
static int take_partitions(const rd_kafka_topic_partition_list_t *list, int from, int32_t out[static CALL_PARTITIONS])
{
	int n = 0;

	while (n < CALL_PARTITIONS && from + n < list->cnt &&
		!strcmp(list->elems[from + n].topic, list->elems[from].topic)) {
		out[n] = list->elems[from + n].partition;
		n++;
	}
	return n;
}

static void tell_assigned(struct bus_consumer *c, const rd_kafka_topic_partition_list_t *list)
{
	int32_t partitions[CALL_PARTITIONS];

	for (int at = 0, n; c->o.assigned && at < list->cnt; at += n) {
		n = take_partitions(list, at, partitions);
		c->o.assigned(c->o.owner, list->elems[at].topic, partitions, (size_t)n);
	}
}

static void tell_revoked(struct bus_consumer *c, const rd_kafka_topic_partition_list_t *list, bool lost)
{
	int32_t partitions[CALL_PARTITIONS];

	for (int at = 0, n; c->o.revoked && at < list->cnt; at += n) {
		n = take_partitions(list, at, partitions);
		c->o.revoked(c->o.owner, list->elems[at].topic, partitions, (size_t)n, lost);
	}
}

static void note(const char *what, rd_kafka_error_t *e)
{
	if (e)
		log_debug("kafka assignment", LOG_S("call", what), LOG_S("error", rd_kafka_error_string(e)));
	rd_kafka_error_destroy(e);
}

static void take(struct bus_consumer *c, rd_kafka_topic_partition_list_t *list)
{
	note("assign", rd_kafka_incremental_assign(c->rk, list));
	/* A partition that was given away while paused comes back paused. */
	if (c->paused ? rd_kafka_pause_partitions(c->rk, list) : rd_kafka_resume_partitions(c->rk, list))
		log_debug("kafka assignment", LOG_S("call", c->paused ? "pause" : "resume"));
	atomic_store(&c->state.up, true);
	c->assigned = true;
	tell_assigned(c, list);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct bus_consumer *c = opaque;

	rd_kafka_topic_partition_list_sort(list, NULL, NULL);
	switch (err) {
	case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
		take(c, list);
		break;
	case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
		tell_revoked(c, list, rd_kafka_assignment_lost(rk));
		note("unassign", rd_kafka_incremental_unassign(rk, list));
		break;
	default:
		log_debug("kafka rebalance failed", LOG_S("error", rd_kafka_err2name(err)));
		(void)rd_kafka_assign(rk, NULL); /* the library asks for it; it takes none back on its own */
	}
}

/* ---- life ---- */

static int start(struct bus_consumer *c, const struct bus_config *config)
{
	struct kafka_setup s = kafka_setup(config, &c->state);

	kafka_set(&s, "group.id", c->o.group);
	kafka_set(&s, "enable.auto.commit", "false");
	kafka_set(&s, "enable.auto.offset.store", "false");
	kafka_set(&s, "auto.offset.reset", c->o.from_start ? "earliest" : "latest");
	kafka_set(&s, "partition.assignment.strategy", "cooperative-sticky");
	kafka_set_int(&s, "session.timeout.ms", SESSION_MS);
	kafka_set_int(&s, "heartbeat.interval.ms", HEARTBEAT_MS);
	kafka_set_int(&s, "queued.min.messages", QUEUED_RECORDS);
	kafka_set_int(&s, "queued.max.messages.kbytes", QUEUED_KB);
	rd_kafka_conf_set_rebalance_cb(s.conf, on_rebalance);
	return kafka_open(&c->rk, &s, RD_KAFKA_CONSUMER);
}

static int subscribe(struct bus_consumer *c)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);

	if (!topics)
		return -ENOMEM;
	for (const char *const *t = c->o.topics; *t; t++)
		rd_kafka_topic_partition_list_add(topics, *t, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t err = rd_kafka_poll_set_consumer(c->rk);
	if (!err)
		err = rd_kafka_subscribe(c->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	return err ? -EINVAL : 0;
}

int bus_consumer_open(struct bus_consumer **ret, const struct bus_config *config, const struct bus_consumer_options *o)
{
	struct bus_consumer *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->o = *o;
	int r = start(c, config);
	if (r == 0 && !(c->answers = rd_kafka_queue_new(c->rk)))
		r = -ENOMEM;
	if (r == 0)
		r = subscribe(c);
	if (r) {
		bus_consumer_close(c);
		return r;
	}
	c->o.topics = NULL; /* the caller's */
	c->o.group = NULL;
	*ret = c;
	return 0;
}

/* Whether the group has let it in, but has not given it anything yet. */
static bool is_joining(const struct bus_consumer *c)
{
	char *member = c->rk && !c->assigned ? rd_kafka_memberid(c->rk) : NULL;
	bool joining = member && *member;

	if (member)
		rd_kafka_mem_free(c->rk, member);
	return joining;
}

void bus_consumer_close(struct bus_consumer *c)
{
	if (!c)
		return;
	bool joining = is_joining(c);
	if (c->rk && rd_kafka_consumer_close(c->rk))
		log_debug("kafka consumer did not leave its group");
	if (joining && !c->assigned) {
		/* librdkafka 2.0.2 aborts the process when such a one is destroyed: its assignor's state is made with the
		 * first assignment, and taken for granted. It has left the group; its memory stays, for its threads' sake. */
		log_debug("kafka consumer left behind");
		return;
	}
	if (c->answers)
		rd_kafka_queue_destroy(c->answers);
	kafka_close(c->rk);
	free(c);
}

bool bus_consumer_up(struct bus_consumer *c)
{
	return kafka_is_up(&c->state);
}

int64_t bus_lag(struct bus_consumer *c)
{
	return atomic_load(&c->state.lag);
}

/* ---- reading ---- */

int bus_poll(struct bus_consumer *c, int timeout_ms, struct bus_record *ret)
{
	int r = kafka_take(rd_kafka_consumer_poll(c->rk, timeout_ms), ret);

	/* A topic that is not there yet, an offset that is no longer: the library goes on by itself. From a topic that was
	 * removed it does too, but at its old offsets in the new one. */
	if (r == BUS_E_NONE && atomic_exchange(&c->state.missing, false))
		return BUS_E_GONE;
	return r == BUS_E_MISSING || r == BUS_E_GONE ? BUS_E_RETRY : r;
}

static int pause_or_resume(struct bus_consumer *c, bool pause)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t err = rd_kafka_assignment(c->rk, &list);

	if (err)
		return -ENOMEM;
	err = pause ? rd_kafka_pause_partitions(c->rk, list) : rd_kafka_resume_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	c->paused = pause;
	return kafka_result(err);
}

int bus_pause(struct bus_consumer *c)
{
	return pause_or_resume(c, true);
}

int bus_resume(struct bus_consumer *c)
{
	return pause_or_resume(c, false);
}

/* ---- offsets ---- */

int bus_store_offset(struct bus_consumer *c, const char *topic, int32_t partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	if (!list)
		return -ENOMEM;
	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset + 1; /* the next one to read */
	rd_kafka_resp_err_t err = rd_kafka_offsets_store(c->rk, list);
	if (!err)
		err = list->elems[0].err;
	rd_kafka_topic_partition_list_destroy(list);
	return err == RD_KAFKA_RESP_ERR__STATE ? BUS_E_MISSING : kafka_result(err);
}

static int commit_result(rd_kafka_resp_err_t err, const rd_kafka_topic_partition_list_t *offsets)
{
	if (err == RD_KAFKA_RESP_ERR__NO_OFFSET)
		return 0;
	for (int i = 0; !err && offsets && i < offsets->cnt; i++)
		err = offsets->elems[i].err;
	int r = kafka_result(err);
	return r > 0 ? BUS_E_RETRY : r;
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
	struct bus_consumer *c = opaque;

	(void)rk;
	if (err && err != RD_KAFKA_RESP_ERR__NO_OFFSET)
		log_debug("kafka commit failed", LOG_S("error", rd_kafka_err2name(err)));
	c->commits_answered++;
	c->commit_result = commit_result(err, offsets);
}

/* Not rd_kafka_commit(): without a coordinator it waits for longer than a loop may stand still. */
int bus_commit(struct bus_consumer *c)
{
	int64_t deadline_ms = clock_mono_ms() + COMMIT_MS;
	rd_kafka_resp_err_t err = rd_kafka_commit_queue(c->rk, NULL, c->answers, on_commit, c);

	if (err)
		return commit_result(err, NULL);
	c->commits_sent++;
	while (c->commits_answered < c->commits_sent && kafka_left_ms(deadline_ms) > 0)
		rd_kafka_queue_poll_callback(c->answers, kafka_left_ms(deadline_ms));
	return c->commits_answered < c->commits_sent ? BUS_E_RETRY : c->commit_result;
}
