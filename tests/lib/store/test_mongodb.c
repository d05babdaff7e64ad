/* test_mongodb - lib/store against a real server, in a database of its own. */
#include "base/uuid.h"
#include "store/store.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SKIPPED = 77 };

static struct store *store;
static char uri[512];

/* mongodb://host:port/DATABASE?options with a database that nobody else has. */
static void make_uri(const char *given)
{
	const char *host = strstr(given, "://") + 3;
	size_t path = strcspn(host, "/?");
	const char *query = strchr(host, '?');
	struct uuid id;
	char text[UUID_TEXT_SIZE];

	ck_assert_int_eq(uuid_random(&id), 0);
	uuid_format(text, &id);
	snprintf(uri, sizeof uri, "%.*s/test-store-%s%s", (int)(host + path - given), given, text, query ? query : "");
}

static char made[256]; /* what was told as made: "kind name," each */

static void on_made(const char *kind, const char *name)
{
	snprintf(made + strlen(made), sizeof made - strlen(made), "%s %s,", kind, name);
}

static void setup(void)
{
	const struct store_options options = {
		.uri = uri, .app_name = "test", .pool_max = 4, .timeout_ms = 50000, .create = true, .made = on_made
	};

	make_uri(getenv("PETTRACK_TEST_MONGODB"));
	ck_assert_int_eq(store_open(&store, &options), 0);
	ck_assert_int_eq(store_ping(store), 0);
}

static void teardown(void)
{
	static const char *const collections[] = { "c", "clustered", "u" };
	bson_t all = BSON_INITIALIZER;

	for (size_t i = 0; i < sizeof collections / sizeof *collections; i++)
		ck_assert_int_eq(store_delete_many(store, collections[i], &all, NULL), 0);
	store_close(store);
}

static bson_t *number(int id)
{
	return BCON_NEW("_id", BCON_INT32(id), "n", BCON_INT32(0));
}

static void insert(int id)
{
	bson_t *doc = number(id);

	ck_assert_int_eq(store_insert(store, "c", doc), 0);
	bson_destroy(doc);
}

/* The field "n" of the document @id. */
static int n_of(int id)
{
	bson_t *filter = BCON_NEW("_id", BCON_INT32(id)), *doc = NULL;
	bson_iter_t i;

	ck_assert_int_eq(store_find_one(store, "c", filter, NULL, &doc), 0);
	ck_assert(bson_iter_init_find(&i, doc, "n"));
	int n = (int)bson_iter_as_int64(&i);
	bson_destroy(doc);
	bson_destroy(filter);
	return n;
}

START_TEST(one_document)
{
	bson_t *one = number(1), *two = BCON_NEW("_id", BCON_INT32(2)), *found = NULL;
	bson_t *plus = BCON_NEW("$inc", "{", "n", BCON_INT32(1), "}");

	ck_assert_int_eq(store_insert(store, "c", one), 0);
	ck_assert_int_eq(store_insert(store, "c", one), STORE_E_DUPLICATE);
	ck_assert_int_eq(store_find_one(store, "c", two, NULL, &found), STORE_E_MISSING);
	ck_assert_ptr_null(found);
	ck_assert_int_eq(store_update_one(store, "c", two, plus, false), STORE_E_MISSING);
	ck_assert_int_eq(store_update_one(store, "c", two, plus, true), 0);
	ck_assert_int_eq(n_of(2), 1);
	ck_assert_int_eq(store_delete_one(store, "c", two), 0);
	ck_assert_int_eq(store_delete_one(store, "c", two), STORE_E_MISSING);
	bson_destroy(one);
	bson_destroy(two);
	bson_destroy(plus);
}
END_TEST

