#include "bus/kafka.h"
#include "bus/stats.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	STATISTICS_MS = 1000,
	METADATA_MS = 10000, /* partitions that are new or gone are noticed within this; until then keys go as before */
	CONNECT_MS = 5000, /* for the first connection, before it counts as failed; an error counts at once */
	ABSENT = 2, /* times in a row that no broker is connected; once may be a connection made anew */
	SILENCE_MS = 5000, /* without any answer, after which the cluster counts as away */
	SETUP_MS = 10000, /* of a connection: a broker that moved is called at its old address, where nobody answers */
	CLOSE_S = 2,
};

/* ---- what is wrong, in words ---- */

static _Thread_local char last_error[KAFKA_WHY_SIZE];

const char *bus_last_error(void)
{
	return last_error;
}

int kafka_fail(int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_error, sizeof(last_error), format, args);
	va_end(args);
	return r;
}

static void set_why(struct kafka_state *s, const char *why)
{
	pthread_mutex_lock(&s->lock);
	snprintf(s->why, sizeof(s->why), "%s", why);
	pthread_mutex_unlock(&s->lock);
}

static void remember_why(struct kafka_state *s)
{
	pthread_mutex_lock(&s->lock);
	(void)kafka_fail(0, "%s", s->why[0] ? s->why : "no broker answers");
	pthread_mutex_unlock(&s->lock);
}

bool kafka_is_up(struct kafka_state *s)
{
	if (atomic_load(&s->up))
		return true;
	remember_why(s);
	return false;
}

void kafka_explain(rd_kafka_t *rk, struct kafka_state *s)
{
	while (rd_kafka_poll(rk, 0) > 0)
		;
	remember_why(s);
}

/* ---- callbacks ---- */

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	log_debug("kafka", LOG_S("facility", facility), LOG_S("text", text));
}

/* Why a connection cannot be made says more than that one has ended, which is told of each. */
static void note_reason(struct kafka_state *s, const char *reason)
{
	pthread_mutex_lock(&s->lock);
	if (!s->why[0] || !strstr(reason, "Disconnected") || strstr(s->why, "Disconnected"))
		snprintf(s->why, sizeof(s->why), "%s", reason);
	pthread_mutex_unlock(&s->lock);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct kafka_state *s = opaque;

	(void)rk;
	log_debug("kafka error", LOG_S("error", rd_kafka_err2name(err)), LOG_S("text", reason));
	if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) /* says less than what was said of the last of them */
		note_reason(s, reason);
	switch (err) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		/* Of those that were there the statistics tell, by when it is known why they do not come back. */
		if (!s->met)
			atomic_store(&s->up, false);
		break;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__FATAL:
		atomic_store(&s->up, false);
		break;
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		atomic_store(&s->missing, true);
		break;
	default:
		break;
	}
}

/* A cluster whose machines are there but do nothing keeps its connections: it is seen by answers that do not come. All
 * brokers together count, since one that is slow is not the cluster. Something is always asked: see METADATA_MS. */
static bool is_silent(struct kafka_state *s, const struct kafka_stats *stats)
{
	int64_t now_ms = clock_mono_ms();

	if (stats->answers != s->answers || stats->waiting == 0)
		s->heard_ms = now_ms;
	s->answers = stats->answers;
	return now_ms - s->heard_ms >= SILENCE_MS;
}

static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct kafka_state *s = opaque;
	struct kafka_stats stats = kafka_stats_read(json);
	bool silent = is_silent(s, &stats);

	(void)rk;
	(void)len;
	s->met = s->met || stats.connected;
	s->absent = stats.connected ? 0 : s->absent + 1;
	if (s->met || clock_mono_ms() - s->opened_ms >= CONNECT_MS)
		atomic_store(&s->up, s->absent < ABSENT && !silent);
	if (stats.connected)
		set_why(s, silent ? "connected, but no answer comes" : "");
	atomic_store(&s->lag, stats.lag);
	atomic_store(&s->partitions, stats.partitions);
	return 0; /* the library frees the text */
}

/* ---- settings ---- */

