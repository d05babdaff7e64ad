/* Source: ingest/gateway/lookup.c, with an auth made of lib/web. */
#include "base/clock.h"
#include "base/text.h"
#include "ingest/gateway/lookup.h"
#include "service/health.h"
#include "service/log.h"
#include "tests/lib/unit.h"
#include "web/web.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KNOWN_MS = 60000, UNKNOWN_MS = 60000, UNAVAILABLE_MS = 50, BATCH = 10 };

static struct web *auth;
static struct devices *devices;
static struct lookup *lookup;
static atomic_int status = 200; /* what auth answers; 0: something that is no answer */
static atomic_int requests, largest;
static atomic_bool hold; /* no answer as long as this is set */
static atomic_ullong told; /* the last ticket */
static struct strangers *strangers;
static atomic_int report_status = 204, reports;
static char report[512]; /* the last one that was taken */
static const struct address somewhere = { { [10] = 0xFF, 0xFF, 192, 0, 2, 7 } }, nowhere;

/* ---- auth ---- */

static void give_token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200, json_pack("{ss ss si}", "access_token", "t", "token_type", "Bearer", "expires_in", 900));
}

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DEVICE(name, id, more) "{\"identifier\":\"" name "\",\"id\":\"" id "\",\"secret_sha256\":\"" HASH "\"" more "}"
#define ID "00000000-0000-4000-8000-0000000000ca"
#define OWNER "00000000-0000-4000-8000-0000000000c0"

static const char *const devices_of_auth[] = {
	DEVICE("cat", ID, ""),
	DEVICE("broken", "none", ""),
	DEVICE("orphan", ID, ",\"owner\":\"nobody\""),
	DEVICE("dachshund", ID,
		",\"owner\":\"" OWNER "\",\"rules\":{\"clock_offset_s\":3600,\"protocols\":[\"gt06\"]}"),
	DEVICE("poodle", ID, ",\"rules\":{\"networks\":[\"home\"]}"),
};

static json_t *known(const json_t *identifiers)
{
	json_t *list = json_array();
	const json_t *v;
	size_t i;

	json_array_foreach(identifiers, i, v) for (size_t k = 0; k < sizeof devices_of_auth / sizeof *devices_of_auth;
						   k++)
	{
		json_t *device = json_loads(devices_of_auth[k], 0, NULL);
		if (json_equal(json_object_get(device, "identifier"), v))
			json_array_append(list, device);
		json_decref(device);
	}
	return list;
}

static void look_up(struct web_request *q, void *owner)
{
	const json_t *identifiers = json_object_get(web_body(q), "identifiers");
	int n = (int)json_array_size(identifiers);

	(void)owner;
	requests++;
	largest = n > largest ? n : largest;
	while (hold)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	if (status == 0)
		web_reply(q, 200, json_pack("{ss}", "devices", "plenty"));
	else if (status != 200)
		web_problem(q, status, "test", "as the test wants");
	else
		web_reply(q, 200, json_pack("{so}", "devices", known(identifiers)));
}

static void hear_of_strangers(struct web_request *q, void *owner)
{
	(void)owner;
	if (report_status == 204) {
		char *text = json_dumps(web_body(q), JSON_COMPACT | JSON_SORT_KEYS);
		snprintf(report, sizeof report, "%s", text);
		free(text);
		web_reply(q, 204, NULL);
	} else {
		web_problem(q, report_status, "test", "as the test wants");
	}
	reports++;
}

static const struct web_route routes[] = {
	{ "POST", "/v1/oauth/token", give_token, WEB_PUBLIC, NULL },
	{ "POST", "/internal/v1/devices/lookup", look_up, WEB_PUBLIC, NULL },
	{ "POST", "/internal/v1/devices/unknown", hear_of_strangers, WEB_PUBLIC, NULL },
	{ NULL, NULL, NULL, WEB_PUBLIC, NULL },
};

