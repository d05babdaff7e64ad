/* Source: ingest/protocols/owntracks_friends.c, and how owntracks.c answers with it. */
#include "frames.h"
#include "requests.h"

#include "ingest/protocols/http.h"
#include "ingest/protocols/owntracks_friends.h"
#include "tests/lib/unit.h"

#include <string.h>

extern const struct protocol protocol_owntracks;

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TOPIC(id) ",\"topic\":\"owntracks/pettrack/" id "-0000-0000-0000-000000000000\"}"

enum { MANY = 1400 };

static char out[PROTOCOL_COMPANY_MAX];

static struct protocol_member member(int id, const char *name)
{
	return (struct protocol_member){ name, { .device = { { (uint8_t)(id >> 8), (uint8_t)id } },
						       .time_ms = 1767323045678,
						       .lat_e7 = 501703000,
						       .lon_e7 = -51138000,
						       .has = POSITION_LOCATION } };
}

static const char *friends(const struct protocol_member *members, size_t n, int self)
{
	const struct protocol_company c = { members, n, { { (uint8_t)(self >> 8), (uint8_t)self } } };

	owntracks_friends(out, sizeof out, &c);
	return out;
}

START_TEST(a_card_and_a_location)
{
	struct protocol_member m = member(1, "Misty");

	ck_assert_str_eq(friends(&m, 1, 2),
		"[{\"_type\":\"card\",\"tid\":\"MI\",\"name\":\"Misty\"" TOPIC(
			"00010000") ",{\"_type\":\"location\",\"tid\":\"MI\",\"tst\":1767323045,"
				    "\"lat\":50.1703,\"lon\":-5.1138" TOPIC("00010000") "]");
}
END_TEST

START_TEST(all_that_is_known)
{
	struct protocol_member m = member(1, "Misty");

	m.position.accuracy_m = 8.4F;
	m.position.altitude_m = -31.5F;
	m.position.battery_pct = 81.6F;
	m.position.speed_mps = 10;
	m.position.course_deg = 271.4F;
	m.position.has |= POSITION_ACCURACY | POSITION_ALTITUDE | POSITION_BATTERY | POSITION_SPEED | POSITION_COURSE;
	ck_assert_ptr_nonnull(
		strstr(friends(&m, 1, 2), ",\"acc\":8,\"alt\":-32,\"batt\":82,\"vel\":36,\"cog\":271,\"topic\":"));
	m.position.course_deg = 359.6F;
	ck_assert_ptr_nonnull(strstr(friends(&m, 1, 2), ",\"cog\":0,"));
}
END_TEST

START_TEST(not_of_itself)
{
	const struct protocol_member members[] = { member(1, "Misty"), member(2, "Minka"), member(3, "Tiger") };

	ck_assert_str_eq(friends(members, 1, 1), "[]");
	ck_assert_str_eq(friends(NULL, 0, 1), "[]");
	friends(members, 3, 2);
	ck_assert_ptr_nonnull(strstr(out, "Misty"));
	ck_assert_ptr_null(strstr(out, "Minka"));
	ck_assert_ptr_nonnull(strstr(out, "Tiger"));
}
END_TEST

/* The tid of the n-th card. */
static const char *tid(size_t n)
{
	static char text[3];
	static const char begin[] = "{\"_type\":\"card\",\"tid\":\"";
	const char *at = strstr(out, begin);

	for (; at && n > 0; n--)
		at = strstr(at + 1, begin);
	ck_assert_ptr_nonnull(at);
	memcpy(text, at + sizeof begin - 1, 2);
	return text;
}

static const struct {
	const char *name, *tid;
} tids[] = {
	{ "Misty", "MI" },
	{ "mi", "M0" },
	{ "Milo", "ML" },
	{ "MI", "M1" },
	{ "\xc3\x96l k\xc3\xa4tzchen", "LK" },
	{ "7", "70" },
	{ "7", "71" },
	{ "", "07" }, /* by its id, the eighth */
	{ "\xf0\x9f\x90\x88", "08" },
	{ "08", "00" },
};

START_TEST(every_tid_is_another)
{
	struct protocol_member members[COUNT(tids)];

	for (size_t i = 0; i < COUNT(tids); i++)
		members[i] = member((int)i, tids[i].name);
	friends(members, COUNT(tids), MANY);
	for (size_t i = 0; i < COUNT(tids); i++)
		ck_assert_msg(!strcmp(tid(i), tids[i].tid), "%s: %s", tids[i].name, tid(i));
	friends(members, COUNT(tids), 0); /* the same, whoever asks */
	ck_assert_str_eq(tid(0), "M0");
}
END_TEST

