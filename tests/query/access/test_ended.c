/* Source: query/access/ended.c */
#include "query/access/ended.h"
#include "tests/lib/unit.h"

static struct uuid id(uint8_t n)
{
	return (struct uuid){ { n } };
}

static bool has(const struct ended *e, uint8_t n, int64_t now_ms)
{
	struct uuid u = id(n);
	return ended_has(e, &u, now_ms);
}

static void add(struct ended *e, uint8_t n, int64_t now_ms)
{
	struct uuid u = id(n);
	ended_add(e, &u, now_ms, now_ms + 100);
}

START_TEST(remembered_for_a_time)
{
	struct ended e;

	ck_assert_int_eq(ended_open(&e, 10), 0);
	add(&e, 1, 0);
	ck_assert(has(&e, 1, 99));
	ck_assert(!has(&e, 1, 100));
	ck_assert(!has(&e, 2, 0));
	add(&e, 2, 200);
	ck_assert_uint_eq(e.sessions.n, 1); /* the first one is forgotten */
	add(&e, 2, 250); /* again: nothing new */
	ck_assert_uint_eq(e.sessions.n, 1);
	ended_close(&e);
}
END_TEST

START_TEST(bounded)
{
	struct ended e;

	ck_assert_int_eq(ended_open(&e, 3), 0);
	for (uint8_t n = 0; n < 5; n++)
		add(&e, n, 0);
	for (uint8_t n = 0; n < 5; n++)
		ck_assert_int_eq(has(&e, n, 0), n >= 2);
	ended_close(&e);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ended");
	TCase *t = tcase_create("ended");

	tcase_add_test(t, remembered_for_a_time);
	tcase_add_test(t, bounded);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
