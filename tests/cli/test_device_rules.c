#include "cli/device_rules.h"
#include "tests/lib/unit.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const struct {
	enum rule rule;
	const char *text, *before, *after;
} good[] = {
	{ RULE_CLOCK_OFFSET, "2h", "{}", "{\"clock_offset_s\":7200}" },
	{ RULE_CLOCK_OFFSET, "-7200s", "{\"clock_offset_s\":1}", "{\"clock_offset_s\":-7200}" },
	{ RULE_CLOCK_OFFSET, "-7200", "{}", "{\"clock_offset_s\":-7200}" },
	{ RULE_CLOCK_OFFSET, "+5.5h", "{}", "{\"clock_offset_s\":19800}" },
	{ RULE_CLOCK_OFFSET, "-345m", "{}", "{\"clock_offset_s\":-20700}" },
	{ RULE_CLOCK_OFFSET, "0", "{}", "{\"clock_offset_s\":0}" },
	{ RULE_CLOCK_OFFSET, "default", "{\"clock_offset_s\":1,\"protocols\":[\"h02\"]}", "{\"protocols\":[\"h02\"]}" },
	{ RULE_CLOCK_OFFSET, "default", "{}", "{}" },
	{ RULE_PROTOCOLS, "gt06", "{\"protocols\":[\"h02\",\"watch\"]}", "{\"protocols\":[\"gt06\"]}" },
	{ RULE_NETWORKS, "10.0.0.0/8,::1", "{}", "{\"networks\":[\"10.0.0.0/8\",\"::1\"]}" },
	{ RULE_NETWORKS, "default", "{\"networks\":[\"::1\"]}", "{}" },
	{ RULE_INVALID, "on", "{}", "{\"filters\":{\"invalid\":true}}" },
	{ RULE_INVALID, "off", "{\"filters\":{\"invalid\":true,\"period_min_s\":5}}",
		"{\"filters\":{\"invalid\":false,\"period_min_s\":5}}" },
	{ RULE_INVALID, "default", "{\"filters\":{\"invalid\":true}}", "{}" },
	{ RULE_ZERO_ISLAND, "default", "{}", "{}" },
	{ RULE_ACCURACY_MAX, "50", "{}", "{\"filters\":{\"accuracy_max_m\":50.0}}" },
	{ RULE_SPEED_MAX, "off", "{}", "{\"filters\":{\"speed_max_mps\":0.0}}" },
	{ RULE_DISTANCE_MIN, "2.5", "{\"filters\":{}}", "{\"filters\":{\"distance_min_m\":2.5}}" },
	{ RULE_PERIOD_MIN, "default", "{\"filters\":{\"period_min_s\":5,\"invalid\":true}}",
		"{\"filters\":{\"invalid\":true}}" },
};

START_TEST(changes)
{
	json_t *rules = json_loads(good[_i].before, 0, NULL), *wanted = json_loads(good[_i].after, 0, NULL);
	const char *texts[RULES] = { NULL };
	struct rules_fault fault;

	texts[good[_i].rule] = good[_i].text;
	ck_assert(rules_change(rules, texts, &fault));
	ck_assert_msg(json_equal(rules, wanted), "%s of %s", good[_i].text, good[_i].before);
	json_decref(wanted);
	json_decref(rules);
}
END_TEST

static const struct {
	enum rule rule;
	const char *text, *flag;
} bad[] = {
	{ RULE_CLOCK_OFFSET, "", "--clock-offset" },
	{ RULE_CLOCK_OFFSET, "h", "--clock-offset" },
	{ RULE_CLOCK_OFFSET, "2d", "--clock-offset" },
	{ RULE_CLOCK_OFFSET, "2h30m", "--clock-offset" },
	{ RULE_CLOCK_OFFSET, "0.5s", "--clock-offset" },
	{ RULE_CLOCK_OFFSET, "1e300h", "--clock-offset" },
	{ RULE_CLOCK_OFFSET, "off", "--clock-offset" },
	{ RULE_INVALID, "true", "--filter-invalid" },
	{ RULE_ZERO_ISLAND, "", "--filter-zero-island" },
	{ RULE_ACCURACY_MAX, "50m", "--accuracy-max" },
	{ RULE_SPEED_MAX, "on", "--speed-max" },
	{ RULE_DISTANCE_MIN, "", "--distance-min" },
	{ RULE_PERIOD_MIN, "5s", "--period-min" },
};

START_TEST(makes_no_sense)
{
	json_t *rules = json_object();
	const char *texts[RULES] = { NULL };
	struct rules_fault fault = { NULL, NULL };

	texts[bad[_i].rule] = bad[_i].text;
	ck_assert_msg(!rules_change(rules, texts, &fault), "%s", bad[_i].text);
	ck_assert_str_eq(fault.flag, bad[_i].flag);
	ck_assert_ptr_nonnull(fault.must);
	json_decref(rules);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cli/device_rules");
	TCase *t = tcase_create("device_rules");

	tcase_add_loop_test(t, changes, 0, LENGTH(good));
	tcase_add_loop_test(t, makes_no_sense, 0, LENGTH(bad));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
