/* check - e-mail addresses, passwords, names. Texts out of jansson are well-formed UTF-8 without NUL. */
#include "auth/common/check.h"

#include <string.h>

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_local_part(const char *s, size_t n)
{
	if (n == 0 || n > 64)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_letter_or_digit(s[i]) && !memchr(".!#$%&'*+/=?^_`{|}~-", s[i], 20))
			return false;
	return true;
}

static bool is_label(const char *s, size_t n)
{
	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_letter_or_digit(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool is_domain(const char *s)
{
	for (;; s++) {
		size_t n = strcspn(s, ".");
		if (!is_label(s, n))
			return false;
		s += n;
		if (*s == '\0')
			return true;
	}
}

bool check_email(const json_t *email, char out[static EMAIL_SIZE])
{
	const char *s = json_string_value(email), *at = s ? strchr(s, '@') : NULL;

	if (!at || json_string_length(email) >= EMAIL_SIZE || !is_local_part(s, (size_t)(at - s)) || !is_domain(at + 1))
		return false;
	for (; *s; s++)
		*out++ = (char)(*s >= 'A' && *s <= 'Z' ? *s | 0x20 : *s);
	*out = '\0';
	return true;
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xC0) != 0x80; /* all but continuation bytes */
	return n;
}

enum password_result check_password(const json_t *password)
{
	size_t n = json_is_string(password) ? characters(json_string_value(password)) : 0;

	return n < PASSWORD_MIN ? PASSWORD_TOO_SHORT : n > PASSWORD_MAX ? PASSWORD_TOO_LONG : PASSWORD_GOOD;
}

bool check_name(const json_t *name, size_t max_chars)
{
	const char *s = json_string_value(name);

	if (!s || s[strspn(s, " ")] == '\0' || characters(s) > max_chars)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7F)
			return false;
	return true;
}
