/* Which settings make a mail server; what is sent is in tests/system. */
#include "auth/common/mail.h"
#include "auth/common/auth.h"
#include "tests/lib/unit.h"

#include <string.h>

#define PAGE "https://pets.example.org:8443/map"

static const struct {
	const char *smtp_url, *from, *public_url;
	const char *wrong; /* what the complaint names; NULL: none */
} rows[] = {
	{ NULL, NULL, NULL, NULL },
	{ NULL, "no address", NULL, NULL }, /* nobody asks */
	{ "smtp://mail.example.org", NULL, PAGE, NULL },
	{ "smtps://mail.example.org:465", "us@example.org", PAGE, NULL },
	{ "smtp://mail.example.org", NULL, NULL, "AUTH_PUBLIC_URL" },
	{ "http://mail.example.org", NULL, PAGE, "AUTH_SMTP_URL" },
	{ "mail.example.org", NULL, PAGE, "AUTH_SMTP_URL" },
	{ "smtp://us:secret@mail.example.org", NULL, PAGE, "AUTH_SMTP_PASSWORD" },
	{ "smtp://mail.example.org?a=b", NULL, PAGE, "AUTH_SMTP_URL" },
	{ "smtp://mail.example.org", "Us <us@example.org>", PAGE, "AUTH_MAIL_FROM" },
	{ "smtp://mail.example.org", "us@example.org\r\nBcc: a@b", PAGE, "AUTH_MAIL_FROM" },
};

START_TEST(complete)
{
	struct mail_options o = { .smtp_url = rows[_i].smtp_url, .from = rows[_i].from };
	const char *wrong = mail_complete(&o, rows[_i].public_url);

	if (rows[_i].wrong)
		ck_assert_ptr_nonnull(strstr(wrong, rows[_i].wrong));
	else
		ck_assert_ptr_null(wrong);
	if (o.smtp_url && !rows[_i].from && !wrong)
		ck_assert_str_eq(o.from, "pettrack@pets.example.org");
}
END_TEST

START_TEST(none_without_a_server)
{
	struct mailer *m = NULL;

	ck_assert(!mail_configured(NULL));
	ck_assert_int_eq(mail_open(&m, &(struct mail_options){ .store = NULL }), 0);
	ck_assert(!mail_configured(m));
	ck_assert_int_eq(mail_queue(m, MAIL_KNOWN, "you@example.org", &(struct mail_values){ .url = "x" }), 0);
	mail_close(m);
}
END_TEST

static const struct {
	const char *given;
	bool good;
} urls[] = {
	{ "https://pets.example.org", true },
	{ "http://127.0.0.1:8083/", true },
	{ "https://example.org/pets", true },
	{ "pets.example.org", false },
	{ "ftp://example.org", false },
	{ "https://", false },
	{ "https:///x", false },
	{ "https://example.org/?a=b", false },
	{ "https://example.org/#a", false },
	{ "https://you@example.org/", false },
	{ "https://exa mple.org/", false },
	{ "https://example.org/\r\nX", false },
	{ "https://exämple.org/", false },
	{ "", false },
};

START_TEST(public_url)
{
	const char *target = NULL;

	ck_assert_int_eq(auth_url_setting(urls[_i].given, &target, 0, 0) == NULL, urls[_i].good);
	ck_assert_int_eq(target != NULL, urls[_i].good);
}
END_TEST

START_TEST(a_link)
{
	struct auth a = { .public_url = "https://example.org/pets//" };
	char out[AUTH_URL_SIZE] = "untouched";

	ck_assert(auth_url(&a, "verify", "TOKEN", out));
	ck_assert_str_eq(out, "https://example.org/pets/#verify=TOKEN");
	ck_assert(auth_url(&a, NULL, NULL, out));
	ck_assert_str_eq(out, "https://example.org/pets/");
	a.public_url = NULL;
	ck_assert(!auth_url(&a, "verify", "TOKEN", out));
	ck_assert_str_eq(out, "");
}
END_TEST

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/mail");
	TCase *t = tcase_create("mail");

	tcase_add_loop_test(t, complete, 0, LENGTH(rows));
	tcase_add_test(t, none_without_a_server);
	tcase_add_loop_test(t, public_url, 0, LENGTH(urls));
	tcase_add_test(t, a_link);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