START_TEST(a_name_cannot_break_out)
{
	struct protocol_member m = member(1, "\"}],\n\\\xff\x01");

	ck_assert_ptr_nonnull(strstr(friends(&m, 1, 2), "\"name\":\"\\\"}],\\n\\\\\xef\xbf\xbd\\u0001\",\"topic\""));
}
END_TEST

/* Whatever the room, it is an array of whole friends, and nothing is written beyond. */
START_TEST(what_does_not_fit_is_left_out)
{
	const struct protocol_member members[] = { member(1, "Misty"), member(2, "Minka of the garden"),
		member(3, "Tiger") };
	const struct protocol_company c = { members, 3, { { 9 } } };
	size_t whole = strlen(friends(members, 3, 9)), before = 0;

	for (size_t size = 3; size <= whole + 1; size++) {
		memset(out, 'x', sizeof out);
		owntracks_friends(out, size, &c);
		size_t n = strlen(out);
		ck_assert_uint_lt(n, size);
		ck_assert_int_eq(out[size], 'x');
		ck_assert(out[0] == '[' && out[n - 1] == ']');
		ck_assert(n == 2 || out[n - 2] == '}');
		ck_assert_uint_ge(n + 300, before);
		before = n;
	}
	ck_assert_uint_eq(before, whole);
	owntracks_friends(out, whole - 1, &c); /* a shorter one fits where a longer did not */
	ck_assert_ptr_nonnull(strstr(out, "Minka"));
	ck_assert_ptr_null(strstr(out, "Tiger"));
}
END_TEST

START_TEST(more_than_there_are_tids)
{
	static struct protocol_member members[MANY];

	for (int i = 0; i < MANY; i++)
		members[i] = member(i, "Misty");
	size_t n = strlen(friends(members, MANY, MANY));
	ck_assert_uint_gt(n, sizeof out - 400);
	ck_assert_uint_lt(n, sizeof out);
}
END_TEST

START_TEST(answers)
{
	static uint8_t bytes[PROTOCOL_COMPANY_MAX];
	static const char head[] = "HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Type: "
				   "application/json\r\nContent-Length: ";
	static const size_t sizes[] = { PROTOCOL_ANSWER_MAX, 1024, PROTOCOL_COMPANY_MAX };
	struct protocol_session s = { 0 };
	const char *text = request("/", "X-Limit-D: cat\r\n", "{\"_type\":\"lwt\",\"tst\":1}");
	struct protocol_note note =
		frame_good(&protocol_owntracks, &(struct protocol_session){ 0 }, text, strlen(text)).note;
	struct protocol_member members[200];

	for (int i = 0; i < (int)COUNT(members); i++)
		members[i] = member(i, "Misty");
	for (size_t i = 0; i < COUNT(sizes); i++) {
		const struct protocol_company c = { members, COUNT(members), { { 9 } } };
		struct protocol_answer a =
			protocol_owntracks.answer_company(&s, &note, &c, FRAME_NOW_S * 1000LL, bytes, sizes[i]);
		ck_assert_uint_lt(a.len, sizes[i]);
		ck_assert(!a.close);
		ck_assert_mem_eq(bytes, head, sizeof head - 1);
		const char *body = strstr((const char *)bytes, "\r\n\r\n") + 4;
		ck_assert_uint_eq(strtoul((const char *)bytes + sizeof head - 1, NULL, 10), strlen(body));
		ck_assert_ptr_eq(body + strlen(body), bytes + a.len);
		ck_assert_uint_gt(a.len + HTTP_HEAD_MAX + 400, sizes[i]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("owntracks_friends");
	TCase *t = tcase_create("owntracks_friends");

	tcase_add_test(t, a_card_and_a_location);
	tcase_add_test(t, all_that_is_known);
	tcase_add_test(t, not_of_itself);
	tcase_add_test(t, every_tid_is_another);
	tcase_add_test(t, a_name_cannot_break_out);
	tcase_add_test(t, what_does_not_fit_is_left_out);
	tcase_add_test(t, more_than_there_are_tids);
	tcase_add_test(t, answers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
