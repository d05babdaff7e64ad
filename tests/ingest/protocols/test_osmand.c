/* Source: ingest/protocols/osmand.c, osmand_json.c, report.c. Requests as https://www.traccar.org/osmand/ has them, and as
 * OsmAnd's and Traccar Client's sources build them. */
#include "bytes.h"
#include "decoding.h"

#include "tests/lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_osmand;
static const struct protocol *const osmand = &protocol_osmand;
static const struct protocol_session none;

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *get(const char *query)
{
	static char text[2048];

	snprintf(text, sizeof text, "GET /?%s HTTP/1.1\r\nHost: gateway\r\n\r\n", query);
	return text;
}

static const char *post(const char *uri, const char *type, const char *body)
{
	static char text[4096];

	snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: gateway\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", uri,
		*type ? "Content-Type: " : "", type, *type ? "\r\n" : "", strlen(body), body);
	return text;
}

static struct protocol_result decode(const char *request)
{
	size_t n = strlen(request);
	return decoding(osmand, &none, bytes_at_guard(request, n), n);
}

static int refusal(const char *request)
{
	struct protocol_result result = { 0 };
	size_t n = strlen(request);
	const uint8_t *frame = bytes_at_guard(request, n);

	ck_assert_int_eq(osmand->frame(frame, n, &decoding_limits), (ssize_t)n);
	int r = osmand->decode(&none, frame, n, decoding_scratch(), &result);
	ck_assert_uint_eq(result.groups_n + result.positions_n, 0);
	return r;
}

static struct position one(const char *request)
{
	struct protocol_result result = decode(request);

	ck_assert_uint_eq(result.groups_n, 1);
	ck_assert_uint_eq(result.groups[0].first, 0);
	ck_assert_uint_eq(result.groups[0].n, 1);
	ck_assert_str_eq(result.groups[0].identifier, "cat");
	return result.positions[0];
}

/* ---- query and form ---- */

START_TEST(everything_at_once)
{
	struct position p =
		one(get("id=cat&lat=50.1703&lon=-5.1138510&timestamp=1767323045&speed=10&bearing=359.5&altitude=-3.2"
			"&accuracy=4.5&batt=87.5&hdop=0.9&charge=true&valid=true"));

	ck_assert_int_eq(p.time_ms, 1767323045000);
	ck_assert_int_eq(p.lat_e7, 501703000);
	ck_assert_int_eq(p.lon_e7, -51138510);
	ck_assert_float_eq_tol(p.speed_mps, 5.1444446f, 1e-6f); /* knots */
	ck_assert_float_eq(p.course_deg, 359.5f);
	ck_assert_float_eq(p.altitude_m, -3.2f);
	ck_assert_float_eq(p.accuracy_m, 4.5f);
	ck_assert_float_eq(p.battery_pct, 87.5f);
	ck_assert_uint_eq(p.has, POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE |
					 POSITION_ACCURACY | POSITION_BATTERY);
	ck_assert(!p.invalid);
	ck_assert_str_eq(decoding_attributes(&p), "hdop=0.9 charging=true");
}
END_TEST

START_TEST(a_form_is_read_like_a_query)
{
	static const char form[] = "id=cat&lat=50.1703&lon=-5.1138&timestamp=1767323045";
	const char *types[] = { "application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; charset=UTF-8",
		"" };

	for (size_t i = 0; i < COUNT(types); i++)
		ck_assert_int_eq(one(post("/", types[i], form)).lat_e7, 501703000);
	ck_assert_int_eq(one(post("/?id=cat", types[0], "lat=1&lon=2")).lat_e7, 10000000);
	ck_assert_int_eq(one(post("/?id=cat&lat=1&lon=2", "text/plain", "lat=9&%%%")).lat_e7, 10000000);
	ck_assert_int_eq(refusal(post("/", "text/plain", form)), REASON_NO_DEVICE);
}
END_TEST

static const struct {
	const char *text;
	int64_t ms;
} times[] = {
	{ "1767323045", 1767323045000 },
	{ "1767323045678", 1767323045678 },
	{ "1767323045.5", 1767323045500 },
	{ "2026-01-02T03:04:05Z", 1767323045000 },
	{ "2026-01-02T03:04:05.678Z", 1767323045678 },
	{ "2026-01-02T04:04:05%2B01:00", 1767323045000 },
	{ "2026-01-02T04:04:05+01:00", 1767323045000 }, /* the plus unescaped, so a blank */
	{ "2026-01-02+03:04:05", 1767323045000 },
	{ "2026-01-02%2003%3A04%3A05", 1767323045000 },
	{ "", 0 },
	{ "0", 0 },
	{ "-1", -1 },
	{ "yesterday", -1 },
	{ "2026-13-02T03:04:05Z", -1 },
	{ "99999999999999999999", -1 },
	{ "253402300800000", -1 },
};

