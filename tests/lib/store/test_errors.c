#include "store/errors.h"
#include "store/store.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static bson_error_t failure(uint32_t domain, uint32_t code, const char *message)
{
	bson_error_t e;

	bson_set_error(&e, domain, code, "%s", message);
	return e;
}

static int meaning(uint32_t domain, uint32_t code, const char *message)
{
	bson_error_t e = failure(domain, code, message);

	return store_meaning(&e);
}

/* ---- what the server says ---- */

static const struct {
	uint32_t code;
	int r;
} server_rows[] = {
	{ 1, STORE_E_RETRY },
	{ 6, STORE_E_RETRY },
	{ 7, STORE_E_RETRY },
	{ 8, STORE_E_RETRY },
	{ 24, STORE_E_RETRY },
	{ 43, STORE_E_RETRY },
	{ 50, STORE_E_RETRY },
	{ 64, STORE_E_RETRY },
	{ 89, STORE_E_RETRY },
	{ 91, STORE_E_RETRY },
	{ 100, STORE_E_RETRY },
	{ 112, STORE_E_RETRY },
	{ 125, STORE_E_RETRY },
	{ 134, STORE_E_RETRY },
	{ 189, STORE_E_RETRY },
	{ 262, STORE_E_RETRY },
	{ 290, STORE_E_RETRY },
	{ 303, STORE_E_RETRY },
	{ 9001, STORE_E_RETRY },
	{ 10058, STORE_E_RETRY },
	{ 10107, STORE_E_RETRY },
	{ 11600, STORE_E_RETRY },
	{ 11602, STORE_E_RETRY },
	{ 13435, STORE_E_RETRY },
	{ 13436, STORE_E_RETRY },
	{ 14031, STORE_E_RETRY },
	{ 11000, STORE_E_DUPLICATE },
	{ 11001, STORE_E_DUPLICATE },
	{ 12582, STORE_E_DUPLICATE },
	{ 121, STORE_E_POISON },
	{ 10334, STORE_E_POISON },
	{ 16755, STORE_E_POISON },
	{ 22, STORE_E_POISON },
	{ 52, STORE_E_POISON },
	{ 53, STORE_E_POISON },
	{ 56, STORE_E_POISON },
	{ 57, STORE_E_POISON },
	{ 171, STORE_E_POISON },
	{ 17280, STORE_E_POISON },
	{ 17419, STORE_E_POISON },
	{ 11, -EACCES },
	{ 18, -EACCES },
	{ 13, -EPERM },
};

START_TEST(server_codes)
{
	ck_assert_int_eq(meaning(MONGOC_ERROR_SERVER, server_rows[_i].code, "x"), server_rows[_i].r);
	ck_assert_int_eq(store_document_meaning(server_rows[_i].code), server_rows[_i].r);
}
END_TEST

START_TEST(an_unknown_code_is_fatal_for_a_command_and_poison_for_a_document)
{
	ck_assert_int_eq(meaning(MONGOC_ERROR_SERVER, 59, "no such command"), -EPROTO);
	ck_assert_int_eq(meaning(MONGOC_ERROR_SERVER, 7654321, "?"), -EPROTO);
	ck_assert_int_eq(store_document_meaning(7654321), STORE_E_POISON);
	ck_assert_int_eq(store_document_meaning(2), STORE_E_POISON);
}
END_TEST

/* ---- what libmongoc says ---- */

