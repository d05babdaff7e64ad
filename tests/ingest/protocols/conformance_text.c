/* What is compared of the protocols of text, and why where it differs. */
#include "conformance.h"

extern const struct protocol protocol_gl200, protocol_gps103, protocol_h02, protocol_meitrack, protocol_t55,
	protocol_tk103, protocol_watch;

/* "GPS accuracy: 0 or 1 to 50. 0: there is no fix, the position is the last known one" (GL200 @Track, 3.3.1). */
#define NO_FIX "accuracy is 0: by the document the place is the last known one"

static const struct conformance_difference gl200[] = {
	{ "GTFRI,DF0200", "valid", NO_FIX },
	{ "780541256AE9,3065,0,", "valid", NO_FIX },
	{ "0,0,1,0,0.0,0,245.6", "valid", NO_FIX },
	{ "0,0,0,0.0,0,2886.5", "valid", NO_FIX },
	{ "0,1,0,0.0,0,2886.5", "valid", NO_FIX },
	{ "GTLSW,1A0100", "valid", NO_FIX },
	{ "0,4.4,0,83.7", "valid", NO_FIX },
	{ "1G1JC5444R7252367", "valid", NO_FIX " (of the second)" },
	{ "20090214013254,0460,0000,18d8,6141,00,0,4.3", "valid", NO_FIX " (of the second)" },
	{ "9860,0,0.2", "valid", NO_FIX },
	{ "41,0,0.0,84", "valid", NO_FIX },
	{ "3.55,0,0.0", "valid", NO_FIX },
	{ "3,33,0,5.8", "valid", NO_FIX },
	{ "GTJDR,0A0102", "valid", NO_FIX },
	{ "+BUFF:GTCAN,8020050402", "count", "it has a place, with six decimals and its time" },
	{ "2b00003800", "refused frame", "the hex form of the protocol is not spoken" },
	{ "2b525350", "refused", "the hex form of the protocol is not spoken" },
	{ 0 },
};

static const struct conformance_difference gps103[] = {
	{ "150420050648", "time", "the frame says 05:06:48, and 0.0 for the satellites' time, which is none" },
	{ 0 },
};

static const struct conformance_difference h02[] = {
	{ "VP1,A,2702.7245", "time",
		"the frame has a day and no time of it: midnight would make one fix of all that day's" },
	{ "VP1,A,2702.7215", "time", "the same" },
	{ "V19,214452", "time", "the frame has both, 200417 and 214452" },
	{ 0 },
};

static const struct conformance_difference meitrack[] = {
	{ "$$D28,353358017784062", "answer", "pictures are not fetched" },
	{ 0 },
};

static const struct conformance_difference t55[] = {
	{ "$PUBX,00,130209.00", "refused", "its checksum is wrong: the sentence was changed, and not the sum" },
	{ "$GNGGA,164414.90", "time", "no date: the gateway's time stands in" },
	{ "$GNGLL,4650.5156500", "time", "no date: the gateway's time stands in" },
	{ "$GPGGA,000000.0,4337", "refused", "its checksum is wrong as well" },
	{ "$GPGGA,000000.000,6010", "refused", "its checksum is wrong as well" },
	{ 0 },
};

static const struct conformance_difference tk103[] = {
	{ "BP02,G,2,170304", "time", "a block's date is yymmdd, as in BR00: 4 March 2017, not 17 March 2004" },
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
	{ .file = "gl200.jsonl", .protocol = &protocol_gl200, .names = "gl200", .end = "$", .differences = gl200 },
	{ .file = "gps103.jsonl", .protocol = &protocol_gps103, .names = "gps103", .end = ";", .differences = gps103 },
	{ .file = "h02.jsonl", .protocol = &protocol_h02, .names = "h02", .differences = h02 },
	{ .file = "meitrack.jsonl",
		.protocol = &protocol_meitrack,
		.names = "meitrack",
		.end = "\r\n",
		.differences = meitrack },
	{ .file = "t55-nmea.jsonl",
		.protocol = &protocol_t55,
		.names = "t55",
		.identifier = "350030950116536",
		.end = "\r\n",
		.differences = t55 },
	{ .file = "tk103.jsonl", .protocol = &protocol_tk103, .names = "tk103", .differences = tk103 },
	{ .file = "watch.jsonl", .protocol = &protocol_watch, .names = "watch", .differences = watch },
	{ 0 },
};
