/* What a mail looks like, and that nothing that a person typed gets where it does not belong. */
#include "auth/common/mail_text.h"
#include "tests/lib/unit.h"

#include <string.h>

static const struct mail_head head = {
	.from = "pettrack@example.org",
	.to = "you@example.net",
	.date_ms = 1767323045000, /* 2026-01-02T03:04:05Z, a Friday */
	.id = { { 0x3f, 0x1c, 0x6a, 0x1e, 0x58, 0xb1, 0x4a, 0x5e, 0x9d, 0x5c, 0x0f, 0x6f, 0x0a, 0x1b, 0x2c, 0x3d } },
};

static char mail[MAIL_MESSAGE_SIZE];

static const char *body_of(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");

	ck_assert_ptr_nonnull(end);
	return end + 4;
}

/* How many lines of the head begin with @start. */
static int heads(const char *start)
{
	const char *end = body_of(mail);
	int n = 0;

	for (const char *line = mail; line < end; line = strstr(line, "\r\n") + 2)
		n += !strncmp(line, start, strlen(start));
	return n;
}

START_TEST(whole)
{
	const struct mail_values v = { .url = "https://pets.example.org/#verify=TOKEN", .expires_ms = 1767409445000 };

	ck_assert(mail_write(mail, sizeof mail, MAIL_VERIFY, &head, &v));
	const char *wanted = "Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
			     "From: Pettrack <pettrack@example.org>\r\n"
			     "To: <you@example.net>\r\n"
			     "Message-ID: <3f1c6a1e-58b1-4a5e-9d5c-0f6f0a1b2c3d@example.org>\r\n"
			     "Subject: Confirm your e-mail address\r\n"
			     "Auto-Submitted: auto-generated\r\n"
			     "MIME-Version: 1.0\r\n"
			     "Content-Type: text/plain; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: quoted-printable\r\n"
			     "\r\n";
	ck_assert_int_eq(strncmp(mail, wanted, strlen(wanted)), 0);
	ck_assert_ptr_nonnull(strstr(mail, "\r\nhttps://pets.example.org/#verify=3DTOKEN\r\n"));
	ck_assert_ptr_nonnull(strstr(mail, "until 3 Jan 2026, 03:04 UTC."));
}
END_TEST

/* Every template: lines that servers take, a subject, no value left open. */
START_TEST(every_kind)
{
	const struct mail_values v = { "https://x.example/#a=b", "Collar", "him@example.org", 1767409445000 };

	ck_assert(mail_write(mail, sizeof mail, (enum mail_kind)_i, &head, &v));
	ck_assert_ptr_null(strpbrk(mail, "{}"));
	ck_assert_int_eq(heads("Subject: "), 1);
	for (const char *line = mail; *line;) {
		const char *end = strstr(line, "\r\n");
		ck_assert_ptr_nonnull(end);
		ck_assert_int_le(end - line, 76);
		ck_assert_ptr_null(memchr(line, '\n', (size_t)(end - line)));
		ck_assert(end == line || (end[-1] != ' ' && end[-1] != '\t'));
		line = end + 2;
	}
	for (int i = 0; i < _i; i++)
		ck_assert_str_ne(mail_kind_name((enum mail_kind)i), mail_kind_name((enum mail_kind)_i));
}
END_TEST

static const char *const attacks[] = {
	"him\r\nBcc: everybody@example.org\r\n\r\nBuy!",
	"him\nBcc: everybody@example.org",
	"him\rBcc: everybody@example.org",
	"{url}{by}%s%n",
	"\r\n.\r\nMAIL FROM:<x@example.org>\r\n",
};

START_TEST(what_is_typed_stays_in_its_line)
{
	const struct mail_values v = { .url = "https://x.example/", .device = attacks[_i], .by = attacks[_i] };

	ck_assert(mail_write(mail, sizeof mail, MAIL_GRANT, &head, &v));
	ck_assert_int_eq(heads("Bcc:"), 0);
	ck_assert_ptr_null(strstr(body_of(mail), "\r\nBcc:"));
	ck_assert_ptr_null(strstr(body_of(mail), "\r\n.\r\n"));
	ck_assert_ptr_null(strstr(body_of(mail), "\r\nMAIL FROM"));
	const char *url = strstr(mail, v.url);
	ck_assert_ptr_null(strstr(url + 1, v.url)); /* nor is it filled in once more */
}
END_TEST

static const char *const no_addresses[] = {
	"",
	"you",
	"you@example.org\r\nBcc: everybody@example.org",
	"you@example.org\nBcc: a@b",
	"you@example.org, everybody@example.org",
	"<you@example.org>",
	"you @example.org",
	"you@example.org;a@b",
	"\"you\"@example.org",
};

START_TEST(no_address)
{
	struct mail_head bad = head;

	bad.to = no_addresses[_i];
	ck_assert(!mail_write(mail, sizeof mail, MAIL_KNOWN, &bad, &(struct mail_values){ .url = "" }));
	bad = head;
	bad.from = no_addresses[_i];
	ck_assert(!mail_write(mail, sizeof mail, MAIL_KNOWN, &bad, &(struct mail_values){ .url = "" }));
}
END_TEST

/* 8-bit text goes through any server, and long lines are broken softly. */
START_TEST(quoted_printable)
{
	const struct mail_values v = { .url = "https://x.example/", .by = "a@b", .device = "Mieze=ü🐈 " };

	ck_assert(mail_write(mail, sizeof mail, MAIL_GRANT, &head, &v));
	ck_assert_ptr_nonnull(strstr(mail, "\r\nMieze=3D=C3=BC=F0=9F=90=88=20\r\n"));
}
END_TEST

/* What is too long is cut between characters. */
START_TEST(cut)
{
	char device[1001];
	int n = 0;

	for (size_t i = 0; i + 3 < sizeof device; i += 3)
		memcpy(device + i, "€", 4);
	ck_assert(mail_write(mail, sizeof mail, MAIL_GRANT, &head,
		&(struct mail_values){ .url = "https://x.example/", .by = "a@b", .device = device }));
	for (const char *at = mail; (at = strstr(at, "=E2")); at++)
		n++;
	ck_assert_int_eq(n, 133); /* of 400 bytes */
	n = 0;
	for (const char *at = mail; (at = strstr(at, "=AC")); at++)
		n++;
	ck_assert_int_eq(n, 133);
}
END_TEST

START_TEST(does_not_fit)
{
	char little[200];

	ck_assert(!mail_write(little, sizeof little, MAIL_KNOWN, &head, &(struct mail_values){ .url = "x" }));
}
END_TEST

static const struct {
	int64_t ms;
	const char *wanted;
} dates[] = {
	{ 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ 951782400999, "Tue, 29 Feb 2000 00:00:00 +0000" },
	{ 1798761599000, "Thu, 31 Dec 2026 23:59:59 +0000" },
};

START_TEST(date)
{
	char out[MAIL_DATE_SIZE];

	mail_date(out, dates[_i].ms);
	ck_assert_str_eq(out, dates[_i].wanted);
}
END_TEST

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/mail_text");
	TCase *t = tcase_create("mail_text");

	tcase_add_test(t, whole);
	tcase_add_loop_test(t, every_kind, 0, MAIL_KINDS);
	tcase_add_loop_test(t, what_is_typed_stays_in_its_line, 0, LENGTH(attacks));
	tcase_add_loop_test(t, no_address, 0, LENGTH(no_addresses));
	tcase_add_test(t, quoted_printable);
	tcase_add_test(t, cut);
	tcase_add_test(t, does_not_fit);
	tcase_add_loop_test(t, date, 0, LENGTH(dates));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
