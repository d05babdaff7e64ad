/*
 * Source: query/live/ as a whole, two replicas in one process. Kafka is librdkafka's mock cluster, auth an HTTP server
 * inside the test, MongoDB the one of PETTRACK_TEST_MONGODB. Clients are plain blocking sockets.
 */
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"
#include "query/live/live.h"
#include "service/health.h"
#include "record/record.h"
#include "service/metrics.h"
#include "tests/lib/bus/cluster.h"
#include "tests/lib/client/http_server.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"
#include "token/token.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REPLICAS = 2, PARTITIONS = 4, DEVICES_MAX = 8, FRAME_MAX = 1 << 20, PATIENCE_MS = 30000 };
/* What a machine under the load of all tests may make of the second within which clients are told. */
enum { LOADED_MS = 5000 };

/* ---- the world ---- */

static struct cluster *cluster;
static struct bus_producer *bus;
static struct http_server *auth;
static struct token_signer *signer;
static struct store *mongodb;
static struct keys *keys;
static struct access *the_access;
static struct live *live[REPLICAS];
static char *jwks;
static int64_t started_ms;
/* Which devices each user has, as bits. */
static _Atomic unsigned owned[4];
static _Atomic bool auth_away;

static struct uuid user_id(int user)
{
	return (struct uuid){ { 0xAA, [15] = (uint8_t)user } };
}

static struct uuid session_id(int session)
{
	return (struct uuid){ { 0x5E, [15] = (uint8_t)session } };
}

static const char *device_text(uint32_t n)
{
	static char text[DEVICES_MAX][UUID_TEXT_SIZE];
	struct uuid id = device(n);

	uuid_format(text[n], &id);
	return text[n];
}

static void answer_devices(const char *path, FILE *out)
{
	char body[4096];
	struct text t = text_in(body, sizeof body);
	struct uuid user;

	ck_assert_int_eq(uuid_parse(&user, path + strlen("/internal/v1/users/"), 36), 0);
	text_puts(&t, "{\"devices\":[");
	const char *comma = "";
	for (uint32_t n = 0; n < DEVICES_MAX; n++) {
		char id[UUID_TEXT_SIZE];
		struct uuid d = device(n);
		if (!(owned[user.b[15]] >> n & 1))
			continue;
		uuid_format(id, &d);
		text_printf(&t, "%s{\"id\":\"%s\"}", comma, id);
		comma = ",";
	}
	text_puts(&t, "]}");
	http_answer_with(out, auth_away ? 503 : 200, "", body);
}

static void answer(const struct http_seen *q, FILE *out, void *user)
{
	(void)user;
	if (!strcmp(q->path, "/.well-known/jwks.json"))
		http_answer_with(out, 200, "", jwks);
	else if (!strcmp(q->path, "/v1/oauth/token"))
		http_answer_with(out, 200, "", "{\"access_token\":\"s\",\"token_type\":\"Bearer\",\"expires_in\":900}");
	else
		answer_devices(q->path, out);
}

static void start_auth(void)
{
	char *pem, *jwk;

	ck_assert_int_eq(token_key_generate(&pem), 0);
	ck_assert_int_eq(token_jwk(pem, "k", &jwk), 0);
	ck_assert_int_eq(token_signer_open(&signer, pem, "k", "pettrack", "pettrack"), 0);
	ck_assert_int_gt(asprintf(&jwks, "{\"keys\":[%s]}", jwk), 0);
	free(jwk);
	free(pem);
	auth = http_server_start(answer, NULL);
}

static const struct bus_topics topics = { .prefix = "", .partitions = PARTITIONS, .replication = 1, .create = true };

static struct live_options options(void)
{
	return (struct live_options){
		.address = "127.0.0.1",
		.loops = 2,
		.workers = 2,
		.connections_max = 50,
		.connections_per_address = 50,
		.connections_per_user = 5,
		.subscriptions_max = 5,
		.message_max = 8192,
		.message_rate = 20,
		.auth_timeout_ms = 1000,
		.ping_ms = 60000,
		.expiring_ms = 60000,
		.linger_ms = 1,
		.frame_max = 4096,
		.queue_updates = 100,
		.queue_bytes = 1 << 20,
		.slow_ms = 30000,
		.slow_bytes = 8 << 20,
		.topics = &topics,
		.ring = { 1000, 16 << 20, 1000 },
		.kafka = &cluster->config,
		.store = mongodb,
		.keys = keys,
		.access = the_access,
	};
}

