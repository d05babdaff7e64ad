/* mail_text - the table of templates, filling them in, and the form of a mail. */
#include "auth/common/mail_text.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	LINE_MAX_CHARS = 76, /* RFC 2045 section 6.7 */
	VALUE_MAX = 400, /* bytes of what a person typed */
	BODY_SIZE = 4 * 1024,
};

/* Of a template's lines, a value that was not given leaves nothing behind. */
static const struct {
	const char *name, *subject, *text;
} templates[MAIL_KINDS] = {
	[MAIL_NONE] = { "none", "Pettrack", "Nobody is to read this.\n" },
	[MAIL_VERIFY] = { "verify", "Confirm your e-mail address",
		"Somebody, you we hope, has registered this address with Pettrack.\n"
		"\n"
		"To use the account, open this page and type the password that you chose:\n"
		"\n"
		"{url}\n"
		"\n"
		"The link is good once, until {expires}.\n"
		"\n"
		"If it was not you, do nothing: without the password nobody can confirm the account, and it goes by "
		"itself.\n" },
	[MAIL_KNOWN] = { "known", "You already have an account",
		"Somebody, you perhaps, has tried to register this address with Pettrack. It has an account already, "
		"and nothing "
		"about it was changed.\n"
		"\n"
		"Log in, or choose a new password if you forgot yours:\n"
		"\n"
		"{url}\n"
		"\n"
		"If it was not you, there is nothing that you need to do.\n" },
	[MAIL_RESET] = { "reset", "Choose a new password",
		"Somebody, you we hope, wants to choose a new password for the Pettrack account with this address.\n"
		"\n"
		"To do that, open this page:\n"
		"\n"
		"{url}\n"
		"\n"
		"The link is good once, until {expires}. A new password ends all sessions.\n"
		"\n"
		"If it was not you, do nothing: the password stays as it is. Do not give the link to anybody; nobody "
		"at Pettrack will ask "
		"you for it.\n" },
	[MAIL_PASSWORD_CHANGED] = { "password_changed", "Your password was changed",
		"The password of your Pettrack account was changed, and all other sessions were ended.\n"
		"\n"
		"If it was not you, choose a new password now (\"Forgot your password?\"):\n"
		"\n"
		"{url}\n" },
	[MAIL_EMAIL_CONFIRM] = { "email_confirm", "Confirm your new e-mail address",
		"A Pettrack account is to have this e-mail address from now on.\n"
		"\n"
		"If that is your account, open this page and type its password:\n"
		"\n"
		"{url}\n"
		"\n"
		"The link is good once, until {expires}.\n"
		"\n"
		"If it is not, do nothing: without the password nothing is changed.\n" },
	[MAIL_EMAIL_TAKEN] = { "email_taken", "You already have an account",
		"Somebody, you perhaps, has asked that another Pettrack account has this e-mail address. It has an "
		"account of its own, so "
		"nothing was changed.\n"
		"\n"
		"If it was not you, there is nothing that you need to do.\n" },
	[MAIL_EMAIL_ASKED] = { "email_asked", "Your e-mail address is to be changed",
		"Somebody, you we hope, has asked that your Pettrack account has another e-mail address. It is changed "
		"once "
		"a link that was sent there is opened.\n"
		"\n"
		"If it was not you, somebody knows your password: choose another one now. That also voids the link.\n"
		"\n"
		"{url}\n" },
	[MAIL_EMAIL_CHANGED] = { "email_changed", "Your e-mail address was changed",
		"Your Pettrack account has another e-mail address now. Mails about it no longer come here.\n"
		"\n"
		"If it was not you, tell whoever runs your Pettrack at once:\n"
		"\n"
		"{url}\n" },
	[MAIL_INVITATION] = { "invitation", "You are invited to Pettrack",
		"{by} invites you to Pettrack, which shows on a map where your pets are.\n"
		"\n"
		"To have an account, open this page:\n"
		"\n"
		"{url}\n"
		"\n"
		"The invitation is good for one account, until {expires}.\n"
		"\n"
		"If you do not want one, do nothing.\n" },
	[MAIL_GRANT] = { "grant", "A device is shared with you",
		"{by} wants to share a device with you on Pettrack:\n"
		"\n"
		"{device}\n"
		"\n"
		"Log in to accept or to decline. If you have no account yet, register with this address first:\n"
		"\n"
		"{url}\n"
		"\n"
		"If you do not know who that is, do nothing.\n" },
	[MAIL_TOTP_ENABLED] = { "totp_enabled", "Your account has a second factor now",
		"Logging in to your Pettrack account needs a code from your authenticator app from now on.\n"
		"\n"
		"If it was not you, choose a new password now (\"Forgot your password?\"):\n"
		"\n"
		"{url}\n" },
	[MAIL_TOTP_DISABLED] = { "totp_disabled", "Your account has no second factor any more",
		"Logging in to your Pettrack account needs the password alone from now on.\n"
		"\n"
		"If it was not you, choose a new password now (\"Forgot your password?\"):\n"
		"\n"
		"{url}\n" },
	[MAIL_RECOVERY_CODE_USED] = { "recovery_code_used", "A recovery code was used",
		"One of the recovery codes of your Pettrack account was used in place of a code from your app. It is "
		"good no more.\n"
		"\n"
		"If it was not you, choose a new password and make new codes:\n"
		"\n"
		"{url}\n" },
	[MAIL_ACCOUNT_DELETED] = { "account_deleted", "Your account is deleted",
		"Your Pettrack account is deleted, as you asked, and all that was in it is being erased.\n"
		"\n"
		"This is the last mail that you get.\n" },
};

