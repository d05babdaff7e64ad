/* Source: auth/common/revocation.c: what others are told. */
#include "auth/common/revocation.h"
#include "auth/common/document.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(says_whose_and_which)
{
	const struct uuid user = { { 1 } }, session = { { 2 } };
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&session), "user", BCON_UUID(&user), "scopes", BCON_UTF8("x"));
	struct outbox_plan plan = { .n = 0 };

	ck_assert(revocation_plan(doc, &plan));
	ck_assert_uint_eq(plan.n, 1);
	ck_assert(plan.remove && plan.messages[0].topic == OUTBOX_ACCESS);
	ck_assert(uuid_same(&plan.messages[0].key, &user));
	ck_assert_str_eq(plan.messages[0].value,
		"{\"event\":\"session_revoked\",\"user\":\"01000000-0000-0000-0000-000000000000\","
		"\"session\":\"02000000-0000-0000-0000-000000000000\"}");
	bson_destroy(doc);
}
END_TEST

START_TEST(nothing_of_what_makes_no_sense)
{
	const struct uuid user = { { 1 } };
	bson_t *nobodys = BCON_NEW("_id", BCON_UUID(&user)),
	       *numbered = BCON_NEW("_id", BCON_INT32(1), "user", BCON_UUID(&user));
	struct outbox_plan plan;

	ck_assert(!revocation_plan(nobodys, &plan));
	ck_assert(!revocation_plan(numbered, &plan));
	bson_destroy(numbered);
	bson_destroy(nobodys);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/revocation");
	TCase *t = tcase_create("revocation");

	tcase_add_test(t, says_whose_and_which);
	tcase_add_test(t, nothing_of_what_makes_no_sense);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