static void start_replica(int i, struct live_options o)
{
	char text[1024];

	o.kafka_there = dependency_new("kafka", "", DEPENDENCY_ALWAYS);
	ck_assert_int_eq(live_open(&live[i], &o), 0);
	for (int n = 0; n < PATIENCE_MS && !health_ready(text, sizeof text); n++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ck_assert_msg(health_ready(text, sizeof text), "%s", text);
}

static void start(void)
{
	const char *uri = getenv("PETTRACK_TEST_MONGODB");
	struct store_options so = { .uri = uri, .timeout_ms = 2000 };

	ck_assert_msg(uri, "PETTRACK_TEST_MONGODB says where MongoDB is");
	signal(SIGPIPE, SIG_IGN);
	started_ms = clock_real_ms();
	cluster = cluster_open(1);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster->mock, "positions", PARTITIONS, 1), 0);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster->mock, "access", 1, 1), 0);
	bus = cluster_producer(cluster);
	start_auth();
	ck_assert_int_eq(store_open(&mongodb, &so), 0);
	ck_assert_int_eq(keys_open(&keys, &(struct keys_options){ .auth = { .base_url = http_server_url(auth) },
						  .issuer = "pettrack",
						  .dependency = dependency_new("auth", "", DEPENDENCY_ALWAYS) }),
		0);
	struct access_options ao = {
		.auth = { http_server_url(auth), "query", "secret" },
		.kafka = &cluster->config,
		.topics = &topics,
		.kafka_there = dependency_new("kafka", "", DEPENDENCY_ALWAYS),
		.ttl_ms = 60000,
		.stale_ms = 60000,
		.users_max = 100,
		.devices_max = 1000,
		.ended_max = 1000,
	};
	ck_assert_int_eq(access_open(&the_access, &ao), 0);
}

static void stop(void)
{
	for (int i = 0; i < REPLICAS; i++)
		live_close(live[i]);
	access_close(the_access);
	keys_close(keys);
	store_close(mongodb);
	token_signer_close(signer);
	http_server_stop(auth);
	bus_producer_close(bus, 5000);
	cluster_close(cluster);
	free(jwks);
}

/* ---- what trackers and auth send ---- */

static void send_position(uint32_t n, int64_t time_ms)
{
	uint8_t bytes[RECORD_SIZE_MAX];
	struct position p = { .device = device(n),
		.time_ms = started_ms + time_ms,
		.received_ms = clock_real_ms(),
		.has = POSITION_LOCATION,
		.lat_e7 = 501703000,
		.lon_e7 = -51138000,
		.protocol = "test" };
	size_t len;
	int r;

	ck_assert_int_eq(record_encode(&p, bytes, sizeof bytes, &len), 0);
	while ((r = bus_send(bus, "positions", p.device.b, sizeof p.device.b, bytes, len, NULL, NULL)) == BUS_E_FULL)
		bus_producer_poll(bus, 10);
	ck_assert_int_eq(r, 0);
	bus_producer_poll(bus, 0);
}

static void await_sent(void)
{
	while (bus_producer_pending(bus))
		bus_producer_poll(bus, 10);
}

static void send_event(const char *event, int user, int session)
{
	char text[256], u[UUID_TEXT_SIZE], s[UUID_TEXT_SIZE];
	struct uuid user_uuid = user_id(user), session_uuid = session_id(session);

	uuid_format(u, &user_uuid);
	uuid_format(s, &session_uuid);
	int n = snprintf(text, sizeof text, "{\"event\":\"%s\",\"user\":\"%s\",\"session\":\"%s\"}", event, u, s);
	ck_assert_int_eq(bus_send(bus, "access", user_uuid.b, 16, text, (size_t)n, NULL, NULL), 0);
	await_sent();
}

/* ---- a client ---- */

struct peer {
	int fd;
	uint8_t *frame;
	size_t n;
	char cursor[2048];
};