START_TEST(a_time)
{
	char query[128];

	snprintf(query, sizeof query, "id=cat&lat=1&lon=2&timestamp=%s", times[_i].text);
	if (times[_i].ms < 0)
		ck_assert_int_eq(refusal(get(query)), REASON_BAD_VALUE);
	else
		ck_assert_int_eq(one(get(query)).time_ms, times[_i].ms);
}
END_TEST

static const struct {
	const char *query;
	bool contact, refused;
	int32_t lat_e7, lon_e7;
} places[] = {
	{ "location=50.5,-5.25", .lat_e7 = 505000000, .lon_e7 = -52500000 },
	{ "location=50.5%2C-5.25", .lat_e7 = 505000000, .lon_e7 = -52500000 },
	{ "lat=-4.1E-4&lon=180", .lat_e7 = -4100, .lon_e7 = 1800000000 },
	{ "lat=90&lon=-180", .lat_e7 = 900000000, .lon_e7 = -1800000000 },
	{ "batt=50", .contact = true },
	{ "lat=&lon=", .contact = true },
	{ "lat=1", .refused = true },
	{ "lon=1", .refused = true },
	{ "lat=90.1&lon=0", .refused = true },
	{ "lat=0&lon=180.5", .refused = true },
	{ "lat=north&lon=0", .refused = true },
	{ "lat=nan&lon=0", .refused = true },
	{ "location=50.5", .refused = true },
	{ "location=50.5,1,2", .refused = true },
};

START_TEST(a_place)
{
	char query[128];

	snprintf(query, sizeof query, "id=cat&%s", places[_i].query);
	if (places[_i].refused) {
		ck_assert_int_eq(refusal(get(query)), REASON_BAD_VALUE);
		return;
	}
	struct position p = one(get(query));
	ck_assert_int_eq(position_has(&p, POSITION_LOCATION), !places[_i].contact);
	ck_assert_int_eq(p.lat_e7, places[_i].lat_e7);
	ck_assert_int_eq(p.lon_e7, places[_i].lon_e7);
}
END_TEST

static const struct {
	const char *query, *attributes;
	uint32_t has; /* beside the place */
} details[] = {
	{ "speed=-1&bearing=-1&accuracy=-1&batt=-1", "", 0 },
	{ "speed=fast&bearing=&altitude=high&batt=101", "", 0 },
	{ "bearing=360.5", "", 0 },
	{ "heading=360", "", POSITION_COURSE },
	{ "accuracy=0&speed=0", "", POSITION_SPEED },
	{ "altitude=1e300", "", 0 },
	{ "charge=0", "charging=false", 0 },
	{ "charge=maybe&hdop=", "", 0 },
	{ "cell=262,1,1234,5678,-80&cell=262,1,1235,9", "cells='262,1,1234,5678,-80;262,1,1235,9'", 0 },
	{ "wifi=00-11-22-33-44-55,-60", "wifi='00-11-22-33-44-55,-60'", 0 },
	{ "steps=120&ratio=1.5&on=TRUE&note=a+b%26c&pin=0042&tel=%2B49",
		"steps=120 ratio=1.5 on=true note='a b&c' pin='0042' tel='+49'", 0 },
	{ "steps=1&steps=2", "steps=2", 0 },
	{ "a.b%20$=1&empty=", "a_b__=1", 0 },
	{ "text=%ff%fe", "", 0 },
	{ "=1&b", "", 0 },
};

START_TEST(details_that_are_unknown_or_unnamed)
{
	char query[256];

	snprintf(query, sizeof query, "id=cat&lat=1&lon=2&%s", details[_i].query);
	struct position p = one(get(query));
	ck_assert_msg(p.has == (POSITION_LOCATION | details[_i].has), "%s: %x", details[_i].query, p.has);
	ck_assert_str_eq(decoding_attributes(&p), details[_i].attributes);
	if (p.has & POSITION_COURSE)
		ck_assert_float_eq(p.course_deg, 0.f);
}
END_TEST

