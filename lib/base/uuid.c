/* uuid - random identifiers and their text. */
#include "base/uuid.h"
#include "base/text.h"

#include <errno.h>
#include <unistd.h>

__extension__ typedef unsigned __int128 u128;

/* Where the text form has its hyphens: 8-4-4-4-12 digits. */
static bool is_hyphen(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

int uuid_random(struct uuid *ret)
{
	struct uuid u;

	if (getentropy(u.b, sizeof u.b))
		return -errno;
	u.b[6] = (uint8_t)(0x40 | (u.b[6] & 0x0f)); /* version 4 */
	u.b[8] = (uint8_t)(0x80 | (u.b[8] & 0x3f)); /* the RFC's variant */
	*ret = u;
	return 0;
}

void uuid_format(char out[static UUID_TEXT_SIZE], const struct uuid *u)
{
	char hex[2 * sizeof u->b + 1];
	const char *digit = hex;

	text_hex(hex, u->b, sizeof u->b);
	for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++)
		out[i] = is_hyphen(i) ? '-' : *digit++;
	out[UUID_TEXT_SIZE - 1] = '\0';
}

int uuid_parse(struct uuid *ret, const char *text, size_t len)
{
	struct uuid u;
	char hex[2 * sizeof u.b];
	size_t n = 0;

	if (len != UUID_TEXT_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!is_hyphen(i))
			hex[n++] = text[i];
		else if (text[i] != '-')
			return -EINVAL;
	}
	if (text_unhex(u.b, sizeof u.b, hex, n))
		return -EINVAL;
	*ret = u;
	return 0;
}

uint64_t uuid_hash(const struct uuid *u, uint64_t seed)
{
	uint64_t half[2];

	memcpy(half, u->b, sizeof half);
	/* One folded multiplication; whoever does not know the seed cannot choose the factors. The constants are the
	 * fractional digits of pi: any odd, bit-balanced numbers do. */
	u128 product = (u128)(half[0] ^ seed ^ 0x243f6a8885a308d3) *
		       (half[1] ^ (seed << 32 | seed >> 32) ^ 0x13198a2e03707345);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