static void peer_dial(struct peer *p, int replica, int receive_buffer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(live_port(live[replica])) };
	static const char request[] =
		"GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Protocol: pettrack.v1\r\n\r\n";
	char answer_head[512];
	size_t n = 0;

	*p = (struct peer){ .fd = socket(AF_INET, SOCK_STREAM, 0), .frame = malloc(FRAME_MAX) };
	if (receive_buffer)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(p->fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(send(p->fd, request, sizeof request - 1, MSG_NOSIGNAL), (ssize_t)sizeof request - 1);
	while (n < 4 || memcmp(answer_head + n - 4, "\r\n\r\n", 4)) {
		ck_assert_int_eq(recv(p->fd, answer_head + n, 1, 0), 1);
		n++;
	}
	ck_assert(!strncmp(answer_head, "HTTP/1.1 101 ", 13));
}

static void peer_say(struct peer *p, const char *format, ...) PRINTF_LIKE(2, 3);

static void peer_say(struct peer *p, const char *format, ...)
{
	uint8_t frame[8 + 4096] = { 0x81, 0x80 | 126 };
	va_list list;

	va_start(list, format);
	int n = vsnprintf((char *)frame + 8, sizeof frame - 8, format, list);
	va_end(list);
	frame[2] = (uint8_t)(n >> 8);
	frame[3] = (uint8_t)n;
	ck_assert_int_eq(send(p->fd, frame, (size_t)n + 8, MSG_NOSIGNAL), n + 8);
}

static bool hear_bytes(struct peer *p, void *bytes, size_t n)
{
	for (size_t have = 0; have < n;) {
		ssize_t r = recv(p->fd, (char *)bytes + have, n - have, 0);
		if (r <= 0)
			return false;
		have += (size_t)r;
	}
	return true;
}