/* ---- around it ---- */

static void on_settled(void *owner, uint64_t ticket)
{
	ck_assert_ptr_eq(owner, &told);
	told = ticket;
}

static void setup(void)
{
	const struct devices_options o = { 1000, 1000, KNOWN_MS, UNKNOWN_MS, UNAVAILABLE_MS };
	const struct web_options web = { .address = "127.0.0.1", .threads = 4, .routes = routes };

	log_open("test", LEVEL_ERROR, true);
	ck_assert_int_eq(devices_open(&devices, &o), 0);
	ck_assert_int_eq(strangers_open(&strangers, 100), 0);
	ck_assert_int_eq(web_open(&auth, &web), 0);
}

static void start(void)
{
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%u", web_port(auth));
	const struct client_options client = {
		.base_url = url, .client_id = "gateway", .client_secret = "s", .timeout_ms = 2000
	};
	ck_assert_int_eq(
		lookup_open(&lookup, &(struct lookup_options){ devices, &client, BATCH, on_settled, &told, strangers }),
		0);
}

static void teardown(void)
{
	lookup_close(lookup);
	web_close(auth);
	devices_close(devices);
	strangers_close(strangers);
}

static int find(const char *identifier, uint64_t *ret_ticket)
{
	struct device d;

	return devices_find(devices, identifier, clock_mono_ms(), &d, ret_ticket);
}

/* Asks as a loop does: until there is an answer. */
static int ask(const char *identifier)
{
	uint64_t ticket;
	int r;

	for (int i = 0; (r = find(identifier, &ticket)) == DEVICES_E_WAIT && i < 1000; i++)
		while (told < ticket && i++ < 1000)
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return r;
}

static bool ready(void)
{
	char why[512];
	return health_ready(why, sizeof why);
}

