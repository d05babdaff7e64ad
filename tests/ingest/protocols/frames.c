#include "frames.h"
#include "bytes.h"
#include "decoding.h"

#include "base/text.h"
#include "base/time.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct protocol_result frame_good(
	const struct protocol *p, const struct protocol_session *s, const void *frame, size_t len)
{
	return decoding(p, s, bytes_at_guard(frame, len), len);
}

static void put_field(struct text *t, const struct position *at, uint32_t field, const char *name, float v)
{
	if (position_has(at, field))
		text_printf(t, " %s=%.6g", name, (double)v);
}

const char *frame_summary(const struct position *at)
{
	static char buf[8192];
	struct text t = text_in(buf, sizeof buf);
	char time[TIME_TEXT_SIZE] = "-";

	if (at->time_ms != 0)
		time_format(time, at->time_ms);
	text_puts(&t, time);
	text_puts(&t, " ");
	if (position_has(at, POSITION_LOCATION)) {
		text_e7(&t, at->lat_e7);
		text_puts(&t, ",");
		text_e7(&t, at->lon_e7);
	} else {
		text_puts(&t, "-");
	}
	text_puts(&t, at->invalid ? " invalid" : "");
	put_field(&t, at, POSITION_SPEED, "speed", at->speed_mps);
	put_field(&t, at, POSITION_COURSE, "course", at->course_deg);
	put_field(&t, at, POSITION_ALTITUDE, "altitude", at->altitude_m);
	put_field(&t, at, POSITION_ACCURACY, "accuracy", at->accuracy_m);
	put_field(&t, at, POSITION_BATTERY, "battery", at->battery_pct);
	if (at->attributes_n > 0)
		text_printf(&t, " %s", decoding_attributes(at));
	ck_assert(text_ok(&t));
	return buf;
}

const char *frame_says(const struct protocol *p, const struct protocol_session *s, const char *text)
{
	struct protocol_result result = frame_good(p, s, text, strlen(text));

	ck_assert_msg(result.positions_n == 1 && result.groups_n == 1 && result.groups[0].n == 1,
		"not one position: %s", text);
	return frame_summary(result.positions);
}

int frame_refused(const struct protocol *p, const struct protocol_session *s, const void *frame, size_t len)
{
	struct protocol_result result = { 0 };
	const uint8_t *bytes = bytes_at_guard(frame, len);

	ck_assert_int_eq(p->frame(bytes, len, &decoding_limits), (ssize_t)len);
	int r = p->decode(s, bytes, len, decoding_scratch(), &result);
	ck_assert_uint_eq(result.positions_n + result.groups_n, 0);
	return r;
}

void frame_prefixes(
	const struct protocol *p, const struct protocol_session *s, const void *frame, size_t len, size_t but)
{
	struct protocol_result result;

	for (size_t n = 0; n < len; n++) {
		const uint8_t *bytes = bytes_at_guard(frame, n);
		if (n == 0 || n != but) {
			ck_assert_msg(
				p->frame(bytes, n, &decoding_limits) == PROTOCOL_MORE, "%zu of %zu bytes", n, len);
			ck_assert_int_ne(p->decode(s, bytes, n, decoding_scratch(), &result), 0);
		}
	}
}

void frame_endless(const struct protocol *p, const char *begin, char more)
{
	static uint8_t bytes[64];
	struct protocol_limits limits = { .frame_max = sizeof bytes };
	size_t n = strlen(begin);

	memset(bytes, more, sizeof bytes);
	memcpy(bytes, begin, n);
	ck_assert_int_eq(p->frame(bytes_at_guard(bytes, sizeof bytes - 1), sizeof bytes - 1, &limits), PROTOCOL_MORE);
	ck_assert_int_eq(p->frame(bytes_at_guard(bytes, sizeof bytes), sizeof bytes, &limits), -REASON_TOO_LARGE);
}

const char *frame_answer(const struct protocol *p, struct protocol_session *s, const struct protocol_note *note,
	enum protocol_reason refused)
{
	static char buf[PROTOCOL_ANSWER_MAX + 16];
	uint8_t out[PROTOCOL_ANSWER_MAX];
	struct protocol_answer a = p->answer(s, note, refused, FRAME_NOW_S * INT64_C(1000) + 678, out);

	snprintf(buf, sizeof buf, "%.*s%s", (int)a.len, (const char *)out, a.close ? " (close)" : "");
	return buf;
}

void frame_answered(const struct protocol *p, struct protocol_session *s, const char *text, const char *answer)
{
	struct protocol_note note = frame_good(p, s, text, strlen(text)).note;

	ck_assert_str_eq(frame_answer(p, s, &note, 0), answer);
	ck_assert_str_eq(frame_answer(p, s, &note, REASON_UNAVAILABLE), " (close)");
	ck_assert_str_eq(frame_answer(p, s, &note, REASON_UNKNOWN_DEVICE), " (close)");
	ck_assert_str_eq(frame_answer(p, s, &note, REASON_BAD_VALUE), "");
}