START_TEST(find_and_modify_gives_before_or_after)
{
	bson_t *filter = BCON_NEW("_id", BCON_INT32(1)), *nobody = BCON_NEW("_id", BCON_INT32(9)), *doc = NULL;
	bson_t *plus = BCON_NEW("$inc", "{", "n", BCON_INT32(1), "}");

	insert(1);
	for (int after = 0; after < 2; after++) {
		bson_iter_t i;
		ck_assert_int_eq(store_find_and_modify(store, "c", filter, plus, after, &doc), 0);
		ck_assert(bson_iter_init_find(&i, doc, "n"));
		ck_assert_int_eq(bson_iter_int32(&i), after * 2);
		bson_destroy(doc);
	}
	doc = NULL;
	ck_assert_int_eq(store_find_and_modify(store, "c", nobody, plus, true, &doc), STORE_E_MISSING);
	ck_assert_ptr_null(doc);
	bson_destroy(filter);
	bson_destroy(nobody);
	bson_destroy(plus);
}
END_TEST

START_TEST(many_documents)
{
	bson_t all = BSON_INITIALIZER;
	bson_t *plus = BCON_NEW("$inc", "{", "n", BCON_INT32(1), "}");
	int64_t n = -1;

	for (int i = 0; i < 5; i++)
		insert(i);
	ck_assert_int_eq(store_update_many(store, "c", &all, plus, &n), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(n_of(4), 1);
	ck_assert_int_eq(store_delete_many(store, "c", &all, &n), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(store_delete_many(store, "c", &all, NULL), 0);
	bson_destroy(plus);
}
END_TEST

START_TEST(a_cursor_reads_all_in_order)
{
	bson_t all = BSON_INITIALIZER;
	bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(-1), "}", "batchSize", BCON_INT32(3));
	struct store_cursor *c = NULL;
	const bson_t *doc;

	for (int i = 0; i < 10; i++)
		insert(i);
	ck_assert_int_eq(store_find(store, "c", &all, options, &c), 0);
	for (int want = 9; want >= 0; want--) {
		bson_iter_t i;
		ck_assert_int_eq(store_next(c, &doc), 0);
		ck_assert(bson_iter_init_find(&i, doc, "_id"));
		ck_assert_int_eq(bson_iter_int32(&i), want);
	}
	ck_assert_int_eq(store_next(c, &doc), STORE_E_MISSING);
	store_cursor_close(c);
	bson_destroy(options);
}
END_TEST

START_TEST(a_collection_and_an_index_are_made_once)
{
	bson_t *clustered =
		BCON_NEW("clusteredIndex", "{", "key", "{", "_id", BCON_INT32(1), "}", "unique", BCON_BOOL(true), "}");
	bson_t *keys = BCON_NEW("email", BCON_INT32(1));
	bson_t *unique = BCON_NEW("unique", BCON_BOOL(true)), *other = BCON_NEW("unique", BCON_BOOL(false));
	bson_t *user = BCON_NEW("email", "a@b.c");

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(store_collection_ensure(store, "clustered", clustered), 0);
		ck_assert_int_eq(store_index_ensure(store, "u", keys, unique), 0);
	}
	ck_assert_str_eq(made, "collection clustered,index u.email_1,");
	ck_assert_int_eq(store_index_ensure(store, "u", keys, other), -EEXIST);
	ck_assert_int_eq(store_insert(store, "u", user), 0);
	ck_assert_int_eq(store_insert(store, "u", user), STORE_E_DUPLICATE);
	ck_assert_ptr_null(strstr(store_last_error(), "a@b.c"));
	bson_destroy(clustered);
	bson_destroy(keys);
	bson_destroy(unique);
	bson_destroy(other);
	bson_destroy(user);
}
END_TEST