void kafka_set(struct kafka_setup *s, const char *name, const char *value)
{
	char why[256];

	if (s->r || !value)
		return;
	if (rd_kafka_conf_set(s->conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		s->r = kafka_fail(-EINVAL, "Kafka's library refuses a setting: %s", why);
}

void kafka_set_int(struct kafka_setup *s, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	kafka_set(s, name, text);
}

struct kafka_setup kafka_setup(const struct bus_config *c, struct kafka_state *state)
{
	struct kafka_setup s = { .conf = rd_kafka_conf_new() };

	kafka_set(&s, "bootstrap.servers", c->brokers);
	kafka_set(&s, "client.id", c->client);
	kafka_set(&s, "security.protocol", c->security);
	kafka_set(&s, "sasl.mechanism", c->sasl_mechanism);
	kafka_set(&s, "sasl.username", c->sasl_username);
	kafka_set(&s, "sasl.password", c->sasl_password);
	kafka_set(&s, "ssl.ca.location", c->ca_file);
	kafka_set(&s, "socket.keepalive.enable", "true");
	kafka_set(&s, "socket.nagle.disable", "true");
	kafka_set_int(&s, "reconnect.backoff.max.ms", 2000); /* back soon after the cluster is */
	kafka_set_int(&s, "socket.connection.setup.timeout.ms", SETUP_MS);
	kafka_set_int(&s, "topic.metadata.refresh.interval.ms", METADATA_MS);
	kafka_set_int(&s, "statistics.interval.ms", STATISTICS_MS);
	pthread_mutex_init(&state->lock, NULL);
	state->opened_ms = state->heard_ms = clock_mono_ms();
	atomic_store(&state->up, true);
	rd_kafka_conf_set_opaque(s.conf, state);
	rd_kafka_conf_set_log_cb(s.conf, on_log);
	rd_kafka_conf_set_error_cb(s.conf, on_error);
	rd_kafka_conf_set_stats_cb(s.conf, on_stats);
	return s;
}

int kafka_open(rd_kafka_t **ret, struct kafka_setup *s, rd_kafka_type_t type)
{
	char why[256] = "";
	rd_kafka_t *rk = s->r ? NULL : rd_kafka_new(type, s->conf, why, sizeof(why));

	if (rk) {
		*ret = rk;
		s->conf = NULL; /* taken */
		return 0;
	}
	if (s->r == 0) {
		(void)kafka_fail(0, "Kafka's library refuses the settings: %s", why);
		s->r = rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE ? -ENOMEM : -EINVAL;
	}
	rd_kafka_conf_destroy(s->conf);
	s->conf = NULL;
	return s->r;
}

static void *destroy(void *rk)
{
	rd_kafka_destroy(rk);
	return NULL;
}

void kafka_close(rd_kafka_t *rk)
{
	pthread_t thread;
	struct timespec deadline;

	if (!rk)
		return;
	if (pthread_create(&thread, NULL, destroy, rk)) {
		rd_kafka_destroy(rk);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += CLOSE_S;
	if (pthread_timedjoin_np(thread, NULL, &deadline)) {
		log_debug("kafka client left behind");
		pthread_detach(thread);
	}
}

/* ---- errors ---- */

int kafka_result(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return 0;
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return BUS_E_FULL;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return BUS_E_TOO_LARGE;
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		return BUS_E_MISSING;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		return BUS_E_GONE;
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR__FENCED:
		return -ENOTRECOVERABLE;
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return -EACCES;
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
	case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
		return -EINVAL;
	case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
		return -EOPNOTSUPP;
	default:
		return BUS_E_RETRY; /* brokers, leaders and groups come and go */
	}
}

/* ---- records ---- */

static int64_t time_of(const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(m, &type);

	return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : ms;
}

int kafka_take(rd_kafka_message_t *m, struct bus_record *ret)
{
	if (!m)
		return BUS_E_NONE;
	if (m->err) {
		int r = kafka_result(m->err);
		log_debug("kafka read failed", LOG_S("error", rd_kafka_err2name(m->err)),
			LOG_S("text", rd_kafka_message_errstr(m)));
		rd_kafka_message_destroy(m);
		return r;
	}
	*ret = (struct bus_record){
		.topic = rd_kafka_topic_name(m->rkt),
		.partition = m->partition,
		.offset = m->offset,
		.time_ms = time_of(m),
		.key = m->key,
		.key_len = m->key_len,
		.value = m->payload,
		.value_len = m->len,
		.impl = m,
	};
	return 0;
}

void bus_record_free(struct bus_record *r)
{
	rd_kafka_message_destroy(r->impl);
	r->impl = NULL;
}

/* ---- cluster ---- */

int kafka_count_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms, int32_t *ret)
{
	const struct rd_kafka_metadata *m;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);

	if (!rkt)
		return kafka_result(rd_kafka_last_error());
	rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, rkt, &m, timeout_ms);
	rd_kafka_topic_destroy(rkt);
	if (err)
		return kafka_result(err);
	err = m->topic_cnt == 1 ? m->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		*ret = m->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(m);
	return kafka_result(err);
}

int kafka_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left <= 0 ? 0 : left < INT32_MAX ? (int)left : INT32_MAX;
}
