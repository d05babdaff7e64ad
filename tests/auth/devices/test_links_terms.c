#include "auth/devices/links_terms.h"
#include "base/time.h"
#include "tests/lib/unit.h"

#include <string.h>

enum { AGE_MAX_S = 3600 };

static const int64_t now_ms = 1767323045000; /* 2026-01-02T03:04:05Z */

#define IN "\"expires_in_s\":60"

static const struct {
	const char *json, *fault; /* @fault: the member that is wrong, or NULL */
} rows[] = {
	{ "{" IN "}", NULL },
	{ "{\"expires\":\"2026-01-02T04:04:05Z\"}", NULL },
	{ "{\"expires_in_s\":3600}", NULL },
	{ "{" IN ",\"live\":false,\"history\":true}", NULL },
	{ "{" IN ",\"from\":null,\"until\":null,\"blur\":0}", NULL },
	{ "{" IN ",\"blur\":4}", NULL },
	{ "{" IN ",\"blur\":7}", NULL },
	{ "{" IN ",\"from\":\"2026-01-02T03:04:05.001+01:00\"}", NULL },
	{ "{" IN ",\"from\":\"2026-01-02T03:04:05Z\",\"until\":\"2026-01-02T03:04:05.001Z\"}", NULL },

	{ "{}", "expires" },
	{ "{\"expires\":null}", "expires" },
	{ "{\"expires\":\"2026-01-02T03:04:05Z\"}", "expires" },
	{ "{\"expires\":\"2026-01-02T04:04:05.001Z\"}", "expires" },
	{ "{\"expires\":\"soon\"}", "expires" },
	{ "{\"expires\":1767323046000}", "expires" },
	{ "{\"expires\":\"2026-01-02T04:04:05Z\"," IN "}", "expires" },
	{ "{\"expires_in_s\":0}", "expires_in_s" },
	{ "{\"expires_in_s\":3601}", "expires_in_s" },
	{ "{\"expires_in_s\":9223372036854775807}", "expires_in_s" },
	{ "{\"expires_in_s\":60.0}", "expires_in_s" },
	{ "{\"expires_in_s\":\"60\"}", "expires_in_s" },
	{ "{\"expires_in_s\":null}", "expires_in_s" },
	{ "{" IN ",\"live\":false}", "live" },
	{ "{" IN ",\"live\":1}", "live" },
	{ "{" IN ",\"live\":null}", "live" },
	{ "{" IN ",\"history\":\"yes\"}", "history" },
	{ "{" IN ",\"blur\":3}", "blur" },
	{ "{" IN ",\"blur\":8}", "blur" },
	{ "{" IN ",\"blur\":-1}", "blur" },
	{ "{" IN ",\"blur\":true}", "blur" },
	{ "{" IN ",\"blur\":null}", "blur" },
	{ "{" IN ",\"from\":0}", "from" },
	{ "{" IN ",\"from\":\"\"}", "from" },
	{ "{" IN ",\"until\":false}", "until" },
	{ "{" IN ",\"from\":\"2026-01-02T03:04:05Z\",\"until\":\"2026-01-02T03:04:05Z\"}", "until" },
};

static struct share_terms fresh(void)
{
	return (struct share_terms){ .live = true, .from_ms = SHARE_ALWAYS, .until_ms = SHARE_FOR_EVER };
}

static bool read_text(struct share_terms *t, const char *text, struct check_fault *fault)
{
	json_t *body = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(body);
	bool good = link_terms_read(t, body, now_ms, AGE_MAX_S * 1000, fault);
	json_decref(body);
	return good;
}

START_TEST(reading)
{
	struct share_terms t = fresh();
	struct check_fault fault = { NULL, NULL };

	ck_assert_msg(read_text(&t, rows[_i].json, &fault) == !rows[_i].fault, "%s", rows[_i].json);
	if (rows[_i].fault)
		ck_assert_str_eq(fault.member, rows[_i].fault);
}
END_TEST

START_TEST(what_is_read)
{
	struct share_terms t = fresh();
	struct check_fault fault;

	ck_assert(read_text(
		&t, "{\"expires_in_s\":60,\"history\":true,\"from\":\"2026-01-02T03:04:05Z\",\"blur\":6}", &fault));
	ck_assert(t.live && t.history);
	ck_assert_int_eq(t.expires_ms, now_ms + 60000);
	ck_assert_int_eq(t.from_ms, now_ms);
	ck_assert_int_eq(t.until_ms, SHARE_FOR_EVER);
	ck_assert_int_eq(t.blur, 6);
}
END_TEST

START_TEST(what_is_absent_stays)
{
	struct share_terms t = { false, true, 10, 20, 5, now_ms - 1 }; /* ended */
	const struct share_terms before = t;
	struct check_fault fault;

	ck_assert(read_text(&t, "{\"label\":\"x\"}", &fault));
	ck_assert_int_eq(t.live, before.live);
	ck_assert_int_eq(t.history, before.history);
	ck_assert_int_eq(t.from_ms, before.from_ms);
	ck_assert_int_eq(t.until_ms, before.until_ms);
	ck_assert_int_eq(t.blur, before.blur);
	ck_assert_int_eq(t.expires_ms, before.expires_ms);
	ck_assert(read_text(&t, "{\"from\":null,\"blur\":0}", &fault));
	ck_assert_int_eq(t.from_ms, SHARE_ALWAYS);
	ck_assert_int_eq(t.blur, 0);
	/* The whole is looked at: the bound that stays may not fit the one that comes. */
	ck_assert(!read_text(&t, "{\"from\":\"2026-01-02T03:04:05Z\"}", &fault));
	ck_assert_str_eq(fault.member, "until");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("links_terms");
	TCase *t = tcase_create("links_terms");

	tcase_add_loop_test(t, reading, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, what_is_read);
	tcase_add_test(t, what_is_absent_stays);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
