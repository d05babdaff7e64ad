/* Source: ingest/gateway/connection.c, intake.c: who is told of the owner's other pets. Real sockets. */
#include "base/clock.h"
#include "tests/ingest/gateway/around.h"
#include "tests/lib/unit.h"
#include "tests/lib/web/raw_client.h"

#include <stdio.h>
#include <string.h>

enum { OWNTRACKS, OSMAND };

#define BODY "{\"_type\":\"location\",\"lat\":50.1703,\"lon\":-5.1138,\"tst\":1767323045}"
#define TIGER "{\"_type\":\"card\",\"tid\":\"TI\",\"name\":\"Tiger\",\"topic\":\"owntracks/pettrack/"

extern const struct protocol protocol_owntracks, protocol_osmand;

static struct friends *friends;

static void setup(void)
{
	around_open((const struct protocol *const[]){ &protocol_owntracks, &protocol_osmand, NULL });
	ck_assert_int_eq(friends_open(&friends, &(struct friends_options){ 100, 60000, 60000 }), 0);
	around.options.friends = friends;
}

static void teardown(void)
{
	friends_close(friends);
	around_close();
}

static struct protocol_member member(const char *identifier, const char *name)
{
	struct protocol_member m = { name, { .time_ms = 1767323045000, .has = POSITION_LOCATION } };

	memcpy(m.position.device.b, identifier, strlen(identifier));
	return m;
}

/* Query says that the owner, who must be wanted, has cat and dog. */
static void say_what_is_wanted(void)
{
	const struct protocol_member members[] = { member("cat", "Misty"), member("dog", "Tiger") };
	struct uuid owner;

	ck_assert(friends_take(friends, &owner, 10000));
	ck_assert(uuid_same(&owner, &around_owner));
	friends_settle(friends, &owner, friend_set_new(members, 2), clock_mono_ms());
}

static const char *request(const char *secret, const char *more)
{
	static char text[512];

	snprintf(text, sizeof text,
		"POST / HTTP/1.1\r\nHost: g\r\nX-Limit-D: cat\r\nX-Device-Secret: %s\r\n%sContent-Length: "
		"%zu\r\n\r\n%s",
		secret, more, strlen(BODY), BODY);
	return text;
}

static const char *post(const char *secret)
{
	return raw_ask(around.ports[OWNTRACKS].number, request(secret, "Connection: close\r\n"));
}

static void ends_with(const char *answer, const char *end)
{
	ck_assert_msg(strlen(answer) > strlen(end) && !strcmp(answer + strlen(answer) - strlen(end), end),
		"not at the end: %s\nof: %s", end, answer);
}

static size_t wanted(void)
{
	return friends_count(friends).wanted;
}

START_TEST(nobody_then_the_other)
{
	around_start();
	ends_with(post(SECRET), "\r\n\r\n[]");
	say_what_is_wanted();
	const char *answer = post(SECRET);
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 OK\r\n"));
	ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\n[" TIGER));
	ck_assert_ptr_nonnull(strstr(answer, "{\"_type\":\"location\",\"tid\":\"TI\",\"tst\":1767323045,"));
	ck_assert_ptr_null(strstr(answer, "Misty"));
	ck_assert_uint_eq(around_stored().n, 2);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

START_TEST(one_answer_after_the_other)
{
	around_start();
	int fd = raw_connect(around.ports[OWNTRACKS].number);
	raw_text(fd, request(SECRET, ""));
	raw_read(fd, "[]");
	say_what_is_wanted();
	raw_text(fd, request(SECRET, ""));
	ck_assert_ptr_nonnull(strstr(raw_read(fd, "}]"), TIGER));
	raw_text(fd, request(SECRET, "Connection: close\r\n"));
	ck_assert_ptr_nonnull(strstr(raw_read(fd, NULL), TIGER));
	raw_close(fd);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

START_TEST(who_is_refused_is_told_nothing)
{
	around_start();
	post(SECRET);
	say_what_is_wanted();
	const char *answer = post("wrong");
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 401 "));
	ck_assert_ptr_null(strstr(answer, "Tiger"));
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

START_TEST(who_does_not_want_to_know_is_not_told)
{
	around_start();
	ends_with(
		raw_ask(around.ports[OSMAND].number,
			"GET /?id=cat&secret=" SECRET "&lat=1&lon=2&timestamp=1 HTTP/1.1\r\nConnection: close\r\n\r\n"),
		"\r\nContent-Length: 0\r\n\r\n");
	ck_assert_uint_eq(wanted(), 0);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

START_TEST(whose_device_it_is_not_known)
{
	around_owner = (struct uuid){ 0 };
	around_start();
	ends_with(post(SECRET), "\r\n\r\n[]");
	ck_assert_uint_eq(wanted(), 0);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

START_TEST(off)
{
	around.options.friends = NULL;
	around_start();
	ends_with(post(SECRET), "\r\n\r\n[]");
	ck_assert_uint_eq(wanted(), 0);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

/* No answer is longer than a tracker may leave unread. */
START_TEST(as_long_as_it_may_be)
{
	struct protocol_member members[20];
	char identifiers[20][16];
	struct uuid owner;

	around.options.write_max = 1024;
	around_start();
	post(SECRET);
	ck_assert(friends_take(friends, &owner, 10000));
	for (size_t i = 0; i < 20; i++) {
		snprintf(identifiers[i], sizeof identifiers[i], "pet %zu", i);
		members[i] = member(identifiers[i], "Misty");
	}
	friends_settle(friends, &owner, friend_set_new(members, 20), clock_mono_ms());
	const char *answer = post(SECRET);
	ck_assert_ptr_nonnull(strstr(answer, "Misty"));
	ends_with(answer, "}]");
	ck_assert_uint_le(strlen(answer), 1024);
	ck_assert_uint_eq(around_stop(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("company");
	TCase *t = tcase_create("company");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nobody_then_the_other);
	tcase_add_test(t, one_answer_after_the_other);
	tcase_add_test(t, who_is_refused_is_told_nothing);
	tcase_add_test(t, who_does_not_want_to_know_is_not_told);
	tcase_add_test(t, whose_device_it_is_not_known);
	tcase_add_test(t, off);
	tcase_add_test(t, as_long_as_it_may_be);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
