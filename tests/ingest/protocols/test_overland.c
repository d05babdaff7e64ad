/* Source: ingest/protocols/overland.c. Features: the example of https://github.com/aaronpk/Overland-iOS, and as the app's source builds them. */
#include "decoding.h"
#include "frames.h"
#include "requests.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

extern const struct protocol protocol_overland;
static const struct protocol *const overland = &protocol_overland;
static const struct protocol_session none;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BATCH(features) "{\"locations\":[" features "]}"
#define FEATURE(geometry, properties) "{\"type\":\"Feature\"," geometry "\"properties\":{" properties "}}"
#define POINT "\"geometry\":{\"type\":\"Point\",\"coordinates\":[-5.1138,50.1703]},"
#define WHEN "\"timestamp\":\"2026-05-25T06:01:44Z\""
#define TIME "2026-05-25T06:01:44.000Z "
#define PLACE "50.1703,-5.1138"

static const struct {
	const char *why, *feature, *want;
} good[] = {
	{ "the least", FEATURE(POINT, WHEN), TIME PLACE },
	{ "the example",
		FEATURE(POINT,
			"\"timestamp\":\"2015-10-01T08:00:00-0700\",\"altitude\":0,\"speed\":4,\"horizontal_accuracy\":"
			"30,"
			"\"vertical_accuracy\":-1,\"motion\":[\"driving\",\"stationary\"],\"pauses\":false,"
			"\"activity\":\"other_navigation\",\"desired_accuracy\":100,\"deferred\":1000,"
			"\"significant_change\":\"disabled\",\"locations_in_payload\":1,\"battery_state\":\"charging\","
			"\"battery_level\":0.8,\"device_id\":\"\",\"wifi\":\"\""),
		"2015-10-01T15:00:00.000Z " PLACE " speed=4 altitude=0 accuracy=30 battery=80 motion=false "
		"activity='driving,stationary' charging=true" },
	{ "what newer ones say",
		FEATURE(POINT, WHEN ",\"speed\":1.5,\"speed_accuracy\":0.5,\"course\":90,\"course_accuracy\":2,"
				    "\"vertical_accuracy\":3,"
				    "\"motion\":[\"walking\"],\"battery_state\":\"unplugged\",\"battery_level\":0.55,"
				    "\"wifi\":\"cats\","
				    "\"unique_id\":\"x\",\"steps\":7"),
		TIME PLACE
		" speed=1.5 course=90 battery=55 speedAccuracy=0.5 courseAccuracy=2 verticalAccuracy=3 motion=true "
		"activity='walking' charging=false ssid='cats' steps=7" },
	{ "it does not know",
		FEATURE(POINT, WHEN ",\"speed\":-1,\"course\":-1,\"speed_accuracy\":-1,\"battery_level\":-1,\"battery_"
				    "state\":\"unknown\",\"motion\":[]"),
		TIME PLACE },
	{ "not valid", FEATURE(POINT, WHEN ",\"horizontal_accuracy\":-1"), TIME PLACE " invalid" },
	{ "no geometry",
		FEATURE("", WHEN ",\"battery_level\":0.5,\"action\":\"will_terminate\",\"horizontal_accuracy\":-1"),
		TIME "- battery=50 event='will_terminate'" },
	{ "no geometry, said so", FEATURE("\"geometry\":null,", WHEN), TIME "-" },
	{ "three dimensions", FEATURE("\"geometry\":{\"coordinates\":[-5.1138,50.1703,7],\"type\":\"Point\"},", WHEN),
		TIME PLACE },
	{ "properties first", "{\"properties\":{" WHEN "}," POINT "\"type\":\"Feature\"}", TIME PLACE },
	{ "seconds", FEATURE(POINT, "\"timestamp\":1779688904"), TIME PLACE },
	{ "nested",
		FEATURE(POINT, WHEN ",\"start_location\":{\"a\":[1]},\"mode\":\"walk\",\"flag\":true,\"none\":null"),
		TIME PLACE " mode='walk' flag=true" },
	{ "full", FEATURE(POINT, WHEN ",\"battery_state\":\"full\",\"motion\":null"), TIME PLACE " charging=true" },
};

static const char *batch_of(const char *feature)
{
	static char buf[4096];
	struct text t = text_in(buf, sizeof buf);

	text_printf(&t, BATCH("%s"), feature);
	ck_assert(text_ok(&t));
	return buf;
}

