/* Source: ingest/protocols/owntracks.c, owntracks_json.c. Messages: the examples of https://owntracks.org/booklet/tech/json/, and as the apps'
 * sources build them. */
#include "decoding.h"
#include "frames.h"
#include "requests.h"

#include "ingest/protocols/owntracks_json.h"
#include "tests/lib/unit.h"

#include <string.h>

extern const struct protocol protocol_owntracks;
static const struct protocol *const owntracks = &protocol_owntracks;
static const struct protocol_session none;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define CAT "X-Limit-U: jane\r\nX-Limit-D: cat\r\n"
#define TIME "2026-05-25T06:01:44.000Z "
#define PLACE "50.1703,-5.1138"
#define HERE "\"lat\":50.1703,\"lon\":-5.1138,\"tst\":1779688904"

static const struct {
	const char *why, *body, *want;
} good[] = {
	{ "the least", "{\"_type\":\"location\"," HERE "}", TIME PLACE },
	{ "the type last", "{" HERE ",\"tid\":\"JJ\",\"_type\":\"location\"}", TIME PLACE },
	{ "everything",
		"{\"_type\":\"location\"," HERE
		",\"acc\":5,\"alt\":167,\"vac\":21,\"vel\":36,\"cog\":271,\"batt\":67,\"bs\":2,\"conn\":\"m\","
		"\"t\":\"u\",\"m\":1,\"p\":101.3,\"tid\":\"JJ\",\"created_at\":1779688905,\"_id\":\"a1\",\"topic\":"
		"\"owntracks/jane/phone\","
		"\"inregions\":[\"Home\",\"Garden\"],\"inrids\":[\"1\",\"2\"],\"SSID\":\"cats\",\"BSSID\":\"12:34:56:"
		"78:9a:bc\","
		"\"motionactivities\":[\"walking\"],\"poi\":\"tree\",\"tag\":\"x\"}",
		TIME PLACE
		" speed=10 course=271 altitude=167 accuracy=5 battery=67 verticalAccuracy=21 charging=true "
		"networkType='mobile' event='u' monitoring=1 pressure=101.3 createdAt=1779688905 ssid='cats' "
		"activity='walking' poi='tree' tag='x' fences='Home,Garden' wifi='12:34:56:78:9a:bc'" },
	{ "unplugged, on Wi-Fi", "{\"_type\":\"location\"," HERE ",\"bs\":1,\"conn\":\"w\"}",
		TIME PLACE " charging=false networkType='wifi'" },
	{ "full, offline", "{\"_type\":\"location\"," HERE ",\"bs\":3,\"conn\":\"o\"}",
		TIME PLACE " charging=true networkType='offline'" },
	{ "it does not know",
		"{\"_type\":\"location\"," HERE ",\"bs\":0,\"vel\":-1,\"batt\":-1,\"cog\":-1,\"inregions\":null}",
		TIME PLACE },
	{ "no place", "{\"_type\":\"location\",\"tst\":1779688904,\"batt\":50}", TIME "- battery=50" },
	{ "no time", "{\"_type\":\"location\",\"lat\":50.1703,\"lon\":-5.1138}", "- " PLACE },
	{ "enters",
		"{\"_type\":\"transition\"," HERE
		",\"acc\":5,\"event\":\"enter\",\"desc\":\"Home\",\"wtst\":1,\"t\":\"c\",\"rid\":\"a\"}",
		TIME PLACE " accuracy=5 event='enter' fence='Home' t='c' alarm='geofenceEnter'" },
	{ "leaves", "{\"_type\":\"transition\"," HERE ",\"event\":\"leave\",\"desc\":\"Home\"}",
		TIME PLACE " event='leave' fence='Home' alarm='geofenceExit'" },
	{ "steps", "{\"_type\":\"steps\",\"tst\":1779688904,\"steps\":1234,\"from\":1,\"to\":2}", TIME "- steps=1234" },
	{ "a fence has a place of its own", "{\"_type\":\"waypoint\"," HERE ",\"rad\":50,\"desc\":\"Home\"}",
		"- - event='waypoint'" },
	{ "fences", "{\"_type\":\"waypoints\",\"waypoints\":[{\"_type\":\"waypoint\"," HERE "}]}",
		"- - event='waypoints'" },
	{ "status", "{\"_type\":\"status\",\"iOS\":{\"version\":\"17\"}}", "- - event='status'" },
	{ "a beacon", "{\"_type\":\"beacon\",\"tst\":1779688904,\"uuid\":\"u\",\"batt\":50}",
		"- - battery=50 event='beacon'" },
	{ "encrypted", "{\"_type\":\"encrypted\",\"data\":\"MDEy\"}", "- - event='encrypted'" },
};

