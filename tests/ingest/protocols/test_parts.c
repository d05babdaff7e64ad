/* Source: ingest/protocols/parts.c */
#include "ingest/protocols/parts.h"

#include "tests/lib/unit.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct {
	const char *mac, *want;
} macs[] = {
	{ "68:77:24:1B:E7:A7", "68:77:24:1b:e7:a7,-59" },
	{ "68-77-24-1b-e7-a7", "68:77:24:1b:e7:a7,-59" },
	{ "6877241BE7A7", "68:77:24:1b:e7:a7,-59" },
	{ "09afAF99f0A0", "09:af:af:99:f0:a0,-59" },
	{ "6877241BE7A", "" },
	{ "6877241BE7A70", "" },
	{ "68:77:24:1b:e7:a7:", "" },
	{ "68::7724:1b:e7:a7", "" },
	{ "687:724:1b:e7:a7", "" },
	{ "68:77:24:1b:e7:ag", "" },
	{ ":68:77:24:1b:e7:a7", "" },
	{ "", "" },
};

START_TEST(an_access_point)
{
	struct parts p;

	parts_begin(&p);
	parts_wifi(&p, slice_of(macs[_i].mac, strlen(macs[_i].mac)), &(int64_t){ -59 });
	ck_assert_str_eq(p.text, macs[_i].want);
}
END_TEST

START_TEST(several_are_joined)
{
	struct parts p;

	parts_begin(&p);
	parts_cell(&p, &(struct parts_cell){
			       .mcc = 460, .mnc = 0, .lac = 9340, .cid = 4294967296, .rssi = -7, .has_rssi = true });
	parts_cell(&p, &(struct parts_cell){ .mcc = 234, .mnc = 15, .lac = 893, .cid = 3611 });
	ck_assert_str_eq(p.text, "460,0,9340,4294967296,-7;234,15,893,3611");

	parts_begin(&p);
	parts_alarm(&p, "sos");
	parts_alarm(&p, "lowBattery");
	ck_assert_str_eq(p.text, "sos,lowBattery");

	parts_begin(&p);
	parts_wifi(&p, slice_of("6877241BE7A7", 12), NULL);
	parts_wifi(&p, slice_of("6877241BE7A8", 12), NULL);
	ck_assert_str_eq(p.text, "68:77:24:1b:e7:a7;68:77:24:1b:e7:a8");
}
END_TEST

START_TEST(none_is_cut)
{
	struct parts p;

	parts_begin(&p);
	for (size_t i = 0; i < 100; i++)
		parts_alarm(&p, "0123456789");
	ck_assert_uint_eq(p.n, 23 * 11 - 1); /* 23 of ten and a comma each are 252, and the next is too long */
	ck_assert_uint_eq(strlen(p.text), p.n);
	parts_alarm(&p, "012");
	ck_assert_uint_eq(p.n, ATTRIBUTE_TEXT_MAX);
	parts_alarm(&p, "0");
	ck_assert_uint_eq(p.n, ATTRIBUTE_TEXT_MAX);
}
END_TEST

START_TEST(becomes_an_attribute)
{
	static uint8_t memory[64];
	struct arena arena = arena_over(memory, sizeof memory), full = arena_over(memory, 4);
	struct attributes a;
	struct parts p;

	attributes_begin(&a);
	parts_begin(&p);
	parts_end(&p, "alarm", &a, &arena);
	ck_assert_uint_eq(a.n, 0);
	parts_alarm(&p, "vibration");
	parts_end(&p, "alarm", &a, &full);
	ck_assert_uint_eq(a.n, 0);
	parts_end(&p, "alarm", &a, &arena);
	ck_assert_uint_eq(a.n, 1);
	p.text[0] = 'x'; /* a copy was made */
	ck_assert_str_eq(a.at[0].text, "vibration");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("parts");
	TCase *t = tcase_create("parts");

	tcase_add_loop_test(t, an_access_point, 0, COUNT(macs));
	tcase_add_test(t, several_are_joined);
	tcase_add_test(t, none_is_cut);
	tcase_add_test(t, becomes_an_attribute);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
