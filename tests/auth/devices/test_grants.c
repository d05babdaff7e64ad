#include "auth/devices/grants.h"
#include "auth/common/document.h"
#include "tests/lib/unit.h"

#include <string.h>

#define ID "0f8fad5b-d9cb-469f-a165-70867728950e"
#define DEVICE "7c9e6679-7425-40de-944b-e07fc1f90ae7"
#define OWNER "2f1c7b52-8f0a-4b4e-9a3b-6f8f1b9d2e10"
#define GRANTEE "b0d9f6f2-6c53-4d7f-8a55-1b8e7f0f2c10"

static struct uuid id_of(const char *text)
{
	struct uuid u;

	ck_assert_int_eq(uuid_parse(&u, text, strlen(text)), 0);
	return u;
}

/* What both that wait and that were accepted have. */
static bson_t *sample(const char *rights)
{
	struct uuid id = id_of(ID), device = id_of(DEVICE), owner = id_of(OWNER);

	return BCON_NEW("_id", BCON_UUID(&id), "device", BCON_UUID(&device), "owner", BCON_UUID(&owner), "email",
		BCON_UTF8("vet@example.org"), "rights", BCON_UTF8(rights), "created", BCON_DATE_TIME(1767323045000));
}

static bson_t *waiting(void)
{
	bson_t *doc = sample("view");

	BSON_APPEND_DATE_TIME(doc, "expires", 1767323046000);
	return doc;
}

static bson_t *accepted(void)
{
	struct uuid grantee = id_of(GRANTEE);
	bson_t *doc = sample("manage");

	BCON_APPEND(doc, "grantee", BCON_UUID(&grantee), "accepted", BCON_DATE_TIME(1767323046000));
	return doc;
}

static bson_t *ended(void)
{
	struct uuid id = id_of(ID), grantee = id_of(GRANTEE);

	return BCON_NEW("_id", BCON_UUID(&id), "former_grantee", BCON_UUID(&grantee), "created",
		BCON_DATE_TIME(1767323045000), "ended", BCON_DATE_TIME(1767323047000));
}

/* ---- rights ---- */

START_TEST(rights_as_text)
{
	enum rights r = RIGHTS_OWNER;

	ck_assert(rights_read(&r, "view"));
	ck_assert_int_eq(r, RIGHTS_VIEW);
	ck_assert(rights_read(&r, "manage"));
	ck_assert_int_eq(r, RIGHTS_MANAGE);
	ck_assert(!rights_read(&r, "owner")); /* nobody is given that */
	ck_assert(!rights_read(&r, "View"));
	ck_assert(!rights_read(&r, ""));
	ck_assert(!rights_read(&r, NULL));
	ck_assert_int_eq(r, RIGHTS_MANAGE);
	ck_assert_str_eq(rights_text(RIGHTS_VIEW), "view");
	ck_assert_str_eq(rights_text(RIGHTS_MANAGE), "manage");
	ck_assert_str_eq(rights_text(RIGHTS_OWNER), "owner");
}
END_TEST

/* ---- documents ---- */

START_TEST(reading)
{
	bson_t *doc = waiting();
	struct uuid id = id_of(ID), device = id_of(DEVICE), owner = id_of(OWNER), grantee = id_of(GRANTEE);
	struct grant g;

	ck_assert(grant_read(&g, doc));
	ck_assert(uuid_same(&g.id, &id) && uuid_same(&g.device, &device) && uuid_same(&g.owner, &owner));
	ck_assert_str_eq(g.email, "vet@example.org");
	ck_assert_int_eq(g.rights, RIGHTS_VIEW);
	ck_assert(!g.accepted);
	bson_destroy(doc);

	doc = accepted();
	ck_assert(grant_read(&g, doc));
	ck_assert_int_eq(g.rights, RIGHTS_MANAGE);
	ck_assert(g.accepted);
	ck_assert(uuid_same(&g.grantee, &grantee));
	bson_destroy(doc);
}
END_TEST

/* @doc is destroyed. */
static void expect_json(bson_t *doc, const char *rights, const char *state, const char *expires)
{
	json_t *got = grant_json(doc);
	json_t *wanted = json_pack("{ss ss ss ss ss ss ss ss?}", "id", ID, "device", DEVICE, "owner", OWNER, "email",
		"vet@example.org", "rights", rights, "state", state, "created", "2026-01-02T03:04:05.000Z", "expires",
		expires);

	ck_assert(json_equal(got, wanted));
	json_decref(wanted);
	json_decref(got);
	bson_destroy(doc);
}

START_TEST(json)
{
	expect_json(waiting(), "view", "pending", "2026-01-02T03:04:06.000Z");
	expect_json(accepted(), "manage", "accepted", NULL);
}
END_TEST

static void expect_none(bson_t *doc)
{
	struct grant g;

	ck_assert(!grant_read(&g, doc));
	ck_assert_ptr_null(grant_json(doc));
	bson_destroy(doc);
}

START_TEST(what_is_no_grant)
{
	char email[EMAIL_SIZE + 1];

	expect_none(bson_new());
	expect_none(ended());
	expect_none(sample("owner"));
	bson_t *doc = bson_new(), *good = waiting();
	memset(email, 'x', sizeof email - 1);
	email[sizeof email - 1] = '\0';
	bson_copy_to_excluding_noinit(good, doc, "email", NULL);
	BSON_APPEND_UTF8(doc, "email", email);
	expect_none(doc);
	bson_destroy(good);
}
END_TEST

/* ---- events ---- */

/* @doc is destroyed. */
static void expect_plan(bson_t *doc, bool remove)
{
	struct outbox_plan p;
	struct uuid grantee = id_of(GRANTEE);

	ck_assert(grant_plan(doc, &p));
	ck_assert_uint_eq(p.n, 1);
	ck_assert_int_eq(p.remove, remove);
	ck_assert_int_eq(p.messages[0].topic, OUTBOX_ACCESS);
	ck_assert(uuid_same(&p.messages[0].key, &grantee));
	ck_assert_str_eq(p.messages[0].value, "{\"event\":\"devices_changed\",\"user\":\"" GRANTEE "\"}");
	bson_destroy(doc);
}

START_TEST(plans)
{
	expect_plan(accepted(), false);
	expect_plan(ended(), true);
}
END_TEST

START_TEST(no_plan_of_one_that_waits)
{
	struct outbox_plan p;
	bson_t *doc = waiting();

	ck_assert(!grant_plan(doc, &p));
	bson_destroy(doc);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/devices/grants");
	TCase *t = tcase_create("grants");

	tcase_add_test(t, rights_as_text);
	tcase_add_test(t, reading);
	tcase_add_test(t, json);
	tcase_add_test(t, what_is_no_grant);
	tcase_add_test(t, plans);
	tcase_add_test(t, no_plan_of_one_that_waits);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