START_TEST(reads)
{
	const char *got = frame_says(owntracks, &none, request("/", CAT, good[_i].body));

	ck_assert_msg(!strcmp(got, good[_i].want), "%s:\n  %s\nnot\n  %s", good[_i].why, got, good[_i].want);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	const char *text = request("/", CAT, good[_i].body);

	frame_prefixes(owntracks, &none, text, strlen(text), 0);
}
END_TEST

/* Named and checked, with nothing to store. */
START_TEST(says_nothing)
{
	static const char *const bodies[] = { "", "{\"_type\":\"lwt\",\"tst\":1779688904}",
		"{\"_type\":\"card\",\"name\":\"Jane\",\"face\":\"aGk=\"}", "{\"_type\":\"cmd\",\"action\":\"dump\"}",
		"{\"_type\":\"configuration\"}", "{\"_type\":\"dump\",\"configuration\":{}}", "{\"_type\":\"request\"}",
		"{\"_type\":\"something new\"," HERE "}" };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		const char *text = request("/", CAT, bodies[i]);
		struct protocol_result r = frame_good(owntracks, &none, text, strlen(text));
		ck_assert_uint_eq(r.positions_n, 0);
		ck_assert_uint_eq(r.groups_n, 1);
		ck_assert_uint_eq(r.groups[0].n, 0);
		ck_assert_str_eq(r.groups[0].identifier, "cat");
	}
	const char *text = request("/", "", "");
	ck_assert_uint_eq(frame_good(owntracks, &none, text, strlen(text)).groups_n, 0);
}
END_TEST

#define SAYS(topic) "{\"_type\":\"location\"," HERE ",\"tid\":\"JJ\"" topic "}"

static const struct {
	const char *why, *target, *headers, *body, *identifier, *secret;
} names[] = {
	{ "the header", "/?d=other", CAT, SAYS(""), "cat", NULL },
	{ "in small letters", "/", "x-limit-d: cat\r\n", SAYS(""), "cat", NULL },
	{ "the parameter", "/pub?u=jane&d=cat", "X-Limit-U: jane\r\n", SAYS(",\"topic\":\"owntracks/a/b\""), "cat",
		NULL },
	{ "escaped", "/pub?u=jane&d=c%61t", "", SAYS(""), "cat", NULL },
	{ "the topic", "/?u=jane", "", SAYS(",\"topic\":\"owntracks/jane/cat\""), "cat", NULL },
	{ "the topic of an event", "/", "", SAYS(",\"topic\":\"owntracks/jane/cat/event\""), "cat", NULL },
	{ "the user's header", "/?u=other", "X-Limit-U: cat\r\n", SAYS(""), "cat", NULL },
	{ "the user", "/?u=cat", "", SAYS(",\"topic\":\"cat\""), "cat", NULL },
	{ "the tracker id", "/", "", SAYS(""), "JJ", NULL },
	{ "an empty header", "/?d=cat", "X-Limit-D: \r\n", SAYS(""), "cat", NULL },
	{ "a password", "/", CAT "Authorization: Basic amFuZTpzMw==\r\n", SAYS(""), "cat", "s3" },
	{ "a parameter", "/?secret=s3", CAT, SAYS(""), "cat", "s3" },
	{ "behind a colon", "/", "X-Limit-D: cat:s3\r\n", SAYS(""), "cat", "s3" },
};

START_TEST(who_it_is)
{
	const char *text = request(names[_i].target, names[_i].headers, names[_i].body);
	struct protocol_result r = frame_good(owntracks, &none, text, strlen(text));

	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_msg(
		!strcmp(r.groups[0].identifier, names[_i].identifier), "%s: %s", names[_i].why, r.groups[0].identifier);
	ck_assert_pstr_eq(r.groups[0].secret, names[_i].secret);
}
END_TEST