static void set_timeout(struct peer *p, int64_t ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

/* The next frame as JSON, or NULL: closed (then *ret_code) or nothing within @ms (*ret_code 0). */
static json_t *peer_hear(struct peer *p, int64_t ms, int *ret_code)
{
	uint8_t head[10];

	*ret_code = 0;
	set_timeout(p, ms);
	if (!hear_bytes(p, head, 2)) {
		*ret_code = errno == EAGAIN ? 0 : 1006;
		return NULL;
	}
	set_timeout(p, PATIENCE_MS);
	p->n = head[1];
	if (p->n >= 126) {
		size_t wide = p->n == 126 ? 2 : 8;
		ck_assert(hear_bytes(p, head + 2, wide));
		p->n = 0;
		for (size_t i = 0; i < wide; i++)
			p->n = p->n << 8 | head[2 + i];
	}
	ck_assert_uint_lt(p->n, FRAME_MAX);
	ck_assert(hear_bytes(p, p->frame, p->n));
	if (head[0] == 0x88) {
		*ret_code = p->frame[0] << 8 | p->frame[1];
		return NULL;
	}
	ck_assert_uint_eq(head[0], 0x81);
	json_t *frame = json_loadb((char *)p->frame, p->n, 0, NULL);
	ck_assert_msg(frame, "%.*s", (int)p->n, (char *)p->frame);
	const char *cursor = json_string_value(json_object_get(frame, "cursor"));
	if (cursor)
		snprintf(p->cursor, sizeof p->cursor, "%s", cursor);
	return frame;
}

static json_t *peer_expect(struct peer *p, const char *type)
{
	int code;
	json_t *frame = peer_hear(p, PATIENCE_MS, &code);

	ck_assert_msg(frame, "closed (%d) instead of %s", code, type);
	ck_assert_msg(!strcmp(json_string_value(json_object_get(frame, "type")), type), "%.*s instead of %s", (int)p->n,
		(char *)p->frame, type);
	return frame;
}

static void peer_expect_close(struct peer *p, int code)
{
	int got;
	json_t *frame;

	while ((frame = peer_hear(p, PATIENCE_MS, &got)))
		json_decref(frame);
	ck_assert_int_eq(got, code);
}

static void peer_expect_nothing(struct peer *p, int64_t ms)
{
	int code;
	json_t *frame = peer_hear(p, ms, &code);

	ck_assert_msg(!frame, "%.*s", (int)p->n, (char *)p->frame);
	ck_assert_int_eq(code, 0);
}

static void peer_end(struct peer *p)
{
	close(p->fd);
	free(p->frame);
}

/* A token of @user, which is good for @seconds. */
static const char *token_of(int user, int session, int64_t seconds)
{
	static char token[TOKEN_SIZE_MAX];
	struct token_claims c = {
		.subject = user_id(user), .session = session_id(session), .issued_s = clock_real_ms() / 1000
	};

	c.expires_s = c.issued_s + seconds;
	ck_assert_int_eq(token_sign(signer, &c, token, sizeof token), 0);
	return token;
}

static void peer_open(struct peer *p, int replica, int user)
{
	peer_dial(p, replica, 0);
	peer_say(p, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(user, user, 3600));
	json_decref(peer_expect(p, "authenticated"));
}

/* Subscribes to @devices (JSON); expects a snapshot of @n. */
static void peer_subscribe(struct peer *p, const char *devices, size_t n)
{
	size_t got = 0;

	peer_say(p, "{\"type\":\"subscribe\",\"devices\":%s}", devices);
	json_t *frame = peer_expect(p, "subscribed");
	ck_assert(json_is_false(json_object_get(frame, "recovered")));
	json_decref(frame);
	for (bool last = false; !last; json_decref(frame)) {
		frame = peer_expect(p, "snapshot");
		got += json_array_size(json_object_get(frame, "positions"));
		last = json_is_true(json_object_get(frame, "last"));
	}
	ck_assert_uint_eq(got, n);
}

/* Subscribes with @cursor; whether it was recovered. */
static bool peer_resume(struct peer *p, const char *devices, const char *cursor)
{
	peer_say(p, "{\"type\":\"subscribe\",\"devices\":%s,\"cursor\":\"%s\"}", devices, cursor);
	json_t *frame = peer_expect(p, "subscribed");
	bool recovered = json_is_true(json_object_get(frame, "recovered"));

	json_decref(frame);
	return recovered;
}

/* The next positions as "device:time[late] ..." with times as send_position() has them. */
static const char *peer_positions(struct peer *p, size_t n)
{
	static char buf[4096];
	struct text t = text_in(buf, sizeof buf);

	for (size_t have = 0; have < n;) {
		json_t *frame = peer_expect(p, "positions"), *list = json_object_get(frame, "positions"), *one;
		size_t i;
		json_array_foreach(list, i, one)
		{
			const char *time = json_string_value(json_object_get(one, "time"));
			const char *id = json_string_value(json_object_get(one, "device"));
			int64_t ms;
			ck_assert_int_eq(time_parse(&ms, time, strlen(time)), 0);
			text_printf(&t, "%s%c:%d%s", have ? " " : "", id[35], (int)(ms - started_ms),
				json_is_true(json_object_get(one, "late")) ? "late" : "");
			have++;
		}
		json_decref(frame);
	}
	return buf;
}

static void await_metric(const char *line)
{
	bool found = false;

	for (int i = 0; i < 3000 && !found; i++) {
		size_t n;
		char *text = metrics_render(&n);
		found = strstr(text, line);
		free(text);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	ck_assert_msg(found, "%s", line);
}

/* ---- tests ---- */

START_TEST(snapshot_then_updates)
{
	struct peer a, b;

	owned[1] = 1 << 1 | 1 << 2;
	owned[2] = 1 << 3;
	start();
	send_position(1, 100);
	start_replica(0, options());
	peer_open(&a, 0, 1);
	peer_subscribe(&a, "\"all\"", 1);
	peer_open(&b, 0, 2);
	peer_say(&b, "{\"type\":\"subscribe\",\"devices\":[\"%s\",\"%s\",\"nonsense\"]}", device_text(1),
		device_text(3));
	json_t *error = peer_expect(&b, "error");
	ck_assert_str_eq(json_string_value(json_object_get(error, "code")), "not_found");
	ck_assert_str_eq(json_string_value(json_object_get(error, "device")), device_text(1));
	json_decref(error);
	error = peer_expect(&b, "error");
	ck_assert_str_eq(json_string_value(json_object_get(error, "device")), "nonsense");
	json_decref(error);
	json_decref(peer_expect(&b, "subscribed"));
	json_decref(peer_expect(&b, "snapshot"));

	send_position(1, 200);
	ck_assert_str_eq(peer_positions(&a, 1), "1:200");
	send_position(2, 50);
	ck_assert_str_eq(peer_positions(&a, 1), "2:50");
	send_position(1, 150);
	ck_assert_str_eq(peer_positions(&a, 1), "1:150late");
	send_position(1, 201);
	ck_assert_str_eq(peer_positions(&a, 1), "1:201");
	send_position(3, 300);
	ck_assert_str_eq(peer_positions(&b, 1), "3:300");
	peer_expect_nothing(&a, 50);

	peer_say(&a, "{\"type\":\"ping\"}");
	json_decref(peer_expect(&a, "pong"));
	peer_say(&a, "{\"type\":\"unsubscribe\",\"devices\":[\"%s\"]}", device_text(1));
	peer_say(&a, "{\"type\":\"ping\"}");
	json_decref(peer_expect(&a, "pong"));
	send_position(1, 400);
	send_position(2, 400);
	ck_assert_str_eq(peer_positions(&a, 1), "2:400");
	peer_end(&a);
	peer_end(&b);
	stop();
}
END_TEST

START_TEST(resumed_on_another_replica)
{
	struct peer a, b;

	owned[1] = 1 << 1 | 1 << 2 | 1 << 3;
	start();
	start_replica(0, options());
	start_replica(1, options());
	peer_open(&a, 0, 1);
	peer_subscribe(&a, "\"all\"", 0);
	send_position(1, 100);
	ck_assert_str_eq(peer_positions(&a, 1), "1:100");
	char cursor[2048];
	strcpy(cursor, a.cursor);
	send_position(1, 200);
	send_position(1, 150);
	send_position(1, 300);
	ck_assert_str_eq(peer_positions(&a, 3), "1:200 1:150late 1:300");

	peer_open(&b, 1, 1);
	ck_assert(peer_resume(&b, "\"all\"", cursor));
	ck_assert_str_eq(peer_positions(&b, 3), "1:200 1:150late 1:300"); /* the same once more, and nothing twice */
	send_position(1, 400);
	ck_assert_str_eq(peer_positions(&b, 1), "1:400");
	peer_expect_nothing(&b, 50);
	peer_end(&b);

	peer_open(&b, 1, 1); /* with nothing missed */
	ck_assert_str_eq(peer_positions(&a, 1), "1:400");
	ck_assert(peer_resume(&b, "\"all\"", a.cursor));
	peer_expect_nothing(&b, 50);
	send_position(2, 500);
	ck_assert_str_eq(peer_positions(&b, 1), "2:500");
	peer_end(&b);

	peer_open(&b, 1, 1); /* the cursor is of all three */
	ck_assert(!peer_resume(&b, "[]", cursor));
	json_decref(peer_expect(&b, "snapshot"));
	peer_end(&b);
	peer_open(&b, 1, 1);
	ck_assert(!peer_resume(&b, "\"all\"", "garbage"));
	json_decref(peer_expect(&b, "snapshot"));
	peer_end(&b);
	for (int i = 0; i < 5000; i++) /* the ring has 1000 */
		send_position(1, 1000 + i);
	await_sent();
	for (int i = 0;; i++) { /* the replica may be behind a little */
		peer_open(&b, 1, 1);
		bool recovered = peer_resume(&b, "\"all\"", cursor);
		peer_end(&b);
		if (!recovered)
			break;
		ck_assert_int_lt(i, 1000);
	}
	peer_end(&a);
	stop();
}
END_TEST

/* Whatever the moment of the subscription, snapshot and updates together have every fix, and updates none twice. */
START_TEST(no_gap_between_snapshot_and_updates)
{
	enum { FIXES = 3000, EVERY = 100 };
	struct peer p[FIXES / EVERY];
	int from[FIXES / EVERY];

	owned[1] = 1 << 1;
	start();
	struct live_options o = options();
	o.connections_per_user = 100;
	o.queue_updates = FIXES;
	start_replica(0, o);
	for (int i = 0; i < FIXES; i++) {
		send_position(1, i);
		if (i % EVERY == 0) {
			struct peer *one = &p[i / EVERY];
			peer_open(one, 0, 1);
			peer_say(one, "{\"type\":\"subscribe\",\"devices\":\"all\"}");
		}
	}
	for (int i = 0; i < FIXES / EVERY; i++) {
		json_decref(peer_expect(&p[i], "subscribed"));
		json_t *snapshot = peer_expect(&p[i], "snapshot"), *list = json_object_get(snapshot, "positions");
		from[i] = 0;
		if (json_array_size(list) == 1) {
			const char *time = json_string_value(json_object_get(json_array_get(list, 0), "time"));
			int64_t ms;
			ck_assert_int_eq(time_parse(&ms, time, strlen(time)), 0);
			from[i] = (int)(ms - started_ms) + 1;
		}
		json_decref(snapshot);
		for (int next = from[i]; next < FIXES;) {
			json_t *frame = peer_expect(&p[i], "positions"), *one;
			size_t k;
			json_array_foreach(json_object_get(frame, "positions"), k, one)
			{
				const char *time = json_string_value(json_object_get(one, "time"));
				int64_t ms;
				ck_assert_int_eq(time_parse(&ms, time, strlen(time)), 0);
				if (json_is_true(json_object_get(one, "late"))) /* the snapshot was newer */
					ck_assert_int_lt(ms - started_ms, from[i]);
				else
					ck_assert_int_eq(ms - started_ms, next++);
			}
			json_decref(frame);
		}
		peer_end(&p[i]);
	}
	stop();
}
END_TEST

START_TEST(tokens_end)
{
	struct peer a, b;

	owned[1] = 1 << 1;
	start();
	start_replica(0, options());
	peer_dial(&a, 0, 0);
	peer_say(&a, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 1, 2));
	json_decref(peer_expect(&a, "authenticated"));
	json_decref(peer_expect(&a, "expiring"));
	peer_dial(&b, 0, 0);
	peer_say(&b, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 1, 2));
	json_decref(peer_expect(&b, "authenticated"));
	peer_say(&b, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 2, 3600));
	json_t *frame;
	int code;
	do /* an "expiring" may come before */
		ck_assert((frame = peer_hear(&b, PATIENCE_MS, &code)));
	while (strcmp(json_string_value(json_object_get(frame, "type")), "authenticated") &&
		(json_decref(frame), true));
	json_decref(frame);
	peer_expect_close(&a, 4401);
	peer_subscribe(&b, "\"all\"", 0);
	peer_say(&b, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(2, 2, 3600)); /* somebody else's */
	peer_expect_close(&b, 4401);
	peer_end(&a);
	peer_end(&b);
	stop();
}
END_TEST