START_TEST(a_fix_that_the_app_calls_invalid)
{
	ck_assert(one(get("id=cat&lat=1&lon=2&valid=false")).invalid);
	ck_assert(one(get("id=cat&lat=1&lon=2&valid=0")).invalid);
	ck_assert(!one(get("id=cat&lat=1&lon=2&valid=1")).invalid);
}
END_TEST

START_TEST(more_attributes_than_there_is_room_for)
{
	char query[2000];
	int n = snprintf(query, sizeof query, "id=cat&lat=1&lon=2");

	for (int i = 0; i < POSITION_ATTRIBUTES_MAX + 20; i++)
		n += snprintf(query + n, sizeof query - (size_t)n, "&a%d=1", i);
	ck_assert_uint_eq(one(get(query)).attributes_n, POSITION_ATTRIBUTES_MAX);
}
END_TEST

/* ---- who ---- */

static const struct {
	const char *why, *request, *identifier, *secret;
} whos[] = {
	{ "no secret", "GET /?id=cat&lat=1&lon=2 HTTP/1.1\r\n\r\n", "cat", NULL },
	{ "deviceid", "GET /?deviceid=cat HTTP/1.1\r\n\r\n", "cat", NULL },
	{ "device_id", "GET /?device_id=cat HTTP/1.1\r\n\r\n", "cat", NULL },
	{ "in the query", "GET /?id=cat&secret=s%2B1 HTTP/1.1\r\n\r\n", "cat", "s+1" },
	{ "in the identifier", "GET /?id=cat:s1 HTTP/1.1\r\n\r\n", "cat", "s1" },
	{ "in the identifier, and better said", "GET /?id=cat:s1&secret=s2 HTTP/1.1\r\n\r\n", "cat", "s2" },
	{ "in a header", "GET /?id=cat&secret=s2 HTTP/1.1\r\nAuthorization: Bearer s3\r\n\r\n", "cat", "s3" },
	{ "in a form", "POST / HTTP/1.1\r\nContent-Length: 16\r\n\r\nid=cat&secret=s1", "cat", "s1" },
	{ "beside JSON",
		"POST /?secret=s1 HTTP/1.1\r\nContent-Length: 33\r\n\r\n{\"device_id\":\"cat\",\"location\":{}}", "cat",
		"s1" },
	{ "in JSON's identifier",
		"POST / HTTP/1.1\r\nContent-Length: 36\r\n\r\n{\"device_id\":\"cat:s1\",\"location\":{}}", "cat",
		"s1" },
	{ "JSON without a name, but the query has one",
		"POST /?id=cat HTTP/1.1\r\nX-Device-Secret: s1\r\nContent-Length: 15\r\n\r\n{\"location\":{}}", "cat",
		"s1" },
};

START_TEST(who_sends)
{
	struct protocol_result r = decode(whos[_i].request);

	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_str_eq(r.groups[0].identifier, whos[_i].identifier);
	ck_assert_pstr_eq(r.groups[0].secret, whos[_i].secret);
	ck_assert_str_eq(decoding_attributes(&r.positions[0]), ""); /* no secret is ever an attribute */
}
END_TEST

START_TEST(nobody_sends)
{
	char query[128] = "lat=1&lon=2&id=";

	ck_assert_int_eq(refusal(get("lat=1&lon=2")), REASON_NO_DEVICE);
	ck_assert_int_eq(refusal(get(query)), REASON_NO_DEVICE);
	ck_assert_int_eq(refusal(get("id=:secret&lat=1&lon=2")), REASON_NO_DEVICE);
	memset(query + 15, 'x', 65);
	ck_assert_int_eq(refusal(get(query)), REASON_UNKNOWN_DEVICE);
	ck_assert_int_eq(refusal("GET / HTTP/1.1\r\n\r\n"), REASON_NO_DEVICE);
	ck_assert_int_eq(refusal(post("/", "application/json", "{\"location\":{}}")), REASON_NO_DEVICE);
	ck_assert_int_eq(refusal(get("id=%zz&lat=1&lon=2")), REASON_BAD_VALUE);
}
END_TEST

/* ---- JSON ---- */

