#include "cli/simulation/identities.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/pettrack-devices-XXXXXX";
static char fault[IDENTITIES_FAULT_SIZE];

static void write_file(const char *text)
{
	FILE *f = fdopen(mkstemp(path), "w");

	fputs(text, f);
	fclose(f);
}

START_TEST(both_ways)
{
	struct identities i = { 0 }, back;
	struct stat st;

	ck_assert_int_eq(identities_add(&i, "misty", "s3cret"), 0);
	ck_assert_int_eq(identities_add(&i, "356307042441013", ""), 0);
	close(mkstemp(path));
	ck_assert_int_eq(identities_write(&i, path), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(identities_read(&back, path, fault), 0);
	unlink(path);
	ck_assert_uint_eq(back.n, 2);
	ck_assert_str_eq(back.items[0].identifier, "misty");
	ck_assert_str_eq(back.items[0].secret, "s3cret");
	ck_assert_str_eq(back.items[1].secret, "");
	identities_free(&back);
	identities_free(&i);
}
END_TEST

START_TEST(other_members_and_blank_lines_do_not_matter)
{
	struct identities i;

	write_file("{\"id\":\"x\",\"identifier\":\"a\",\"secret\":\"b\",\"name\":\"c\"}\n\n {\"identifier\":\"d\"}");
	ck_assert_int_eq(identities_read(&i, path, fault), 0);
	unlink(path);
	ck_assert_uint_eq(i.n, 2);
	ck_assert_str_eq(i.items[1].identifier, "d");
	identities_free(&i);
}
END_TEST

#define LONG_64 "1234567890123456789012345678901234567890123456789012345678901234"

static const struct {
	const char *text, *fault;
} bad[] = {
	{ "", "no device in this file" },
	{ "\n{\"identifier\":1}\n", "line 2: not {" },
	{ "identifier\n", "line 1: not {" },
	{ "{\"identifier\":\"" LONG_64 "5\"}\n", "line 1: the identifier or the secret is too long" },
	{ "{\"identifier\":\"a\",\"secret\":\"" LONG_64 LONG_64 "9\"}\n",
		"line 1: the identifier or the secret is too long" },
};

START_TEST(refuses)
{
	struct identities i = { .n = 77 };

	write_file(bad[_i].text);
	ck_assert_int_eq(identities_read(&i, path, fault), IDENTITIES_E_MALFORMED);
	unlink(path);
	ck_assert_msg(!strncmp(fault, bad[_i].fault, strlen(bad[_i].fault)), "%s", fault);
	ck_assert_uint_eq(i.n, 77);
}
END_TEST

START_TEST(no_file)
{
	struct identities i = { 0 };

	ck_assert_int_eq(identities_read(&i, "/nowhere/at all", fault), -ENOENT);
	ck_assert_int_eq(identities_write(&i, "/nowhere/at all"), -ENOENT);
}
END_TEST

START_TEST(without_memory)
{
	struct identities i = { 0 };

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = identities_add(&i, "a", "b");
		ck_assert_int_eq(r, failing_alloc_happened() ? -ENOMEM : 0);
	}
	ck_assert_uint_eq(i.n, 1);
	identities_free(&i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("identities");
	TCase *c = tcase_create("identities");

	tcase_add_test(c, both_ways);
	tcase_add_test(c, other_members_and_blank_lines_do_not_matter);
	tcase_add_loop_test(c, refuses, 0, (int)(sizeof bad / sizeof *bad));
	tcase_add_test(c, no_file);
	tcase_add_test(c, without_memory);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
