/* recovery - codes and their hashes. */
#include "auth/common/recovery.h"

#include <errno.h>
#include <string.h>

/* Without 0, 1, i, l and o, which look like one another. */
static const char LETTERS[] = "23456789abcdefghjkmnpqrstuvwxyz";

enum { GROUP = 4 };

void recovery_make(char out[static RECOVERY_TEXT_SIZE])
{
	for (int i = 0; i < RECOVERY_LETTERS; i++) {
		if (i > 0 && i % GROUP == 0)
			*out++ = '-';
		*out++ = LETTERS[randombytes_uniform(sizeof LETTERS - 1)];
	}
	*out = '\0';
}

/* Only its letters, as they were shown. */
static int plain(char out[static RECOVERY_LETTERS], const char *code, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = (char)(code[i] >= 'A' && code[i] <= 'Z' ? code[i] | 0x20 : code[i]);
		if (c == '-' || c == ' ')
			continue;
		if (n == RECOVERY_LETTERS || !memchr(LETTERS, c, sizeof LETTERS - 1))
			return -EINVAL;
		out[n++] = c;
	}
	return n == RECOVERY_LETTERS ? 0 : -EINVAL;
}

int recovery_hash(
	uint8_t out[static SHA256_SIZE], const char *code, size_t len, const struct uuid *user, const uint8_t *key)
{
	struct {
		uint8_t user[sizeof user->b];
		char letters[RECOVERY_LETTERS];
	} hashed;

	if (plain(hashed.letters, code, len))
		return -EINVAL;
	memcpy(hashed.user, user->b, sizeof hashed.user);
	crypto_generichash(out, SHA256_SIZE, (const uint8_t *)&hashed, sizeof hashed, key, crypto_generichash_KEYBYTES);
	sodium_memzero(&hashed, sizeof hashed);
	return 0;
}