START_TEST(reads)
{
	const char *got = frame_says(overland, &none, request("/?device_id=cat", "", batch_of(good[_i].feature)));

	ck_assert_msg(!strcmp(got, good[_i].want), "%s:\n  %s\nnot\n  %s", good[_i].why, got, good[_i].want);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	const char *text = request("/?device_id=cat", "", batch_of(good[_i].feature));

	frame_prefixes(overland, &none, text, strlen(text), 0);
}
END_TEST

START_TEST(several)
{
	const char *text = request("/", "",
		"{\"trip\":{\"a\":1},\"locations\":[" FEATURE(POINT, WHEN ",\"device_id\":\"\"") "," FEATURE("",
			WHEN ",\"device_id\":\"cat\"") "," FEATURE(POINT, "\"device_id\":\"dog\"") "],\"current\":{}}");
	struct protocol_result r = frame_good(overland, &none, text, strlen(text));

	ck_assert_uint_eq(r.positions_n, 3);
	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_uint_eq(r.groups[0].first, 0);
	ck_assert_uint_eq(r.groups[0].n, 3);
	ck_assert_str_eq(r.groups[0].identifier, "cat");
	ck_assert_str_eq(frame_summary(&r.positions[1]), TIME "-");
	ck_assert_str_eq(frame_summary(&r.positions[2]), "- " PLACE);

	text = request("/?id=cat", "", BATCH(""));
	r = frame_good(overland, &none, text, strlen(text));
	ck_assert_uint_eq(r.positions_n, 0);
	ck_assert_uint_eq(r.groups_n, 1);
}
END_TEST

