#include "auth/devices/rules.h"
#include "tests/lib/unit.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define FOUR(x) x "," x "," x "," x
#define NETWORKS16 FOUR(FOUR("\"10.0.0.0/8\""))
#define PROTOCOLS32 FOUR(FOUR("\"h02\",\"gt06\""))

static const struct {
	const char *json, *fault; /* @fault: the member that is wrong, or NULL */
} rows[] = {
	{ "{}", NULL },
	{ "{\"clock_offset_s\":null,\"protocols\":null,\"networks\":null,\"filters\":null}", NULL },
	{ "{\"clock_offset_s\":-7200,\"protocols\":[\"gt06\",\"teltonika-udp\"],\"networks\":[\"10.0.0.0/8\","
	  "\"2001:db8::/32\",\"192.0.2.7\"],\"filters\":{\"invalid\":true,\"zero_island\":false,\"accuracy_max_m\":50,"
	  "\"speed_max_mps\":40.5,\"distance_min_m\":0,\"period_min_s\":0.5}}",
		NULL },
	{ "{\"filters\":{}}", NULL },
	{ "{\"filters\":{\"invalid\":null,\"period_min_s\":null}}", NULL },
	{ "{\"clock_offset_s\":86400}", NULL },
	{ "{\"clock_offset_s\":-86400}", NULL },
	{ "{\"protocols\":[\"" X32 "\"]}", NULL },
	{ "{\"protocols\":[" PROTOCOLS32 "]}", NULL },
	{ "{\"networks\":[" NETWORKS16 "]}", NULL },
	{ "{\"filters\":{\"distance_min_m\":1000000}}", NULL },

	{ "[]", "rules" },
	{ "\"x\"", "rules" },
	{ "7", "rules" },
	{ "{\"protocol\":[\"gt06\"]}", "rules" },
	{ "{\"clock_offset_s\":0,\"x\":null}", "rules" },
	{ "{\"clock_offset_s\":86401}", "rules.clock_offset_s" },
	{ "{\"clock_offset_s\":-86401}", "rules.clock_offset_s" },
	{ "{\"clock_offset_s\":0.5}", "rules.clock_offset_s" },
	{ "{\"clock_offset_s\":\"2h\"}", "rules.clock_offset_s" },
	{ "{\"clock_offset_s\":true}", "rules.clock_offset_s" },
	{ "{\"protocols\":[]}", "rules.protocols" },
	{ "{\"protocols\":\"gt06\"}", "rules.protocols" },
	{ "{\"protocols\":[7]}", "rules.protocols" },
	{ "{\"protocols\":[\"\"]}", "rules.protocols" },
	{ "{\"protocols\":[\"GT06\"]}", "rules.protocols" },
	{ "{\"protocols\":[\"gt06\",\"h 02\"]}", "rules.protocols" },
	{ "{\"protocols\":[\"x" X32 "\"]}", "rules.protocols" },
	{ "{\"protocols\":[" PROTOCOLS32 ",\"h02\"]}", "rules.protocols" },
	{ "{\"networks\":[]}", "rules.networks" },
	{ "{\"networks\":{\"0\":\"10.0.0.0/8\"}}", "rules.networks" },
	{ "{\"networks\":[10]}", "rules.networks" },
	{ "{\"networks\":[\"10.0.0.1/8\"]}", "rules.networks" },
	{ "{\"networks\":[\"10.0.0.0/8\",\"example.org\"]}", "rules.networks" },
	{ "{\"networks\":[" NETWORKS16 ",\"::/0\"]}", "rules.networks" },
	{ "{\"filters\":[]}", "rules.filters" },
	{ "{\"filters\":true}", "rules.filters" },
	{ "{\"filters\":{\"accuracy_max\":50}}", "rules.filters" },
	{ "{\"filters\":{\"invalid\":1}}", "rules.filters.invalid" },
	{ "{\"filters\":{\"zero_island\":\"on\"}}", "rules.filters.zero_island" },
	{ "{\"filters\":{\"accuracy_max_m\":-1}}", "rules.filters.accuracy_max_m" },
	{ "{\"filters\":{\"accuracy_max_m\":false}}", "rules.filters.accuracy_max_m" },
	{ "{\"filters\":{\"speed_max_mps\":\"5\"}}", "rules.filters.speed_max_mps" },
	{ "{\"filters\":{\"distance_min_m\":1000000.5}}", "rules.filters.distance_min_m" },
	{ "{\"filters\":{\"period_min_s\":1e300}}", "rules.filters.period_min_s" },
};

