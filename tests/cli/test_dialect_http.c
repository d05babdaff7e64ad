#include "cli/simulation/dialect.h"
#include "replies.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const char *const names[] = { "osmand", "owntracks", "overland", "gpslogger" };

/* ---- requests ---- */

/* What they say of a position of which nothing but the place is known; until the next call. */
static const char *bare(const char *dialect)
{
	static char request[1024];
	struct position p = replies_fix;

	p.has = POSITION_LOCATION;
	size_t n = dialect_find(dialect)->frame((uint8_t *)request, sizeof request - 1, "cat", "s3cret", &p, 1);
	request[n] = '\0';
	return request;
}

START_TEST(osmand_request)
{
	ck_assert_str_eq(replies_frame("osmand", "misty-1", 1),
		"POST /?id=misty-1&timestamp=1498266237000&lat=50.170315&lon=-5.113851&speed=19.4384&bearing=359.6"
		"&altitude=154.7&accuracy=4.5&batt=71 HTTP/1.1\r\nHost: gateway\r\n"
		"Authorization: Bearer s3cret\r\nContent-Length: 0\r\n\r\n");
	ck_assert_ptr_nonnull(
		strstr(bare("osmand"), "/?id=cat&timestamp=1498266237000&lat=50.170315&lon=-5.113851 HTTP/1.1\r\n"));
}
END_TEST

#define BASIC "Authorization: Basic cGV0dHJhY2s6czNjcmV0\r\n" /* pettrack:s3cret */

START_TEST(owntracks_request)
{
	ck_assert_str_eq(replies_frame("owntracks", "misty-1", 1),
		"POST / HTTP/1.1\r\nHost: gateway\r\nX-Limit-U: pettrack\r\nX-Limit-D: misty-1\r\n" BASIC
		"Content-Type: application/json\r\nContent-Length: 149\r\n\r\n"
		"{\"_type\":\"location\",\"tid\":\"-1\",\"tst\":1498266237,\"lat\":50.170315,\"lon\":-5.113851,\"acc\":"
		"4"
		",\"alt\":155,\"vel\":36,\"cog\":0,\"batt\":71,\"bs\":1,\"conn\":\"m\",\"m\":1}");
	ck_assert_ptr_nonnull(strstr(bare("owntracks"),
		"{\"_type\":\"location\",\"tid\":\"at\",\"tst\":1498266237,\"lat\":50.170315,\"lon\":-5.113851"
		",\"bs\":1,\"conn\":\"m\",\"m\":1}"));
}
END_TEST

#define FEATURE                                                                                                        \
	"{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[-5.113851,50.170315]},"               \
	"\"properties\":{\"timestamp\":\"2017-06-24T01:03:57Z\""

START_TEST(overland_request)
{
	ck_assert_str_eq(replies_frame("overland", "misty-1", 1),
		"POST / HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer s3cret\r\n"
		"Content-Type: application/json\r\nContent-Length: 460\r\n\r\n"
		"{\"locations\":[" FEATURE ",\"altitude\":154.67,\"speed\":10,\"course\":359.6,"
		"\"horizontal_accuracy\":4.5,\"vertical_accuracy\":-1,\"motion\":[],\"pauses\":false,"
		"\"activity\":\"other\",\"desired_accuracy\":-1,\"deferred\":0,\"significant_change\":\"disabled\","
		"\"locations_in_payload\":1,\"wifi\":\"\",\"battery_state\":\"unplugged\",\"battery_level\":0.71,"
		"\"device_id\":\"misty-1\"}}]}");
	ck_assert_ptr_nonnull(strstr(bare("overland"), FEATURE ",\"altitude\":0,\"speed\":-1,\"course\":-1,"
							       "\"horizontal_accuracy\":10,\"vertical_accuracy\":-1,"));
	ck_assert_ptr_null(strstr(bare("overland"), "battery_level"));
}
END_TEST

START_TEST(overland_batch)
{
	const char *request = replies_frame("overland", "misty-1", 2), *first = strstr(request, FEATURE);

	ck_assert_ptr_nonnull(strstr(request, "{\"locations\":[" FEATURE));
	ck_assert_ptr_nonnull(strstr(first + 1, "\"device_id\":\"misty-1\"}}," FEATURE));
	ck_assert_str_eq(strrchr(request, ':'), ":\"misty-1\"}}]}");
}
END_TEST