/* One that may not make anything sees what somebody else makes, and says what is missing. */
START_TEST(what_may_not_be_made_is_looked_for)
{
	bson_t *keys = BCON_NEW("email", BCON_INT32(1)), *named = BCON_NEW("name", BCON_UTF8("mail"));
	bson_t none = BSON_INITIALIZER;
	struct store *looker;

	ck_assert_int_eq(store_open(&looker, &(struct store_options){ .uri = uri, .timeout_ms = 50000 }), 0);
	ck_assert_int_eq(store_collection_ensure(looker, "absent", &none), STORE_E_MISSING);
	ck_assert_str_eq(store_last_error(), "collection absent is missing, and MONGODB_CREATE_INDEXES is false");
	ck_assert_int_eq(store_index_ensure(looker, "absent", keys, named), STORE_E_MISSING);
	ck_assert_str_eq(store_last_error(), "index absent.mail is missing, and MONGODB_CREATE_INDEXES is false");

	ck_assert_int_eq(store_collection_ensure(store, "clustered", &none), 0);
	ck_assert_int_eq(store_collection_ensure(looker, "clustered", &none), 0);
	ck_assert_int_eq(store_index_ensure(looker, "clustered", keys, named), STORE_E_MISSING);
	ck_assert_int_eq(store_index_ensure(store, "clustered", keys, named), 0);
	ck_assert_int_eq(store_index_ensure(looker, "clustered", keys, named), 0);
	ck_assert_int_eq(store_index_ensure(looker, "clustered", keys, NULL), STORE_E_MISSING);
	store_close(looker);
	bson_destroy(keys);
	bson_destroy(named);
}
END_TEST

static int make_nothing(struct store *s)
{
	(void)s;
	return 0;
}

static int make_clustered(struct store *s)
{
	bson_t none = BSON_INITIALIZER;

	return store_collection_ensure(s, "clustered", &none);
}

START_TEST(all_of_a_program_at_once)
{
	int (*const make[])(struct store * s) = { make_nothing, make_clustered, NULL };
	struct store_needs needs = { store, make };
	const char *why;

	ck_assert_int_eq(store_prepare(&needs, &why), 0);
	ck_assert_str_eq(made, "collection clustered,");
	ck_assert_int_eq(store_open(&needs.store,
				 &(struct store_options){ .uri = "mongodb://127.0.0.1:1/x", .timeout_ms = 100 }),
		0);
	ck_assert_int_eq(store_prepare(&needs, &why), STORE_E_RETRY);
	ck_assert_msg(strstr(why, "127.0.0.1:1"), "said: %s", why);
	store_close(needs.store);
}
END_TEST

struct faults {
	size_t n, last;
	int r;
};

static void count_fault(void *owner, size_t index, int r, const char *why)
{
	struct faults *f = owner;

	ck_assert_ptr_nonnull(why);
	f->n++;
	f->last = index;
	f->r = r;
}

static void bulk_insert(struct store_bulk *b, int id)
{
	bson_t *doc = number(id);

	ck_assert_int_eq(store_bulk_insert(b, doc), 0);
	bson_destroy(doc);
}

