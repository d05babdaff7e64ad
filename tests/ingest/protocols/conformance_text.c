/* What is compared of the protocols of text, and why where it differs. */
#include "conformance.h"

extern const struct protocol protocol_h02;

static const struct conformance_difference h02[] = {
	{ "VP1,A,2702.7245", "time",
		"the frame has a day and no time of it: midnight would make one fix of all that day's" },
	{ "VP1,A,2702.7215", "time", "the same" },
	{ "V19,214452", "time", "the frame has both, 200417 and 214452" },
	{ 0 },
};

const struct conformance conformance_text[] = {
	{ .file = "h02.jsonl", .protocol = &protocol_h02, .names = "h02", .differences = h02 },
	{ 0 },
};
