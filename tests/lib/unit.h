/*
 * unit - the one main() of the unit tests
 *
 *     static Suite *suite(void) { ... }
 *     UNIT_MAIN(suite)
 */
#pragma once

#include <check.h>
#include <stdlib.h>

#define UNIT_MAIN(make_suite)                                                                                          \
	int main(void)                                                                                                 \
	{                                                                                                              \
		SRunner *runner = srunner_create(make_suite());                                                        \
		srunner_run_all(runner, CK_NORMAL);                                                                    \
		int failed = srunner_ntests_failed(runner);                                                            \
		srunner_free(runner);                                                                                  \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                                           \
	}