START_TEST(gpslogger_request)
{
	ck_assert_str_eq(replies_frame("gpslogger", "misty-1", 1),
		"GET /?id=misty-1&lat=50.170315&lon=-5.113851&sat=9&alt=154.67&acc=4.5&dir=359.6&prov=gps&spd=10"
		"&time=2017-06-24T01%3A03%3A57.000Z&batt=71&ischarging=false HTTP/1.1\r\nHost: gateway\r\n" BASIC
		"\r\n");
	ck_assert_ptr_nonnull(
		strstr(bare("gpslogger"), "?id=cat&lat=50.170315&lon=-5.113851&sat=9&alt=0&acc=0&dir=0&prov=gps&spd=0"
					  "&time=2017-06-24T01%3A03%3A57.000Z&ischarging=false HTTP/1.1\r\n"));
}
END_TEST

/* With the longest identifier and secret. */
START_TEST(the_most_records_fit)
{
	static char identifier[DIALECT_IDENTIFIER_MAX + 1], secret[DIALECT_SECRET_MAX + 1];
	static uint8_t request[DIALECT_FRAME_MAX];
	struct position many[50], p = replies_fix;
	const struct dialect *d = dialect_find(names[_i]);

	memset(identifier, 'i', DIALECT_IDENTIFIER_MAX);
	memset(secret, 's', DIALECT_SECRET_MAX);
	p.lat_e7 = -899999999;
	p.lon_e7 = -1799999999;
	p.speed_mps = p.altitude_m = p.accuracy_m = 98765.432f;
	p.course_deg = 333.333f;
	p.battery_pct = 33.333f;
	ck_assert_uint_le(d->records_max, 50);
	for (size_t i = 0; i < d->records_max; i++)
		many[i] = p;
	ck_assert_uint_gt(d->frame(request, sizeof request, identifier, secret, many, d->records_max), 0);
}
END_TEST

/* ---- answers ---- */

#define EMPTY "Content-Length: 0\r\n\r\n"

