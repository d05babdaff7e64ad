#include "zip/zip.h"
#include "tests/lib/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

/* What the sink got. */
static struct {
	char bytes[1 << 20];
	size_t n;
	size_t takes; /* so many bytes, then no more */
} got;

static bool sink(void *owner, const void *bytes, size_t n)
{
	ck_assert_ptr_eq(owner, &got);
	if (got.n + n > got.takes)
		return false;
	memcpy(got.bytes + got.n, bytes, n);
	got.n += n;
	return true;
}

static struct zip *open_zip(size_t takes)
{
	struct zip *z;

	got.n = 0;
	got.takes = takes;
	ck_assert_int_eq(zip_open(&z, sink, &got), 0);
	return z;
}

/* Reads the next entry, which must be @name and hold @text. */
static void expect_entry(struct archive *a, const char *name, const char *text)
{
	struct archive_entry *e;
	char read[4096] = "";

	ck_assert_int_eq(archive_read_next_header(a, &e), ARCHIVE_OK);
	ck_assert_str_eq(archive_entry_pathname(e), name);
	ck_assert_int_eq(archive_read_data(a, read, sizeof read - 1), (la_ssize_t)strlen(text));
	ck_assert_str_eq(read, text);
}

static struct archive *reader(void)
{
	struct archive *a = archive_read_new();

	ck_assert_int_eq(archive_read_support_format_zip(a), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_open_memory(a, got.bytes, got.n), ARCHIVE_OK);
	return a;
}

START_TEST(what_is_written_is_read)
{
	struct zip *z = open_zip(sizeof got.bytes);

	ck_assert_int_eq(zip_entry(z, "a.json", 1700000000000), 0);
	ck_assert_int_eq(zip_write(z, "[1", 2), 0);
	ck_assert_int_eq(zip_write(z, "", 0), 0);
	ck_assert_int_eq(zip_write(z, ",2]", 3), 0);
	ck_assert_int_eq(zip_entry(z, "b/empty", 1700000000000), 0);
	ck_assert_int_eq(zip_entry(z, "b/c", 1700000000000), 0);
	ck_assert_int_eq(zip_write(z, "c", 1), 0);
	ck_assert_int_eq(zip_finish(z), 0);
	zip_close(z);

	struct archive *a = reader();
	struct archive_entry *e;
	expect_entry(a, "a.json", "[1,2]");
	expect_entry(a, "b/empty", "");
	expect_entry(a, "b/c", "c");
	ck_assert_int_eq(archive_read_next_header(a, &e), ARCHIVE_EOF);
	archive_read_free(a);
}
END_TEST

/* It leaves as it is made: what is large does not wait for the end. */
START_TEST(nothing_is_gathered)
{
	struct zip *z = open_zip(sizeof got.bytes);
	uint32_t noise = 1;
	size_t before = 0;

	ck_assert_int_eq(zip_entry(z, "noise", 0), 0);
	for (int i = 0; i < 8; i++) {
		uint32_t block[16 * 1024];
		for (size_t k = 0; k < sizeof block / sizeof *block; k++)
			block[k] = noise = noise * 1664525 + 1013904223;
		ck_assert_int_eq(zip_write(z, block, sizeof block), 0);
		ck_assert_uint_gt(got.n, before);
		before = got.n;
	}
	zip_close(z);
}
END_TEST

START_TEST(one_that_is_not_finished_has_no_directory)
{
	struct zip *z = open_zip(sizeof got.bytes);

	ck_assert_int_eq(zip_entry(z, "a", 0), 0);
	ck_assert_int_eq(zip_write(z, "a", 1), 0);
	zip_close(z);
	ck_assert_ptr_null(memmem(got.bytes, got.n, "PK\5\6", 4));
	zip_close(NULL);
}
END_TEST

START_TEST(a_sink_that_takes_no_more)
{
	struct zip *z = open_zip(40000);
	int r = zip_entry(z, "a", 0);
	uint32_t noise = 1;

	for (int i = 0; i < 100000 && r == 0; i++) {
		noise = noise * 1664525 + 1013904223;
		r = zip_write(z, &noise, sizeof noise);
	}
	ck_assert_int_eq(r, -EPIPE);
	zip_close(z);
	ck_assert_ptr_null(memmem(got.bytes, got.n, "PK\5\6", 4));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lib/zip");
	TCase *t = tcase_create("zip");

	tcase_add_test(t, what_is_written_is_read);
	tcase_add_test(t, nothing_is_gathered);
	tcase_add_test(t, one_that_is_not_finished_has_no_directory);
	tcase_add_test(t, a_sink_that_takes_no_more);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