static const struct {
	uint32_t domain, code;
	const char *message;
	int r;
} client_rows[] = {
	{ MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, "Failed to send: Broken pipe", STORE_E_RETRY },
	{ MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, "refused", STORE_E_RETRY },
	{ MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_NAME_RESOLUTION, "no such host", STORE_E_RETRY },
	{ MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_NOT_ESTABLISHED, "closed", STORE_E_RETRY },
	{ MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_INVALID_REPLY, "short", STORE_E_RETRY },
	{ MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION, "too old", -EPROTO },
	{ MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_FAILURE, "none", STORE_E_RETRY },
	{ MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_INVALID_ID, "gone", STORE_E_RETRY },
	{ MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_BAD_WIRE_VERSION, "too old", -EPROTO },
	{ MONGOC_ERROR_WRITE_CONCERN, 64, "waiting for replication timed out", STORE_E_RETRY },
	{ MONGOC_ERROR_WRITE_CONCERN, 79, "unknown", STORE_E_RETRY },
	{ MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_SESSION_FAILURE, "no session", STORE_E_RETRY },
	{ MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, "Authentication failed.", -EACCES },
	{ MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE,
		"Failed to send \"saslStart\" command with database \"admin\": socket error or timeout",
		STORE_E_RETRY },
	{ MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, "The server is in quiesce mode and will shut down",
		STORE_E_RETRY },
	{ MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_IN_EXHAUST, "x", -EPROTO },
	{ MONGOC_ERROR_BSON, MONGOC_ERROR_BSON_INVALID, "Document 0 is too large", STORE_E_POISON },
	{ MONGOC_ERROR_COMMAND, MONGOC_ERROR_COMMAND_INVALID_ARG, "bad option", -EINVAL },
	{ MONGOC_ERROR_CURSOR, MONGOC_ERROR_CURSOR_INVALID_CURSOR, "bad option", -EPROTO },
};

START_TEST(client_faults)
{
	ck_assert_int_eq(
		meaning(client_rows[_i].domain, client_rows[_i].code, client_rows[_i].message), client_rows[_i].r);
}
END_TEST

/* ---- replies ---- */

START_TEST(a_write_concern_error_counts_first)
{
	bson_error_t none = { 0 }, duplicate = failure(MONGOC_ERROR_SERVER, 11000, "E11000 duplicate key");
	bson_t *many = BCON_NEW("writeConcernErrors", "[", "{", "code", BCON_INT32(64), "}", "]");
	bson_t *one = BCON_NEW("ok", BCON_INT32(1), "writeConcernError", "{", "code", BCON_INT32(100), "}");
	bson_t *empty = BCON_NEW("writeConcernErrors", "[", "]");

	ck_assert_int_eq(store_outcome(true, many, &none), STORE_E_RETRY);
	ck_assert_int_eq(store_outcome(false, many, &duplicate), STORE_E_RETRY);
	ck_assert_int_eq(store_outcome(true, one, &none), STORE_E_RETRY);
	ck_assert_int_eq(store_outcome(true, empty, &none), 0);
	ck_assert_int_eq(store_outcome(false, empty, &duplicate), STORE_E_DUPLICATE);
	ck_assert_int_eq(store_outcome(true, NULL, &none), 0);
	bson_destroy(many);
	bson_destroy(one);
	bson_destroy(empty);
}
END_TEST

/* ---- text ---- */

START_TEST(text_of_an_error_names_no_document)
{
	bson_error_t e = failure(MONGOC_ERROR_SERVER, 11000,
		"E11000 duplicate key error collection: p.users index: email dup key: { email: \"a@b.c\" }");

	ck_assert_int_eq(store_fail(&e), STORE_E_DUPLICATE);
	ck_assert_str_eq(store_last_error(), "E11000 duplicate key error collection: p.users index: email dup key");
	e = failure(MONGOC_ERROR_SERVER, 16755, "{ lat: 1 }");
	ck_assert_int_eq(store_fail(&e), STORE_E_POISON);
	ck_assert_str_eq(store_last_error(), "");
}
END_TEST

START_TEST(redacted_text_fits)
{
	char out[8];

	ck_assert_str_eq(store_redact(out, sizeof out, "1234567"), "1234567");
	ck_assert_str_eq(store_redact(out, sizeof out, "12345678"), "1234567");
	ck_assert_str_eq(store_redact(out, sizeof out, "ab: { c: 1 }"), "ab");
	ck_assert_str_eq(store_redact(out, sizeof out, ""), "");
	ck_assert_str_eq(store_redact(out, sizeof out, " : {"), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("errors");
	TCase *c = tcase_create("errors");

	tcase_add_loop_test(c, server_codes, 0, sizeof server_rows / sizeof *server_rows);
	tcase_add_test(c, an_unknown_code_is_fatal_for_a_command_and_poison_for_a_document);
	tcase_add_loop_test(c, client_faults, 0, sizeof client_rows / sizeof *client_rows);
	tcase_add_test(c, a_write_concern_error_counts_first);
	tcase_add_test(c, text_of_an_error_names_no_document);
	tcase_add_test(c, redacted_text_fits);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
