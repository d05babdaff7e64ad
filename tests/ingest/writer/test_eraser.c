#include "ingest/writer/eraser.h"
#include "tests/lib/unit.h"

#include <string.h>

#define ID "0190163d-8694-739b-aea5-966c26f8ad90"

static const struct {
	const char *value;
	bool deleted;
} rows[] = {
	{ "{\"event\":\"deleted\",\"id\":\"" ID "\",\"identifier\":\"35\"}", true },
	{ "{\"event\":\"deleted\",\"id\":\"" ID "\"}", true },
	{ "{\"event\":\"created\",\"id\":\"" ID "\",\"identifier\":\"35\"}", false },
	{ "{\"event\":\"changed\",\"id\":\"" ID "\",\"identifier\":\"35\"}", false },
	{ "{\"event\":\"deleted\",\"id\":\"0190163d\",\"identifier\":\"35\"}", false },
	{ "{\"event\":\"deleted\",\"id\":7}", false },
	{ "{\"event\":\"deleted\"}", false },
	{ "{\"id\":\"" ID "\"}", false },
	{ "[\"deleted\",\"" ID "\"]", false },
	{ "{\"event\":\"deleted\",\"id\":\"" ID "\"", false },
	{ "", false },
};

START_TEST(only_a_deletion_is_one)
{
	struct uuid id;
	char text[UUID_TEXT_SIZE];

	ck_assert_int_eq(eraser_reads(rows[_i].value, strlen(rows[_i].value), &id), rows[_i].deleted);
	if (rows[_i].deleted) {
		uuid_format(text, &id);
		ck_assert_str_eq(text, ID);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer eraser");
	TCase *t = tcase_create("eraser");

	tcase_add_loop_test(t, only_a_deletion_is_one, 0, (int)(sizeof rows / sizeof *rows));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
