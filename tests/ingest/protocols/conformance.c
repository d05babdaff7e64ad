#include "conformance.h"
#include "bytes.h"
#include "decoding.h"

#include "base/text.h"
#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- vectors ---- */

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s ? s : "";
}

static double number_of(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

static int64_t time_of(const json_t *expected)
{
	const char *text = text_of(expected, "time");
	int64_t ms = 0;

	if (*text && strcmp(text, "SERVER_NOW") != 0) /* else the frame has none: 0 until the gateway stamps it */
		ck_assert_int_eq(time_parse(&ms, text, strlen(text)), 0);
	return ms;
}

/* Calls @check for each line of @file. */
static size_t each(const char *folder, const char *file, const struct conformance *c,
	void (*check)(const struct conformance *c, const json_t *vector))
{
	char path[4096], *line = NULL;
	size_t room = 0, n = 0;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	FILE *f = fopen(path, "r");
	ck_assert_msg(f, "%s", path);
	while (getline(&line, &room, f) > 0) {
		json_t *vector = json_loads(line, JSON_ALLOW_NUL, NULL);
		ck_assert_msg(vector, "%s: not JSON: %s", file, line);
		if (!strncmp(text_of(vector, "protocol"), c->names, strlen(c->names))) {
			check(c, vector);
			n++;
		}
		json_decref(vector);
	}
	free(line);
	fclose(f);
	return n;
}

/* ---- differences ---- */

/* Of the vector that is compared now. */
static conformance_subject *current_subject;
static const struct conformance *current;
static const json_t *current_vector;
static bool seen_difference;

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += n)
		if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static const struct conformance_difference *listed(void)
{
	for (const struct conformance_difference *d = current->differences; d && d->frame; d++)
		if (strstr(text_of(current_vector, "frame_text"), d->frame) ||
			strstr(text_of(current_vector, "frame_hex"), d->frame) ||
			strstr(text_of(current_vector, "stream_hex"), d->frame))
			return d;
	return NULL;
}

/* Whether @what may differ for this vector, as the table says. */
static bool may_differ(const char *what)
{
	const struct conformance_difference *d = listed();
	bool may = d && has_word(d->fields, what);

	seen_difference = seen_difference || may;
	return may;
}

static void expect(bool same, const char *what, double got, double want)
{
	if (!same && may_differ(what))
		return;
	ck_assert_msg(same, "%s: %.7f, the other server says %.7f: %s%s", what, got, want,
		text_of(current_vector, "frame_text"), text_of(current_vector, "frame_hex"));
}

/* Why an absent field is no difference from the other server's 0, or NULL. */
static const char *absent(const struct position *p, const char *what)
{
	if (!strcmp(what, "place"))
		return p->invalid ? NULL : "no place at all is a contact";
	return "unknown is absent";
}

/* ---- positions ---- */

static void compare(const struct position *p, const char *what, bool has, double got, double want, double tolerance)
{
	if (!has && want == 0 && absent(p, what))
		return;
	expect(has && fabs(got - want) <= tolerance, what, got, want);
}

static void compare_position(const struct position *p, const json_t *expected)
{
	bool place = position_has(p, POSITION_LOCATION);
	double lat = number_of(expected, "lat"), lon = number_of(expected, "lon");
	bool valid = json_is_true(json_object_get(expected, "valid"));

	expect(p->time_ms / 1000 == time_of(expected) / 1000, "time", (double)p->time_ms / 1000,
		(double)time_of(expected) / 1000);
	compare(p, "place", place, p->lat_e7 / 1e7, lat, 1e-5);
	compare(p, "place", place, p->lon_e7 / 1e7, lon, 1e-5);
	if (json_object_get(expected, "speed_mps"))
		compare(p, "speed", position_has(p, POSITION_SPEED), p->speed_mps, number_of(expected, "speed_mps"),
			1e-3);
	if (json_object_get(expected, "course_deg"))
		compare(p, "course", position_has(p, POSITION_COURSE), p->course_deg,
			fmod(number_of(expected, "course_deg"), 360), 0.5);
	if (place)
		expect(!p->invalid == valid, "valid", !p->invalid, valid);
}

