/* Source: query/access/access_cache.c */
#include "query/access/access_cache.h"
#include "tests/lib/unit.h"

static struct access_cache cache;

static struct uuid id(uint8_t n)
{
	return (struct uuid){ { n } };
}

static struct cache_entry *get(uint8_t n)
{
	struct uuid u = id(n);
	return access_cache_get(&cache, &u);
}

static void put(uint8_t n, size_t devices)
{
	struct uuid *ids = calloc(devices + 1, sizeof *ids);
	struct cache_entry *e = get(n);

	for (size_t i = 0; i < devices; i++)
		ids[i] = (struct uuid){ { (uint8_t)i, (uint8_t)(i >> 8) } };
	access_cache_put(&cache, e, device_set_new(ids, devices), 5, e->said);
	free(ids);
}

static bool known(uint8_t n)
{
	struct uuid u = id(n);
	return uuid_map_find(&cache.users, &u) != NULL;
}

START_TEST(users_are_bounded)
{
	ck_assert_int_eq(access_cache_open(&cache, 3, 1000), 0);
	for (uint8_t n = 1; n <= 3; n++)
		put(n, 1);
	get(1); /* used: 2 is now the first to go */
	put(4, 1);
	ck_assert(known(1) && !known(2) && known(3) && known(4));
	ck_assert_uint_eq(cache.devices, 3);
	access_cache_close(&cache);
}
END_TEST

START_TEST(devices_are_bounded)
{
	ck_assert_int_eq(access_cache_open(&cache, 100, 10), 0);
	put(1, 4);
	put(2, 4);
	put(3, 4);
	ck_assert(!known(1) && known(2) && known(3));
	ck_assert_uint_eq(cache.devices, 8);
	put(3, 1); /* an answer takes the place of the one before */
	ck_assert_uint_eq(cache.devices, 5);
	put(4, 50); /* too many for anybody else, and still an answer */
	ck_assert(!known(2) && !known(3) && known(4));
	access_cache_close(&cache);
}
END_TEST

START_TEST(those_in_use_stay)
{
	ck_assert_int_eq(access_cache_open(&cache, 1, 1000), 0);
	get(1)->loading = true;
	get(2)->waiting = 1;
	get(3);
	get(4);
	ck_assert(known(1) && known(2) && !known(3) && known(4));
	access_cache_close(&cache);
}
END_TEST

START_TEST(changes_are_counted)
{
	struct uuid one = id(1);

	ck_assert_int_eq(access_cache_open(&cache, 10, 1000), 0);
	put(1, 1);
	put(2, 1);
	access_cache_changed(&cache, &one);
	ck_assert_uint_ne(get(1)->said, get(1)->said_then);
	ck_assert_uint_eq(get(2)->said, get(2)->said_then);
	put(1, 1);
	ck_assert_uint_eq(get(1)->said, get(1)->said_then);
	access_cache_changed(&cache, NULL);
	ck_assert_uint_ne(get(1)->said, get(1)->said_then);
	ck_assert_uint_ne(get(2)->said, get(2)->said_then);
	access_cache_close(&cache);
}
END_TEST

START_TEST(wants_are_taken_in_order_and_once)
{
	ck_assert_int_eq(access_cache_open(&cache, 3, 1000), 0);
	ck_assert_ptr_null(access_cache_take(&cache));
	for (uint8_t n = 1; n <= 3; n++)
		put(n, 1);
	access_cache_want(&cache, get(2));
	access_cache_want(&cache, get(1));
	access_cache_want(&cache, get(2));
	ck_assert_ptr_eq(access_cache_take(&cache), get(2));
	ck_assert_ptr_eq(access_cache_take(&cache), get(1));
	ck_assert_ptr_null(access_cache_take(&cache));
	access_cache_close(&cache);
}
END_TEST

START_TEST(who_goes_is_not_wanted_any_more)
{
	ck_assert_int_eq(access_cache_open(&cache, 2, 1000), 0);
	put(1, 1);
	put(2, 1);
	access_cache_want(&cache, get(1));
	access_cache_want(&cache, get(2));
	put(3, 1);
	ck_assert(!known(1));
	ck_assert_ptr_eq(access_cache_take(&cache), get(2));
	ck_assert_ptr_null(access_cache_take(&cache));
	access_cache_close(&cache);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("access_cache");
	TCase *t = tcase_create("access_cache");

	tcase_add_test(t, users_are_bounded);
	tcase_add_test(t, devices_are_bounded);
	tcase_add_test(t, those_in_use_stay);
	tcase_add_test(t, changes_are_counted);
	tcase_add_test(t, wants_are_taken_in_order_and_once);
	tcase_add_test(t, who_goes_is_not_wanted_any_more);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
