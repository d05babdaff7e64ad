/*
 * unit - the one main() of the unit tests
 *
 *     static Suite *suite(void) { ... }
 *     UNIT_MAIN(suite)
 */
#pragma once

#include <check.h>
#include <stdlib.h>

/* As ck_assert() in a loop of many thousand turns: Check writes to a file for each that holds. */
#define ASSERT_IN_LOOP(condition)                                                                                      \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			ck_abort_msg("%s", #condition);                                                                \
	} while (0)

#define UNIT_MAIN(make_suite)                                                                                          \
	int main(void)                                                                                                 \
	{                                                                                                              \
		SRunner *runner = srunner_create(make_suite());                                                        \
		srunner_run_all(runner, CK_NORMAL);                                                                    \
		int failed = srunner_ntests_failed(runner);                                                            \
		srunner_free(runner);                                                                                  \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                                           \
	}
