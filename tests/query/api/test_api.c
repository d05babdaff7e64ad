/*
 * test_api - the routes over real sockets, asked by users whose devices the test decides
 *
 * access_devices_with() and its kin are defined here, in place of query/access: users are told apart by their tokens.
 */
#include "base/time.h"
#include "query/api/api.h"
#include "tests/lib/unit.h"
#include "tests/lib/web/raw_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DEVICES = 25, FIXES = 2500, STEP_MS = 1000 };

static const int64_t base_ms = 1767323045000; /* 2026-01-02T03:04:05Z */

static struct store *store;
static struct api *api;
static struct web *web;

/* ---- who may see what ---- */

static struct uuid device(int i)
{
	struct uuid u = { { 0xde, (uint8_t)i, 0x01, 0, 0, 0, 0x40, 0, 0x80 } };

	return u;
}

static const char *device_text(int i)
{
	static char text[UUID_TEXT_SIZE];
	struct uuid u = device(i);

	uuid_format(text, &u);
	return text;
}

int access_devices_with(
	struct access *a, const struct uuid *user, const struct uuid *device_wanted, struct device_set **ret)
{
	struct uuid ids[DEVICES];

	(void)a;
	(void)device_wanted;
	if (user->b[0] == 'r')
		return ACCESS_E_RETRY;
	if (user->b[0] == 'f')
		return -EIO;
	for (int i = 0; i < DEVICES; i++)
		ids[i] = device(i);
	*ret = device_set_new(ids, user->b[0] == 'o' ? DEVICES : 0);
	return *ret ? 0 : -ENOMEM;
}

/* As a user's id begins with: an owner's, whose devices are called by their numbers; "r", "f" as above; any other: nobody. */
int access_names(struct access *a, const struct uuid *user, json_t **ret)
{
	static const char *const pets[DEVICES] = { [0] = "Misty", [4] = "\"\xc3\x96l\\" };
	char name[32];

	(void)a;
	if (user->b[0] == 'r')
		return ACCESS_E_RETRY;
	if (user->b[0] == 'f')
		return -EIO;
	*ret = json_object();
	for (int i = 0; user->b[0] == 'o' && i < DEVICES; i++) {
		snprintf(name, sizeof name, "collar %d", i);
		json_object_set_new(*ret, device_text(i), json_pack("{ss ss*}", "name", name, "pet_name", pets[i]));
	}
	return 0;
}

bool access_session_ended(struct access *a, const struct uuid *session)
{
	(void)a;
	return session->b[0] == 'e';
}

/* Tokens: "owner", "nobody", "retry", "fatal", "ended"; "gateway" and "writer" are services, the first with a scope. */
int keys_verify(struct keys *k, const char *token, size_t len, int64_t wait_ms, struct token_claims *ret)
{
	(void)k;
	(void)wait_ms;
	if (len < 5)
		return TOKEN_E_MALFORMED;
	*ret = (struct token_claims){ .subject = { { (uint8_t)token[0] } }, .session = { { (uint8_t)token[0] } } };
	ret->service = !strncmp(token, "gateway", 7) || !strncmp(token, "writer", 6);
	if (ret->service)
		strcpy(ret->scope, token[0] == 'g' ? "devices.lookup latest.read" : "devices.lookup");
	return 0;
}

/* ---- a server ---- */

static void open_server(const char *uri, int64_t timeout_ms)
{
	ck_assert_int_eq(
		store_open(&store, &(struct store_options){ .uri = uri, .timeout_ms = timeout_ms, .create = true }), 0);
	ck_assert_int_eq(api_open(&api, &(struct api_options){ .store = store,
						.auth = { .base_url = "http://127.0.0.1:1" },
						.exports_max = 1,
						.auth_url = "http://auth.example",
						.tile_url = "https://tiles.example/{z}/{x}/{y}.png",
						.tile_attribution = "\xc2\xa9 \"them\"" }),
		0);
	ck_assert_int_eq(web_open(&web, &(struct web_options){ .address = "127.0.0.1",
						.threads = 4,
						.routes = api_routes(),
						.owner = api,
						.verify = api_verify }),
		0);
}

