#include "base/clock.h"
#include "store/store.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

/* Port 1 of the loopback: nobody is there. */
static const struct store_options nowhere = { .uri = "mongodb://127.0.0.1:1/x", .pool_max = 1, .timeout_ms = 150 };

static struct store *open_nowhere(void)
{
	struct store *s = NULL;

	ck_assert_int_eq(store_open(&s, &nowhere), 0);
	return s;
}

START_TEST(a_bad_uri_is_refused_without_being_quoted)
{
	static const char *const bad[] = { "", "http://x", "mongodb://", "mongodb://user:pa:ss@host/", "127.0.0.1" };
	struct store *s = NULL;

	ck_assert_int_eq(store_open(&s, &(struct store_options){ .uri = bad[_i] }), -EINVAL);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(store_last_error(), "not a MongoDB URI");
	ck_assert_int_eq(store_open(&s, &(struct store_options){ 0 }), -EINVAL);
}
END_TEST

/* For logs: hosts, and nothing that is secret. */
START_TEST(where_it_is)
{
	static const struct {
		const char *uri, *address;
	} rows[] = {
		{ "mongodb://user:pass@a.example:1,b.example/x?replicaSet=rs0", "a.example:1,b.example:27017" },
		{ "mongodb://user:pass@[::1]:2/x", "[::1]:2" },
	};
	struct store *s = NULL;

	ck_assert_int_eq(store_open(&s, &(struct store_options){ .uri = rows[_i].uri }), 0);
	ck_assert_str_eq(store_address(s), rows[_i].address);
	store_close(s);
}
END_TEST

/* No call takes longer; the URI's own times count. */
START_TEST(patience_is_known)
{
	struct store *s = open_nowhere();
	int64_t start = clock_mono_ms();

	ck_assert_int_eq(store_patience_ms(s), 5 * 150);
	ck_assert_int_eq(store_ping(s), STORE_E_RETRY);
	ck_assert_int_lt(clock_mono_ms() - start, 5 * 150 + 2000);
	store_close(s);
	ck_assert_int_eq(store_open(&s, &(struct store_options){ .uri = "mongodb://h/x?socketTimeoutMS=1000",
						.timeout_ms = 100 }),
		0);
	ck_assert_int_eq(store_patience_ms(s), 100 + 2 * (100 + 1000));
	store_close(s);
}
END_TEST

START_TEST(closing_nothing_is_allowed)
{
	store_close(NULL);
	store_cursor_close(NULL);
	store_bulk_close(NULL);
}
END_TEST

START_TEST(no_server_is_a_retry_within_the_time)
{
	struct store *s = open_nowhere();
	bson_t doc = BSON_INITIALIZER;
	int64_t start = clock_mono_ms();

	ck_assert_int_eq(store_ping(s), STORE_E_RETRY);
	ck_assert_int_eq(store_insert(s, "c", &doc), STORE_E_RETRY);
	ck_assert(strstr(store_last_error(), "127.0.0.1:1") != NULL);
	ck_assert_int_lt(clock_mono_ms() - start, 5000);
	store_close(s);
	bson_destroy(&doc);
}
END_TEST

START_TEST(no_server_is_a_retry_of_a_bulk_and_reports_nothing)
{
	struct store *s = open_nowhere();
	struct store_bulk *b = NULL;
	bson_t *doc = BCON_NEW("_id", BCON_INT32(1));

	ck_assert_int_eq(store_bulk_open(s, "c", &b), 0);
	ck_assert_int_eq(store_bulk_run(b, NULL, NULL), 0); /* nothing to send */
	ck_assert_int_eq(store_bulk_insert(b, doc), 0);
	ck_assert_uint_eq(store_bulk_size(b), 1);
	ck_assert_int_eq(store_bulk_run(b, NULL, NULL), STORE_E_RETRY);
	ck_assert_uint_eq(store_bulk_size(b), 0);
	store_bulk_close(b);
	store_close(s);
	bson_destroy(doc);
}
END_TEST

