/* What is compared of the binary protocols, and why where it differs. */
#include "conformance.h"

extern const struct protocol protocol_gt06;

static const struct conformance_difference gt06[] = {
	{ "3511061a0b2433", "answer", "a photo is announced: Pettrack takes none, and does not ask for it" },
	{ 0 },
};

const struct conformance conformance_binary[] = {
	{ .file = "gt06.jsonl",
		.protocol = &protocol_gt06,
		.names = "gt06",
		.identifier = "357789648774484",
		.differences = gt06 },
	{ 0 },
};