START_TEST(sessions_are_ended)
{
	struct peer a, b;

	owned[1] = 1 << 1;
	start();
	start_replica(0, options());
	peer_dial(&a, 0, 0);
	peer_say(&a, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 7, 3600));
	json_decref(peer_expect(&a, "authenticated"));
	peer_open(&b, 0, 1);
	int64_t before_ms = clock_mono_ms();
	send_event("session_revoked", 1, 7);
	peer_expect_close(&a, 4401);
	ck_assert_int_lt(clock_mono_ms() - before_ms, LOADED_MS);
	peer_end(&a);
	peer_dial(&a, 0, 0); /* the token is good still, and is not taken any more */
	peer_say(&a, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 7, 3600));
	peer_expect_close(&a, 4401);
	peer_subscribe(&b, "\"all\"", 0); /* another session goes on */
	peer_end(&a);
	peer_end(&b);
	stop();
}
END_TEST

START_TEST(what_may_be_seen_changes)
{
	struct peer a, b;

	owned[1] = 1 << 1 | 1 << 2;
	start();
	send_position(3, 10);
	await_sent();
	start_replica(0, options());
	peer_open(&a, 0, 1);
	peer_subscribe(&a, "\"all\"", 0);
	peer_open(&b, 0, 1);
	peer_say(&b, "{\"type\":\"subscribe\",\"devices\":[\"%s\"]}", device_text(1));
	json_decref(peer_expect(&b, "subscribed"));
	json_decref(peer_expect(&b, "snapshot"));
	owned[1] = 1 << 2 | 1 << 3;
	int64_t before_ms = clock_mono_ms();
	send_event("devices_changed", 1, 0);
	json_t *frame = peer_expect(&a, "devices");
	ck_assert_int_lt(clock_mono_ms() - before_ms, LOADED_MS);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(frame, "added"), 0)), device_text(3));
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(frame, "removed"), 0)), device_text(1));
	json_decref(frame);
	frame = peer_expect(&a, "snapshot"); /* of what was added */
	ck_assert_uint_eq(json_array_size(json_object_get(frame, "positions")), 1);
	json_decref(frame);
	frame = peer_expect(&b, "devices");
	ck_assert_uint_eq(json_array_size(json_object_get(frame, "added")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(frame, "removed")), 1);
	json_decref(frame);
	send_position(1, 20);
	send_position(3, 20);
	ck_assert_str_eq(peer_positions(&a, 1), "3:20");
	peer_expect_nothing(&b, 50);

	auth_away = true; /* what it is now cannot be known: nothing more is shown */
	before_ms = clock_mono_ms();
	send_event("devices_changed", 1, 0);
	peer_expect_close(&a, 1013);
	ck_assert_int_lt(clock_mono_ms() - before_ms, LOADED_MS);
	peer_end(&a);
	peer_end(&b);
	stop();
}
END_TEST