/* As the app sends what it gathered on a long way. */
START_TEST(a_thousand)
{
	enum { FEATURES = 1000, ROOM = 1 << 20, ARENA = 1 << 20, POSITIONS = 1024 };
	static const char feature[] =
		FEATURE(POINT, WHEN ",\"altitude\":7,\"speed\":4,\"horizontal_accuracy\":30,\"vertical_accuracy\":3,"
				    "\"motion\":[\"driving\"],\"pauses\":false,"
				    "\"activity\":\"other_navigation\",\"desired_accuracy\":100,\"deferred\":1000,"
				    "\"significant_change\":\"disabled\","
				    "\"locations_in_payload\":1000,\"battery_state\":\"unplugged\",\"battery_level\":0."
				    "8,\"device_id\":\"cat\","
				    "\"wifi\":\"cats of the house\"");
	static struct position positions[POSITIONS];
	static struct protocol_group group;
	char *text = malloc(ROOM);
	void *arena = malloc(ARENA);
	struct protocol_scratch scratch = { &group, 1, positions, POSITIONS, arena_over(arena, ARENA) };
	struct protocol_limits limits = { .frame_max = overland->frame_need, .header_max = 8192 };
	struct protocol_result r = { 0 };
	struct text t = text_in(text, ROOM);

	ck_assert(text && arena);
	size_t body = strlen(BATCH("")) + FEATURES * sizeof feature - 1;
	text_printf(&t, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n{\"locations\":[", body);
	for (int i = 0; i < FEATURES; i++)
		text_printf(&t, "%s%s", i ? "," : "", feature);
	text_puts(&t, "]}");
	ck_assert(text_ok(&t));
	ck_assert_int_eq(overland->frame((const uint8_t *)text, t.len, &limits), (ssize_t)t.len);
	ck_assert_int_eq(overland->decode(&none, (const uint8_t *)text, t.len, &scratch, &r), 0);
	ck_assert_uint_eq(r.positions_n, FEATURES);
	ck_assert_str_eq(frame_summary(&positions[FEATURES - 1]), TIME PLACE
		" speed=4 altitude=7 accuracy=30 battery=80 verticalAccuracy=3 motion=true activity='driving' "
		"charging=false ssid='cats of the house'");
	scratch.positions_max = FEATURES - 1;
	ck_assert_int_eq(overland->decode(&none, (const uint8_t *)text, t.len, &scratch, &r), REASON_TOO_MANY);
	free(text);
	free(arena);
}
END_TEST

static const struct {
	const char *why, *target, *headers, *properties, *identifier, *secret;
} names[] = {
	{ "the URL", "/?device_id=cat", "", WHEN ",\"device_id\":\"dog\"", "cat", NULL },
	{ "the URL, in short", "/?id=cat", "", WHEN, "cat", NULL },
	{ "the feature", "/", "", WHEN ",\"device_id\":\"cat\"", "cat", NULL },
	{ "the feature, the URL being empty", "/?device_id=", "", WHEN ",\"device_id\":\"cat\"", "cat", NULL },
	{ "a token", "/", "Authorization: Bearer s3\r\n", WHEN ",\"device_id\":\"cat\"", "cat", "s3" },
	{ "a parameter", "/?secret=s3", "", WHEN ",\"device_id\":\"cat\"", "cat", "s3" },
	{ "behind a colon", "/", "", WHEN ",\"device_id\":\"cat:s3\"", "cat", "s3" },
};

START_TEST(who_it_is)
{
	char feature[512];
	struct text t = text_in(feature, sizeof feature);

	text_printf(&t, FEATURE(POINT, "%s"), names[_i].properties);
	const char *text = request(names[_i].target, names[_i].headers, batch_of(feature));
	struct protocol_result r = frame_good(overland, &none, text, strlen(text));
	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_msg(!strcmp(r.groups[0].identifier, names[_i].identifier), "%s", names[_i].why);
	ck_assert_pstr_eq(r.groups[0].secret, names[_i].secret);
}
END_TEST

static const struct {
	const char *why, *target, *body;
	int reason;
} bad[] = {
	{ "nobody", "/", BATCH(FEATURE(POINT, WHEN)), REASON_NO_DEVICE },
	{ "nothing", "/?id=cat", "", REASON_BAD_FRAME },
	{ "no locations", "/?id=cat", "{}", REASON_BAD_FRAME },
	{ "locations that are none", "/?id=cat", "{\"locations\":7}", REASON_BAD_FRAME },
	{ "a feature that is none", "/?id=cat", BATCH("7"), REASON_BAD_FRAME },
	{ "properties that are none", "/?id=cat", BATCH("{\"properties\":7}"), REASON_BAD_FRAME },
	{ "cut short", "/?id=cat", "{\"locations\":[" FEATURE(POINT, WHEN), REASON_BAD_FRAME },
	{ "more behind it", "/?id=cat", BATCH("") "{}", REASON_BAD_FRAME },
	{ "no such place", "/?id=cat", BATCH(FEATURE("\"geometry\":{\"coordinates\":[0,90.1]},", WHEN)),
		REASON_BAD_VALUE },
	{ "half a place", "/?id=cat", BATCH(FEATURE("\"geometry\":{\"coordinates\":[0]},", WHEN)), REASON_BAD_VALUE },
	{ "no such time", "/?id=cat", BATCH(FEATURE(POINT, "\"timestamp\":\"yesterday\"")), REASON_BAD_VALUE },
};

START_TEST(refuses)
{
	const char *text = request(bad[_i].target, "", bad[_i].body);
	int r = frame_refused(overland, &none, text, strlen(text));

	ck_assert_msg(r == bad[_i].reason, "%s: %s", bad[_i].why, protocol_reason_name((enum protocol_reason)r));
}
END_TEST

START_TEST(answers)
{
	struct protocol_session s = { 0 };
	const char *text = request("/?id=cat", "", BATCH(""));
	struct protocol_note note = frame_good(overland, &none, text, strlen(text)).note;

	ck_assert_str_eq(frame_answer(overland, &s, &note, 0),
		"HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Type: application/json\r\n"
		"Content-Length: 15\r\n\r\n{\"result\":\"ok\"}");
	for (enum protocol_reason r = REASON_BAD_FRAME; r < REASONS; r++)
		ck_assert_ptr_null(strstr(frame_answer(overland, &s, &note, r), "ok"));
	ck_assert_ptr_nonnull(strstr(frame_answer(overland, &s, &note, REASON_UNKNOWN_DEVICE), " 401 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(overland, &s, &note, REASON_TOO_MANY), " 413 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(overland, &s, &note, REASON_UNAVAILABLE), " 503 "));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("overland");
	TCase *t = tcase_create("overland");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, several);
	tcase_add_test(t, a_thousand);
	tcase_add_loop_test(t, who_it_is, 0, COUNT(names));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, answers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