static void close_server(void)
{
	web_close(web);
	api_close(api);
	store_close(store);
}

/* The answer without its Date. */
static const char *get(const char *token, const char *path)
{
	static char request[1024], answer[4 << 20];

	snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", path, token);
	snprintf(answer, sizeof answer, "%s", raw_ask(web_port(web), request));
	char *date = strstr(answer, "Date: ");
	if (date)
		memmove(date, strchr(date, '\n') + 1, strlen(strchr(date, '\n') + 1) + 1);
	return answer;
}

static const char *get_of(const char *token, const char *route, int i, const char *query)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s%s", route, device_text(i), query);
	return get(token, path);
}

static void has(const char *answer, const char *part)
{
	ck_assert_msg(strstr(answer, part) != NULL, "no \"%s\" in:\n%.800s", part, answer);
}

static void problem_is(const char *answer, int status, const char *code)
{
	char want[96];

	snprintf(want, sizeof want, "HTTP/1.1 %d ", status);
	has(answer, want);
	snprintf(want, sizeof want, "\"code\":\"%s\"}", code);
	has(answer, want);
}

/* The JSON of a streamed answer; the caller's to json_decref(). */
static json_t *body(const char *answer, const char *type)
{
	static char text[4 << 20];
	char *out = text;
	const char *in = strstr(answer, "\r\n\r\n");
	unsigned long n;
	char *end;

	has(answer, "HTTP/1.1 200 OK\r\n");
	has(answer, type);
	for (in += 4; (n = strtoul(in, &end, 16)) > 0; in = end + 2 + n + 2) {
		memcpy(out, end + 2, n);
		out += n;
	}
	json_t *json = json_loadb(text, (size_t)(out - text), JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json != NULL, "not JSON: %.300s", text);
	return json;
}

/* ---- without a database ---- */

static void setup_nowhere(void)
{
	open_server("mongodb://127.0.0.1:1/x", 100);
}

START_TEST(no_token_no_answer)
{
	problem_is(get("", "/v1/latest"), 401, "unauthorized");
	problem_is(get("bad", "/v1/latest"), 401, "invalid_token");
	problem_is(get("ended", "/v1/latest"), 401, "invalid_token");
	problem_is(get("bad", "/v1/history/x"), 401, "invalid_token");
}
END_TEST

START_TEST(what_the_page_must_know)
{
	const char *a = get("", "/v1/config");

	has(a, "HTTP/1.1 200 OK\r\n");
	has(a, "{\"auth_url\":\"http://auth.example\",\"live_url\":\"\",\"tile_url\":\"https://tiles.example/{z}/{x}/"
	       "{y}.png\","
	       "\"tile_attribution\":\"\xc2\xa9 \\\"them\\\"\"}");
}
END_TEST

START_TEST(somebody_elses_device_is_none)
{
	char first[2048];

	snprintf(first, sizeof first, "%s", get_of("nobody", "/v1/history", 0, ""));
	problem_is(first, 404, "not_found");
	ck_assert_str_eq(first, get("owner", "/v1/history/00000000-0000-4000-8000-000000000000"));
	ck_assert_str_eq(first, get("owner", "/v1/history/nonsense"));
	ck_assert_str_eq(first, get_of("nobody", "/v1/latest", 0, ""));
	ck_assert_str_eq(first, get_of("nobody", "/v1/history", 0, "?limit=0"));
	ck_assert_str_eq(first, get_of("nobody", "/v1/history", 0, "?format=geojson&cursor=x"));
}
END_TEST

static const struct {
	const char *query, *code;
} mistakes[] = {
	{ "?from=yesterday", "invalid_time" },
	{ "?to=2026-13-01", "invalid_time" },
	{ "?order=up", "invalid_order" },
	{ "?limit=10001", "invalid_limit" },
	{ "?cursor=AAAA", "invalid_cursor" },
	{ "?format=xml", "invalid_format" },
};

