/* network - both families as one: IPv4 is the part ::ffff:0:0/96 of IPv6 (RFC 4291 section 2.5.5.2). */
#include "base/network.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

enum { IPV4_OFFSET = 96, BITS = 128, PREFIX_DIGITS = 3 };

static_assert((int)ADDRESS_TEXT_SIZE >= INET6_ADDRSTRLEN, "room for any");

static const uint8_t mapped[IPV4_OFFSET / 8] = { [10] = 0xFF, [11] = 0xFF };

/* All of @text as an address. *ret_offset: how many bits stand in front of those that it has in its own family. */
static bool read_address(uint8_t out[static 16], unsigned *ret_offset, const char *text)
{
	*ret_offset = IPV4_OFFSET;
	memcpy(out, mapped, sizeof mapped);
	if (inet_pton(AF_INET, text, out + sizeof mapped) == 1)
		return true;
	*ret_offset = 0;
	return inet_pton(AF_INET6, text, out) == 1;
}

int address_parse(struct address *ret, const char *text)
{
	struct address a;
	unsigned offset;

	if (!read_address(a.b, &offset, text))
		return -EINVAL;
	*ret = a;
	return 0;
}

static bool is_nobodys(const struct address *a)
{
	static const struct address nobodys;

	return memcmp(a, &nobodys, sizeof nobodys) == 0;
}

void address_format(char out[static ADDRESS_TEXT_SIZE], const struct address *a)
{
	out[0] = '\0';
	if (memcmp(a->b, mapped, sizeof mapped) == 0)
		inet_ntop(AF_INET, a->b + sizeof mapped, out, ADDRESS_TEXT_SIZE);
	else if (!is_nobodys(a))
		inet_ntop(AF_INET6, a->b, out, ADDRESS_TEXT_SIZE);
}

struct address address_group(const struct address *a)
{
	static const struct address loopback = { { [15] = 1 } };
	struct address g = *a;

	if (memcmp(a->b, mapped, sizeof mapped) != 0 && memcmp(a, &loopback, sizeof loopback) != 0)
		memset(g.b + sizeof g.b / 2, 0, sizeof g.b / 2);
	return g;
}

/* Digits only, no zero in front. */
static bool read_prefix(unsigned *ret, const char *text)
{
	unsigned bits = 0;
	size_t n = strlen(text);

	if (n == 0 || n > PREFIX_DIGITS || (n > 1 && text[0] == '0'))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		bits = bits * 10 + (unsigned)(*text - '0');
	}
	*ret = bits;
	return true;
}

/* Whether the first @bits of both are the same. */
static bool same_begin(const uint8_t a[static 16], const uint8_t b[static 16], unsigned bits)
{
	unsigned whole = bits / 8, left = bits % 8;

	return memcmp(a, b, whole) == 0 && (left == 0 || (a[whole] ^ b[whole]) >> (8 - left) == 0);
}

static bool clear_behind(const uint8_t address[static 16], unsigned bits)
{
	for (unsigned i = bits; i < BITS; i++)
		if (address[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int network_parse(struct network *ret, const char *text)
{
	char address[INET6_ADDRSTRLEN];
	struct network n = { .bits = BITS };
	size_t len = strcspn(text, "/");
	unsigned offset, bits;

	if (len >= sizeof address)
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!read_address(n.first.b, &offset, address))
		return -EINVAL;
	if (text[len] == '/') {
		if (!read_prefix(&bits, text + len + 1) || bits > BITS - offset ||
			!clear_behind(n.first.b, offset + bits))
			return -EINVAL;
		n.bits = (uint8_t)(offset + bits);
	}
	*ret = n;
	return 0;
}

bool network_has(const struct network *n, const struct address *a)
{
	return !is_nobodys(a) && same_begin(a->b, n->first.b, n->bits);
}

/* ---- lists ---- */

/* The first @n bytes of @text, blanks around them aside. */
static int parse_one(struct network *ret, const char *text, size_t n)
{
	char one[ADDRESS_TEXT_SIZE + 1 + PREFIX_DIGITS];

	for (; n > 0 && *text == ' '; n--)
		text++;
	while (n > 0 && text[n - 1] == ' ')
		n--;
	if (n >= sizeof one)
		return -EINVAL;
	memcpy(one, text, n);
	one[n] = '\0';
	return network_parse(ret, one);
}

int networks_parse(struct networks *ret, const char *text)
{
	struct networks l = { .n = 0 };

	for (bool more = *text != '\0'; more;) {
		size_t n = strcspn(text, ",");
		if (l.n == NETWORK_LIST_MAX)
			return -E2BIG;
		if (parse_one(&l.list[l.n++], text, n))
			return -EINVAL;
		more = text[n] == ',';
		text += n + more;
	}
	*ret = l;
	return 0;
}

bool networks_have(const struct networks *l, const struct address *a)
{
	for (size_t i = 0; i < l->n; i++)
		if (network_has(&l->list[i], a))
			return true;
	return false;
}
