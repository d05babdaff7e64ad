/* What is compared of the protocols over HTTP, and why where it differs. */
#include "conformance.h"

extern const struct protocol protocol_osmand, protocol_overland, protocol_owntracks;

static const struct conformance_difference overland[] = {
	{ "will_terminate", "count", "a feature without a geometry is a contact: it has the battery" },
	{ "\"battery_level\": 0.8,", "refused", "it names no device" },
	{ 0 },
};

const struct conformance conformance_http[] = {
	{ .file = "osmand.jsonl", .protocol = &protocol_osmand, .names = "osmand" },
	{ .file = "overland.jsonl", .protocol = &protocol_overland, .names = "overland", .differences = overland },
	{ .file = "owntracks.jsonl", .protocol = &protocol_owntracks, .names = "owntracks" },
	{ 0 },
};
