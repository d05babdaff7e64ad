/* What is compared of the binary protocols, and why where it differs. */
#include "conformance.h"

extern const struct protocol protocol_gt06, protocol_jt808, protocol_teltonika;

static const struct conformance_difference gt06[] = {
	{ "3511061a0b2433", "answer", "a photo is announced: Pettrack takes none, and does not ask for it" },
	{ 0 },
};

/* These vectors show frames and answers as they are before escaping. */
static const struct conformance_difference jt808[] = {
	{ "7e307d02087d01557e", "frame", "the frame is nine bytes on the wire, the other server shows it unescaped" },
	{ "7e0200006300000000000008f5", "course", "no place ever: a contact, which has no course" },
	{ "0866496077582164881d", "answer", "the check is 7e, and escaped" },
	{ "7e02000070012040000004019c", "answer", "the same" },
	{ "7e0900001f4f07788ef87d000c", "answer", "the terminal has a 7d, and that is escaped" },
	{ "794104004140", "answer", "answered two seconds later" },
	{ 0 },
};

const struct conformance conformance_binary[] = {
	{ .file = "gt06.jsonl",
		.protocol = &protocol_gt06,
		.names = "gt06",
		.identifier = "357789648774484",
		.differences = gt06 },
	{ .file = "jt808.jsonl", .protocol = &protocol_jt808, .names = "jt808", .differences = jt808 },
	{ .file = "teltonika.jsonl",
		.protocol = &protocol_teltonika,
		.names = "teltonika",
		.identifier = "352093086403655" },
	{ 0 },
};