static void await_ready(void)
{
	for (int i = 0; i < 500 && !ready(); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	ck_assert(ready());
}

START_TEST(what_auth_says)
{
	start();
	ck_assert_int_eq(ask("cat"), 0);
	ck_assert_int_eq(ask("dog"), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(ask("broken"), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(ask("orphan"), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(ask("poodle"), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(find("cat", &(uint64_t){ 0 }), 0);
}
END_TEST

START_TEST(its_owner_and_rules)
{
	struct device cat, dachshund;
	struct uuid owner;
	uint64_t ticket;

	ck_assert_int_eq(uuid_parse(&owner, OWNER, strlen(OWNER)), 0);
	start();
	ck_assert_int_eq(ask("cat"), 0);
	ck_assert_int_eq(devices_find(devices, "cat", clock_mono_ms(), &cat, &ticket), 0);
	ck_assert(rules_none(&cat.rules));
	ck_assert_int_eq(ask("dachshund"), 0);
	ck_assert_int_eq(devices_find(devices, "dachshund", clock_mono_ms(), &dachshund, &ticket), 0);
	ck_assert(uuid_same(&dachshund.owner, &owner));
	ck_assert_int_eq(dachshund.rules.clock_offset_s, 3600);
	ck_assert(rules_allow(&dachshund.rules, protocol_find("gt06"), &somewhere));
	ck_assert(!rules_allow(&dachshund.rules, protocol_find("h02"), &somewhere));
}
END_TEST

START_TEST(it_is_reached_before_anybody_asks)
{
	status = 503;
	start();
	ck_assert(!ready());
	status = 200;
	await_ready();
	ck_assert_int_eq(largest, 0);
}
END_TEST

static const char *pet(int i)
{
	static char name[16];

	snprintf(name, sizeof name, "pet%d", i);
	return name;
}

/* Five batches wait behind a question under way, which is answered then. Returns the last's ticket. */
static uint64_t gather(int status_then)
{
	uint64_t ticket = 0;

	hold = true;
	start();
	while (requests == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	for (int i = 0; i < 5 * BATCH; i++)
		ck_assert_int_eq(find(pet(i), &ticket), DEVICES_E_WAIT);
	told = 0;
	status = status_then;
	hold = false;
	return ticket;
}

START_TEST(many_in_one_request_but_not_too_many)
{
	ck_assert_uint_gt(gather(200), 0);
	for (int i = 0; i < 5 * BATCH; i++)
		ck_assert_int_eq(ask(pet(i)), DEVICES_E_UNKNOWN);
	ck_assert_int_eq(largest, BATCH);
	ck_assert_int_eq(requests, 1 + 5);
}
END_TEST

START_TEST(nobody_waits_behind_others_for_an_auth_that_fails)
{
	uint64_t last = gather(503);

	while (told == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ck_assert_uint_eq(told, last);
	ck_assert_int_eq(ask(pet(5 * BATCH - 1)), DEVICES_E_UNAVAILABLE);
}
END_TEST

static const int failures[] = { 500, 503, 403, 404, 0 };

START_TEST(an_auth_that_fails)
{
	start();
	ck_assert_int_eq(ask("cat"), 0);
	status = failures[_i];
	ck_assert_int_eq(ask("dog"), DEVICES_E_UNAVAILABLE);
	ck_assert_int_eq(ask("cat"), 0);
	ck_assert(ready()); /* the known are served */
	status = 200;
	nanosleep(&(struct timespec){ .tv_nsec = (UNAVAILABLE_MS + 10) * 1000000L }, NULL);
	ck_assert_int_eq(ask("dog"), DEVICES_E_UNKNOWN);
}
END_TEST

/* ---- strangers ---- */

static void await_reports(int n)
{
	for (int i = 0; i < 1000 && reports < n; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	ck_assert_int_ge(reports, n);
}

START_TEST(auth_hears_of_strangers)
{
	strangers_note(strangers, "dog", "gt06", &somewhere);
	strangers_note(strangers, "dog", "gt06", &somewhere);
	strangers_note(strangers, "mouse", "owntracks", &nowhere);
	start();
	await_reports(1);
	ck_assert_str_eq(report,
		"{\"contacts\":["
		"{\"address\":\"192.0.2.7\",\"count\":2,\"identifier\":\"dog\",\"protocol\":\"gt06\"},"
		"{\"address\":null,\"count\":1,\"identifier\":\"mouse\",\"protocol\":\"owntracks\"}]}");
}
END_TEST

static const struct {
	int status;
	const char *then; /* what is in the report after it */
} answers[] = {
	{ 503, "dog" },
	{ 429, "dog" },
	{ 403, "dog" }, /* its rights may be mended */
	{ 404, "mouse" }, /* an auth that does not know of it */
	{ 422, "mouse" },
};

START_TEST(strangers_are_kept_while_auth_does_not_take_them)
{
	report_status = answers[_i].status;
	start();
	strangers_note(strangers, "dog", "gt06", &somewhere);
	await_reports(1);
	report_status = 204;
	strangers_note(strangers, "mouse", "gt06", &somewhere);
	await_reports(2);
	ck_assert_ptr_nonnull(strstr(report, answers[_i].then));
	ck_assert_uint_eq(strstr(report, "dog") != NULL, !strcmp(answers[_i].then, "dog"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lookup");
	TCase *t = tcase_create("lookup");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_auth_says);
	tcase_add_test(t, its_owner_and_rules);
	tcase_add_test(t, it_is_reached_before_anybody_asks);
	tcase_add_test(t, many_in_one_request_but_not_too_many);
	tcase_add_test(t, nobody_waits_behind_others_for_an_auth_that_fails);
	tcase_add_loop_test(t, an_auth_that_fails, 0, sizeof failures / sizeof *failures);
	tcase_add_test(t, auth_hears_of_strangers);
	tcase_add_loop_test(t, strangers_are_kept_while_auth_does_not_take_them, 0, sizeof answers / sizeof *answers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
