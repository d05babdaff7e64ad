/* Source: query/page_policy.c */
#include "query/page_policy.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

static const struct {
	struct page_places places;
	const char *img, *connect;
} cases[] = {
	{ { NULL, NULL, NULL }, "'self' data:", "'self'" },
	{ { "", "", "" }, "'self' data:", "'self'" },
	{ { "/auth", "/v1/live", "/tiles/{z}/{x}/{y}.png" }, "'self' data:", "'self'" },
	{ { "https://auth.example:8443/base", "wss://live.example/v1/live", "https://tiles.example/{z}/{x}/{y}.png" },
		"'self' data: https://tiles.example", "'self' https://auth.example:8443 wss://live.example" },
	{ { NULL, NULL, "https://{s}.tiles.example:99/{z}/{x}/{y}.png" }, "'self' data: https://*.tiles.example:99",
		"'self'" },
	{ { "https://a; script-src *", NULL, "https://b,c/" }, "'self' data:", "'self'" },
};

START_TEST(what_may_be_loaded)
{
	char img[256], connect[256];
	char *policy = page_policy(&cases[_i].places);

	snprintf(img, sizeof img, "; img-src %s;", cases[_i].img);
	snprintf(connect, sizeof connect, "; connect-src %s;", cases[_i].connect);
	ck_assert_msg(strstr(policy, img), "%s", policy);
	ck_assert_msg(strstr(policy, connect), "%s", policy);
	ck_assert(!strncmp(policy, "default-src 'none'; script-src 'self'; style-src 'self'; ", 57));
	ck_assert_ptr_nonnull(strstr(policy, "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
	free(policy);
}
END_TEST

START_TEST(too_long)
{
	char *url = malloc(10000);
	memset(url, 'a', 9999);
	memcpy(url, "https://", 8);
	url[9999] = '\0';
	ck_assert_ptr_null(page_policy(&(struct page_places){ .auth_url = url }));
	free(url);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("page_policy");
	TCase *t = tcase_create("page_policy");

	tcase_add_loop_test(t, what_may_be_loaded, 0, sizeof cases / sizeof *cases);
	tcase_add_test(t, too_long);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
