/* Source: query/access/access.c, access_topic.c. Auth is an HTTP server inside the test; of the topic only its events: nobody listens
 * where Kafka should be. */
#include "base/clock.h"
#include "base/text.h"
#include "query/access/access.h"
#include "query/access/access_internal.h"
#include "tests/lib/client/http_server.h"
#include "tests/lib/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define USER "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
#define DEVICE "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define TOKEN "{\"access_token\":\"service\",\"token_type\":\"Bearer\",\"expires_in\":900}"

static const struct bus_config nowhere = { .brokers = "127.0.0.1:1", .client = "test" };
static struct http_server *auth;
static struct access *the_access;
static _Atomic int status = 200, asked;
static _Atomic bool hold, change_meanwhile;
static int64_t timeout_ms; /* of the client; 0: its own */

static struct uuid id(const char *text)
{
	struct uuid u;
	ck_assert_int_eq(uuid_parse(&u, text, 36), 0);
	return u;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void say_changed(const char *user)
{
	char event[128];
	int n = snprintf(event, sizeof event, "{\"event\":\"devices_changed\",\"user\":\"%s\"}", user);
	ck_assert(access_topic_event(the_access, event, (size_t)n, 0));
}

/* The k-th answer names k devices. */
static void answer(const struct http_seen *q, FILE *out, void *user)
{
	char body[4096];
	struct text t = text_in(body, sizeof body);

	(void)user;
	if (!strcmp(q->path, "/v1/oauth/token")) {
		http_answer_with(out, 200, "", TOKEN);
		return;
	}
	ck_assert_str_eq(q->authorization, "Bearer service");
	int k = ++asked;
	while (hold)
		nap();
	if (change_meanwhile) {
		change_meanwhile = false;
		say_changed(USER);
	}
	text_puts(&t, "{\"devices\":[");
	for (int i = 0; i < k; i++)
		text_printf(&t, "%s{\"id\":\"AAAAAAAA-aaaa-4aaa-8aaa-%012d\",\"name\":\"collar %d\",\"pet_name\":%s}",
			i ? "," : "", i, i, i == 1 ? "\"Misty\"" : "null");
	text_puts(&t, "]}");
	http_answer_with(out, status, "", body);
}

static const struct bus_topics topics = { .prefix = "", .partitions = 1, .replication = 1, .create = true };

static void start(int64_t ttl_ms, int64_t stale_ms)
{
	struct access_options o = {
		.kafka = &nowhere,
		.topics = &topics,
		.kafka_there = dependency_new("kafka", "", DEPENDENCY_NEVER),
		.ttl_ms = ttl_ms,
		.stale_ms = stale_ms,
		.users_max = 10,
		.devices_max = 100,
		.ended_max = 1000,
	};

	signal(SIGPIPE, SIG_IGN);
	auth = http_server_start(answer, NULL);
	o.auth = (struct client_options){ http_server_url(auth), "query", "secret", .timeout_ms = timeout_ms };
	ck_assert_int_eq(access_open(&the_access, &o), 0);
}

static void stop(void)
{
	access_close(the_access);
	http_server_stop(auth);
}

/* How many devices @user has, or -1 for "later". */
static int devices_of(const char *user)
{
	struct uuid u = id(user);
	struct device_set *set = NULL;
	int r = access_devices(the_access, &u, &set);

	if (r == ACCESS_E_RETRY)
		return -1;
	ck_assert_int_eq(r, 0);
	int n = (int)set->n;
	device_set_unref(set);
	return n;
}

START_TEST(asked_once_and_remembered)
{
	start(60000, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	ck_assert_int_eq(devices_of(USER), 1);
	ck_assert_str_eq(http_server_last(auth).path, "/internal/v1/users/" USER "/devices");
	ck_assert_int_eq(devices_of(OTHER), 2);
	ck_assert_int_eq(asked, 2);
	stop();
}
END_TEST

/* Whether @user has the @n-th device. */
static bool has_device(const char *user, int n)
{
	char text[UUID_TEXT_SIZE];
	struct uuid u = id(user), device;
	struct device_set *set = NULL;

	snprintf(text, sizeof text, "aaaaaaaa-aaaa-4aaa-8aaa-%012d", n);
	device = id(text);
	ck_assert_int_eq(access_devices_with(the_access, &u, &device, &set), 0);
	bool has = device_set_has(set, &device);
	device_set_unref(set);
	return has;
}

START_TEST(asked_again_for_a_device_that_is_not_there)
{
	start(60000, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	for (int i = 0; i < 20; i++)
		ck_assert(has_device(USER, 0));
	ck_assert_int_eq(asked, 1);
	while (!has_device(USER, 1))
		nap();
	ck_assert_int_eq(asked, 2);

	int64_t began_ms = clock_mono_ms();
	for (int i = 0; i < 200; i++)
		ck_assert(!has_device(USER, 500));
	ck_assert_int_le(asked, 2 + 21 + (clock_mono_ms() - began_ms) / 250); /* not each time */

	status = 503; /* what is remembered stands */
	int before = asked, known = devices_of(USER);
	while (asked == before) {
		ck_assert(!has_device(USER, 500));
		nap();
	}
	ck_assert_int_eq(devices_of(USER), known);
	stop();
}
END_TEST

START_TEST(asked_again_when_old)
{
	start(0, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	nap();
	ck_assert_int_eq(devices_of(USER), 2);
	stop();
}
END_TEST

START_TEST(asked_again_when_the_topic_says_so)
{
	start(60000, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	ck_assert_int_eq(devices_of(OTHER), 2);
	say_changed(USER);
	ck_assert_int_eq(devices_of(USER), 3);
	ck_assert_int_eq(devices_of(OTHER), 2);
	change_meanwhile = true; /* the answer may be from before the change */
	say_changed(USER);
	ck_assert_int_eq(devices_of(USER), 5);
	stop();
}
END_TEST

START_TEST(auth_is_away)
{
	start(0, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	nap();
	status = 503;
	ck_assert_int_eq(devices_of(USER), 1); /* from memory */
	ck_assert_int_eq(devices_of(OTHER), -1); /* never heard of */
	int before = asked;
	ck_assert_int_eq(devices_of(USER), 1);
	ck_assert_int_eq(asked, before); /* left alone for a while */
	say_changed(USER);
	ck_assert_int_eq(devices_of(USER), -1); /* memory is wrong now */
	status = 200;
	for (int i = 0; i < 1000 && devices_of(USER) < 0; i++)
		nap();
	ck_assert_int_gt(devices_of(USER), 1);
	stop();
}
END_TEST

static void wait_asked(int n)
{
	for (int i = 0; i < 5000 && asked < n; i++)
		nap();
	ck_assert_int_eq(asked, n);
}

/* A client of ours that never came back would end the test by its time-out. */
START_TEST(who_is_known_waits_for_nobody)
{
	start(100, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	hold = true;
	nanosleep(&(struct timespec){ .tv_nsec = 60000000 }, NULL); /* not too old yet, and worth asking again */
	ck_assert_int_eq(devices_of(USER), 1);
	wait_asked(2); /* and not answered */
	ck_assert_int_eq(devices_of(USER), 1);
	nanosleep(&(struct timespec){ .tv_nsec = 60000000 }, NULL); /* too old */
	ck_assert_int_eq(devices_of(USER), 1);
	ck_assert_int_eq(asked, 2);
	hold = false;
	for (int i = 0; i < 5000 && devices_of(USER) < 2; i++)
		nap();
	ck_assert_int_ge(devices_of(USER), 2);
	stop();
}
END_TEST

static void *ask_other(void *ret)
{
	*(int *)ret = devices_of(OTHER);
	return NULL;
}

START_TEST(while_auth_hangs_one_tries_it)
{
	pthread_t thread;
	int got;

	timeout_ms = 300;
	start(0, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	hold = true;
	ck_assert_int_eq(devices_of(OTHER), -1);
	wait_asked(2);
	nanosleep(&(struct timespec){ .tv_nsec = 600000000 }, NULL); /* as long as it is left alone, and more */
	ck_assert_int_eq(pthread_create(&thread, NULL, ask_other, &got), 0);
	wait_asked(3);
	ck_assert_int_eq(devices_of(DEVICE), -1); /* a third user, at once */
	ck_assert_int_eq(devices_of(USER), 1);
	ck_assert_int_eq(asked, 3);
	pthread_join(thread, NULL);
	ck_assert_int_eq(got, -1);
	hold = false;
	stop();
}
END_TEST

START_TEST(what_has_changed_is_asked_for_before_it_is_needed)
{
	start(60000, 60000);
	say_changed(OTHER); /* nobody has asked for these */
	ck_assert_int_eq(devices_of(USER), 1);
	say_changed(USER);
	wait_asked(2);
	for (int i = 0; i < 5000 && devices_of(USER) < 2; i++)
		nap();
	status = 503;
	ck_assert_int_eq(devices_of(USER), 2);
	ck_assert_int_eq(asked, 2);
	stop();
}
END_TEST

START_TEST(memory_is_not_good_for_ever)
{
	start(0, 50);
	ck_assert_int_eq(devices_of(USER), 1);
	status = 503;
	for (int i = 0; i < 1000 && devices_of(USER) > 0; i++)
		nap();
	ck_assert_int_eq(devices_of(USER), -1);
	stop();
}
END_TEST

START_TEST(unknown_users_see_nothing)
{
	start(60000, 60000);
	status = 404;
	ck_assert_int_eq(devices_of(USER), 0);
	stop();
}
END_TEST

/* What auth calls the devices of USER, as JSON; NULL for "later". */
static char *names_of_user(void)
{
	struct uuid u = id(USER);
	json_t *names = NULL;
	int r = access_names(the_access, &u, &names);

	if (r == ACCESS_E_RETRY)
		return NULL;
	ck_assert_int_eq(r, 0);
	char *text = json_dumps(names, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(names);
	return text;
}

static void names_are(const char *want)
{
	char *got = names_of_user();

	ck_assert_pstr_eq(got, want);
	free(got);
}

START_TEST(names_are_asked_for_each_time)
{
	start(60000, 60000);
	ck_assert_int_eq(devices_of(USER), 1);
	names_are("{\"aaaaaaaa-aaaa-4aaa-8aaa-000000000000\":{\"name\":\"collar 0\"},"
		  "\"aaaaaaaa-aaaa-4aaa-8aaa-000000000001\":{\"name\":\"collar 1\",\"pet_name\":\"Misty\"}}");
	ck_assert_int_eq(asked, 2);
	ck_assert_int_eq(devices_of(USER), 1); /* what is remembered stays as it was */
	status = 404;
	names_are("{}");
	status = 503;
	names_are(NULL);
	int before = asked;
	names_are(NULL);
	ck_assert_int_eq(asked, before); /* left alone for a while */
	stop();
}
END_TEST

static void *ask(void *ret)
{
	*(int *)ret = devices_of(USER);
	return NULL;
}

START_TEST(many_ask_at_once)
{
	enum { MANY = 16 };
	pthread_t threads[MANY];
	int got[MANY];

	start(60000, 60000);
	hold = true;
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &got[i]), 0);
	while (asked == 0)
		nap();
	ck_assert_int_eq(asked, 1);
	hold = false;
	for (int i = 0; i < MANY; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(got[i], 1);
	}
	ck_assert_int_eq(asked, 1);
	stop();
}
END_TEST

/* ---- events ---- */

static int changed, ended;
static struct uuid last_user, last_session;

static void on_changed(void *owner, const struct uuid *user)
{
	ck_assert_ptr_eq(owner, &changed);
	last_user = *user;
	changed++;
}

static void on_ended(void *owner, const struct uuid *user, const struct uuid *session)
{
	ck_assert_ptr_eq(owner, &changed);
	last_user = *user;
	last_session = *session;
	ended++;
}

#define EVENT(text) ck_assert(access_topic_event(the_access, text, sizeof text - 1, 0))
#define NO_EVENT(text) ck_assert(!access_topic_event(the_access, text, sizeof text - 1, 0))

START_TEST(events)
{
	const struct access_watch w = { on_changed, on_ended, &changed };
	struct uuid session = id(OTHER), user = id(USER);

	start(60000, 60000);
	access_set_watch(the_access, &w);
	say_changed(USER);
	ck_assert_int_eq(changed, 1);
	ck_assert(uuid_same(&last_user, &user));

	ck_assert(!access_session_ended(the_access, &session));
	EVENT("{\"event\":\"session_revoked\",\"user\":\"" USER "\",\"session\":\"" OTHER "\",\"more\":1}");
	ck_assert_int_eq(ended, 1);
	ck_assert(uuid_same(&last_session, &session));
	ck_assert(access_session_ended(the_access, &session));
	ck_assert(!access_session_ended(the_access, &user));

	NO_EVENT("");
	NO_EVENT("null");
	NO_EVENT("[]");
	NO_EVENT("{\"event\":\"devices_changed\"}");
	NO_EVENT("{\"event\":\"devices_changed\",\"user\":5}");
	NO_EVENT("{\"event\":\"devices_changed\",\"user\":\"x\"}");
	NO_EVENT("{\"event\":\"session_revoked\",\"user\":\"" USER "\"}");
	NO_EVENT("{\"event\":\"something_new\",\"user\":\"" USER "\"}");
	access_set_watch(the_access, NULL);
	say_changed(USER);
	ck_assert_int_eq(changed, 1);
	stop();
}
END_TEST

START_TEST(an_old_event)
{
	const struct access_watch w = { on_changed, on_ended, &changed };
	static const char event[] = "{\"event\":\"session_revoked\",\"user\":\"" USER "\",\"session\":\"" OTHER "\"}";
	struct uuid session = id(OTHER);

	start(60000, 60000);
	access_set_watch(the_access, &w);
	ck_assert(access_topic_event(the_access, event, sizeof event - 1, 1)); /* of 1970: no token is that old */
	ck_assert_int_eq(ended, 0);
	ck_assert(!access_session_ended(the_access, &session));
	stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("access");
	TCase *t = tcase_create("access");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, asked_once_and_remembered);
	tcase_add_test(t, asked_again_for_a_device_that_is_not_there);
	tcase_add_test(t, asked_again_when_old);
	tcase_add_test(t, asked_again_when_the_topic_says_so);
	tcase_add_test(t, auth_is_away);
	tcase_add_test(t, who_is_known_waits_for_nobody);
	tcase_add_test(t, while_auth_hangs_one_tries_it);
	tcase_add_test(t, what_has_changed_is_asked_for_before_it_is_needed);
	tcase_add_test(t, memory_is_not_good_for_ever);
	tcase_add_test(t, unknown_users_see_nothing);
	tcase_add_test(t, names_are_asked_for_each_time);
	tcase_add_test(t, many_ask_at_once);
	tcase_add_test(t, events);
	tcase_add_test(t, an_old_event);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
