#include "base/arena.h"
#include "tests/lib/unit.h"

#include <stdalign.h>
#include <string.h>

START_TEST(what_is_taken_is_aligned_and_apart)
{
	char buf[256];
	/* The buffer may begin anywhere. */
	struct arena a = arena_over(buf + _i, sizeof buf - 16);
	char *first = arena_take(&a, 1), *second = arena_take(&a, 20), *third = arena_take(&a, 0);

	ck_assert_ptr_nonnull(first);
	ck_assert_uint_eq((uintptr_t)first % alignof(max_align_t), 0);
	ck_assert_uint_eq((uintptr_t)second % alignof(max_align_t), 0);
	ck_assert(second >= first + 1);
	ck_assert(third >= second + 20);
}
END_TEST

START_TEST(never_past_the_end)
{
	alignas(max_align_t) char buf[64];
	struct arena a = arena_over(buf, sizeof buf);

	ck_assert_ptr_null(arena_take(&a, 65));
	ck_assert_ptr_null(arena_take(&a, SIZE_MAX));
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_nonnull(arena_take(&a, 64));
	ck_assert_ptr_null(arena_take(&a, 1));
	arena_reset(&a);
	ck_assert_ptr_nonnull(arena_take(&a, 33));
	ck_assert_ptr_null(arena_take(&a, 17)); /* 15 bytes of padding are in the way */
	ck_assert_ptr_nonnull(arena_take(&a, 16));
}
END_TEST

START_TEST(text_is_copied_and_ended)
{
	char buf[8];
	struct arena a = arena_over(buf, sizeof buf);

	ck_assert_str_eq(arena_text(&a, "catty", 3), "cat");
	ck_assert_str_eq(arena_text(&a, "dog", 3), "dog"); /* text needs no alignment */
	ck_assert_ptr_null(arena_text(&a, "", 0));
	ck_assert_ptr_null(arena_text(&a, "", SIZE_MAX));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("arena");
	TCase *c = tcase_create("arena");

	tcase_add_loop_test(c, what_is_taken_is_aligned_and_apart, 0, 16);
	tcase_add_test(c, never_past_the_end);
	tcase_add_test(c, text_is_copied_and_ended);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