START_TEST(a_bulk_stores_what_is_new)
{
	struct store_bulk *b = NULL;
	struct faults f = { 0 };

	insert(700);
	ck_assert_int_eq(store_bulk_open(store, "c", &b), 0);
	for (int i = 0; i < 1000; i++)
		bulk_insert(b, i);
	ck_assert_int_eq(store_bulk_run(b, count_fault, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.last, 700);
	ck_assert_int_eq(f.r, STORE_E_DUPLICATE);
	ck_assert_int_eq(n_of(999), 0);

	f = (struct faults){ 0 };
	for (int i = 0; i < 1001; i++) /* all but the last one again */
		bulk_insert(b, i);
	ck_assert_int_eq(store_bulk_run(b, count_fault, &f), 0);
	ck_assert_uint_eq(f.n, 1000);
	ck_assert_int_eq(n_of(1000), 0);
	store_bulk_close(b);
}
END_TEST

/* More than one part: 60,000 writes, then another kind. */
START_TEST(a_bulk_of_several_commands_counts_on)
{
	struct store_bulk *b = NULL;
	struct faults f = { 0 };
	bson_t *filter = BCON_NEW("_id", BCON_INT32(5)), *plus = BCON_NEW("$inc", "{", "n", BCON_INT32(1), "}");

	insert(59999);
	ck_assert_int_eq(store_bulk_open(store, "c", &b), 0);
	for (int i = 0; i < 60000; i++)
		bulk_insert(b, i);
	ck_assert_int_eq(store_bulk_update_one(b, filter, plus, false), 0);
	ck_assert_uint_eq(store_bulk_size(b), 60001);
	ck_assert_int_eq(store_bulk_run(b, count_fault, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.last, 59999);
	ck_assert_int_eq(n_of(5), 1);
	store_bulk_close(b);
	bson_destroy(filter);
	bson_destroy(plus);
}
END_TEST

START_TEST(a_bulk_update_that_breaks_a_key_is_reported)
{
	struct store_bulk *b = NULL;
	struct faults f = { 0 };
	/* Nothing matches, so that the upsert inserts an _id that exists: what happens to a fix older than the last one. */
	bson_t *newer = BCON_NEW("_id", BCON_INT32(1), "n", "{", "$gt", BCON_INT32(5), "}");
	bson_t *set = BCON_NEW("$set", "{", "n", BCON_INT32(9), "}");

	insert(1);
	ck_assert_int_eq(store_bulk_open(store, "c", &b), 0);
	ck_assert_int_eq(store_bulk_update_one(b, newer, set, true), 0);
	ck_assert_int_eq(store_bulk_run(b, count_fault, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_int_eq(f.r, STORE_E_DUPLICATE);
	ck_assert_int_eq(n_of(1), 0);
	store_bulk_close(b);
	bson_destroy(newer);
	bson_destroy(set);
}
END_TEST

START_TEST(what_the_server_refuses_is_poison)
{
	bson_t *keys = BCON_NEW("loc", "2dsphere");
	bson_t *nowhere = BCON_NEW("_id", BCON_INT32(1), "loc", "{", "type", "Point", "coordinates", "[",
		BCON_DOUBLE(500), BCON_DOUBLE(91), "]", "}");
	struct store_bulk *b = NULL;
	struct faults f = { 0 };

	ck_assert_int_eq(store_index_ensure(store, "u", keys, NULL), 0);
	ck_assert_int_eq(store_insert(store, "u", nowhere), STORE_E_POISON);
	ck_assert_int_eq(store_bulk_open(store, "u", &b), 0);
	ck_assert_int_eq(store_bulk_insert(b, nowhere), 0);
	ck_assert_int_eq(store_bulk_run(b, count_fault, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_int_eq(f.r, STORE_E_POISON);
	store_bulk_close(b);
	bson_destroy(keys);
	bson_destroy(nowhere);
}
END_TEST

static void *insert_a_hundred(void *arg)
{
	int first = *(int *)arg;

	for (int i = 0; i < 100; i++)
		insert(first + i);
	return NULL;
}

START_TEST(threads_share_the_pool)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	int first[THREADS];
	bson_t all = BSON_INITIALIZER;
	int64_t n = 0;

	for (int i = 0; i < THREADS; i++) {
		first[i] = i * 1000;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, insert_a_hundred, &first[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(store_delete_many(store, "c", &all, &n), 0);
	ck_assert_int_eq(n, THREADS * 100);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mongodb");
	TCase *c = tcase_create("mongodb");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, one_document);
	tcase_add_test(c, find_and_modify_gives_before_or_after);
	tcase_add_test(c, many_documents);
	tcase_add_test(c, a_cursor_reads_all_in_order);
	tcase_add_test(c, a_collection_and_an_index_are_made_once);
	tcase_add_test(c, what_may_not_be_made_is_looked_for);
	tcase_add_test(c, all_of_a_program_at_once);
	tcase_add_test(c, a_bulk_stores_what_is_new);
	tcase_add_test(c, a_bulk_of_several_commands_counts_on);
	tcase_add_test(c, a_bulk_update_that_breaks_a_key_is_reported);
	tcase_add_test(c, what_the_server_refuses_is_poison);
	tcase_add_test(c, threads_share_the_pool);
	suite_add_tcase(s, c);
	return s;
}

static int run(void)
{
	SRunner *runner = srunner_create(suite());

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
	const char *given = getenv("PETTRACK_TEST_MONGODB");

	return given && strstr(given, "://") ? run() : SKIPPED;
}
