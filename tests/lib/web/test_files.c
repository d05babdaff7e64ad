#include "web/files.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/pettrack-files-XXXXXX";

static void put(const char *name, const char *content)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(content, f);
	fclose(f);
}

static void make(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void drop(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	remove(path);
}

static void setup(void)
{
	char link[128];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	make("lib");
	put("index.html", "<html>");
	put("lib/map.js", "let x;");
	put("lib/mark.png", "");
	put("unknown.xyz", "?");
	put(".secret", "no");
	snprintf(link, sizeof link, "%s/passwd", dir);
	ck_assert_int_eq(symlink("/etc/passwd", link), 0);
}

static void teardown(void)
{
	static const char *const all[] = { "lib/map.js", "lib/mark.png", "lib", "index.html", "unknown.xyz", ".secret",
		"passwd", "." };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		drop(all[i]);
	rmdir(dir);
}

START_TEST(found_by_whole_name)
{
	struct files *f = NULL;

	ck_assert_int_eq(files_open(&f, dir), 0);
	ck_assert_str_eq(files_find(f, "index.html")->type, "text/html; charset=utf-8");
	ck_assert_str_eq(files_find(f, "lib/map.js")->type, "text/javascript; charset=utf-8");
	ck_assert_uint_eq(files_find(f, "lib/map.js")->len, 6);
	ck_assert_mem_eq(files_find(f, "lib/map.js")->bytes, "let x;", 6);
	ck_assert_str_eq(files_find(f, "lib/mark.png")->type, "image/png");
	ck_assert_uint_eq(files_find(f, "lib/mark.png")->len, 0);
	ck_assert_str_eq(files_find(f, "unknown.xyz")->type, "application/octet-stream");
	ck_assert_ptr_null(files_find(f, "lib"));
	ck_assert_ptr_null(files_find(f, "lib/"));
	ck_assert_ptr_null(files_find(f, ""));
	ck_assert_ptr_null(files_find(f, ".secret"));
	ck_assert_ptr_null(files_find(f, "passwd"));
	ck_assert_ptr_null(files_find(f, "../files/index.html"));
	files_close(f);
}
END_TEST

START_TEST(the_tag_follows_the_content)
{
	struct files *f = NULL;
	char before[20];

	ck_assert_int_eq(files_open(&f, dir), 0);
	strcpy(before, files_find(f, "index.html")->etag);
	ck_assert_str_eq(before, files_find(f, "index.html")->etag);
	files_close(f);
	put("index.html", "<HTML>");
	ck_assert_int_eq(files_open(&f, dir), 0);
	ck_assert_str_ne(before, files_find(f, "index.html")->etag);
	files_close(f);
}
END_TEST

START_TEST(what_cannot_be_read)
{
	struct files *f = NULL;
	char path[128];

	ck_assert_int_eq(files_open(&f, "/nonexistent"), -ENOENT);
	snprintf(path, sizeof path, "%s/index.html", dir);
	ck_assert_int_eq(files_open(&f, path), -ENOTDIR);
	snprintf(path, sizeof path, "%s/index.html", dir);
	ck_assert_int_eq(truncate(path, (64 << 20) + 1), 0);
	ck_assert_int_eq(files_open(&f, dir), -EFBIG);
	ck_assert_ptr_null(f);
	files_close(NULL);
}
END_TEST

START_TEST(memory_runs_out)
{
	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct files *f = NULL;
		int r = files_open(&f, dir);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0);
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
		files_close(f);
	}
}
END_TEST

START_TEST(lists_of_tags)
{
	ck_assert(files_etag_listed("\"a\"", "\"a\""));
	ck_assert(files_etag_listed("\"b\", \"a\"", "\"a\""));
	ck_assert(files_etag_listed("W/\"b\",W/\"a\"", "\"a\""));
	ck_assert(files_etag_listed("*", "\"a\""));
	ck_assert(!files_etag_listed("", "\"a\""));
	ck_assert(!files_etag_listed("\"b\"", "\"a\""));
	ck_assert(!files_etag_listed("a", "\"a\""));
	ck_assert(!files_etag_listed(",,, ,", "\"a\""));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("files");
	TCase *c = tcase_create("files");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, found_by_whole_name);
	tcase_add_test(c, the_tag_follows_the_content);
	tcase_add_test(c, what_cannot_be_read);
	tcase_add_test(c, memory_runs_out);
	tcase_add_test(c, lists_of_tags);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
