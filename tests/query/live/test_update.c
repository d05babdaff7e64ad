/* Source: query/live/update.c: what of an update is shown to whom. */
#include "query/live/update.h"
#include "base/text.h"
#include "query/json/position_json.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct attribute attributes[] = {
	{ .name = "wifi", .type = ATTRIBUTE_TEXT, .text = "00:11:22:33:44:55,-60" }
};

static struct update *make_whole(void)
{
	static char buf[POSITION_JSON_SIZE_MAX];
	struct text t = text_in(buf, sizeof buf);
	struct position p = { .device = device(1),
		.time_ms = 1767323045000,
		.received_ms = 1767323046000,
		.lat_e7 = 501703123,
		.lon_e7 = -51138456,
		.speed_mps = 1.5F,
		.has = POSITION_LOCATION | POSITION_SPEED,
		.protocol = "gt06",
		.attributes = attributes,
		.attributes_n = 1 };

	return update_new(&p, &t);
}

static const char *text_of(struct update *u, const struct limits *l)
{
	static char text[1024];
	struct update_text shown = update_shown(u, l);

	snprintf(text, sizeof text, "%.*s}", (int)shown.len, shown.json);
	return text;
}

#define HEAD "{\"device\":\"de010000-0000-0000-0000-000000000001\",\"time\":\"2026-01-02T03:04:05.000Z\""

START_TEST(to_a_person)
{
	struct update *u = make_whole();

	ck_assert_str_eq(text_of(u, &(struct limits){ 0 }),
		HEAD ",\"received\":\"2026-01-02T03:04:06.000Z\",\"lat\":50.1703123,\"lon\":-5.1138456,\"speed\":1.5,"
		     "\"protocol\":\"gt06\",\"attributes\":{\"wifi\":\"00:11:22:33:44:55,-60\"}}");
	ck_assert_ptr_eq(update_shown(u, &(struct limits){ 0 }).json, u->json);
	ck_assert_ptr_null(u->blurred);
	update_unref(u);
}
END_TEST

START_TEST(to_a_stranger)
{
	struct update *u = make_whole();
	const struct limits l = { .limited = true };

	ck_assert_str_eq(text_of(u, &l),
		HEAD ",\"received\":\"2026-01-02T03:04:06.000Z\",\"lat\":50.1703123,\"lon\":-5.1138456,\"speed\":1.5}");
	ck_assert_ptr_eq(update_shown(u, &l).json, u->json); /* the same text, shared */
	update_unref(u);
}
END_TEST

START_TEST(without_more_to_say_both_see_the_same)
{
	struct update *u = make_update(1, 1767323045000, 0, 0, 0);

	ck_assert_uint_eq(u->plain_len, u->len);
	update_unref(u);
}
END_TEST

START_TEST(blurred)
{
	struct update *u = make_whole();
	const struct limits fine = { .limited = true, .blur = 7 }, coarse = { .limited = true, .blur = 4 };
	char first[1024];

	ck_assert_str_eq(text_of(u, &fine), HEAD ",\"lat\":50.169754,\"lon\":-5.1134491,\"accuracy\":90.674}");
	snprintf(first, sizeof first, "%s", text_of(u, &coarse));
	ck_assert(!strncmp(first, HEAD ",\"lat\":50.", strlen(HEAD) + 10));
	ck_assert_ptr_null(strstr(first, "50.17"));
	/* Each was written once. */
	ck_assert_ptr_eq(update_shown(u, &fine).json, update_shown(u, &fine).json);
	ck_assert_ptr_ne(update_shown(u, &fine).json, update_shown(u, &coarse).json);
	ck_assert_str_eq(text_of(u, &coarse), first);
	update_unref(u);
}
END_TEST

enum { THREADS = 4, ROUNDS = 2000 };

static void *look(void *arg)
{
	struct update *u = arg;

	for (int i = 0; i < ROUNDS; i++) {
		const struct limits l = { .limited = true, .blur = LIMITS_BLUR_MIN + i % 4 };
		struct update_text shown = update_shown(u, &l);
		ck_assert(!strncmp(shown.json, HEAD, strlen(HEAD)));
	}
	update_unref(u);
	return NULL;
}

START_TEST(loops_share_it)
{
	pthread_t threads[THREADS];
	struct update *u = make_whole();

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, look, update_ref(u)), 0);
	update_unref(u);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("update");
	TCase *t = tcase_create("update");

	tcase_add_test(t, to_a_person);
	tcase_add_test(t, to_a_stranger);
	tcase_add_test(t, without_more_to_say_both_see_the_same);
	tcase_add_test(t, blurred);
	tcase_add_test(t, loops_share_it);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
