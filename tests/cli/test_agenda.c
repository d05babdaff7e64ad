#include "cli/simulation/agenda.h"
#include "cli/simulation/random.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>

enum { N = 300 };

static struct appointment *earliest(struct appointment *all, size_t n)
{
	struct appointment *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (all[i].place && (!best || all[i].at_ms < best->at_ms))
			best = &all[i];
	return best;
}

/* Whatever is entered, moved and struck out, the first is the earliest. */
START_TEST(the_first_is_the_earliest)
{
	struct appointment all[N] = { 0 };
	struct random r = random_from((uint64_t)_i, 0);
	struct agenda a;

	ck_assert_int_eq(agenda_open(&a, N), 0);
	ck_assert_ptr_null(agenda_first(&a));
	for (int turn = 0; turn < 5000; turn++) {
		struct appointment *p = &all[random_bits(&r) % N];
		if (random_bits(&r) % 4)
			agenda_put(&a, p, (int64_t)(random_bits(&r) % 1000));
		else
			agenda_remove(&a, p);
		const struct appointment *first = agenda_first(&a), *best = earliest(all, N);
		ck_assert((first == NULL) == (best == NULL));
		if (first)
			ck_assert_int_eq(first->at_ms, best->at_ms);
	}
	int64_t last = -1;
	for (struct appointment *p; (p = agenda_first(&a)); agenda_remove(&a, p)) {
		ck_assert_int_ge(p->at_ms, last);
		last = p->at_ms;
	}
	agenda_remove(&a, &all[0]); /* in none: nothing happens */
	agenda_close(&a);
}
END_TEST

START_TEST(without_memory)
{
	struct agenda a;

	failing_alloc_at(1);
	ck_assert_int_eq(agenda_open(&a, 10), -ENOMEM);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agenda");
	TCase *c = tcase_create("agenda");

	tcase_add_loop_test(c, the_first_is_the_earliest, 0, 5);
	tcase_add_test(c, without_memory);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