START_TEST(check_table)
{
	json_t *rules = json_loads(rows[_i].json, JSON_DECODE_ANY, NULL);
	struct check_fault fault = { NULL, NULL };

	ck_assert_ptr_nonnull(rules);
	ck_assert_msg(rules_check(rules, &fault) == !rows[_i].fault, "%s", rows[_i].json);
	if (rows[_i].fault) {
		ck_assert_str_eq(fault.member, rows[_i].fault);
		ck_assert_ptr_nonnull(fault.must);
	}
	json_decref(rules);
}
END_TEST

/* A text in JSON may hold a NUL: what is behind it is looked at, too. */
START_TEST(a_name_with_a_nul)
{
	json_t *name = json_stringn("h02\0;", 5), *list = json_array(), *rules = json_pack("{sO}", "protocols", list);
	struct check_fault fault;

	json_array_append_new(list, name);
	ck_assert(!rules_check(rules, &fault));
	ck_assert_str_eq(fault.member, "rules.protocols");
	json_decref(list);
	json_decref(rules);
}
END_TEST

static const struct {
	const char *given, *shown;
} stored[] = {
	{ "{}", "{}" },
	{ "{\"clock_offset_s\":-7200,\"protocols\":[\"gt06\",\"h02\"],\"networks\":[\"10.0.0.0/8\"],\"filters\":"
	  "{\"invalid\":true,\"zero_island\":false,\"accuracy_max_m\":50,\"speed_max_mps\":40.5,\"distance_min_m\":0}}",
		"{\"clock_offset_s\":-7200,\"protocols\":[\"gt06\",\"h02\"],\"networks\":[\"10.0.0.0/8\"],\"filters\":"
		"{\"invalid\":true,\"zero_island\":false,\"accuracy_max_m\":50,\"speed_max_mps\":40.5,"
		"\"distance_min_m\":0}}" },
	{ "{\"clock_offset_s\":null,\"filters\":{\"invalid\":null,\"period_min_s\":1000000}}",
		"{\"filters\":{\"period_min_s\":1000000}}" },
	{ "{\"filters\":{\"invalid\":null}}", "{\"filters\":{}}" },
};

/* What is stored comes back: without what is null. */
START_TEST(goes_in_and_out)
{
	json_t *given = json_loads(stored[_i].given, 0, NULL), *wanted = json_loads(stored[_i].shown, 0, NULL);
	bson_t doc = BSON_INITIALIZER;

	rules_write(given, &doc);
	json_t *got = rules_json(&doc);
	ck_assert_msg(json_equal(got, wanted), "%s", stored[_i].given);
	json_decref(got);
	json_decref(wanted);
	json_decref(given);
	bson_destroy(&doc);
}
END_TEST

START_TEST(none_are_null)
{
	bson_t doc = BSON_INITIALIZER;
	json_t *none = rules_json(&doc);

	ck_assert(json_is_null(none));
	json_decref(none);
	bson_destroy(&doc);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/devices/rules");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, check_table, 0, LENGTH(rows));
	tcase_add_test(t, a_name_with_a_nul);
	tcase_add_loop_test(t, goes_in_and_out, 0, LENGTH(stored));
	tcase_add_test(t, none_are_null);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
