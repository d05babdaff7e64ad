#include "base/text.h"
#include "cli/simulation/dialect.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(found_by_name)
{
	for (const struct dialect *const *d = dialects; *d; d++)
		ck_assert_ptr_eq(dialect_find((*d)->name), *d);
	ck_assert_ptr_null(dialect_find("teltonika")); /* of which codec? */
	ck_assert_ptr_null(dialect_find(""));
}
END_TEST

START_TEST(found_by_protocol_and_codec)
{
	for (const struct dialect *const *d = dialects; *d; d++)
		ck_assert_ptr_eq(dialect_speaking((*d)->protocol, (*d)->codec ? (*d)->codec : "8"), *d);
	ck_assert_ptr_null(dialect_speaking("teltonika", "12"));
	ck_assert_ptr_null(dialect_speaking("teltonika-8", "8"));
}
END_TEST

/* What a tracker does with them. */
START_TEST(each_is_whole)
{
	for (const struct dialect *const *at = dialects; *at; at++) {
		const struct dialect *d = *at;
		ck_assert_msg(d->port > 0 && d->records_max > 0 && d->frame, "%s", d->name);
		ck_assert_msg(d->silent == !d->read, "%s", d->name);
		ck_assert_msg(!d->udp || !d->login, "%s", d->name);
	}
}
END_TEST

START_TEST(lists)
{
	char names[512];
	struct text t = text_in(names, sizeof names);

	dialect_put_protocols(&t);
	ck_assert(text_ok(&t));
	ck_assert_ptr_nonnull(strstr(names, "osmand, "));
	ck_assert_ptr_nonnull(strstr(names, ", teltonika, teltonika-udp"));
	ck_assert_ptr_null(strstr(names, "teltonika, teltonika,"));

	t = text_in(names, sizeof names);
	dialect_put_codecs(&t, "teltonika-udp");
	ck_assert_str_eq(names, "8, 8e, 16");
	t = text_in(names, sizeof names);
	dialect_put_codecs(&t, "osmand");
	ck_assert_str_eq(names, "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialect");
	TCase *c = tcase_create("dialect");

	tcase_add_test(c, found_by_name);
	tcase_add_test(c, found_by_protocol_and_codec);
	tcase_add_test(c, each_is_whole);
	tcase_add_test(c, lists);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
