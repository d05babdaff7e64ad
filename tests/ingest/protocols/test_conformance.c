/*
 * Decodes frames of devices in the field and compares with what another server made of them
 *
 * Reads the vectors where they lie: argv[1] is their folder; without it the test is skipped (77). Where Pettrack differs on purpose,
 * differs() says why.
 */
#include "bytes.h"
#include "decoding.h"

#include "base/text.h"
#include "base/time.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *folder;

enum { FRAME_ROOM = 32 * 1024 };

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s ? s : "";
}

/* Calls @check for each line of @file whose protocol is among ours, by name or by beginning with it. Returns how many. */
static int each(const char *file, void (*check)(const struct protocol *p, const json_t *vector))
{
	char path[4096], *line = NULL;
	size_t room = 0;
	int n = 0;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	FILE *f = fopen(path, "r");
	ck_assert_msg(f, "%s", path);
	while (getline(&line, &room, f) > 0) {
		json_t *vector = json_loads(line, 0, NULL);
		ck_assert_msg(vector, "%s: not JSON: %s", file, line);
		char name[32];
		snprintf(name, sizeof name, "%s", text_of(vector, "protocol"));
		bool udp = strstr(name, "-udp"); /* this transport comes with a row of its own */
		name[strcspn(name, "-")] = '\0';
		const struct protocol *p = protocol_find(name);
		if (p && !udp) {
			check(p, vector);
			n++;
		}
		json_decref(vector);
	}
	free(line);
	fclose(f);
	return n;
}

/* ---- what is compared ---- */

static int64_t time_of(const json_t *expected)
{
	const char *text = text_of(expected, "time");
	int64_t ms = 0;

	if (*text &&
		strcmp(text, "SERVER_NOW") != 0) /* else the frame has none: ours is 0 until the gateway stamps it */
		ck_assert_int_eq(time_parse(&ms, text, strlen(text)), 0);
	return ms;
}