START_TEST(what_must_not_be_said)
{
	static const struct {
		const char *text;
		int code;
		bool authenticated;
	} words[] = {
		{ "{\"type\":\"subscribe\",\"devices\":\"all\"}", 4401, false },
		{ "{\"type\":\"auth\",\"token\":\"x.y.z\"}", 4401, false },
		{ "{\"type\":\"auth\"}", 4400, false },
		{ "nonsense", 4400, false },
		{ "[]", 4400, false },
		{ "{\"type\":\"nonsense\"}", 4400, true },
		{ "{\"type\":\"subscribe\"}", 4400, true },
		{ "{\"type\":\"subscribe\",\"devices\":[1]}", 4400, true },
		{ "{\"type\":\"subscribe\",\"devices\":\"some\"}", 4400, true },
		{ "{\"type\":\"subscribe\",\"devices\":\"all\",\"cursor\":5}", 4400, true },
		{ "{\"type\":\"unsubscribe\"}", 4400, true },
	};
	struct peer p[6];

	start();
	start_replica(0, options());
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (words[i].authenticated)
			peer_open(&p[0], 0, 1);
		else
			peer_dial(&p[0], 0, 0);
		peer_say(&p[0], "%s", words[i].text);
		peer_expect_close(&p[0], words[i].code);
		peer_end(&p[0]);
	}
	peer_dial(&p[0], 0, 0);
	peer_expect_close(&p[0], 4408);
	peer_end(&p[0]);
	peer_open(&p[0], 0, 1);
	for (int i = 0; i < 200; i++)
		peer_say(&p[0], "{\"type\":\"ping\"}");
	peer_expect_close(&p[0], 4429);
	peer_end(&p[0]);
	for (int i = 0; i < 5; i++)
		peer_open(&p[i], 0, 2);
	peer_dial(&p[5], 0, 0);
	peer_say(&p[5], "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(2, 2, 3600));
	peer_expect_close(&p[5], 4429);
	for (int i = 0; i < 6; i++)
		peer_end(&p[i]);
	stop();
}
END_TEST

