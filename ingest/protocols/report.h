/*
 * report - one position put together from named texts, as HTTP protocols send them
 *
 * Who, when and where must be right, or the report is refused. Of the rest, what cannot be (a course of 400, a battery of
 * -1, a speed that is no number) counts as unknown: a fix is worth more than its trimmings.
 */
#pragma once

#include "ingest/protocols/attributes.h"
#include "ingest/protocols/protocol.h"
#include "ingest/protocols/slice.h"

struct report {
	struct position p;
	struct attributes extra;
	struct arena *arena;
};

void report_begin(struct report *r, struct arena *arena);

/* Decimal degrees. Both empty (s may be NULL): no place, a contact. 0 or REASON_BAD_VALUE. */
MUST_CHECK int report_place(struct report *r, struct slice lat, struct slice lon);

/* Seconds or milliseconds since 1970 (beyond 1e11 they are milliseconds), with a fraction or not, or ISO 8601 with T or a blank. Empty
 * or 0: no date. 0 or REASON_BAD_VALUE. */
MUST_CHECK int report_time(struct report *r, struct slice text);

/* @text in units of @mps metres per second. */
void report_speed(struct report *r, struct slice text, double mps);
void report_course(struct report *r, struct slice degrees);
void report_altitude(struct report *r, struct slice metres);
void report_accuracy(struct report *r, struct slice metres);
/* @text in units of @percent per cent. */
void report_battery(struct report *r, struct slice text, double percent);

void report_real(struct report *r, const char *name, struct slice text);
/* true, false, 1 or 0 in any case; anything else is passed over. */
void report_bool(struct report *r, const char *name, struct slice text);
/* An attribute that this protocol has no name for: bool, int, real or text by its looks. Numbers with leading zeros are text.
 * Bytes of @name beyond letters, digits, - and _ become _. */
void report_other(struct report *r, struct slice name, struct slice text);

/* Appends the position to the result in @scratch. 0 or REASON_TOO_MANY. */
MUST_CHECK int report_end(struct report *r, struct protocol_scratch *scratch, struct protocol_result *result);