static double number_of(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

/* Why @p is not what the other server says about field @what, or NULL when it should be. */
static const char *differs(const struct position *p, const char *what)
{
	const struct attribute *satellites = decoding_attribute(p, "satellites");
	bool without_fix = satellites && satellites->integer == 0;

	if (!strcmp(what, "place") && without_fix && !position_has(p, POSITION_LOCATION))
		return "a Teltonika record at 0, 0 without satellites never had a fix: a contact";
	if (without_fix)
		return "Teltonika's document: without a fix angle and speed are 0, that is unknown";
	if (!strcmp(what, "speed") && !position_has(p, POSITION_SPEED))
		return "unknown is absent, where the other server says 0";
	if (!strcmp(what, "course") && !position_has(p, POSITION_COURSE))
		return "unknown is absent, where the other server says 0";
	return NULL;
}

static void compare(const struct position *p, const char *what, bool has, double got, double want, double tolerance)
{
	bool same = has && fabs(got - want) <= tolerance;

	if (!same && !has && want == 0 && differs(p, what))
		return;
	ck_assert_msg(same, "%s: %.7f, the other server says %.7f", what, got, want);
}

static void compare_place(const struct position *p, double lat, double lon)
{
	bool has = position_has(p, POSITION_LOCATION);

	compare(p, "place", has, p->lat_e7 / 1e7, lat, 1e-5);
	compare(p, "place", has, p->lon_e7 / 1e7, lon, 1e-5);
}

static void compare_position(const struct position *p, const json_t *expected)
{
	ck_assert_int_eq(p->time_ms / 1000, time_of(expected) / 1000);
	compare_place(p, number_of(expected, "lat"), number_of(expected, "lon"));
	compare(p, "speed", position_has(p, POSITION_SPEED), p->speed_mps, number_of(expected, "speed_mps"), 1e-3);
	compare(p, "course", position_has(p, POSITION_COURSE), p->course_deg, number_of(expected, "course_deg"), 0.5);
	ck_assert_int_eq(!p->invalid, json_is_true(json_object_get(expected, "valid")));
}

/* ---- frames ---- */

static size_t request_from(uint8_t *out, const json_t *vector)
{
	struct text t = text_in((char *)out, FRAME_ROOM);
	const char *method = text_of(vector, "http_method");
	const char *name;
	json_t *value;

	text_printf(&t, "%s %s HTTP/1.1\r\nHost: gateway\r\n", method, text_of(vector, "http_uri"));
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

static const uint8_t *frame_of(const json_t *vector, size_t *ret_len)
{
	static uint8_t buf[FRAME_ROOM];
	const char *hex = text_of(vector, "frame_hex");

	if (*hex)
		return hex_at_guard(hex, ret_len);
	*ret_len = request_from(buf, vector);
	return bytes_at_guard(buf, *ret_len);
}

static void compare_answer(const struct protocol *p, const struct protocol_note *note, const char *expected)
{
	struct protocol_session s = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];
	char hex[2 * PROTOCOL_ANSWER_MAX + 5] = "hex:", status[16];
	struct protocol_answer a = p->answer(&s, note, 0, 0, out);

	text_hex(hex + 4, out, a.len);
	snprintf(status, sizeof status, "http:%.3s:", a.len > 12 ? (char *)out + 9 : "");
	ck_assert_msg(!strcmp(expected, hex) || !strcmp(expected, status), "%s, not %s", hex, expected);
}

static void check_field_frame(const struct protocol *p, const json_t *vector)
{
	static const struct protocol_session session = { .identifier = "352093086403655" };
	const json_t *positions = json_object_get(vector, "positions"), *expected;
	const char *reply = json_string_value(json_array_get(json_object_get(vector, "reply"), 0));
	struct protocol_result result = { 0 };
	size_t len, i;
	const uint8_t *frame = frame_of(vector, &len);
	ssize_t cut = p->frame(frame, len, &decoding_limits);

	if (json_is_null(json_object_get(vector, "checksum_ok")))
		return; /* a UDP datagram among the TCP frames */
	if (json_is_false(json_object_get(vector, "checksum_ok"))) { /* cut short, or refused */
		if (cut == (ssize_t)len)
			ck_assert_int_eq(
				p->decode(&session, frame, len, decoding_scratch(), &result), REASON_BAD_CHECKSUM);
		else
			ck_assert_int_le(cut, PROTOCOL_MORE);
		return;
	}
	result = decoding(p, &session, frame, len);
	if (json_object_get(vector, "status_only"))
		ck_assert(result.positions_n == 1 && !position_has(&result.positions[0], POSITION_LOCATION));
	else
		ck_assert_uint_eq(result.positions_n, json_array_size(positions));
	json_array_foreach(positions, i, expected) compare_position(&result.positions[i], expected);
	if (reply)
		compare_answer(p, &result.note, reply);
}

static void check_document_frame(const struct protocol *p, const json_t *vector)
{
	static const struct protocol_session session = { .identifier = "352093086403655" };
	const json_t *records = json_object_get(vector, "expect_records"), *expected;
	char reply[32];
	size_t len, i;
	const uint8_t *frame = frame_of(vector, &len);
	struct protocol_result result = decoding(p, &session, frame, len);

	ck_assert_uint_eq(result.positions_n, json_array_size(records));
	json_array_foreach(records, i, expected)
	{
		const struct position *at = &result.positions[i];
		const struct attribute *event = decoding_attribute(at, "event");
		ck_assert_int_eq(at->time_ms / 1000, time_of(expected) / 1000);
		compare_place(at, number_of(expected, "lat"), number_of(expected, "lon"));
		ck_assert_int_eq(event ? event->integer : 0, json_integer_value(json_object_get(expected, "event_io")));
		ck_assert_int_eq(decoding_attribute(at, "satellites")->integer,
			json_integer_value(json_object_get(expected, "satellites")));
	}
	snprintf(reply, sizeof reply, "hex:%s", text_of(vector, "expect_ack_hex"));
	compare_answer(p, &result.note, reply);
}

static void check_framing(const struct protocol *p, const json_t *vector)
{
	size_t len;
	const uint8_t *stream = hex_at_guard(text_of(vector, "stream_hex"), &len);

	ck_assert_int_eq(
		p->frame(stream, len, &decoding_limits), (ssize_t)strlen(text_of(vector, "first_frame_hex")) / 2);
}

START_TEST(frames_of_the_field)
{
	ck_assert_int_gt(each("osmand.jsonl", check_field_frame), 0);
	ck_assert_int_gt(each("teltonika.jsonl", check_field_frame), 0);
}
END_TEST

START_TEST(frames_of_the_document)
{
	ck_assert_int_gt(each("teltonika_docs.jsonl", check_document_frame), 0);
}
END_TEST

START_TEST(framing)
{
	each("framing.jsonl", check_framing); /* has cases of protocols that are not spoken yet */
}
END_TEST

int main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : "";
	if (access(folder, R_OK) != 0) {
		printf("skipped: no vectors at \"%s\"\n", folder);
		return 77;
	}
	Suite *s = suite_create("conformance");
	TCase *t = tcase_create("conformance");
	tcase_add_test(t, frames_of_the_field);
	tcase_add_test(t, frames_of_the_document);
	tcase_add_test(t, framing);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