START_TEST(parameters_are_checked)
{
	problem_is(get_of("owner", "/v1/history", 0, mistakes[_i].query), 400, mistakes[_i].code);
}
END_TEST

START_TEST(parameters_of_latest_are_checked)
{
	problem_is(get("owner", "/v1/latest?limit=1001"), 400, "invalid_limit");
	problem_is(get("owner", "/v1/latest?cursor=x"), 400, "invalid_cursor");
}
END_TEST

START_TEST(auth_is_away)
{
	const char *a = get("retry", "/v1/latest");

	problem_is(a, 503, "unavailable");
	has(a, "Retry-After: 1\r\n");
	problem_is(get_of("retry", "/v1/history", 0, ""), 503, "unavailable");
	problem_is(get_of("fatal", "/v1/history", 0, ""), 500, "internal");
}
END_TEST

/* A user whose id begins with @letter. */
static const char *get_company(const char *token, char letter, const char *query)
{
	char path[256];

	snprintf(
		path, sizeof path, "/internal/v1/users/%02x000000-0000-4000-8000-000000000000/latest%s", letter, query);
	return get(token, path);
}

START_TEST(company_is_for_the_gateway)
{
	problem_is(get_company("", 'o', ""), 401, "unauthorized");
	problem_is(get_company("owner", 'o', ""), 403, "forbidden");
	problem_is(get_company("writer", 'o', ""), 403, "insufficient_scope");
	problem_is(get("gateway", "/internal/v1/users/jane/latest"), 404, "not_found");
	problem_is(get_company("gateway", 'o', "?limit=0"), 400, "invalid_limit");
	problem_is(get_company("gateway", 'r', ""), 503, "unavailable");
	problem_is(get_company("gateway", 'f', ""), 500, "internal");
	problem_is(get_company("gateway", 'o', ""), 503, "unavailable"); /* the database is away */
}
END_TEST

START_TEST(the_database_is_away)
{
	problem_is(get("owner", "/v1/latest"), 503, "unavailable");
	problem_is(get_of("owner", "/v1/latest", 0, ""), 503, "unavailable");
	const char *a = get_of("owner", "/v1/history", 0, "?unknown=ignored");
	problem_is(a, 503, "unavailable");
	has(a, "Content-Type: application/problem+json\r\n");
	has(a, "Retry-After: 1\r\n");
	problem_is(get_of("owner", "/v1/history", 0, "?format=geojson"), 503, "unavailable");
}
END_TEST

/* ---- with one ---- */

static void id_of(bson_t *b, const char *name, int i)
{
	struct uuid u = device(i);

	bson_append_binary(b, name, -1, BSON_SUBTYPE_UUID, u.b, sizeof u.b);
}

static int64_t fix_ms(int k)
{
	return base_ms + (int64_t)k * STEP_MS;
}

/* FIXES positions of each of three neighbouring devices: a page must not run into the next device's. */
static void store_positions(void)
{
	struct store_bulk *b = NULL;
	bson_t *clustered =
		BCON_NEW("clusteredIndex", "{", "key", "{", "_id", BCON_INT32(1), "}", "unique", BCON_BOOL(true), "}");

	ck_assert_int_eq(store_collection_ensure(store, "positions", clustered), 0);
	bson_destroy(clustered);
	ck_assert_int_eq(store_bulk_open(store, "positions", &b), 0);
	for (int i = 0; i < 3 * FIXES; i++) {
		bson_t doc = BSON_INITIALIZER, id;
		BSON_APPEND_DOCUMENT_BEGIN(&doc, "_id", &id);
		id_of(&id, "d", i % 3);
		BSON_APPEND_DATE_TIME(&id, "t", fix_ms(i / 3));
		bson_append_document_end(&doc, &id);
		BSON_APPEND_DOUBLE(&doc, "lat", 50 + i / 3 * 1e-7);
		BSON_APPEND_DOUBLE(&doc, "lon", -5 - i / 3 * 1e-7);
		BSON_APPEND_DOUBLE(&doc, "altitude", 31.5);
		BSON_APPEND_DATE_TIME(&doc, "received", fix_ms(i / 3) + 5);
		BSON_APPEND_UTF8(&doc, "protocol", "osmand");
		ck_assert_int_eq(store_bulk_insert(b, &doc), 0);
		bson_destroy(&doc);
	}
	ck_assert_int_eq(store_bulk_run(b, NULL, NULL), 0);
	store_bulk_close(b);
}