static const struct {
	const char *why, *headers, *body;
	int reason;
} bad[] = {
	{ "nobody", "", "{\"_type\":\"location\"," HERE "}", REASON_NO_DEVICE },
	{ "no type", CAT, "{" HERE "}", REASON_BAD_FRAME },
	{ "a type that is none", CAT, "{\"_type\":1," HERE "}", REASON_BAD_FRAME },
	{ "no JSON", CAT, "lat=50.1703", REASON_BAD_FRAME },
	{ "JSON cut short", CAT, "{\"_type\":\"location\"," HERE, REASON_BAD_FRAME },
	{ "an array", CAT, "[{\"_type\":\"location\"," HERE "}]", REASON_BAD_FRAME },
	{ "no such place", CAT, "{\"_type\":\"location\",\"lat\":90.1,\"lon\":0,\"tst\":1}", REASON_BAD_VALUE },
	{ "half a place", CAT, "{\"_type\":\"location\",\"lat\":50,\"tst\":1}", REASON_BAD_VALUE },
	{ "no such time", CAT, "{\"_type\":\"location\",\"lat\":50,\"lon\":0,\"tst\":-1}", REASON_BAD_VALUE },
	{ "two of a header", CAT "X-Limit-D: dog\r\n", "", -1 },
};

START_TEST(refuses)
{
	const char *text = request("/", bad[_i].headers, bad[_i].body);

	if (bad[_i].reason < 0) { /* frame() does already */
		ck_assert_int_eq(
			owntracks->frame((const uint8_t *)text, strlen(text), &decoding_limits), -REASON_BAD_FRAME);
		return;
	}
	int r = frame_refused(owntracks, &none, text, strlen(text));
	ck_assert_msg(r == bad[_i].reason, "%s: %s", bad[_i].why, protocol_reason_name((enum protocol_reason)r));
}
END_TEST

START_TEST(answers)
{
	struct protocol_session s = { 0 };
	const char *text = request("/", CAT, good[0].body);
	struct protocol_note note = frame_good(owntracks, &none, text, strlen(text)).note;

	ck_assert_str_eq(frame_answer(owntracks, &s, &note, 0),
		"HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Type: application/json\r\n"
		"Content-Length: 2\r\n\r\n[]");
	ck_assert_ptr_nonnull(strstr(frame_answer(owntracks, &s, &note, REASON_UNKNOWN_DEVICE), " 401 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(owntracks, &s, &note, REASON_WRONG_SECRET), " 401 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(owntracks, &s, &note, REASON_BAD_VALUE), " 400 "));
	ck_assert_ptr_nonnull(strstr(frame_answer(owntracks, &s, &note, REASON_UNAVAILABLE), " 503 "));
}
END_TEST

START_TEST(topics)
{
	static const char *const none_of_them[] = { "", "owntracks", "owntracks/", "owntracks/jane", "owntracks/jane/",
		"/jane/cat", "owntracks//cat" };
	struct slice user, device;

	ck_assert(owntracks_topic(slice_of("a/jane/cat/waypoint", 19), &user, &device));
	ck_assert(slice_is(user, "jane") && slice_is(device, "cat"));
	for (size_t i = 0; i < COUNT(none_of_them); i++)
		ck_assert(!owntracks_topic(slice_of(none_of_them[i], strlen(none_of_them[i])), &user, &device));
}
END_TEST

START_TEST(refuses_what_the_scratch_does_not_allow)
{
	struct protocol_scratch *scratch = decoding_scratch();
	struct protocol_result result = { 0 };
	const char *text = request("/", CAT, good[2].body);
	size_t n = strlen(text);

	scratch->positions_max = 0;
	ck_assert_int_eq(owntracks->decode(&none, (const uint8_t *)text, n, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->groups_max = 0;
	ck_assert_int_eq(owntracks->decode(&none, (const uint8_t *)text, n, scratch, &result), REASON_TOO_MANY);
	for (size_t size = 0; size < 1024; size += 8) { /* wherever it runs out */
		scratch = decoding_scratch();
		scratch->arena.size = size;
		int r = owntracks->decode(&none, (const uint8_t *)text, n, scratch, &result);
		ck_assert(r == REASON_TOO_MANY || r == REASON_BAD_FRAME || (r == 0 && size > 512));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("owntracks");
	TCase *t = tcase_create("owntracks");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_test(t, says_nothing);
	tcase_add_loop_test(t, who_it_is, 0, COUNT(names));
	tcase_add_loop_test(t, refuses, 0, COUNT(bad));
	tcase_add_test(t, answers);
	tcase_add_test(t, topics);
	tcase_add_test(t, refuses_what_the_scratch_does_not_allow);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
