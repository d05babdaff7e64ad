/* Source: lib/base/uuid_map.c */
#include "base/uuid_map.h"
#include "tests/lib/unit.h"

struct thing {
	int number;
	struct uuid_link link;
};

enum { THINGS = 5000 };
static struct thing things[THINGS];
static struct uuid_map map;

static void fill(void)
{
	ck_assert_int_eq(uuid_map_open(&map), 0);
	for (int i = 0; i < THINGS; i++) {
		things[i].number = i;
		ck_assert_int_eq(uuid_random(&things[i].link.key), 0);
		uuid_map_add(&map, &things[i].link);
	}
	ck_assert_uint_eq(map.n, THINGS);
}

START_TEST(what_is_added_is_found)
{
	struct uuid other = { { 1, 2, 3 } };

	fill();
	for (int i = 0; i < THINGS; i++)
		ck_assert_ptr_eq(UUID_MAP_FIND(&map, &things[i].link.key, struct thing, link), &things[i]);
	ck_assert_ptr_null(UUID_MAP_FIND(&map, &other, struct thing, link));
	uuid_map_close(&map);
}
END_TEST

START_TEST(what_is_removed_is_not)
{
	fill();
	for (int i = 0; i < THINGS; i += 2)
		uuid_map_remove(&map, &things[i].link);
	ck_assert_uint_eq(map.n, THINGS / 2);
	for (int i = 0; i < THINGS; i++)
		ck_assert_int_eq(uuid_map_find(&map, &things[i].link.key) != NULL, i % 2);
	uuid_map_close(&map);
}
END_TEST

START_TEST(all_one_after_another)
{
	static int seen[THINGS];
	int n = 0;

	fill();
	for (struct uuid_link *l = NULL; (l = uuid_map_next(&map, l)); n++)
		seen[UUID_MAP_OF(l, struct thing, link)->number]++;
	ck_assert_int_eq(n, THINGS);
	for (int i = 0; i < THINGS; i++)
		ck_assert_int_eq(seen[i], 1);
	uuid_map_close(&map);

	ck_assert_int_eq(uuid_map_open(&map), 0);
	ck_assert_ptr_null(uuid_map_next(&map, NULL));
	uuid_map_close(&map);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("uuid_map");
	TCase *t = tcase_create("uuid_map");

	tcase_add_test(t, what_is_added_is_found);
	tcase_add_test(t, what_is_removed_is_not);
	tcase_add_test(t, all_one_after_another);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
