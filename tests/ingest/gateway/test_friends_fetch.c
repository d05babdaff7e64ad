/* Source: ingest/gateway/friends_fetch.c, with a query and an auth made of lib/web. */
#include "base/clock.h"
#include "ingest/gateway/friends_fetch.h"
#include "service/health.h"
#include "service/log.h"
#include "tests/lib/unit.h"
#include "web/web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FRESH_MS = 20, STALE_MS = 600000 };

static struct web *auth, *query;
static struct friends *friends;
static struct friends_fetch *fetch;
static atomic_int status = 200; /* what query answers; 0: something that is no answer */
static atomic_int requests;

/* ---- the others ---- */

static void give_token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200, json_pack("{ss ss si}", "access_token", "t", "token_type", "Bearer", "expires_in", 900));
}

static const struct web_route auth_routes[] = {
	{ "POST", "/v1/oauth/token", give_token, WEB_PUBLIC, NULL },
	{ NULL, NULL, NULL, WEB_PUBLIC, NULL },
};

/* Two that are whole, and some that lack something. */
static const char devices[] =
	"{\"devices\":["
	"{\"name\":\"Collar\",\"pet_name\":\"Misty\",\"latest\":{\"device\":\"00000000-0000-4000-8000-0000000000ca\","
	"\"time\":\"2026-01-02T03:04:05.678Z\",\"lat\":50.1703,\"lon\":-5.1138,\"speed\":1.5,\"course\":271,"
	"\"altitude\":31,"
	"\"accuracy\":8,\"battery\":82,\"protocol\":\"osmand\",\"contact\":\"2026-01-02T03:04:05.678Z\"}},"
	"{\"name\":\"no place\",\"latest\":{\"device\":\"00000000-0000-4000-8000-0000000000cb\","
	"\"time\":\"2026-01-02T03:04:05Z\"}},"
	"{\"name\":\"nowhere\",\"latest\":{\"device\":\"00000000-0000-4000-8000-0000000000cc\","
	"\"time\":\"2026-01-02T03:04:05Z\",\"lat\":91,\"lon\":0}},"
	"{\"name\":\"never\",\"latest\":{\"device\":\"00000000-0000-4000-8000-0000000000cd\",\"lat\":1,\"lon\":0}},"
	"{\"name\":\"who\",\"latest\":{\"device\":\"cat\",\"time\":\"2026-01-02T03:04:05Z\",\"lat\":1,\"lon\":0}},"
	"{\"name\":\"nothing\"},7,"
	"{\"name\":\"Tiger\",\"pet_name\":\"\",\"latest\":{\"device\":\"00000000-0000-4000-8000-000000000001\","
	"\"time\":\"2026-01-02T03:04:05Z\",\"lat\":1,\"lon\":-180}}]}";

static void answer(struct web_request *q, void *owner)
{
	(void)owner;
	requests++;
	ck_assert_str_eq(web_path(q, "id"), "00000000-0000-4000-8000-000000000007");
	ck_assert_str_eq(web_query(q, "limit"), "51");
	ck_assert_str_eq(web_header(q, "Authorization"), "Bearer t");
	if (status == 0)
		web_reply_text(q, 200, "application/json", "{\"devices\":1}", 13);
	else if (status != 200)
		web_problem(q, status, "test", "as the test wants");
	else
		web_reply_text(q, 200, "application/json", devices, sizeof devices - 1);
}

static const struct web_route query_routes[] = {
	{ "GET", "/internal/v1/users/{id}/latest", answer, WEB_PUBLIC, NULL },
	{ NULL, NULL, NULL, WEB_PUBLIC, NULL },
};

/* ---- around it ---- */

static void setup(void)
{
	struct web_options web = { .address = "127.0.0.1", .threads = 4, .routes = auth_routes };
	char auth_url[64], query_url[64];

	log_open("test", LEVEL_ERROR, true);
	ck_assert_int_eq(web_open(&auth, &web), 0);
	web.routes = query_routes;
	ck_assert_int_eq(web_open(&query, &web), 0);
	snprintf(auth_url, sizeof auth_url, "http://127.0.0.1:9,/v1/oauth=http://127.0.0.1:%u", web_port(auth));
	snprintf(query_url, sizeof query_url, "http://127.0.0.1:%u", web_port(query));
	const struct client_options client = {
		.base_url = auth_url, .client_id = "gateway", .client_secret = "s", .timeout_ms = 2000
	};
	ck_assert_int_eq(friends_open(&friends, &(struct friends_options){ 1000, FRESH_MS, STALE_MS }), 0);
	ck_assert_int_eq(friends_fetch_open(&fetch, &(struct friends_fetch_options){ friends, query_url, &client }), 0);
}