/* Every second device was heard of; the last of them never had a fix. */
static void store_latest(void)
{
	for (int i = 0; i < DEVICES; i += 2) {
		bson_t doc = BSON_INITIALIZER;
		id_of(&doc, "_id", i);
		if (i < DEVICES - 1) {
			BSON_APPEND_DATE_TIME(&doc, "time", fix_ms(i));
			BSON_APPEND_DOUBLE(&doc, "lat", i);
			BSON_APPEND_DOUBLE(&doc, "lon", -i);
		}
		BSON_APPEND_DATE_TIME(&doc, "contact", base_ms + 1000);
		if (i == 4) {
			bson_t steps;
			BSON_APPEND_DOCUMENT_BEGIN(&doc, "attributes", &steps);
			BSON_APPEND_INT32(&steps, "steps", 12);
			bson_append_document_end(&doc, &steps);
		}
		ck_assert_int_eq(store_insert(store, "latest", &doc), 0);
		bson_destroy(&doc);
	}
}

/* A database of its own beside the one that the URI names. */
static void setup_stored(void)
{
	const char *given = getenv("PETTRACK_TEST_MONGODB"), *host = strstr(given, "://") + 3,
		   *query = strchr(host, '?');
	struct uuid id;
	char uri[512], text[UUID_TEXT_SIZE];

	ck_assert_int_eq(uuid_random(&id), 0);
	uuid_format(text, &id);
	snprintf(uri, sizeof uri, "%.*s/test-api-%s%s", (int)(host + strcspn(host, "/?") - given), given, text,
		query ? query : "");
	open_server(uri, 5000);
	store_positions();
	store_latest();
}

static void teardown_stored(void)
{
	bson_t all = BSON_INITIALIZER;

	ck_assert_int_eq(store_delete_many(store, "positions", &all, NULL), 0);
	ck_assert_int_eq(store_delete_many(store, "latest", &all, NULL), 0);
	close_server();
}

static int64_t time_of(const json_t *position)
{
	int64_t ms = 0;
	const char *text = json_string_value(json_object_get(position, "time"));

	ck_assert_int_eq(time_parse(&ms, text, strlen(text)), 0);
	return ms;
}

/* Reads page after page: each fix once, in order, from @first by @step. */
static void read_pages(const char *parameters, int limit, int first, int step, int n)
{
	char query[512], cursor[128] = "";
	int k = 0;

	do {
		snprintf(query, sizeof query, "?limit=%d%s%s%s", limit, parameters, *cursor ? "&cursor=" : "", cursor);
		json_t *page = body(get_of("owner", "/v1/history", 1, query), "Content-Type: application/json\r\n"), *p;
		json_t *list = json_object_get(page, "positions"), *next = json_object_get(page, "next");
		size_t i;
		ck_assert_uint_le(json_array_size(list), (size_t)limit);
		json_array_foreach(list, i, p)
		{
			ck_assert_str_eq(json_string_value(json_object_get(p, "device")), device_text(1));
			ck_assert_int_eq(time_of(p), fix_ms(first + step * k++));
		}
		ck_assert(json_is_null(next) || json_array_size(list) == (size_t)limit);
		snprintf(cursor, sizeof cursor, "%s", json_is_null(next) ? "" : json_string_value(next));
		json_decref(page);
	} while (*cursor);
	ck_assert_int_eq(k, n);
}

