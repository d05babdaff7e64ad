/* Source: ingest/gateway/rules.c; the member `rules` as auth's API describes it. */
#include "ingest/gateway/rules.h"
#include "ingest/protocols/owntracks_mqtt.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct address anywhere = { { [10] = 0xFF, 0xFF, 192, 0, 2, 7 } }, nowhere;

static int read_text(struct rules *ret, const char *json)
{
	json_t *o = json_loads(json, JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(o);
	int r = rules_read(ret, o);
	json_decref(o);
	return r;
}

static struct rules rules(const char *json)
{
	struct rules r;

	ck_assert_int_eq(read_text(&r, json), 0);
	return r;
}

static bool allowed(const struct rules *r, const char *protocol, const char *address)
{
	struct address from;

	ck_assert_int_eq(address_parse(&from, address), 0);
	return rules_allow(r, protocol_find(protocol), &from);
}

static const char *const nothing[] = { "null", "{}", "{\"filters\":{}}", "{\"new\":[1],\"filters\":{\"new\":1}}",
	"{\"clock_offset_s\":0}" };

START_TEST(no_rules_allow_everything)
{
	const struct filters defaults = { .limit = { [FILTER_SPEED] = 30 } };
	struct rules r = rules(nothing[_i]);

	ck_assert(rules_none(&r));
	for (size_t i = 0; protocols[i]; i++)
		ck_assert(rules_allow(&r, protocols[i], &anywhere) && rules_allow(&r, protocols[i], &nowhere));
	ck_assert_int_eq(r.clock_offset_s, 0);
	ck_assert_float_eq(rules_filters(&r, &defaults).limit[FILTER_SPEED], 30);
}
END_TEST

START_TEST(an_answer_without_the_member)
{
	struct rules r = { .networks_n = 3 };

	ck_assert_int_eq(rules_read(&r, NULL), 0);
	ck_assert(rules_none(&r));
}
END_TEST

START_TEST(clock_offset)
{
	struct rules r = rules("{\"clock_offset_s\":-7200}");

	ck_assert_int_eq(r.clock_offset_s, -7200);
	ck_assert(!rules_none(&r));
	ck_assert_int_eq(rules("{\"clock_offset_s\":86400}").clock_offset_s, 86400);
}
END_TEST

START_TEST(protocols_by_name)
{
	struct rules r = rules("{\"protocols\":[\"gt06\",\"osmand\",\"meitrack\",\"of-tomorrow\"]}");

	ck_assert(!rules_none(&r));
	for (size_t i = 0; protocols[i]; i++) {
		const char *name = protocols[i]->name;
		bool named = !strcmp(name, "gt06") || !strcmp(name, "osmand") || !strcmp(name, "meitrack");
		ck_assert_msg(rules_allow(&r, protocols[i], &anywhere) == named, "%s", name);
	}
}
END_TEST

START_TEST(a_protocol_that_comes_through_a_broker)
{
	struct rules broker = rules("{\"protocols\":[\"owntracks-mqtt\"]}"),
		     http = rules("{\"protocols\":[\"owntracks\"]}");

	ck_assert(rules_allow(&broker, &protocol_owntracks_mqtt, &nowhere));
	ck_assert(!rules_allow(&broker, protocol_find("owntracks"), &anywhere));
	ck_assert(!rules_allow(&http, &protocol_owntracks_mqtt, &nowhere));
	ck_assert(rules_allow(&http, protocol_find("owntracks"), &anywhere));
}
END_TEST

START_TEST(protocols_of_which_none_is_known_here)
{
	struct rules r = rules("{\"protocols\":[\"of-tomorrow\"]}");

	for (size_t i = 0; protocols[i]; i++)
		ck_assert(!rules_allow(&r, protocols[i], &anywhere));
}
END_TEST

START_TEST(networks)
{
	struct rules r = rules("{\"networks\":[\"10.0.0.0/8\",\"2001:db8::/32\",\"192.0.2.7\"]}");

	ck_assert(!rules_none(&r));
	ck_assert(allowed(&r, "osmand", "10.1.2.3"));
	ck_assert(allowed(&r, "osmand", "::ffff:10.1.2.3"));
	ck_assert(allowed(&r, "gt06", "2001:db8:1::2"));
	ck_assert(allowed(&r, "gt06", "192.0.2.7"));
	ck_assert(!allowed(&r, "gt06", "192.0.2.8"));
	ck_assert(!allowed(&r, "gt06", "2001:db9::1"));
	ck_assert(!rules_allow(&r, protocol_find("gt06"), &nowhere));
}
END_TEST

START_TEST(both_must_allow)
{
	struct rules r = rules("{\"protocols\":[\"gt06\"],\"networks\":[\"10.0.0.0/8\"]}");

	ck_assert(allowed(&r, "gt06", "10.1.2.3"));
	ck_assert(!allowed(&r, "h02", "10.1.2.3"));
	ck_assert(!allowed(&r, "gt06", "11.1.2.3"));
}
END_TEST

START_TEST(filters_over_the_defaults)
{
	const struct filters defaults = {
		.limit = { [FILTER_INVALID] = 1, [FILTER_ACCURACY] = 100, [FILTER_SPEED] = 30, [FILTER_PERIOD] = 10 }
	};
	struct rules r =
		rules("{\"filters\":{\"invalid\":false,\"zero_island\":true,\"accuracy_max_m\":50,\"speed_max_mps\":0,"
		      "\"distance_min_m\":2.5}}");
	struct filters f = rules_filters(&r, &defaults);

	ck_assert(!rules_none(&r));
	ck_assert_float_eq(f.limit[FILTER_INVALID], 0);
	ck_assert_float_eq(f.limit[FILTER_ZERO_ISLAND], 1);
	ck_assert_float_eq(f.limit[FILTER_ACCURACY], 50);
	ck_assert_float_eq(f.limit[FILTER_SPEED], 0);
	ck_assert_float_eq(f.limit[FILTER_DISTANCE], 2.5f);
	ck_assert_float_eq(f.limit[FILTER_PERIOD], 10);
	ck_assert_float_eq(rules_filters(&(struct rules){ 0 }, &defaults).limit[FILTER_ACCURACY], 100);
	r = rules("{\"filters\":{\"period_min_s\":20}}");
	ck_assert_float_eq(rules_filters(&r, &defaults).limit[FILTER_PERIOD], 20);
}
END_TEST

START_TEST(as_many_networks_as_may_be)
{
	char json[RULES_NETWORKS_MAX * 16 + 64] = "{\"networks\":[";
	struct rules r;
	size_t n = strlen(json);

	for (int i = 0; i < RULES_NETWORKS_MAX; i++)
		n += (size_t)snprintf(json + n, sizeof json - n, "\"10.%d.0.0/16\",", i);
	strcpy(json + n - 1, "]}");
	r = rules(json);
	ck_assert(allowed(&r, "gt06", "10.15.0.1"));
	strcpy(json + n - 1, ",\"10.16.0.0/16\"]}");
	ck_assert_int_eq(read_text(&r, json), -EINVAL);
}
END_TEST

static const char *const bad[] = {
	"[]",
	"\"none\"",
	"true",
	"{\"clock_offset_s\":86401}",
	"{\"clock_offset_s\":-86401}",
	"{\"clock_offset_s\":1.5}",
	"{\"clock_offset_s\":\"3600\"}",
	"{\"protocols\":\"gt06\"}",
	"{\"protocols\":[\"gt06\",6]}",
	"{\"networks\":\"10.0.0.0/8\"}",
	"{\"networks\":[]}",
	"{\"networks\":[10]}",
	"{\"networks\":[\"10.0.0.0/33\"]}",
	"{\"networks\":[\"10.0.0.0/8\",\"home\"]}",
	"{\"filters\":[]}",
	"{\"filters\":{\"invalid\":1}}",
	"{\"filters\":{\"zero_island\":\"true\"}}",
	"{\"filters\":{\"accuracy_max_m\":true}}",
	"{\"filters\":{\"speed_max_mps\":-1}}",
	"{\"filters\":{\"distance_min_m\":\"5\"}}",
	"{\"filters\":{\"period_min_s\":[]}}",
};

START_TEST(what_are_no_rules)
{
	struct rules r = { .clock_offset_s = 42 };

	ck_assert_msg(read_text(&r, bad[_i]) == -EINVAL, "%s", bad[_i]);
	ck_assert_int_eq(r.clock_offset_s, 42);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rules");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, no_rules_allow_everything, 0, sizeof nothing / sizeof *nothing);
	tcase_add_test(t, an_answer_without_the_member);
	tcase_add_test(t, clock_offset);
	tcase_add_test(t, protocols_by_name);
	tcase_add_test(t, a_protocol_that_comes_through_a_broker);
	tcase_add_test(t, protocols_of_which_none_is_known_here);
	tcase_add_test(t, networks);
	tcase_add_test(t, both_must_allow);
	tcase_add_test(t, filters_over_the_defaults);
	tcase_add_test(t, as_many_networks_as_may_be);
	tcase_add_loop_test(t, what_are_no_rules, 0, sizeof bad / sizeof *bad);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
