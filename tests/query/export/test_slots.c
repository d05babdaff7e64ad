#include "query/export/slots.h"
#include "tests/lib/unit.h"

static const struct uuid anna = { { 1 } }, ben = { { 2 } }, carl = { { 3 } };

START_TEST(so_many_at_once_and_one_each)
{
	struct slots *s;

	ck_assert_int_eq(slots_open(&s, 2), 0);
	ck_assert_int_eq(slots_take(s, &anna), 0);
	ck_assert_int_eq(slots_take(s, &anna), SLOTS_E_TWICE);
	ck_assert_int_eq(slots_take(s, &ben), 0);
	ck_assert_int_eq(slots_take(s, &carl), SLOTS_E_FULL);
	ck_assert_int_eq(slots_take(s, &ben), SLOTS_E_TWICE);
	slots_give_back(s, &anna);
	ck_assert_int_eq(slots_take(s, &carl), 0);
	ck_assert_int_eq(slots_take(s, &anna), SLOTS_E_FULL);
	slots_give_back(s, &ben);
	ck_assert_int_eq(slots_take(s, &ben), 0);
	slots_close(s);
}
END_TEST

START_TEST(what_was_not_taken_is_not_given_back)
{
	struct slots *s;

	ck_assert_int_eq(slots_open(&s, 1), 0);
	ck_assert_int_eq(slots_take(s, &anna), 0);
	slots_give_back(s, &ben);
	ck_assert_int_eq(slots_take(s, &ben), SLOTS_E_FULL);
	slots_close(s);
	slots_close(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query/export/slots");
	TCase *t = tcase_create("slots");

	tcase_add_test(t, so_many_at_once_and_one_each);
	tcase_add_test(t, what_was_not_taken_is_not_given_back);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