START_TEST(history_page_by_page)
{
	static const int limits[] = { 7, 1000, 1250, 2499, 2500, 2501, 10000 };

	read_pages("", limits[_i], 0, 1, FIXES);
	read_pages("&order=desc", limits[_i], FIXES - 1, -1, FIXES);
}
END_TEST

START_TEST(a_range_has_its_first_moment_and_not_its_last)
{
	/* the 1st to the 10th second: fixes 1..9 */
	read_pages("&from=2026-01-02T03:04:06Z&to=2026-01-02T03:04:15Z", 4, 1, 1, 9);
	read_pages("&from=2026-01-02T03:04:06Z&to=2026-01-02T03:04:15Z&order=desc", 4, 9, -1, 9);
	read_pages("&from=2026-01-02T03:04:05.001Z&to=2026-01-02T03:04:15.001Z", 3, 1, 1, 10);
	read_pages("&from=2026-01-02T03:04:06Z&to=2026-01-02T03:04:06Z", 3, 0, 1, 0);
	read_pages("&from=2030-01-01T00:00:00Z", 3, 0, 1, 0);
}
END_TEST

START_TEST(a_position_as_json)
{
	has(get_of("owner", "/v1/history", 1, "?limit=1"), "{\"positions\":[{\"device\":\"de010100-0000-4000-8000-"
							   "000000000000\",\"time\":\"2026-01-02T03:04:05.000Z\","
							   "\"received\":\"2026-01-02T03:04:05.005Z\",\"lat\":50,"
							   "\"lon\":-5,\"altitude\":31.5,\"protocol\":\"osmand\"}],"
							   "\"next\":\"");
}
END_TEST

START_TEST(a_position_as_geojson)
{
	const char *a = get_of("owner", "/v1/history", 1, "?limit=2&format=geojson");

	has(a, "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\","
	       "\"coordinates\":[-5,50,31.5]},\"properties\":{\"device\":\"de010100-0000-4000-8000-000000000000\","
	       "\"time\":\"2026-01-02T03:04:05.000Z\",\"received\":\"2026-01-02T03:04:05.005Z\",\"altitude\":31.5,"
	       "\"protocol\":\"osmand\"}},{\"type\":\"Feature\",");
	json_decref(body(a, "Content-Type: application/geo+json\r\n"));
	json_t *none = body(get_of("owner", "/v1/history", 5, "?format=geojson"), "application/geo+json");
	ck_assert_uint_eq(json_array_size(json_object_get(none, "features")), 0);
	ck_assert(json_is_null(json_object_get(none, "next")));
	json_decref(none);
}
END_TEST

START_TEST(latest_page_by_page)
{
	char path[256], cursor[128] = "";
	int k = 0, limit = _i;

	do {
		snprintf(path, sizeof path, "/v1/latest?limit=%d%s%s", limit, *cursor ? "&cursor=" : "", cursor);
		json_t *page = body(get("owner", path), "Content-Type: application/json\r\n"), *p;
		json_t *next = json_object_get(page, "next");
		size_t i;
		json_array_foreach(json_object_get(page, "positions"), i, p)
		{
			ck_assert_str_eq(json_string_value(json_object_get(p, "device")), device_text(k));
			ck_assert_str_eq(json_string_value(json_object_get(p, "contact")), "2026-01-02T03:04:06.000Z");
			ck_assert_int_eq(json_object_get(p, "time") != NULL, k < DEVICES - 1);
			k += 2;
		}
		snprintf(cursor, sizeof cursor, "%s", json_is_null(next) ? "" : json_string_value(next));
		json_decref(page);
	} while (*cursor);
	ck_assert_int_eq(k, DEVICES + 1);
}
END_TEST

