/*
 * network - addresses of IPv4 and IPv6, and ranges of them in CIDR notation (RFC 4632, RFC 4291 section 2.3)
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv4 as ::ffff:a.b.c.d. All zero, the unspecified address: nobody's. */
struct address {
	uint8_t b[16];
};

/* "192.0.2.7", "2001:db8::1"; an IPv4 address that is written as an IPv6 one (::ffff:192.0.2.7) is the same address. 0 or
 * -EINVAL. */
MUST_CHECK int address_parse(struct address *ret, const char *text);

enum { ADDRESS_TEXT_SIZE = 46 };

/* The shortest form, IPv4 as such; "" for nobody's. */
void address_format(char out[static ADDRESS_TEXT_SIZE], const struct address *a);

/* What counts as one client: of IPv6 the first address of its /64, for that is what one customer gets (RFC 6177); ::1 and
 * IPv4 are by themselves. */
struct address address_group(const struct address *a);

struct network {
	struct address first; /* its lowest */
	uint8_t bits; /* how many of them all its addresses share, 0 to 128 */
};

/* "10.0.0.0/8", "2001:db8::/32", or an address, which is a network of one. -EINVAL for anything else, and where a bit behind
 * the prefix is set: "10.0.0.1/8" may have been meant as either. */
MUST_CHECK int network_parse(struct network *ret, const char *text);

/* Whether @a is in @n. Nobody's is in none. */
bool network_has(const struct network *n, const struct address *a);

enum { NETWORK_LIST_MAX = 32 };

struct networks {
	struct network list[NETWORK_LIST_MAX];
	size_t n;
};

/* Networks with commas between, and blanks around them if need be; "" is none. 0, -EINVAL, or -E2BIG for too many. */
MUST_CHECK int networks_parse(struct networks *ret, const char *text);

/* Whether @a is in any of them. */
bool networks_have(const struct networks *l, const struct address *a);
