/* report_json - members of JSON objects, into a report. A value of another type than the one asked for counts as not said. */
#pragma once

#include "ingest/protocols/jread.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/report.h"

/* A string, in @arena; empty when it is none. */
struct slice report_json_string(struct jread *j, struct arena *arena);

/* A string, a number or a boolean as text, in @arena; s = NULL for what is null or has members. */
struct slice report_json_value(struct jread *j, struct arena *arena);

/* A date as a string, or a number as report_time() has it. 0 or REASON_BAD_VALUE. */
MUST_CHECK int report_json_time(struct report *r, struct jread *j);

/* A string, unless it is empty. */
void report_json_text(struct report *r, const char *name, struct jread *j);

/* A number, unless it is below 0, which stands for not known. */
void report_json_known(struct report *r, const char *name, struct jread *j);

/* The strings of an array, into @parts. Whether @word is one of them. */
bool report_json_list(struct report *r, struct parts *parts, const char *word, struct jread *j);

/* An attribute that the protocol has no name for; what is null or has members is passed over. */
void report_json_other(struct report *r, struct slice name, struct jread *j);
