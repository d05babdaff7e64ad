/*
 * sentence - bounded cursor over text, and reading its fields: numbers, times, places
 *
 * A field that is not there makes the cursor bad: that one and every later one is empty and nothing moves. So a decoder
 * reads straight through and asks sentence_ok() once, or not at all where a sentence may end early.
 *
 * No locale, and no number passes through a double. What is read is 0 or REASON_BAD_VALUE, *ret untouched then.
 *
 * Thread: any. Owns nothing: the text must outlive the cursor and the fields.
 */
#pragma once

#include "ingest/protocols/protocol.h"
#include "ingest/protocols/report.h"
#include "ingest/protocols/slice.h"

struct sentence {
	const char *at; /* what is not read yet; borrowed */
	size_t left;
	bool more; /* a field begins at @at, maybe an empty one */
	bool bad; /* a field was wanted that is not there */
};

/* ---- frames ---- */

/* Bytes up to and with the first @end in @buf, PROTOCOL_MORE, or -REASON_TOO_LARGE. */
ssize_t sentence_frame(const uint8_t *buf, size_t len, char end, size_t frame_max);

/* How many of the first bytes are none that a frame begins with: line ends, blanks, NUL. */
size_t sentence_blanks(const uint8_t *buf, size_t len);

/* Reads a whole frame that is not blanks. 0 or enum protocol_reason, @result's note set in both cases. */
typedef int sentence_reader(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *result);

/* struct protocol's decode() of what @cut, its frame(), takes for one frame. Blanks say nothing; the rest is @read's. */
MUST_CHECK int sentence_decode(ssize_t (*cut)(const uint8_t *, size_t, const struct protocol_limits *),
	sentence_reader *read, const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret);

/* Whether a refused frame ends the connection. One that could not be read does not: where the next begins is known. */
bool sentence_closes(enum protocol_reason refused);

/* ---- fields ---- */

static inline struct sentence sentence_over(const void *text, size_t n)
{
	return (struct sentence){ .at = text, .left = n, .more = true };
}

static inline bool sentence_ok(const struct sentence *s)
{
	return !s->bad;
}

/* The text up to the next @delimiter, or to the end; then past it. */
struct slice sentence_field(struct sentence *s, char delimiter);

/* Exactly @n bytes. */
struct slice sentence_take(struct sentence *s, size_t n);

/* Whether what is left begins with @prefix; if so, goes past it. */
bool sentence_skip(struct sentence *s, const char *prefix);

/* All fields that are left, but no more than @max: the last then holds the rest. Returns how many. */
size_t sentence_split(struct sentence *s, char delimiter, struct slice *fields, size_t max);

/* ---- values ---- */

/* A decimal integer with an optional sign, not negative: nothing but digits. */
MUST_CHECK int sentence_int(int64_t *ret, struct slice text);
MUST_CHECK int sentence_unsigned(uint32_t *ret, struct slice digits);

/* 1 to 16 hex digits. */
MUST_CHECK int sentence_hex(uint64_t *ret, struct slice digits);

/* "-12.345" in units of 10^-@decimals (at most 9), rounded half away from zero: -1235 for two. */
MUST_CHECK int sentence_decimal(int64_t *ret, struct slice text, int decimals);

enum sentence_date {
	SENTENCE_DMY, /* ddmmyy, ddmmyyyy */
	SENTENCE_YMD, /* yymmdd, yyyymmdd */
};

/* @date as above (a yy from 80 is of the last century, as GPS began then) and @time hhmmss, hhmmss.s... or hhmm, to ms UTC. */
MUST_CHECK int sentence_time(int64_t *ret_ms, enum sentence_date order, struct slice date, struct slice time);

/* The same into @p, where a date that is empty or zeros, or no time of day at all, is none: then @p keeps no time. */
MUST_CHECK int sentence_when(struct position *p, enum sentence_date order, struct slice date, struct slice time);

/* The same in one: yyyymmddhhmmss, yymmddhhmmss or yymmddhhmm. */
MUST_CHECK int sentence_stamp(int64_t *ret_ms, struct slice digits);

/* Degrees and minutes, "ddmm.mmmm" and N or S, "dddmm.mmmm" and E or W, to degrees x 1e7. The degrees may be missing
 * ("38.65" is 38.65 minutes). */
MUST_CHECK int sentence_degrees(int32_t *ret_e7, struct slice text, struct slice hemisphere);

/* Both of them into @p. REASON_BAD_VALUE also when a latitude comes as E or W. */
MUST_CHECK int sentence_place(struct position *p, struct slice lat, struct slice ns, struct slice lon, struct slice ew);

/* What a place is worth: @read is what reading it into @p came to. When the device calls the fix @valid, that; else the place is
 * the last known one and kept as invalid, or, being 0, 0 or none at all, dropped: a contact. */
MUST_CHECK int sentence_fix(struct position *p, bool valid, int read);

/* ---- attributes: what is empty, or none, is passed over ---- */

void sentence_put_text(struct report *r, const char *name, struct slice text);
void sentence_put_int(struct report *r, const char *name, struct slice text);

/* ---- identifiers ---- */

/* Says that all positions of @result are of the device @identifier. 0, REASON_NO_DEVICE when it is empty,
 * REASON_UNKNOWN_DEVICE when it can be nobody's, REASON_TOO_MANY. */
MUST_CHECK int sentence_group(
	struct protocol_result *result, struct protocol_scratch *scratch, struct slice identifier);

enum { SENTENCE_PACKED = 8, SENTENCE_DIGITS = 2 * SENTENCE_PACKED - 1 };

/* Up to SENTENCE_DIGITS digits into a protocol_note, and back with a NUL. False when @digits are none, or too many. */
bool sentence_pack(uint8_t out[static SENTENCE_PACKED], struct slice digits);
void sentence_unpack(char out[static SENTENCE_DIGITS + 1], const uint8_t *packed);