START_TEST(too_many_devices)
{
	struct peer p;

	owned[1] = 0xFF;
	start();
	start_replica(0, options());
	peer_open(&p, 0, 1);
	peer_say(&p, "{\"type\":\"subscribe\",\"devices\":\"all\"}");
	json_t *frame = peer_expect(&p, "error");
	ck_assert_str_eq(json_string_value(json_object_get(frame, "code")), "too_many_devices");
	json_decref(frame);
	frame = peer_expect(&p, "subscribed");
	ck_assert_uint_eq(json_array_size(json_object_get(frame, "devices")), 5);
	json_decref(frame);
	peer_end(&p);
	stop();
}
END_TEST

/* One that does not read gets the newest of each device and is told how many it missed; the other gets all. */
START_TEST(a_slow_client_is_conflated_and_harms_nobody)
{
	enum { FIXES = 80000, CHUNK = 8000 };
	struct peer slow, quick;
	int got = 0, skipped = 0;
	int64_t newest[3] = { 0 };

	owned[1] = 1 << 1 | 1 << 2;
	start();
	struct live_options o = options();
	o.queue_updates = CHUNK; /* the quick one is never that far behind */
	o.queue_bytes = 16 << 20;
	o.slow_bytes = 64 << 20;
	o.slow_ms = 600000; /* however long the quick one takes */
	start_replica(0, o);
	peer_dial(&slow, 0, 4096);
	peer_say(&slow, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 1, 3600));
	json_decref(peer_expect(&slow, "authenticated"));
	peer_subscribe(&slow, "\"all\"", 0);
	peer_open(&quick, 0, 1);
	peer_subscribe(&quick, "\"all\"", 0);
	for (int i = 0, heard = 0; i < FIXES || heard < FIXES;) {
		for (int k = 0; k < CHUNK && i < FIXES; k++, i++)
			send_position(1 + (uint32_t)i % 2, i);
		for (; heard < i;) {
			json_t *frame = peer_expect(&quick, "positions");
			heard += (int)json_array_size(json_object_get(frame, "positions"));
			ck_assert_ptr_null(json_object_get(frame, "skipped"));
			json_decref(frame);
		}
	}
	while (got + skipped < FIXES) {
		json_t *frame = peer_expect(&slow, "positions"), *one;
		size_t k;
		skipped += (int)json_integer_value(json_object_get(frame, "skipped"));
		json_array_foreach(json_object_get(frame, "positions"), k, one)
		{
			const char *time = json_string_value(json_object_get(one, "time"));
			int64_t ms;
			ck_assert_int_eq(time_parse(&ms, time, strlen(time)), 0);
			newest[json_string_value(json_object_get(one, "device"))[35] - '0'] = ms - started_ms;
			got++;
		}
		json_decref(frame);
	}
	ck_assert_int_eq(got + skipped, FIXES);
	ck_assert_int_gt(skipped, 0);
	ck_assert_int_eq(newest[1], FIXES - 2);
	ck_assert_int_eq(newest[2], FIXES - 1);
	peer_end(&slow);
	peer_end(&quick);
	stop();
}
END_TEST

