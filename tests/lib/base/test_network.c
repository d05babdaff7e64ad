#include "base/network.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static const struct {
	const char *network, *address;
	bool has;
} rows[] = {
	{ "10.0.0.0/8", "10.0.0.0", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/8", "9.255.255.255", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.0/31", "192.0.2.1", true },
	{ "192.0.2.0/31", "192.0.2.2", false },
	{ "192.0.2.7/32", "192.0.2.7", true },
	{ "192.0.2.7/32", "192.0.2.6", false },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.8", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "203.0.113.9", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::1", "2001:0db8:0:0::1", true },
	{ "2001:db8::1/128", "2001:db8::2", false },
	/* the same address, said in both families */
	{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
	{ "::ffff:10.0.0.0/104", "10.1.2.3", true },
	{ "::ffff:10.0.0.0/104", "11.1.2.3", false },
	/* nobody's */
	{ "::/0", "::", false },
};

START_TEST(has)
{
	struct network n;
	struct address a;

	ck_assert_int_eq(network_parse(&n, rows[_i].network), 0);
	ck_assert_int_eq(address_parse(&a, rows[_i].address), 0);
	ck_assert_msg(network_has(&n, &a) == rows[_i].has, "%s %s", rows[_i].network, rows[_i].address);
}
END_TEST

static const struct {
	const char *said, *shown;
} addresses[] = {
	{ "192.0.2.7", "192.0.2.7" },
	{ "::ffff:192.0.2.7", "192.0.2.7" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "2001:DB8:0:0::1", "2001:db8::1" },
	{ "2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111:2222:3333:4444:5555:6666" },
	{ "::1", "::1" },
	{ "::", "" },
};

START_TEST(an_address_is_read_and_shown)
{
	char shown[ADDRESS_TEXT_SIZE];
	struct address a;

	ck_assert_int_eq(address_parse(&a, addresses[_i].said), 0);
	address_format(shown, &a);
	ck_assert_str_eq(shown, addresses[_i].shown);
}
END_TEST

static const char *const no_addresses[] = { "", "10.0.0.0/8", "10.0.0", "10.0.0.256", " 10.0.0.1", "10.0.0.1 ", "cat",
	"2001:db8", "::ffff:10.0.0", "fe80::1%eth0", "2001:db8:1111:2222:3333:4444:5555:6666:7777" };

START_TEST(no_address)
{
	struct address a = { { 77 } };

	ck_assert_msg(address_parse(&a, no_addresses[_i]) == -EINVAL, "%s", no_addresses[_i]);
	ck_assert_uint_eq(a.b[0], 77);
}
END_TEST

static const char *const bad[] = {
	"",
	"/",
	"/8",
	"10.0.0.0/",
	"10.0.0.0/33",
	"10.0.0.0/-1",
	"10.0.0.0/+8",
	"10.0.0.0/08",
	"10.0.0.0/8 ",
	"10.0.0.0/8/8",
	"10.0.0.0/0x8",
	"10.0.0.0/0000000008",
	"10.0.0.1/8",
	"10.0.0/8",
	"10.0.0.256",
	" 10.0.0.0",
	"2001:db8::/129",
	"2001:db8::1/64",
	"2001:db8::/999",
	"2001:db8:::/32",
	"fe80::1%eth0",
	"example.org",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

START_TEST(no_network)
{
	struct network n = { .bits = 77 };

	ck_assert_msg(network_parse(&n, bad[_i]) == -EINVAL, "%s", bad[_i]);
	ck_assert_uint_eq(n.bits, 77);
}
END_TEST

/* ---- lists ---- */

static const struct {
	const char *networks, *address;
	bool have;
} lists[] = {
	{ "", "10.0.0.1", false },
	{ "10.0.0.0/8", "10.0.0.1", true },
	{ "10.0.0.0/8,2001:db8::/32", "2001:db8::1", true },
	{ "10.0.0.0/8, 192.0.2.7 , ::1", "192.0.2.7", true },
	{ "10.0.0.0/8, 192.0.2.7 , ::1", "::1", true },
	{ "10.0.0.0/8, 192.0.2.7 , ::1", "192.0.2.8", false },
};

START_TEST(a_list_has)
{
	struct networks l;
	struct address a;

	ck_assert_int_eq(networks_parse(&l, lists[_i].networks), 0);
	ck_assert_int_eq(address_parse(&a, lists[_i].address), 0);
	ck_assert_msg(networks_have(&l, &a) == lists[_i].have, "%s %s", lists[_i].networks, lists[_i].address);
}
END_TEST

START_TEST(no_list)
{
	static const char *const none[] = { ",", "10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/8;::1", "10.0.0.1/8", "a",
		" " };
	struct networks l = { .n = 7 };

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert_msg(networks_parse(&l, none[i]) == -EINVAL, "%s", none[i]);
	ck_assert_uint_eq(l.n, 7);
}
END_TEST

START_TEST(a_list_is_bounded)
{
	char text[(NETWORK_LIST_MAX + 1) * 4 + 1] = "";
	struct networks l;

	for (int i = 0; i < NETWORK_LIST_MAX; i++)
		strcat(text, i ? ",::1" : "::1");
	ck_assert_int_eq(networks_parse(&l, text), 0);
	ck_assert_uint_eq(l.n, NETWORK_LIST_MAX);
	strcat(text, ",::1");
	ck_assert_int_eq(networks_parse(&l, text), -E2BIG);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/network");
	TCase *t = tcase_create("network");

	tcase_add_loop_test(t, has, 0, LENGTH(rows));
	tcase_add_loop_test(t, no_network, 0, LENGTH(bad));
	tcase_add_loop_test(t, an_address_is_read_and_shown, 0, LENGTH(addresses));
	tcase_add_loop_test(t, no_address, 0, LENGTH(no_addresses));
	tcase_add_loop_test(t, a_list_has, 0, LENGTH(lists));
	tcase_add_test(t, no_list);
	tcase_add_test(t, a_list_is_bounded);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
