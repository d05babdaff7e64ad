#include "service/dependency.h"
#include "service/health.h"
#include "service/service.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char out[512];

START_TEST(nothing_to_check_is_well)
{
	ck_assert(health_live(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"ok\"}");
	ck_assert(health_ready(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"ok\"}");
}
END_TEST

START_TEST(a_loop_that_stands_still)
{
	struct heartbeat *a = heartbeat_new("a", 10);
	heartbeat_new("b", 60000);

	ck_assert(health_live(out, sizeof out));
	usleep(30000);
	ck_assert(!health_live(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"failing\",\"checks\":{\"a\":\"no turn for 0 s\"}}");
	heartbeat_beat(a);
	ck_assert(health_live(out, sizeof out));
	ck_assert(health_ready(out, sizeof out)); /* the two are not the same */
}
END_TEST

START_TEST(servers)
{
	struct dependency *kafka = dependency_new("kafka", "k:1", DEPENDENCY_ALWAYS),
			  *auth = dependency_new("auth", "a:1", DEPENDENCY_NEVER);

	capture_begin(2);
	ck_assert(!health_ready(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"failing\",\"checks\":{\"kafka\":\"not reached yet\"},"
			      "\"degraded\":{\"auth\":\"not reached yet\"}}");
	dependency_up(kafka);
	ck_assert(health_ready(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"ok\",\"degraded\":{\"auth\":\"not reached yet\"}}");
	dependency_up(auth);
	ck_assert(health_ready(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"ok\"}");
	dependency_down(kafka, "no \"broker\"");
	ck_assert(!health_ready(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"failing\",\"checks\":{\"kafka\":\"no \\\"broker\\\"\"}}");
	ck_assert(health_live(out, sizeof out)); /* no reason to be started anew */
	capture_end(2);
}
END_TEST

START_TEST(the_end)
{
	service_stop(0);
	ck_assert(!health_ready(out, sizeof out));
	ck_assert_str_eq(out, "{\"status\":\"failing\",\"checks\":{\"service\":\"stopping\"}}");
	ck_assert(health_live(out, sizeof out));
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_still_json)
{
	char small[40];

	dependency_new("a server with a long name", "", DEPENDENCY_ALWAYS);
	ck_assert(!health_ready(small, sizeof small));
	ck_assert_str_eq(small, "{\"status\":\"failing\"}");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("health");
	TCase *c = tcase_create("health");

	tcase_add_test(c, nothing_to_check_is_well);
	tcase_add_test(c, a_loop_that_stands_still);
	tcase_add_test(c, servers);
	tcase_add_test(c, the_end);
	tcase_add_test(c, an_answer_that_does_not_fit_is_still_json);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