static void compare_positions(const struct conformance_outcome *o, const json_t *vector)
{
	const json_t *positions = json_object_get(vector, "positions"), *expected;
	size_t n = json_array_size(positions), i;

	if (json_object_get(vector, "status_only")) {
		expect(o->n == 1 && !position_has(o->positions, POSITION_LOCATION), "count", (double)o->n, 0);
		return;
	}
	if (n == 0) /* the other server made nothing of it; a contact at most */
		return;
	expect(o->n == n, "count", (double)o->n, (double)n);
	json_array_foreach(positions, i, expected) if (i < o->n) compare_position(&o->positions[i], expected);
}

/* ---- answers ---- */

static void compare_answers(const struct conformance_outcome *o, const json_t *vector)
{
	const json_t *replies = json_object_get(vector, "reply"), *reply;
	char want[CONFORMANCE_ANSWERS];
	struct text t = text_in(want, sizeof want);
	size_t i;

	if (json_array_size(replies) == 0)
		return;
	json_array_foreach(replies, i, reply)
	{
		const char *text = json_string_value(reply);
		if (!strncmp(text, "hex:", 4)) {
			text_puts(&t, text + 4);
			continue;
		}
		for (const char *at = text + strlen("text:"); *at; at++)
			text_printf(&t, "%02x", (unsigned char)*at);
	}
	bool same = !strcmp(o->answers, want);
	if (!strncmp(json_string_value(json_array_get(replies, 0)), "http:", 5)) { /* the status alone */
		char status[2 * 3 + 1];
		text_hex(status, json_string_value(json_array_get(replies, 0)) + 5, 3);
		same = strlen(o->answers) > 24 && !strncmp(o->answers + 18, status, 6);
	}
	if (!same && may_differ("answer"))
		return;
	ck_assert_msg(same, "answered %s, the other server %s: %s%s", o->answers, want, text_of(vector, "frame_text"),
		text_of(vector, "frame_hex"));
}

/* ---- frames ---- */

static size_t request_from(uint8_t *out, const json_t *vector)
{
	struct text t = text_in((char *)out, CONFORMANCE_BYTES);
	const char *method = text_of(vector, "http_method"), *uri = text_of(vector, "http_uri");
	const char *name;
	json_t *value;

	text_printf(&t, "%s %s HTTP/1.1\r\nHost: gateway\r\n", method, *uri ? uri : "/");
	json_object_foreach(json_object_get(vector, "http_headers"), name, value)
		text_printf(&t, "%s: %s\r\n", name, json_string_value(value));
	if (!strcmp(method, "POST"))
		text_printf(&t, "Content-Length: %zu\r\n\r\n%s", strlen(text_of(vector, "frame_text")),
			text_of(vector, "frame_text"));
	else
		text_puts(&t, "\r\n");
	ck_assert(text_ok(&t));
	return t.len;
}

/* Latin-1 in JSON is UTF-8: its bytes again. */
size_t conformance_bytes(uint8_t *out, const json_t *vector)
{
	const json_t *frame = json_object_get(vector, "frame_text");
	const uint8_t *s = (const uint8_t *)json_string_value(frame), *end = s + json_string_length(frame);
	size_t n = 0;

	for (; s < end; s++) {
		bool two = *s >= 0x80;
		out[n++] = (uint8_t)(two ? *s << 6 | (s[1] & 0x3F) : *s);
		s += two;
	}
	return n;
}

static const uint8_t *frame_of(const struct conformance *c, const json_t *vector, size_t *ret_len)
{
	static uint8_t buf[CONFORMANCE_BYTES];
	const char *hex = text_of(vector, "frame_hex");
	size_t end = c->end ? strlen(c->end) : 0;

	if (*hex)
		return hex_at_guard(hex, ret_len);
	size_t n = c->protocol->http ? request_from(buf, vector) : conformance_bytes(buf, vector);
	ck_assert_uint_le(n + end, sizeof buf);
	if (end > 0 && (n < end || memcmp(buf + n - end, c->end, end) != 0)) {
		memcpy(buf + n, c->end, end);
		n += end;
	}
	*ret_len = n;
	return bytes_at_guard(buf, n);
}