/* Read alike by all of them. */
static const struct reply_case answers[] = {
	{ .why = "bad", .bytes = "HTTP/1.1 400 Bad\r\n" EMPTY, .kind = REPLY_REFUSED },
	{ .why = "not found", .bytes = "HTTP/1.1 404 No\r\n" EMPTY, .kind = REPLY_REFUSED },
	{ .why = "wrong secret", .bytes = "HTTP/1.1 401 No\r\n" EMPTY, .kind = REPLY_DENIED },
	{ .why = "forbidden", .bytes = "HTTP/1.1 403 No\r\n" EMPTY, .kind = REPLY_DENIED },
	{ .why = "too many", .bytes = "HTTP/1.1 429 No\r\n" EMPTY, .kind = REPLY_LATER },
	{ .why = "with a reason", .bytes = "HTTP/1.1 400 Bad\r\ncontent-length:  3\r\n\r\nwhy", .kind = REPLY_REFUSED },
	{ .why = "not now, and closed",
		.bytes = "HTTP/1.1 503 No\r\nConnection: close\r\n" EMPTY,
		.kind = REPLY_LATER,
		.last = true },
	{ .why = "no length", .bytes = "HTTP/1.1 200 OK\r\n\r\n", .kind = REPLY_GARBAGE },
	{ .why = "length of letters", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", .kind = REPLY_GARBAGE },
	{ .why = "length below 0", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .kind = REPLY_GARBAGE },
	{ .why = "too long", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", .kind = REPLY_GARBAGE },
	{ .why = "no status", .bytes = "HTTP/1.1 xxx OK\r\n" EMPTY, .kind = REPLY_GARBAGE },
	{ .why = "not the last word", .bytes = "HTTP/1.1 100 Continue\r\n\r\n", .kind = REPLY_GARBAGE },
	{ .why = "no status at all", .bytes = "HTTP/1.1 \r\n\r\n", .kind = REPLY_GARBAGE },
	{ .why = "another protocol", .bytes = "SSH-2.0-OpenSSH\r\n", .kind = REPLY_GARBAGE },
};

START_TEST(answers_are_read)
{
	for (int i = 0; i < LENGTH(names); i++) {
		struct reply_case c = answers[_i];
		c.dialect = names[i];
		c.sent = 1;
		replies_check(&c);
		replies_check_beginnings(&c);
	}
}
END_TEST

#define OK(length, body) "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: " length "\r\n\r\n" body

/* What is good news depends on whom one asks. */
static const struct reply_case good[] = {
	{ "taken", "osmand", false, 1, OK("2", "ok"), false, REPLY_TAKEN, .taken = 1 },
	{ "taken, and more", "osmand", false, 1, OK("2", "okHTTP"), false, REPLY_TAKEN, .rest = 4, .taken = 1 },
	{ "taken without a word", "osmand", false, 1, "HTTP/1.1 204 No Content\r\n\r\n", false, REPLY_TAKEN,
		.taken = 1 },
	{ "taken", "gpslogger", false, 1, OK("0", ""), false, REPLY_TAKEN, .taken = 1 },
	{ "taken", "owntracks", false, 1, OK("2", "[]"), false, REPLY_TAKEN, .taken = 1 },
	{ "friends", "owntracks", false, 1, OK("18", "[{\"_type\":\"card\"}]"), false, REPLY_TAKEN, .taken = 1 },
	{ "no array", "owntracks", false, 1, OK("2", "{}"), false, REPLY_GARBAGE },
	{ "half an array", "owntracks", false, 1, OK("1", "["), false, REPLY_GARBAGE },
	{ "an array without a beginning", "owntracks", false, 1, OK("2", "x]"), false, REPLY_GARBAGE },
	{ "nothing", "owntracks", false, 1, OK("0", ""), false, REPLY_GARBAGE },
	{ "taken", "overland", false, 50, OK("15", "{\"result\":\"ok\"}"), false, REPLY_TAKEN, .taken = 50 },
	{ "not ok", "overland", false, 50, OK("15", "{\"result\":\"no\"}"), false, REPLY_GARBAGE },
	{ "not only ok", "overland", false, 50, OK("17", "{\"result\":\"okay\"}"), false, REPLY_GARBAGE },
	{ "nothing", "overland", false, 50, "HTTP/1.1 204 No Content\r\n\r\n", false, REPLY_GARBAGE },
};

START_TEST(good_news_is_read)
{
	replies_check(&good[_i]);
	replies_check_beginnings(&good[_i]);
}
END_TEST

/* OwnTracks' friends are many. */
START_TEST(a_long_body_is_read)
{
	enum { BODY = 30000 };
	static char answer[BODY + 100];
	int head = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n[", BODY);
	size_t n = (size_t)head - 1 + BODY;

	memset(answer + head, ' ', n - (size_t)head - 1);
	answer[n - 1] = ']';
	struct reply r = dialect_find("owntracks")->read((const uint8_t *)answer, n, false, 1);
	ck_assert_int_eq(r.kind, REPLY_TAKEN);
	ck_assert_uint_eq(r.used, n);
}
END_TEST

START_TEST(an_endless_head_is_garbage)
{
	static uint8_t head[9000];

	memset(head, 'x', sizeof head);
	memcpy(head, "HTTP/1.1 200 OK\r\n", 17);
	ck_assert_int_eq(dialect_find("osmand")->read(head, sizeof head, false, 1).kind, REPLY_GARBAGE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialect_http");
	TCase *c = tcase_create("dialect_http");

	tcase_add_test(c, osmand_request);
	tcase_add_test(c, owntracks_request);
	tcase_add_test(c, overland_request);
	tcase_add_test(c, overland_batch);
	tcase_add_test(c, gpslogger_request);
	tcase_add_loop_test(c, the_most_records_fit, 0, LENGTH(names));
	tcase_add_loop_test(c, answers_are_read, 0, LENGTH(answers));
	tcase_add_loop_test(c, good_news_is_read, 0, LENGTH(good));
	tcase_add_test(c, a_long_body_is_read);
	tcase_add_test(c, an_endless_head_is_garbage);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
