/*
 * address - how many of something each remote address has: connections, datagrams under way
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/err.h"
#include "base/network.h"

#include <stdint.h>
#include <sys/socket.h>

/* What is counted as one. */
struct address_key {
	uint8_t b[16]; /* IPv6, or IPv4 mapped into it */
};

/* The key of @address: of IPv6 the /64, for that is what one customer gets. The same of one that was read already. */
struct address_key address_key(const struct sockaddr *address);
struct address_key address_key_of(const struct address *address);

struct address_counts;

/* NULL when memory is out. */
struct address_counts *address_counts_new(void);
/* One more under @key, unless it has @max already. 0, -EUSERS or -ENOMEM. */
MUST_CHECK int address_counts_add(struct address_counts *c, const struct address_key *key, int64_t max);
void address_counts_remove(struct address_counts *c, const struct address_key *key);
/* Accepts NULL. */
void address_counts_free(struct address_counts *c);