START_TEST(latest_of_one)
{
	const char *a = get_of("owner", "/v1/latest", 2, "");

	has(a, "Content-Length: ");
	has(a, "{\"device\":\"de020100-0000-4000-8000-000000000000\",\"time\":\"2026-01-02T03:04:07.000Z\",\"lat\":2,"
	       "\"lon\":-2,"
	       "\"contact\":\"2026-01-02T03:04:06.000Z\"}");
	char never[2048];
	snprintf(never, sizeof never, "%s", get_of("owner", "/v1/latest", 3, ""));
	problem_is(never, 404, "not_found");
	ck_assert_str_eq(never, get_of("nobody", "/v1/latest", 2, ""));
}
END_TEST

static size_t company_n(const char *token, char letter, const char *query)
{
	json_t *all = body(get_company(token, letter, query), "application/json");
	size_t n = json_array_size(json_object_get(all, "devices"));

	json_decref(all);
	return n;
}

START_TEST(a_users_pets_by_name)
{
	ck_assert_uint_eq(company_n("gateway", 'o', ""), DEVICES / 2); /* the last never had a fix */
	ck_assert_uint_eq(company_n("gateway", 'o', "?limit=5"), 5);
	ck_assert_uint_eq(company_n("gateway", 'x', ""), 0);
	const char *a = get_company("gateway", 'o', "");
	has(a, "{\"name\":\"collar 0\",\"pet_name\":\"Misty\",\"latest\":{\"device\":\"de000100-0000-4000-8000-"
	       "000000000000\",");
	has(a, "{\"name\":\"collar 2\",\"latest\":{\"device\":\"de020100-0000-4000-8000-000000000000\","
	       "\"time\":\"2026-01-02T03:04:07.000Z\",\"lat\":2,\"lon\":-2,\"contact\":\"2026-01-02T03:04:06.000Z\"}}");
	has(a, "{\"name\":\"collar 4\",\"pet_name\":\"\\\"\xc3\x96l\\\\\",\"latest\":");
	ck_assert_ptr_null(strstr(a, "attributes"));
}
END_TEST

START_TEST(the_newest_first)
{
	json_t *all = body(get_company("gateway", 'o', "?limit=3"), "application/json"), *one;
	size_t i;

	json_array_foreach(json_object_get(all, "devices"), i, one)
	{
		const char *id = json_string_value(json_object_get(json_object_get(one, "latest"), "device"));
		ck_assert_str_eq(id, device_text(DEVICES - 3 - 2 * (int)i));
	}
	ck_assert_uint_eq(i, 3);
	json_decref(all);
}
END_TEST

START_TEST(a_user_without_devices)
{
	has(get("nobody", "/v1/latest"), "{\"positions\":[],\"next\":null}");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("api");
	TCase *c = tcase_create("nothing stored");

	tcase_add_unchecked_fixture(c, setup_nowhere, close_server);
	tcase_add_test(c, no_token_no_answer);
	tcase_add_test(c, what_the_page_must_know);
	tcase_add_test(c, somebody_elses_device_is_none);
	tcase_add_loop_test(c, parameters_are_checked, 0, sizeof mistakes / sizeof *mistakes);
	tcase_add_test(c, parameters_of_latest_are_checked);
	tcase_add_test(c, auth_is_away);
	tcase_add_test(c, company_is_for_the_gateway);
	tcase_add_test(c, the_database_is_away);
	suite_add_tcase(s, c);
	if (!getenv("PETTRACK_TEST_MONGODB"))
		return s;
	c = tcase_create("stored");
	tcase_add_unchecked_fixture(c, setup_stored, teardown_stored);
	tcase_add_loop_test(c, history_page_by_page, 0, 7);
	tcase_add_test(c, a_range_has_its_first_moment_and_not_its_last);
	tcase_add_test(c, a_position_as_json);
	tcase_add_test(c, a_position_as_geojson);
	tcase_add_loop_test(c, latest_page_by_page, 1, 16);
	tcase_add_test(c, latest_of_one);
	tcase_add_test(c, a_users_pets_by_name);
	tcase_add_test(c, the_newest_first);
	tcase_add_test(c, a_user_without_devices);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