START_TEST(json_everything_at_once)
{
	struct position p = one(post("/", "application/json; charset=utf-8",
		"{\"location\":{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"coords\":{\"latitude\":50.1703,"
		"\"longitude\":-5.113851,"
		"\"accuracy\":4.5,\"speed\":1.5,\"heading\":271.25,\"altitude\":12},\"is_moving\":true,\"odometer\":"
		"1234.5,"
		"\"event\":\"motionchange\",\"battery\":{\"level\":0.87,\"is_charging\":false},\"activity\":{\"type\":"
		"\"walking\","
		"\"confidence\":90},\"extras\":{\"collar\":\"blue\",\"n\":3,\"deep\":{\"a\":1}},\"mock\":false,"
		"\"uuid\":\"u\",\"_\":\"&id=x\"},"
		"\"device_id\":\"cat\",\"other\":[1,2]}"));

	ck_assert_int_eq(p.time_ms, 1767323045678);
	ck_assert_int_eq(p.lat_e7, 501703000);
	ck_assert_int_eq(p.lon_e7, -51138510);
	ck_assert_float_eq(p.speed_mps, 1.5f); /* m/s here */
	ck_assert_float_eq(p.course_deg, 271.25f);
	ck_assert_float_eq(p.accuracy_m, 4.5f);
	ck_assert_float_eq(p.altitude_m, 12.f);
	ck_assert_float_eq_tol(p.battery_pct, 87.f, 1e-4f);
	ck_assert_str_eq(decoding_attributes(&p), "motion=true odometer=1234.5 event='motionchange' charging=false "
						  "activity='walking' collar='blue' n=3 mock=false");
}
END_TEST

START_TEST(json_minus_one_is_unknown_and_coords_may_be_absent)
{
	struct position p = one(post("/", "application/json",
		"{\"device_id\":\"cat\",\"location\":{\"timestamp\":1767323045678,\"battery\":{\"level\":-1},"
		"\"coords\":{\"latitude\":1,"
		"\"longitude\":2,\"speed\":-1,\"heading\":-1,\"accuracy\":-1}}}"));

	ck_assert_uint_eq(p.has, POSITION_LOCATION);
	ck_assert_int_eq(p.time_ms, 1767323045678);
	p = one(post("/", "application/json", "{\"device_id\":\"cat\",\"location\":{\"battery\":{\"level\":0.5}}}"));
	ck_assert_uint_eq(p.has, POSITION_BATTERY);
	p = one(post("/", "application/json",
		"{\"device_id\":\"cat\",\"location\":{\"coords\":null,\"battery\":null,\"event\":null,"
		"\"activity\":\"still\",\"extras\":[]}}"));
	ck_assert_uint_eq(p.has, 0);
	ck_assert_str_eq(decoding_attributes(&p), "");
}
END_TEST

START_TEST(json_may_carry_several_fixes)
{
	struct protocol_result r = decode(post("/", "application/json",
		"{\"device_id\":\"cat\",\"location\":[{\"coords\":{\"latitude\":1,\"longitude\":2}},{\"coords\":{"
		"\"latitude\":3,"
		"\"longitude\":4}}]}"));

	ck_assert_uint_eq(r.groups[0].n, 2);
	ck_assert_int_eq(r.positions[1].lat_e7, 30000000);
}
END_TEST

static const struct {
	const char *why, *body;
	int reason;
} bad_bodies[] = {
	{ "cut short", "{\"device_id\":\"cat\",\"location\":{\"coords\":{\"latitude\":1,\"longitude\":2}}",
		REASON_BAD_FRAME },
	{ "cut in coords", "{\"device_id\":\"cat\",\"location\":{\"coords\":{\"latitude\":1,", REASON_BAD_VALUE },
	{ "more after it", "{\"device_id\":\"cat\",\"location\":{}}x", REASON_BAD_FRAME },
	{ "no location", "{\"device_id\":\"cat\"}", REASON_BAD_FRAME },
	{ "no location among several", "{\"device_id\":\"cat\",\"location\":[]}", REASON_BAD_FRAME },
	{ "a location that is text", "{\"device_id\":\"cat\",\"location\":\"here\"}", REASON_BAD_FRAME },
	{ "an array", "[{\"device_id\":\"cat\",\"location\":{}}]", REASON_BAD_FRAME },
	{ "latitude alone", "{\"device_id\":\"cat\",\"location\":{\"coords\":{\"latitude\":1}}}", REASON_BAD_VALUE },
	{ "latitude as text", "{\"device_id\":\"cat\",\"location\":{\"coords\":{\"latitude\":\"1\",\"longitude\":2}}}",
		REASON_BAD_VALUE },
	{ "latitude beyond the pole",
		"{\"device_id\":\"cat\",\"location\":{\"coords\":{\"latitude\":91,\"longitude\":2}}}",
		REASON_BAD_VALUE },
	{ "no such time", "{\"device_id\":\"cat\",\"location\":{\"timestamp\":\"noon\"}}", REASON_BAD_VALUE },
	{ "a number as the name", "{\"device_id\":7,\"location\":{}}", REASON_NO_DEVICE },
};