static void take(struct conformance_outcome *o, const struct conformance *c, struct protocol_session *s,
	const uint8_t *frame, size_t len)
{
	struct protocol_result result = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];
	int r = c->protocol->decode(s, frame, len, decoding_scratch(), &result);

	if (r != 0)
		o->refused = r;
	for (size_t i = 0; r == 0 && i < result.positions_n; i++) {
		const char *fault = position_fault(&result.positions[i]);
		ck_assert_msg(!fault, "%s", fault);
		ck_assert_uint_lt(o->n, CONFORMANCE_POSITIONS);
		o->positions[o->n++] = result.positions[i];
	}
	struct protocol_answer a =
		c->protocol->answer(s, &result.note, (enum protocol_reason)r, CONFORMANCE_NOW_MS, out);
	size_t have = strlen(o->answers);
	ck_assert_uint_lt(have + 2 * a.len, sizeof o->answers);
	text_hex(o->answers + have, out, a.len);
}

void conformance_protocol(struct conformance_outcome *o, const struct conformance *c, const json_t *vector)
{
	struct protocol_session session = { 0 };
	size_t len, used = 0;

	if (c->identifier)
		snprintf(session.identifier, sizeof session.identifier, "%s", c->identifier);
	const uint8_t *bytes = frame_of(c, vector, &len);
	while (used < len && !o->uncut) {
		ssize_t cut = c->protocol->frame(bytes + used, len - used, &decoding_limits);
		if (cut > 0)
			take(o, c, &session, bytes + used, (size_t)cut);
		o->uncut = cut <= 0;
		used += cut > 0 ? (size_t)cut : 0;
	}
}

/* ---- verdicts ---- */

/* Whether the frame was taken, so that its contents are to be compared. */
static bool was_taken(const struct conformance_outcome *o, const json_t *vector)
{
	bool broken = json_is_false(json_object_get(vector, "checksum_ok"));

	if (broken) {
		ck_assert(o->uncut || o->refused == REASON_BAD_CHECKSUM);
		return false;
	}
	if ((o->uncut || o->refused) && may_differ("refused"))
		return false;
	ck_assert_msg(!o->uncut && !o->refused, "refused, %s: %s%s",
		o->uncut ? "not whole" : protocol_reason_name((enum protocol_reason)o->refused),
		text_of(vector, "frame_text"), text_of(vector, "frame_hex"));
	return true;
}

static void check_vector(const struct conformance *c, const json_t *vector)
{
	static struct conformance_outcome o;

	if (strstr(text_of(vector, "protocol"), "-udp") || json_is_null(json_object_get(vector, "checksum_ok")))
		return; /* a datagram: that transport is a row of its own */
	o = (struct conformance_outcome){ 0 };
	current = c;
	current_vector = vector;
	seen_difference = false;
	current_subject(&o, c, vector);
	if (!was_taken(&o, vector))
		return;
	compare_positions(&o, vector);
	compare_answers(&o, vector);
	ck_assert_msg(!listed() || seen_difference, "not different any more: %s", listed()->frame);
}

void conformance_check(const char *folder, const struct conformance *c, conformance_subject *subject)
{
	current_subject = subject;
	ck_assert_uint_gt(each(folder, c->file, c, check_vector), 0);
}

static void check_framing(const struct conformance *c, const json_t *vector)
{
	size_t len;
	const uint8_t *stream = hex_at_guard(text_of(vector, "stream_hex"), &len);

	current = c;
	current_vector = vector;
	ssize_t cut = c->protocol->frame(stream, len, &decoding_limits),
		want = (ssize_t)strlen(text_of(vector, "first_frame_hex")) / 2;
	expect(cut == want, "frame", (double)cut, (double)want);
}

void conformance_check_framing(const char *folder, const struct conformance *c)
{
	each(folder, "framing.jsonl", c, check_framing);
}

int conformance_run(Suite *s, const char *folder)
{
	SRunner *r = srunner_create(s);
	bool there = access(folder, R_OK) == 0;

	if (there)
		srunner_run_all(r, CK_NORMAL);
	else
		printf("skipped: no vectors at \"%s\"\n", folder);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	if (!there)
		return 77;
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
