/*
 * Decodes frames of devices in the field and compares with what another server made of them (conformance.h)
 *
 * Reads the vectors where they lie: argv[1] is their folder; without it the test is skipped (77).
 */
#include "bytes.h"
#include "conformance.h"
#include "decoding.h"

#include "base/text.h"
#include "base/time.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_teltonika, protocol_teltonika_udp;

static const char *folder;

enum { LISTS = 3 };
static const struct conformance *const lists[LISTS] = { conformance_binary, conformance_http, conformance_text };

START_TEST(frames_of_the_field)
{
	for (const struct conformance *c = lists[_i]; c->file; c++)
		conformance_check(folder, c, conformance_protocol);
}
END_TEST

START_TEST(framing)
{
	for (const struct conformance *c = lists[_i]; c->file; c++)
		conformance_check_framing(folder, c);
}
END_TEST

/* ---- Teltonika's own examples, with the acknowledgement the document gives ---- */

static void check_records(const struct protocol_result *result, const json_t *vector)
{
	const json_t *records = json_object_get(vector, "expect_records"), *expected;
	size_t i;

	ck_assert_uint_eq(result->positions_n, json_array_size(records));
	json_array_foreach(records, i, expected)
	{
		const struct position *at = &result->positions[i];
		const struct attribute *event = decoding_attribute(at, "event");
		const char *time = json_string_value(json_object_get(expected, "time"));
		int64_t ms;
		ck_assert_int_eq(time_parse(&ms, time, strlen(time)), 0);
		ck_assert_int_eq(at->time_ms / 1000, ms / 1000);
		ck_assert(!position_has(at, POSITION_LOCATION)); /* they have no satellites, and 0, 0 for a place */
		ck_assert_int_eq(event ? event->integer : 0, json_integer_value(json_object_get(expected, "event_io")));
		ck_assert_int_eq(decoding_attribute(at, "satellites")->integer,
			json_integer_value(json_object_get(expected, "satellites")));
	}
}

static void check_document_frame(const json_t *vector)
{
	bool udp = strstr(json_string_value(json_object_get(vector, "protocol")), "-udp");
	const struct protocol *p = udp ? &protocol_teltonika_udp : &protocol_teltonika;
	struct protocol_session session = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];
	char ack[2 * PROTOCOL_ANSWER_MAX + 1];
	size_t len;
	const uint8_t *frame = hex_at_guard(json_string_value(json_object_get(vector, "frame_hex")), &len);

	if (!udp)
		strcpy(session.identifier, "352093086403655");
	struct protocol_result result = decoding(p, &session, frame, len);

	check_records(&result, vector);
	struct protocol_answer a = p->answer(&session, &result.note, 0, 0, out);
	text_hex(ack, out, a.len);
	ck_assert_str_eq(ack, json_string_value(json_object_get(vector, "expect_ack_hex")));
}

START_TEST(frames_of_the_document)
{
	char path[4096], *line = NULL;
	size_t room = 0, n = 0;

	snprintf(path, sizeof path, "%s/teltonika_docs.jsonl", folder);
	FILE *f = fopen(path, "r");
	ck_assert_msg(f, "%s", path);
	while (getline(&line, &room, f) > 0) {
		json_t *vector = json_loads(line, 0, NULL);
		check_document_frame(vector);
		n++;
		json_decref(vector);
	}
	free(line);
	fclose(f);
	ck_assert_uint_gt(n, 0);
}
END_TEST

int main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : "";
	Suite *s = suite_create("conformance");
	TCase *t = tcase_create("conformance");
	tcase_add_loop_test(t, frames_of_the_field, 0, LISTS);
	tcase_add_loop_test(t, framing, 0, LISTS);
	tcase_add_test(t, frames_of_the_document);
	suite_add_tcase(s, t);
	return conformance_run(s, folder);
}
