/* test_range - ranges of a clustered collection on a real server. Skipped where PETTRACK_TEST_MONGODB names none. */
#include "base/uuid.h"
#include "store/range.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

enum { SKIPPED = 77, EACH = 25 };

static struct store *store;
static char uri[512];

/* As PETTRACK_TEST_MONGODB, with a database that nobody else has. */
static void make_uri(void)
{
	const char *given = getenv("PETTRACK_TEST_MONGODB"), *host = strstr(given, "://") + 3;
	const char *path = host + strcspn(host, "/?"), *query = strchr(host, '?');
	char text[UUID_TEXT_SIZE];
	struct uuid id;

	ck_assert_int_eq(uuid_random(&id), 0);
	uuid_format(text, &id);
	snprintf(uri, sizeof uri, "%.*s/test-range-%s%s", (int)(path - given), given, text, query ? query : "");
}

static bson_t *key(int device, int time)
{
	return BCON_NEW("d", BCON_INT32(device), "t", BCON_DATE_TIME(time));
}

static void insert(int device, int time)
{
	bson_t *id = key(device, time), *doc = BCON_NEW("_id", BCON_DOCUMENT(id));

	ck_assert_int_eq(store_insert(store, "r", doc), 0);
	bson_destroy(doc);
	bson_destroy(id);
}

/* Three devices with EACH documents at 0, 10, 20 ... */
static void setup(void)
{
	bson_t *clustered =
		BCON_NEW("clusteredIndex", "{", "key", "{", "_id", BCON_INT32(1), "}", "unique", BCON_BOOL(true), "}");

	make_uri();
	ck_assert_int_eq(
		store_open(&store,
			&(struct store_options){ .uri = uri, .app_name = "test", .pool_max = 2, .create = true }),
		0);
	ck_assert_int_eq(store_collection_ensure(store, "r", clustered), 0);
	bson_destroy(clustered);
	for (int device = 1; device <= 3; device++)
		for (int i = 0; i < EACH; i++)
			insert(device, 10 * i);
}

static void teardown(void)
{
	bson_t all = BSON_INITIALIZER;

	ck_assert_int_eq(store_delete_many(store, "r", &all, NULL), 0);
	store_close(store);
}

static int64_t count(int device, int from, int to)
{
	bson_t *low = key(device, from), *high = key(device, to);
	const struct range range = { "r", low, high };
	int64_t n = -1;

	ck_assert_int_eq(range_count(store, &range, &n), 0);
	bson_destroy(low);
	bson_destroy(high);
	return n;
}

static int64_t all_of(int device)
{
	return count(device, -1, 10 * EACH);
}

START_TEST(counting)
{
	ck_assert_int_eq(all_of(2), EACH);
	ck_assert_int_eq(count(2, 10, 30), 2); /* from the first on, up to but without the second */
	ck_assert_int_eq(count(2, 11, 30), 1);
	ck_assert_int_eq(count(2, 10, 31), 3);
	ck_assert_int_eq(count(2, 10, 10), 0);
	ck_assert_int_eq(count(9, 0, 1000), 0);
}
END_TEST

/* How many are to be deleted at once, and how many calls that takes; 24 are there to delete. */
static const struct {
	int64_t max;
	int calls;
} pieces[] = {
	{ 1, 25 }, /* the last finds nothing */
	{ 7, 4 },
	{ 12, 3 },
	{ 24, 2 },
	{ 25, 1 },
	{ 1000, 1 },
};

START_TEST(deleting_piece_by_piece)
{
	bson_t *low = key(2, 0), *high = key(2, 10 * (EACH - 1));
	const struct range range = { "r", low, high };
	int64_t n, sum = 0;
	bool more = true;
	int calls = 0;

	for (; more; calls++, sum += n) {
		ck_assert_int_eq(range_delete(store, &range, pieces[_i].max, &n, &more), 0);
		ck_assert_int_le(n, pieces[_i].max);
		ck_assert_int_eq(n < pieces[_i].max, !more);
		ck_assert_int_eq(count(2, 10 * (int)(sum + n), 10 * EACH), EACH - sum - n); /* the lowest are gone */
		ck_assert_int_eq(all_of(2), EACH - sum - n);
	}
	ck_assert_int_eq(sum, EACH - 1);
	ck_assert_int_eq(calls, pieces[_i].calls);
	ck_assert_int_eq(all_of(1), EACH);
	ck_assert_int_eq(all_of(3), EACH);
	bson_destroy(low);
	bson_destroy(high);
}
END_TEST

START_TEST(nobody_there)
{
	bson_t *low = key(2, 0), *high = key(2, 10);
	const struct range range = { "r", low, high };
	struct store *away;
	int64_t n = 77;
	bool more = true;

	ck_assert_int_eq(
		store_open(&away, &(struct store_options){ .uri = "mongodb://127.0.0.1:1/x", .timeout_ms = 100 }), 0);
	ck_assert_int_eq(range_count(away, &range, &n), STORE_E_RETRY);
	ck_assert_int_eq(range_delete(away, &range, 5, &n, &more), STORE_E_RETRY);
	ck_assert_int_eq(n, 77);
	ck_assert(more);
	store_close(away);
	bson_destroy(low);
	bson_destroy(high);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("range");
	TCase *c = tcase_create("range");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, counting);
	tcase_add_loop_test(c, deleting_piece_by_piece, 0, (int)(sizeof pieces / sizeof *pieces));
	tcase_add_test(c, nobody_there);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	if (!getenv("PETTRACK_TEST_MONGODB"))
		return SKIPPED;
	SRunner *r = srunner_create(suite());
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
