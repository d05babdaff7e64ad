/* What is compared of the protocols of text, and why where it differs. */
#include "conformance.h"

extern const struct protocol protocol_h02, protocol_watch;

static const struct conformance_difference h02[] = {
	{ "VP1,A,2702.7245", "time",
		"the frame has a day and no time of it: midnight would make one fix of all that day's" },
	{ "VP1,A,2702.7215", "time", "the same" },
	{ "V19,214452", "time", "the frame has both, 200417 and 214452" },
	{ 0 },
};

static const struct conformance_difference watch[] = {
	{ "N,0.369512,,", "place speed course", "no hemisphere: east or west, nobody knows; a contact with cells" },
	{ "S,68.119072,,", "place speed course", "the same; its cells are in Bolivia, far from 68 degrees east" },
	{ "V,0.0,N,0.0,E,22.0", "speed", "no fix, and so no speed" },
	{ "43532a31323334353637383930", "frame", "a frame is cut as it came; its escapes are undone when it is read" },
	{ 0 },
};

const struct conformance conformance_text[] = {
	{ .file = "h02.jsonl", .protocol = &protocol_h02, .names = "h02", .differences = h02 },
	{ .file = "watch.jsonl", .protocol = &protocol_watch, .names = "watch", .differences = watch },
	{ 0 },
};
