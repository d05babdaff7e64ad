#include "base/network.h"
#include "service/service.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const struct {
	setting_parser parse;
	const char *text;
	int64_t v;
} good[] = {
	{ setting_int, "0", 0 },
	{ setting_int, "-5", -5 },
	{ setting_size, "0", 0 },
	{ setting_size, "100", 100 },
	{ setting_size, "64k", 64 << 10 },
	{ setting_size, "64K", 64 << 10 },
	{ setting_size, "16M", 16 << 20 },
	{ setting_size, "1G", 1 << 30 },
	{ setting_duration, "0", 0 },
	{ setting_duration, "500ms", 500 },
	{ setting_duration, "30s", 30000 },
	{ setting_duration, "15m", 900000 },
	{ setting_duration, "2h", 7200000 },
	{ setting_duration, "7d", 604800000 },
};

START_TEST(reads)
{
	int64_t v = 77;

	ck_assert_ptr_null(good[_i].parse(good[_i].text, &v, 0, 0));
	ck_assert_int_eq(v, good[_i].v);
}
END_TEST

static const struct {
	setting_parser parse;
	const char *text;
	int64_t min, max;
	const char *complaint;
} bad[] = {
	{ setting_int, "", 0, 0, "must be a whole number" },
	{ setting_int, "1.5", 0, 0, "must be a whole number" },
	{ setting_int, "0", 1, 1000, "must be 1 to 1000" },
	{ setting_int, "1001", 1, 1000, "must be 1 to 1000" },
	{ setting_int, "x", 1, 1000, "must be 1 to 1000" },
	{ setting_size, "", 0, 0, "must be a size such as 64k, 16M or 1G" },
	{ setting_size, "1T", 0, 0, "must be a size such as 64k, 16M or 1G" },
	{ setting_size, "-1k", 0, 0, "must be a size such as 64k, 16M or 1G" },
	{ setting_size, "9999999999G", 0, 0, "must be a size such as 64k, 16M or 1G" },
	{ setting_size, "1", 1024, 3 << 20, "must be a size such as 64k, 16M or 1G, 1k to 3M" },
	{ setting_duration, "5", 0, 0, "must be a duration such as 500ms, 30s, 15m, 2h or 7d" },
	{ setting_duration, "5 s", 0, 0, "must be a duration such as 500ms, 30s, 15m, 2h or 7d" },
	{ setting_duration, "s", 0, 0, "must be a duration such as 500ms, 30s, 15m, 2h or 7d" },
	{ setting_duration, "1ms", 1500, 5400000,
		"must be a duration such as 500ms, 30s, 15m, 2h or 7d, 1500ms to 90m" },
	{ setting_port, "65536", 0, 0, "must be 0 to 65535" },
	{ setting_port, "-1", 0, 0, "must be 0 to 65535" },
	{ setting_port, "http", 0, 0, "must be 0 to 65535" },
	{ setting_port, "0", 1, 65535, "must be 1 to 65535" },
	{ setting_bool, "yes", 0, 0, "must be true or false" },
	{ setting_bool, "", 0, 0, "must be true or false" },
	{ setting_networks, "10.0.0.1/8", 0, 0,
		"must be networks such as 10.0.0.0/8 or 2001:db8::/32, comma-separated, with no bit set behind the "
		"prefix" },
};

START_TEST(refuses)
{
	int64_t v = 77;

	ck_assert_pstr_eq(bad[_i].parse(bad[_i].text, &v, bad[_i].min, bad[_i].max), bad[_i].complaint);
	ck_assert_int_eq(v, 77);
}
END_TEST

START_TEST(other_types)
{
	const char *text = NULL;
	uint16_t port = 7;
	bool on = false;
	struct networks networks;

	ck_assert_ptr_null(setting_text("a", &text, 0, 0));
	ck_assert_str_eq(text, "a");
	ck_assert_ptr_null(setting_port("65535", &port, 0, 0));
	ck_assert_uint_eq(port, 65535);
	ck_assert_ptr_null(setting_bool("true", &on, 0, 0));
	ck_assert(on);
	ck_assert_ptr_null(setting_bool("false", &on, 0, 0));
	ck_assert(!on);
	ck_assert_ptr_null(setting_networks("10.0.0.0/8,::1", &networks, 0, 0));
	ck_assert_uint_eq(networks.n, 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("parse");
	TCase *c = tcase_create("parse");

	tcase_add_loop_test(c, reads, 0, LENGTH(good));
	tcase_add_loop_test(c, refuses, 0, LENGTH(bad));
	tcase_add_test(c, other_types);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
