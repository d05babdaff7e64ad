/* Source: query/live/counts.c, viewer_auth.c (offered_token) */
#include "query/live/counts.h"
#include "query/live/hub_internal.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(bounded)
{
	struct counts *c;
	struct uuid a = { { 1 } }, b = { { 2 } };

	ck_assert_int_eq(counts_open(&c), 0);
	ck_assert(counts_enter(c, &a, 2));
	ck_assert(counts_enter(c, &a, 2));
	ck_assert(!counts_enter(c, &a, 2));
	ck_assert(counts_enter(c, &b, 2));
	ck_assert(!counts_enter(c, &b, 0));
	counts_leave(c, &a);
	ck_assert(counts_enter(c, &a, 2));
	counts_leave(c, &a);
	counts_leave(c, &a);
	counts_leave(c, &a); /* one too many: nothing */
	ck_assert(counts_enter(c, &a, 1));
	counts_close(c); /* with some inside */
	counts_close(NULL);
}
END_TEST

static bool same(const char *a, const char *b)
{
	struct uuid x = address_as_key(a), y = address_as_key(b);
	return uuid_same(&x, &y);
}

START_TEST(addresses)
{
	ck_assert(same("192.0.2.1", "192.0.2.1"));
	ck_assert(!same("192.0.2.1", "192.0.2.2"));
	ck_assert(same("192.0.2.1", "::ffff:192.0.2.1"));
	ck_assert(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")); /* one customer */
	ck_assert(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
	ck_assert(!same("::1", "2001:db8::"));
}
END_TEST

static const struct {
	const char *offered, *token;
} offers[] = {
	{ "", NULL },
	{ "pettrack.v1", NULL },
	{ "pettrack.v1, bearer.abc.def-g_h", "abc.def-g_h" },
	{ "bearer.abc,pettrack.v1", "abc" },
	{ "pettrack.v1,\tbearer.abc", "abc" },
	{ " , ,bearer.a", "a" },
	{ "bearer.", NULL },
	{ "xbearer.abc", NULL },
	{ "Bearer.abc", NULL },
};

START_TEST(offered)
{
	size_t n = 0;
	const char *token = offered_token(offers[_i].offered, &n);

	if (!offers[_i].token) {
		ck_assert_ptr_null(token);
		return;
	}
	ck_assert_uint_eq(n, strlen(offers[_i].token));
	ck_assert_mem_eq(token, offers[_i].token, n);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("counts");
	TCase *t = tcase_create("counts");

	tcase_add_test(t, bounded);
	tcase_add_test(t, addresses);
	tcase_add_loop_test(t, offered, 0, sizeof offers / sizeof *offers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
