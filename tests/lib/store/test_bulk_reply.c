#include "store/bulk_reply.h"
#include "store/errors.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static const char duplicate[] = "{\"index\": 2, \"code\": 11000, \"errmsg\": \"E11000 dup key: { _id: 1 }\"}";
static const char invalid[] = "{\"index\": 0, \"code\": 121, \"errmsg\": \"Document failed validation\"}";
static const char unknown[] = "{\"index\": 1, \"code\": 7654321, \"errmsg\": \"?\"}";
static const char stepdown[] = "{\"index\": 3, \"code\": 11602, \"errmsg\": \"interrupted\"}";
static const char denied[] = "{\"index\": 3, \"code\": 13, \"errmsg\": \"not authorized\"}";
static const char beyond[] = "{\"index\": 5, \"code\": 11000, \"errmsg\": \"E11000\"}";
static const char nameless[] = "{\"code\": 11000}";

/* A reply as libmongoc makes it, of five inserts. */
static bson_t *reply(int inserted, const char *fault1, const char *fault2, const char *concern)
{
	char json[1024];
	bson_error_t e;

	snprintf(json, sizeof json, "{\"nInserted\": %d, \"writeErrors\": [%s%s%s]%s%s%s}", inserted,
		fault1 ? fault1 : "", fault2 ? "," : "", fault2 ? fault2 : "",
		concern ? ", \"writeConcernErrors\": [" : "", concern ? concern : "", concern ? "]" : "");
	bson_t *b = bson_new_from_json((const uint8_t *)json, -1, &e);
	ck_assert_msg(b != NULL, "%s: %s", json, e.message);
	return b;
}

static int judge(bson_t *r, bool ok, uint32_t domain, uint32_t code)
{
	bson_error_t e;

	bson_set_error(&e, domain, code, "x");
	int result = store_bulk_judge(r, ok, &e, 5, true);
	bson_destroy(r);
	return result;
}

START_TEST(all_stored)
{
	ck_assert_int_eq(judge(reply(5, NULL, NULL, NULL), true, 0, 0), 0);
}
END_TEST

START_TEST(refused_documents_leave_the_rest_stored)
{
	ck_assert_int_eq(judge(reply(4, duplicate, NULL, NULL), false, MONGOC_ERROR_SERVER, 11000), 0);
	ck_assert_int_eq(judge(reply(3, invalid, duplicate, NULL), false, MONGOC_ERROR_SERVER, 121), 0);
	ck_assert_int_eq(judge(reply(4, unknown, NULL, NULL), false, MONGOC_ERROR_SERVER, 7654321), 0);
}
END_TEST

START_TEST(one_transient_fault_is_a_retry_of_all)
{
	ck_assert_int_eq(judge(reply(3, duplicate, stepdown, NULL), false, MONGOC_ERROR_SERVER, 11000), STORE_E_RETRY);
}
END_TEST

START_TEST(no_right_to_write_is_fatal)
{
	ck_assert_int_eq(judge(reply(3, duplicate, denied, NULL), false, MONGOC_ERROR_SERVER, 11000), -EPERM);
}
END_TEST

START_TEST(a_write_concern_error_is_a_retry)
{
	const char *concern = "{\"code\": 64, \"errmsg\": \"waiting for replication timed out\"}";

	ck_assert_int_eq(judge(reply(5, NULL, NULL, concern), false, MONGOC_ERROR_WRITE_CONCERN, 64), STORE_E_RETRY);
	ck_assert_int_eq(judge(reply(4, duplicate, NULL, concern), false, MONGOC_ERROR_SERVER, 11000), STORE_E_RETRY);
}
END_TEST

START_TEST(a_command_that_failed_says_so_for_all)
{
	ck_assert_int_eq(judge(reply(0, NULL, NULL, NULL), false, MONGOC_ERROR_STREAM, 4), STORE_E_RETRY);
	ck_assert_int_eq(judge(reply(0, NULL, NULL, NULL), false, MONGOC_ERROR_SERVER, 10107), STORE_E_RETRY);
	ck_assert_int_eq(judge(reply(0, NULL, NULL, NULL), false, MONGOC_ERROR_SERVER, 13), -EPERM);
	/* not about one document, so nobody could be told which */
	ck_assert_int_eq(judge(reply(0, NULL, NULL, NULL), false, MONGOC_ERROR_SERVER, 121), -EPROTO);
	ck_assert_int_eq(judge(reply(0, NULL, NULL, NULL), false, MONGOC_ERROR_SERVER, 11000), -EPROTO);
}
END_TEST

/* libmongoc hides a lost command behind an earlier one's faults: the count gives it away. */
START_TEST(a_document_without_an_answer_is_a_retry)
{
	ck_assert_int_eq(judge(reply(4, NULL, NULL, NULL), true, 0, 0), STORE_E_RETRY);
	ck_assert_int_eq(judge(reply(1, duplicate, NULL, NULL), false, MONGOC_ERROR_SERVER, 11000), STORE_E_RETRY);
}
END_TEST

START_TEST(an_answer_about_no_document_of_ours_is_fatal)
{
	ck_assert_int_eq(judge(reply(4, beyond, NULL, NULL), false, MONGOC_ERROR_SERVER, 11000), -EPROTO);
	ck_assert_int_eq(judge(reply(4, nameless, NULL, NULL), false, MONGOC_ERROR_SERVER, 11000), -EPROTO);
}
END_TEST

struct seen {
	size_t n, index[4];
	int r[4];
	char why[4][64];
};

static void see(void *owner, size_t index, int r, const char *why)
{
	struct seen *s = owner;

	ck_assert_uint_lt(s->n, 4);
	s->index[s->n] = index;
	s->r[s->n] = r;
	snprintf(s->why[s->n++], sizeof s->why[0], "%s", why);
}

START_TEST(faults_carry_the_index_in_the_bulk)
{
	struct seen s = { 0 };
	bson_t *b = reply(3, invalid, duplicate, NULL);

	store_bulk_report(b, 100, see, &s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_uint_eq(s.index[0], 100);
	ck_assert_int_eq(s.r[0], STORE_E_POISON);
	ck_assert_str_eq(s.why[0], "Document failed validation");
	ck_assert_uint_eq(s.index[1], 102);
	ck_assert_int_eq(s.r[1], STORE_E_DUPLICATE);
	ck_assert_str_eq(s.why[1], "E11000 dup key");
	bson_destroy(b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bulk_reply");
	TCase *c = tcase_create("bulk_reply");

	tcase_add_test(c, all_stored);
	tcase_add_test(c, refused_documents_leave_the_rest_stored);
	tcase_add_test(c, one_transient_fault_is_a_retry_of_all);
	tcase_add_test(c, no_right_to_write_is_fatal);
	tcase_add_test(c, a_write_concern_error_is_a_retry);
	tcase_add_test(c, a_command_that_failed_says_so_for_all);
	tcase_add_test(c, a_document_without_an_answer_is_a_retry);
	tcase_add_test(c, an_answer_about_no_document_of_ours_is_fatal);
	tcase_add_test(c, faults_carry_the_index_in_the_bulk);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