START_TEST(one_that_stays_slow_is_closed)
{
	struct peer p;

	owned[1] = 1 << 1;
	start();
	struct live_options o = options();
	o.slow_ms = 500;
	o.queue_updates = 1000;
	start_replica(0, o);
	peer_dial(&p, 0, 4096);
	peer_say(&p, "{\"type\":\"auth\",\"token\":\"%s\"}", token_of(1, 1, 3600));
	json_decref(peer_expect(&p, "authenticated"));
	peer_subscribe(&p, "\"all\"", 0);
	for (int i = 0; i < 40000; i++)
		send_position(1, i);
	await_sent();
	await_metric("pettrack_live_closes_total{reason=\"slow\"} 1");
	peer_expect_close(&p, 4413);
	peer_end(&p);
	stop();
}
END_TEST

START_TEST(the_end)
{
	struct peer p;

	owned[1] = 1 << 1;
	start();
	start_replica(0, options());
	peer_open(&p, 0, 1);
	peer_subscribe(&p, "\"all\"", 0);
	live_close(live[0]);
	live[0] = NULL;
	peer_expect_close(&p, 1001);
	peer_end(&p);
	stop();
}
END_TEST

/* Two parts that may run beside each other, by CK_RUN_CASE. */
static Suite *suite(void)
{
	Suite *s = suite_create("live");
	TCase *t = tcase_create("live"), *many = tcase_create("many");

	tcase_set_timeout(many, 120);
	tcase_add_test(many, no_gap_between_snapshot_and_updates);
	tcase_add_test(many, resumed_on_another_replica);
	tcase_add_test(many, a_slow_client_is_conflated_and_harms_nobody);
	tcase_add_test(many, one_that_stays_slow_is_closed);
	suite_add_tcase(s, many);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, snapshot_then_updates);
	tcase_add_test(t, tokens_end);
	tcase_add_test(t, sessions_are_ended);
	tcase_add_test(t, what_may_be_seen_changes);
	tcase_add_test(t, what_must_not_be_said);
	tcase_add_test(t, too_many_devices);
	tcase_add_test(t, the_end);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