const char *mail_kind_name(enum mail_kind kind)
{
	return templates[kind].name;
}

/* ---- times ---- */

static struct tm utc(int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm t = { 0 };

	gmtime_r(&s, &t);
	return t;
}

static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
	"Dec" };

/* Not by strftime(), which speaks the locale's language. */
void mail_date(char out[static MAIL_DATE_SIZE], int64_t ms)
{
	struct tm t = utc(ms);

	snprintf(out, MAIL_DATE_SIZE, "%s, %02d %s %d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday,
		months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* ---- filling in ---- */

/* What a person typed stays within its line, and is not endless; cut between characters. */
static void put_typed(struct text *t, const char *s)
{
	size_t n = strnlen(s, VALUE_MAX);

	while (n > 0 && s[n] != '\0' && ((unsigned char)s[n] & 0xC0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		text_putc(t, (unsigned char)s[i] < ' ' || s[i] == 0x7f ? ' ' : s[i]);
}

static void put_expiry(struct text *t, int64_t ms)
{
	struct tm at = utc(ms);

	text_printf(
		t, "%d %s %d, %02d:%02d UTC", at.tm_mday, months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min);
}

static bool is(const char *name, size_t n, const char *which)
{
	return strlen(which) == n && !memcmp(name, which, n);
}

static void put_value(struct text *t, const char *name, size_t n, const struct mail_values *v)
{
	if (is(name, n, "url"))
		text_puts(t, v->url ? v->url : "");
	else if (is(name, n, "expires"))
		put_expiry(t, v->expires_ms);
	else if (is(name, n, "by"))
		put_typed(t, v->by ? v->by : "Whoever runs it");
	else if (is(name, n, "device"))
		put_typed(t, v->device ? v->device : "");
}

static void fill_in(struct text *t, const char *template, const struct mail_values *v)
{
	for (const char *s = template; *s;) {
		size_t n = strcspn(s, "{");
		text_put(t, s, n);
		s += n;
		if (*s == '{') {
			n = strcspn(s, "}");
			put_value(t, s + 1, n - 1, v);
			s += n + 1;
		}
	}
}

/* ---- quoted-printable, RFC 2045 section 6.7 ---- */

static bool is_plain(char c, char next)
{
	if (c == ' ')
		return next != '\n' && next != '\0';
	return c > ' ' && c < 0x7f && c != '=';
}

/* @text's lines end in LF. */
static void put_quoted(struct text *t, const char *text)
{
	size_t column = 0;

	for (const char *s = text; *s; s++) {
		bool plain = is_plain(*s, s[1]);
		size_t width = plain ? 1 : 3;
		if (*s == '\n') {
			text_puts(t, "\r\n");
			column = 0;
			continue;
		}
		if (column + width >= LINE_MAX_CHARS) {
			text_puts(t, "=\r\n");
			column = 0;
		}
		if (plain)
			text_putc(t, *s);
		else
			text_printf(t, "=%02X", (unsigned char)*s);
		column += width;
	}
}

/* ---- the mail ---- */

/* What check_email() takes has none of these; the last look before it stands in a header. */
static bool is_address(const char *s)
{
	return s[0] != '\0' && s[strcspn(s, "\r\n\t <>,;:\"()[]\\")] == '\0' && strchr(s, '@');
}

static void put_head(struct text *t, const char *subject, const struct mail_head *head)
{
	char date[MAIL_DATE_SIZE], id[UUID_TEXT_SIZE];

	mail_date(date, head->date_ms);
	uuid_format(id, &head->id);
	text_printf(t, "Date: %s\r\n", date);
	text_printf(t, "From: Pettrack <%s>\r\n", head->from);
	text_printf(t, "To: <%s>\r\n", head->to);
	text_printf(t, "Message-ID: <%s%s>\r\n", id, strchr(head->from, '@'));
	text_printf(t, "Subject: %s\r\n", subject);
	text_puts(t, "Auto-Submitted: auto-generated\r\n" /* RFC 3834: nobody is away from this */
		     "MIME-Version: 1.0\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: quoted-printable\r\n"
		     "\r\n");
}

bool mail_write(char *out, size_t size, enum mail_kind kind, const struct mail_head *head, const struct mail_values *v)
{
	char body[BODY_SIZE];
	struct text filled = text_in(body, sizeof body), mail = text_in(out, size);

	if (!is_address(head->from) || !is_address(head->to))
		return false;
	fill_in(&filled, templates[kind].text, v);
	put_head(&mail, templates[kind].subject, head);
	put_quoted(&mail, body);
	return text_ok(&filled) && text_ok(&mail);
}