START_TEST(waiting_for_a_connection_is_bounded)
{
	struct store *s = open_nowhere();
	struct store_cursor *c = NULL;
	bson_t all = BSON_INITIALIZER;
	int64_t start = clock_mono_ms();

	ck_assert_int_eq(store_find(s, "c", &all, NULL, &c), 0); /* holds the only one */
	ck_assert_int_eq(store_ping(s), STORE_E_RETRY);
	ck_assert_str_eq(store_last_error(), "every connection of the pool is in use");
	ck_assert_int_ge(clock_mono_ms() - start, 140);
	store_cursor_close(c);
	ck_assert_int_eq(store_find(s, "c", &all, NULL, &c), 0);
	store_cursor_close(c);
	store_close(s);
	bson_destroy(&all);
}
END_TEST

START_TEST(documents_that_can_never_be_stored)
{
	struct store *s = open_nowhere();
	struct store_bulk *b = NULL;
	bson_t *nameless = BCON_NEW("_id", BCON_INT32(1), "", BCON_INT32(2));
	bson_t large = BSON_INITIALIZER;
	static char bytes[(16 << 20) + 1];

	bson_append_binary(&large, "b", 1, BSON_SUBTYPE_BINARY, (const uint8_t *)bytes, sizeof bytes);
	ck_assert_int_eq(store_bulk_open(s, "c", &b), 0);
	ck_assert_int_eq(store_bulk_insert(b, nameless), STORE_E_POISON);
	ck_assert_int_eq(store_bulk_insert(b, &large), STORE_E_POISON);
	ck_assert_int_eq(store_bulk_update_one(b, nameless, &large, true), STORE_E_POISON);
	ck_assert_uint_eq(store_bulk_size(b), 0);
	ck_assert_int_eq(store_bulk_run(b, NULL, NULL), 0);
	ck_assert_int_eq(store_insert(s, "c", nameless), STORE_E_POISON);
	ck_assert_int_eq(store_insert(s, "c", &large), STORE_E_POISON);
	store_bulk_close(b);
	store_close(s);
	bson_destroy(nameless);
	bson_destroy(&large);
}
END_TEST

START_TEST(options_that_make_no_sense_are_fatal)
{
	struct store *s = open_nowhere();
	struct store_cursor *c = NULL;
	bson_t all = BSON_INITIALIZER;
	bson_t *options = BCON_NEW("readConcern", BCON_INT32(5));

	ck_assert_int_lt(store_find(s, "c", &all, options, &c), 0);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(store_ping(s), STORE_E_RETRY); /* the connection came back to the pool */
	ck_assert_str_ne(store_last_error(), "every connection of the pool is in use");
	store_close(s);
	bson_destroy(options);
}
END_TEST

START_TEST(memory_runs_out)
{
	bson_t doc = BSON_INITIALIZER;

	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct store *s = NULL;
		struct store_bulk *b = NULL;
		struct store_cursor *c = NULL;
		int r = store_open(&s, &nowhere);
		if (r == 0)
			r = store_bulk_open(s, "c", &b);
		if (r == 0)
			r = store_bulk_insert(b, &doc);
		if (r == 0)
			r = store_find(s, "c", &doc, NULL, &c);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
		store_cursor_close(c);
		store_bulk_close(b);
		store_close(s);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pool");
	TCase *c = tcase_create("pool");

	tcase_set_timeout(c, 30);
	tcase_add_loop_test(c, a_bad_uri_is_refused_without_being_quoted, 0, 5);
	tcase_add_loop_test(c, where_it_is, 0, 2);
	tcase_add_test(c, patience_is_known);
	tcase_add_test(c, closing_nothing_is_allowed);
	tcase_add_test(c, no_server_is_a_retry_within_the_time);
	tcase_add_test(c, no_server_is_a_retry_of_a_bulk_and_reports_nothing);
	tcase_add_test(c, waiting_for_a_connection_is_bounded);
	tcase_add_test(c, documents_that_can_never_be_stored);
	tcase_add_test(c, options_that_make_no_sense_are_fatal);
	tcase_add_test(c, memory_runs_out);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