static void teardown(void)
{
	friends_fetch_close(fetch);
	friends_close(friends);
	web_close(query);
	web_close(auth);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static struct friend_set *find(void)
{
	struct uuid owner = { { 0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 7 } };

	return friends_find(friends, &owner, clock_mono_ms());
}

static struct friend_set *await(void)
{
	struct friend_set *s = NULL;

	for (int i = 0; i < 4000 && !(s = find()); i++)
		nap();
	ck_assert_ptr_nonnull(s);
	return s;
}

static bool said_to_be_away(void)
{
	char why[512];

	ck_assert(health_ready(why, sizeof why)); /* never for that */
	return strstr(why, "\"query\":") != NULL;
}

static void await_said(bool away)
{
	for (int i = 0; i < 4000 && said_to_be_away() != away; i++)
		nap();
	ck_assert_int_eq(said_to_be_away(), away);
}

START_TEST(what_query_says)
{
	struct friend_set *s = await();
	const struct position *p = &s->members[1].position;

	ck_assert_uint_eq(s->n, 2);
	ck_assert_str_eq(s->members[0].name, "Tiger");
	ck_assert_int_eq(s->members[0].position.lon_e7, -1800000000);
	ck_assert_uint_eq(s->members[0].position.has, POSITION_LOCATION);
	ck_assert_str_eq(s->members[1].name, "Misty");
	ck_assert_int_eq(p->time_ms, 1767323045678);
	ck_assert_int_eq(p->lat_e7, 501703000);
	ck_assert_int_eq(p->lon_e7, -51138000);
	ck_assert_float_eq(p->speed_mps, 1.5F);
	ck_assert_float_eq(p->course_deg, 271);
	ck_assert_float_eq(p->altitude_m, 31);
	ck_assert_float_eq(p->accuracy_m, 8);
	ck_assert_float_eq(p->battery_pct, 82);
	friend_set_unref(s);
	ck_assert(!said_to_be_away());
}
END_TEST

START_TEST(nobody_is_asked_about_before_it_is_wanted)
{
	ck_assert(!said_to_be_away());
	ck_assert_int_eq(requests, 0);
	friend_set_unref(await());
	ck_assert_int_ge(requests, 1);
}
END_TEST

static const int failures[] = { 503, 403, 404, 0 };

START_TEST(a_query_that_fails)
{
	friend_set_unref(await());
	status = failures[_i];
	for (int i = 0; i < 4000 && !said_to_be_away(); i++) {
		friend_set_unref(find());
		nap();
	}
	ck_assert(said_to_be_away());
	struct friend_set *s = find(); /* what was heard serves */
	ck_assert_ptr_nonnull(s);
	friend_set_unref(s);
	status = 200;
	await_said(false); /* though nobody asks any more */
}
END_TEST

START_TEST(never_heard_of_while_it_is_away)
{
	status = 503;
	ck_assert_ptr_null(find());
	await_said(true);
	ck_assert_ptr_null(find());
	status = 200;
	friend_set_unref(await());
}
END_TEST

START_TEST(addresses_that_are_none)
{
	const struct client_options good = { .base_url = "http://a", .client_id = "g", .client_secret = "s" };
	const struct client_options bad = { .base_url = "a", .client_id = "g", .client_secret = "s" };
	struct friends_fetch *f = NULL;

	ck_assert_int_eq(
		friends_fetch_open(&f, &(struct friends_fetch_options){ friends, "query:8083", &good }), -EINVAL);
	ck_assert_int_eq(friends_fetch_open(&f, &(struct friends_fetch_options){ friends, "http://q", &bad }), -EINVAL);
	ck_assert_ptr_null(f);
	friends_fetch_close(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("friends_fetch");
	TCase *t = tcase_create("friends_fetch");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_query_says);
	tcase_add_test(t, nobody_is_asked_about_before_it_is_wanted);
	tcase_add_loop_test(t, a_query_that_fails, 0, sizeof failures / sizeof *failures);
	tcase_add_test(t, never_heard_of_while_it_is_away);
	tcase_add_test(t, addresses_that_are_none);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
