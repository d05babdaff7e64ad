/*
 * network - a range of IPv4 or IPv6 addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3)
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct network {
	uint8_t first[16]; /* its lowest address, IPv4 as ::ffff:a.b.c.d */
	uint8_t bits; /* how many of them all its addresses share, 0 to 128 */
};

/* "10.0.0.0/8", "2001:db8::/32", or an address, which is a network of one. -EINVAL for anything else, and where a bit behind
 * the prefix is set: "10.0.0.1/8" may have been meant as either. */
MUST_CHECK int network_parse(struct network *ret, const char *text);

/* Whether @address, without a prefix, is in @n. One that is no address is in none. An IPv4 address that is written as
 * an IPv6 one (::ffff:10.0.0.1) is the same address. */
bool network_has(const struct network *n, const char *address);
