/* password - compared in lower case of ASCII; other letters count as they are. */
#include "auth/common/password.h"
#include "auth/common/common_passwords.h"

#include <string.h>

enum { FOLDED_SIZE = 4 * PASSWORD_MAX + 1 };

static const char PRODUCT[] = "pettrack";

/* What check_password() took fits. */
static void fold(char out[static FOLDED_SIZE], const char *s)
{
	size_t i = 0;

	for (; s[i] && i + 1 < FOLDED_SIZE; i++)
		out[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i]);
	out[i] = '\0';
}

static bool is_common(const char *folded)
{
	size_t low = 0, high = common_passwords_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(folded, common_passwords + common_passwords_at[middle]);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Digits and ASCII punctuation, which people put around a word to make it long enough. */
static bool is_filling(char c)
{
	return c >= ' ' && c <= '~' && !(c >= 'a' && c <= 'z');
}

/* Whether @folded is @word, once or more, with nothing but filling around: "pettrack-pettrack", "Pettrack2026!". */
static bool is_made_of(const char *folded, const char *word, size_t n)
{
	bool found = false;

	for (const char *s = folded; *s;) {
		if (n > 0 && !strncmp(s, word, n)) {
			found = true;
			s += n;
		} else if (is_filling(*s)) {
			s++;
		} else {
			return false;
		}
	}
	return found;
}

enum password_result password_judge(const json_t *password, const char *email)
{
	enum password_result length = check_password(password);
	char folded[FOLDED_SIZE] = "";

	if (length != PASSWORD_GOOD)
		return length;
	fold(folded, json_string_value(password));
	if (is_common(folded))
		return PASSWORD_COMMON;
	if (is_made_of(folded, email, strlen(email)) || is_made_of(folded, email, strcspn(email, "@")) ||
		is_made_of(folded, PRODUCT, sizeof PRODUCT - 1))
		return PASSWORD_GUESSABLE;
	return PASSWORD_GOOD;
}
