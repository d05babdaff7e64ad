/* Source: query/access/device_set.c */
#include "query/access/device_set.h"
#include "tests/lib/unit.h"

static struct uuid id(uint8_t n)
{
	return (struct uuid){ { 0, n } };
}

START_TEST(sorted_and_none_twice)
{
	const struct uuid ids[] = { id(7), id(3), id(9), id(3), id(1), id(9) };
	struct device_set *s = device_set_new(ids, 6);

	ck_assert_uint_eq(s->n, 4);
	ck_assert_mem_eq(s->ids, ((struct uuid[]){ id(1), id(3), id(7), id(9) }), 4 * sizeof(struct uuid));
	for (uint8_t n = 0; n < 12; n++) {
		struct uuid u = id(n);
		ck_assert_int_eq(device_set_has(s, &u), n == 1 || n == 3 || n == 7 || n == 9);
	}
	device_set_unref(s);
}
END_TEST

START_TEST(empty)
{
	struct device_set *s = device_set_new(NULL, 0);
	struct uuid u = id(0);

	ck_assert_uint_eq(s->n, 0);
	ck_assert(!device_set_has(s, &u));
	device_set_unref(s);
	device_set_unref(NULL);
}
END_TEST

START_TEST(counted)
{
	struct uuid u = id(5);
	struct device_set *s = device_set_new(&u, 1);

	ck_assert_ptr_eq(device_set_ref(s), s);
	device_set_unref(s);
	ck_assert(device_set_has(s, &u)); /* a sanitizer would see it freed */
	device_set_unref(s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("device_set");
	TCase *t = tcase_create("device_set");

	tcase_add_test(t, sorted_and_none_twice);
	tcase_add_test(t, empty);
	tcase_add_test(t, counted);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