START_TEST(json_refuses)
{
	int r = refusal(post("/", "application/json", bad_bodies[_i].body));
	ck_assert_msg(r == bad_bodies[_i].reason, "%s: %d", bad_bodies[_i].why, r);
}
END_TEST

START_TEST(a_full_scratch)
{
	const char *request = post(
		"/", "application/json", "{\"device_id\":\"cat\",\"location\":[{\"event\":\"a\"},{\"event\":\"b\"}]}");
	struct protocol_scratch *scratch = decoding_scratch();
	struct protocol_result result;
	size_t n = strlen(request);

	scratch->positions_max = 1;
	ck_assert_int_eq(osmand->decode(&none, (const uint8_t *)request, n, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 200; size++) { /* no size of arena is written past (the sanitizer looks on) */
		uint8_t *exact = malloc(size);
		scratch = decoding_scratch();
		scratch->arena = arena_over(exact, size);
		if (osmand->decode(&none, (const uint8_t *)request, n, scratch, &result) == 0)
			ck_assert_uint_eq(result.positions_n, 2);
		free(exact);
	}
}
END_TEST

/* ---- answers ---- */

static int status_of(const char *request, enum protocol_reason refused, bool *ret_close)
{
	uint8_t out[PROTOCOL_ANSWER_MAX + 1];
	struct protocol_session s = { 0 };
	struct protocol_note note = { 0 };
	int status;

	if (request)
		note = decode(request).note;
	struct protocol_answer a = osmand->answer(&s, &note, refused, 0, out);
	out[a.len] = '\0';
	ck_assert_int_eq(sscanf((char *)out, "HTTP/1.1 %d", &status), 1);
	*ret_close = a.close;
	return status;
}

static const struct {
	enum protocol_reason refused;
	int query, json;
} statuses[] = {
	{ 0, 200, 200 },
	{ REASON_UNKNOWN_DEVICE, 400, 404 },
	{ REASON_WRONG_SECRET, 401, 401 },
	{ REASON_BAD_VALUE, 400, 400 },
	{ REASON_NO_DEVICE, 400, 400 },
	{ REASON_TOO_MANY, 413, 413 },
	{ REASON_UNAVAILABLE, 503, 503 },
};

START_TEST(answers)
{
	bool close;

	ck_assert_int_eq(status_of(get("id=cat"), statuses[_i].refused, &close), statuses[_i].query);
	ck_assert(!close);
	ck_assert_int_eq(status_of(post("/", "application/json", "{\"device_id\":\"cat\",\"location\":{}}"),
				 statuses[_i].refused, &close),
		statuses[_i].json);
	ck_assert(!close);
}
END_TEST

START_TEST(answers_to_what_was_no_request)
{
	bool close;

	ck_assert_int_eq(status_of(NULL, REASON_BAD_FRAME, &close), 400);
	ck_assert(close);
	ck_assert_int_eq(status_of(NULL, REASON_TOO_LARGE, &close), 413);
	ck_assert_int_eq(status_of(NULL, REASON_UNSUPPORTED, &close), 501);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("osmand");
	TCase *t = tcase_create("osmand");

	tcase_add_test(t, everything_at_once);
	tcase_add_test(t, a_form_is_read_like_a_query);
	tcase_add_loop_test(t, a_time, 0, COUNT(times));
	tcase_add_loop_test(t, a_place, 0, COUNT(places));
	tcase_add_loop_test(t, details_that_are_unknown_or_unnamed, 0, COUNT(details));
	tcase_add_test(t, a_fix_that_the_app_calls_invalid);
	tcase_add_test(t, more_attributes_than_there_is_room_for);
	tcase_add_loop_test(t, who_sends, 0, COUNT(whos));
	tcase_add_test(t, nobody_sends);
	tcase_add_test(t, json_everything_at_once);
	tcase_add_test(t, json_minus_one_is_unknown_and_coords_may_be_absent);
	tcase_add_test(t, json_may_carry_several_fixes);
	tcase_add_loop_test(t, json_refuses, 0, COUNT(bad_bodies));
	tcase_add_test(t, a_full_scratch);
	tcase_add_loop_test(t, answers, 0, COUNT(statuses));
	tcase_add_test(t, answers_to_what_was_no_request);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
