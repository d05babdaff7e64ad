/*
 * rules - what auth's record of a device says about how it is to be taken: which protocols it may speak, from where, what its
 * clock is off by, and which of its fixes are not wanted
 *
 * A plain value; all zero: no rules. Thread: any.
 */
#pragma once

#include "base/err.h"
#include "base/network.h"
#include "ingest/gateway/filter.h"
#include "ingest/protocols/protocol.h"

#include <jansson.h>
#include <stddef.h>
#include <string.h>

enum { RULES_NETWORKS_MAX = 16 };

struct rules {
	int32_t clock_offset_s; /* added to what its clock says */
	bool protocols_named; /* it may speak those of @protocols alone */
	uint8_t networks_n; /* 0: from everywhere */
	uint8_t filters_named; /* bits by enum filter: what @filters says counts, also that it is off */
	uint64_t protocols; /* bits by the place in the table of protocols; the last one is that of brokers */
	struct filters filters;
	struct network networks[RULES_NETWORKS_MAX];
};

/* Reads the member `rules` of a device in auth's answer; NULL or null: none. Protocols that this gateway does not know, and
 * members that it does not, are passed over. 0, or -EINVAL: not the rules that auth's API describes. */
MUST_CHECK int rules_read(struct rules *ret, const json_t *o);

/* Makes them none, at the least cost: networks that do not count are left as they are. */
static inline void rules_clear(struct rules *r)
{
	memset(r, 0, offsetof(struct rules, networks));
}

/* Whether there are none. */
bool rules_none(const struct rules *r);

/* Whether the device may speak @p, and from the address @from. */
bool rules_allow(const struct rules *r, const struct protocol *p, const struct address *from);

/* The device's filters, and @defaults where it says nothing. */
struct filters rules_filters(const struct rules *r, const struct filters *defaults);
