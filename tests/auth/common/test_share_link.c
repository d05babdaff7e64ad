#include "auth/common/share_link.h"
#include "auth/common/document.h"
#include "tests/lib/unit.h"

#include <string.h>

static const struct uuid id = { { 1 } }, owner = { { 2 } }, cat = { { 3 } };
static const struct share_terms terms = { true, false, 1000, SHARE_FOR_EVER, 6, 9000 };

#define ID "01000000-0000-0000-0000-000000000000"

static bson_t *sample(void)
{
	bson_t *doc = BCON_NEW("_id", BCON_UUID(&id), "owner", BCON_UUID(&owner), "device", BCON_UUID(&cat), "created",
		BCON_DATE_TIME(500), "uses", BCON_INT64(3), "label", BCON_UTF8("Walker"));

	share_terms_write(&terms, doc, NULL);
	return doc;
}

START_TEST(there_and_back)
{
	struct share_link l;
	bson_t *doc = sample();

	ck_assert(share_link_read(doc, &l));
	ck_assert(uuid_same(&l.id, &id) && uuid_same(&l.owner, &owner) && uuid_same(&l.device, &cat));
	ck_assert_str_eq(l.label, "Walker");
	ck_assert_int_eq(l.uses, 3);
	ck_assert_int_eq(l.used_ms, 0);
	ck_assert(l.terms.live && !l.terms.history);
	ck_assert_int_eq(l.terms.from_ms, 1000);
	ck_assert_int_eq(l.terms.until_ms, SHARE_FOR_EVER);
	ck_assert_int_eq(l.terms.blur, 6);
	ck_assert_int_eq(l.terms.expires_ms, 9000);
	bson_destroy(doc);
}
END_TEST

START_TEST(a_revoked_one_is_none)
{
	struct share_link l;
	bson_t *doc = sample();

	BSON_APPEND_DATE_TIME(doc, "revoked", 700);
	ck_assert(!share_link_read(doc, &l));
	bson_destroy(doc);
}
END_TEST

/* A bound that is taken away goes from the document. */
START_TEST(bounds_that_go)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;

	share_terms_write(&terms, &set, &unset);
	ck_assert(document_has(&set, "from") && !document_has(&unset, "from"));
	ck_assert(!document_has(&set, "until") && document_has(&unset, "until"));
	bson_destroy(&unset);
	bson_destroy(&set);
}
END_TEST

static void check_json(json_t *json, const char *wanted)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_str_eq(text, wanted);
	free(text);
	json_decref(json);
}

START_TEST(to_people_and_to_query)
{
	check_json(share_terms_json(&terms),
		"{\"blur\":6,\"expires\":\"1970-01-01T00:00:09.000Z\",\"from\":\"1970-01-01T00:00:01.000Z\","
		"\"history\":false,\"live\":true,\"until\":null}");
	check_json(share_limits_json(&terms),
		"{\"blur\":6,\"expires\":9000,\"from\":1000,\"history\":false,\"live\":true}");
}
END_TEST

START_TEST(events)
{
	struct outbox_plan plan = { 0 };
	bson_t *doc = sample();

	ck_assert(share_links_source.plan(doc, &plan));
	ck_assert_uint_eq(plan.n, 1);
	ck_assert(!plan.remove && plan.messages[0].topic == OUTBOX_ACCESS && uuid_same(&plan.messages[0].key, &id));
	ck_assert_str_eq(plan.messages[0].value, "{\"event\":\"devices_changed\",\"user\":\"" ID "\"}");
	BSON_APPEND_DATE_TIME(doc, "revoked", 700);
	ck_assert(share_links_source.plan(doc, &plan));
	ck_assert(plan.remove);
	ck_assert_str_eq(
		plan.messages[0].value, "{\"event\":\"session_revoked\",\"user\":\"" ID "\",\"session\":\"" ID "\"}");
	bson_destroy(doc);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("share_link");
	TCase *t = tcase_create("share_link");

	tcase_add_test(t, there_and_back);
	tcase_add_test(t, a_revoked_one_is_none);
	tcase_add_test(t, bounds_that_go);
	tcase_add_test(t, to_people_and_to_query);
	tcase_add_test(t, events);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
