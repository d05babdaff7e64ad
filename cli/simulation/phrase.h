/*
 * phrase - what the dialects of text share: times, places, and answers that follow a pattern
 *
 * Pure functions. Thread: any.
 */
#pragma once

#include "base/text.h"
#include "cli/simulation/dialect.h"

static const double PHRASE_KMH_PER_MPS = 3.6, PHRASE_KNOTS_PER_MPS = 3600.0 / 1852.0;

/* A time in UTC: Y, M, D, h, m and s of @order are two digits each, everything else is itself. */
void phrase_time(struct text *t, const char *order, int64_t time_ms);

/* "hhmmss.sss". */
void phrase_clock(struct text *t, int64_t time_ms);

/* "ddmm.mmmm,N,dddmm.mmmm,E" with @decimals of the minutes and @divider for the commas. */
void phrase_place(struct text *t, const struct position *p, int decimals, const char *divider);

/* @v with as many decimals, or nothing where the position does not have @field. */
void phrase_known(struct text *t, const struct position *p, uint32_t field, double v, int decimals);

/* @v, or 0 where the position does not have @field: for frames that must say something. */
double phrase_or_zero(const struct position *p, uint32_t field, double v);

/* The course with as many decimals, below 360 then as well; 0 where it is not known. */
double phrase_course(const struct position *p, int decimals);

/* What was written, as a dialect returns it. */
size_t phrase_len(const struct text *t);

/* Writes each of @n positions, and then what lets them be known as taken: @end, told the newest of them; NULL: nothing. How long it
 * is, 0 when it does not fit. */
size_t phrase_frame(uint8_t *out, size_t size, const char *identifier, const struct position *p, size_t n,
	void (*place)(struct text *t, const char *identifier, const struct position *p, bool newest),
	void (*end)(struct text *t, const char *identifier, const struct position *newest));

/* Reads an answer by a pattern: ? is a digit, ^ a hex digit, ~ (once at most) one to DIALECT_IDENTIFIER_MAX letters or digits, and as few as
 * will do; everything else is itself. It welcomes who asked for that (@greeting), else takes all that was @sent. */
struct reply phrase_answer(const uint8_t *bytes, size_t len, const char *pattern, bool greeting, size_t sent);
