/* Source: cli/decode_stream.c, decode_frames.c, decode_report.c. Vectors: examples of the vendors' documents, and frames made here. */
#include "base/text.h"
#include "cli/decode_stream.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { NOW_S = 1767323045 }; /* 2026-01-02 03:04:05 */

extern const struct protocol protocol_gt06, protocol_watch, protocol_h02, protocol_gps103, protocol_gl200, protocol_t55,
	protocol_meitrack, protocol_teltonika, protocol_teltonika_udp, protocol_osmand;

/* Concox's example of a login, a place of the same device, and the same with a wrong checksum. */
#define LOGIN "78780d01012345678901234500018cdd0d0a"
#define PLACE "787822221a0519060120c70561f7ec008c74680a1c5a00ea0f123400abcd000000000207540d0a"
#define BROKEN "787822221a0519060120c70561f7ec008c74680a1c5a00ea0f123400abcd000000000207550d0a"

/* Teltonika's examples: a login and a packet, a datagram. */
#define IMEI "000f333536333037303432343431303133"
#define PACKET                                                                                                         \
	"000000000000003608010000016b40d8ea30010000000000000000000000000000000105021503010101425e0f01f10000601a014e00" \
	"0"                                                                                                            \
	"0000000000000010000c7cf"
#define DATAGRAM                                                                                                       \
	"003dcafe0105000f33353230393330383634303336353508010000016b4f815b30010000000000000000000000000000000103021503" \
	"010101425dbc000001"

/* What is printed, with what is the same each time left out. */
#define LINE(device, positions, contact, answer, error)                                                                \
	"{\"device\":" device ",\"positions\":[" positions "],\"contact\":" contact ",\"answer\":\"" answer            \
	"\",\"error\":" error "}\n"
#define NOTHING(device, error) LINE(device, "", "null", "", error)
#define HERE                                                                                                           \
	"\"time\":\"2026-05-25T06:01:32.000Z\",\"valid\":true,\"lat\":50.1703,\"lon\":-5.1138,\"speed\":2.777778,"     \
	"\"course\":90.0,\"altitude\":null,\"accuracy\":null,\"battery\":null,\"attributes\":{\"satellites\":7,"       \
	"\"ignition\":false,\"event\":0,\"cells\":\"234,15,4660,43981\"}"
#define LK(battery, steps)                                                                                             \
	"\"time\":null,\"speed\":null,\"course\":null,\"altitude\":null,\"accuracy\":null,\"battery\":" battery        \
	",\"attributes\":{\"steps\":" steps ",\"rolls\":0}"
#define LK_ANSWER(id) "5b33472a" id "2a303030322a4c4b5d"
#define RMC "$GPRMC,060144.000,A,5010.2180,N,00506.8281,W,1.00,90.0,250526,,,A"
#define RMC_SAYS                                                                                                       \
	"{\"time\":\"2026-05-25T06:01:44.000Z\",\"valid\":true,\"lat\":50.1703,\"lon\":-5.1138017,"                    \
	"\"speed\":0.5144445,\"course\":90.0,\"altitude\":null,\"accuracy\":null,\"battery\":null,\"attributes\":{}}"
#define HTTP_OK                                                                                                        \
	"485454502f312e3120323030204f4b0d0a446174653a204672692c203032204a616e20323032362030333a30343a303520474d540d0a" \
	"436f6e74656e742d4c656e6774683a20300d0a0d0a"

static const struct {
	const char *why;
	const struct protocol *protocol;
	enum decode_form form;
	const char *login, *input, *want;
} captures[] = {
	{ "nothing", &protocol_gt06, DECODE_HEX, NULL, "", "" },
	{ "blank lines are passed over", &protocol_gt06, DECODE_HEX, NULL, "\n \t\r\n\n", "" },
	{ "a login stays from line to line", &protocol_gt06, DECODE_HEX, NULL, LOGIN "\r\n\n" PLACE,
		LINE("\"123456789012345\"", "", "null", "787805010001d9dc0d0a", "null")
			LINE("\"123456789012345\"", "{" HERE "}", "null", "78780522000207180d0a", "null") },
	{ "no login: refused, and shown", &protocol_gt06, DECODE_HEX, NULL, PLACE "\n",
		LINE("null", "{" HERE "}", "null", "", "\"no_device\"") },
	{ "a login that the capture does not have", &protocol_gt06, DECODE_HEX, "350030950116536", PLACE "\n",
		LINE("\"350030950116536\"", "{" HERE "}", "null", "78780522000207180d0a", "null") },
	{ "a wrong checksum", &protocol_gt06, DECODE_HEX, NULL, BROKEN "\n" LOGIN "\n" BROKEN "\n",
		NOTHING("null", "\"bad_checksum\"") LINE("\"123456789012345\"", "", "null", "787805010001d9dc0d0a",
			"null") NOTHING("\"123456789012345\"", "\"bad_checksum\"") },
	{ "several frames in a line", &protocol_gt06, DECODE_HEX, NULL, LOGIN PLACE PLACE "\n",
		LINE("\"123456789012345\"", "{" HERE "},{" HERE "}", "null",
			"787805010001d9dc0d0a78780522000207180d0a78780522000207180d0a", "null") },
	{ "the first reason counts", &protocol_gt06, DECODE_HEX, "1", BROKEN PLACE "7878\n",
		LINE("\"1\"", "{" HERE "}", "null", "78780522000207180d0a", "\"bad_checksum\"") },
	{ "not whole", &protocol_gt06, DECODE_HEX, NULL, "7878 11\n", NOTHING("null", "\"incomplete\"") },
	{ "no frame", &protocol_gt06, DECODE_HEX, NULL, "414243\n", NOTHING("null", "\"bad_frame\"") },
	{ "no hex", &protocol_gt06, DECODE_HEX, NULL, "hello\n" LOGIN "\n",
		NOTHING("null", "\"bad_hex\"")
			LINE("\"123456789012345\"", "", "null", "787805010001d9dc0d0a", "null") },
	{ "a contact", &protocol_watch, DECODE_TEXT, NULL, "[3G*1*0009*LK,0,0,90]\n",
		LINE("\"1\"", "", "{" LK("90.0", "0") "}", LK_ANSWER("31"), "null") },
	{ "several contacts: none is lost", &protocol_watch, DECODE_TEXT, NULL,
		"[3G*1*0009*LK,0,0,90][3G*1*0009*LK,5,0,80][3G*1*0009*LK,7,0,70]\n",
		LINE("\"1\"", "", "{" LK("70.0", "7") ",\"earlier\":[{" LK("90.0", "0") "},{" LK("80.0", "5") "}]}",
			LK_ANSWER("31") LK_ANSWER("31") LK_ANSWER("31"), "null") },
	{ "several devices: each is named", &protocol_watch, DECODE_TEXT, NULL,
		"[3G*1*0009*LK,0,0,90][3G*2*0009*LK,5,0,80]\n",
		LINE("\"1\"", "",
			"{\"device\":\"2\"," LK("80.0", "5") ",\"earlier\":[{\"device\":\"1\"," LK("90.0", "0") "}]}",
			LK_ANSWER("31") LK_ANSWER("32"), "null") },
	{ "what is whole counts", &protocol_watch, DECODE_TEXT, NULL, "[3G*1*0009*LK,0,0,90][3G*1\n",
		LINE("\"1\"", "", "{" LK("90.0", "0") "}", LK_ANSWER("31"), "\"incomplete\"") },
	{ "its end is put back: a line end for ;", &protocol_gps103, DECODE_TEXT, NULL, "##,imei:359586015829802,A\n",
		LINE("\"359586015829802\"", "", "null", "4c4f4144", "null") },
	{ "its end is put back: $", &protocol_gl200, DECODE_TEXT, NULL, "+ACK:GTHBD,020102,1,,20100214093254,11F0\n",
		LINE("\"1\"", "",
			"{\"time\":\"2010-02-14T09:32:54.000Z\",\"speed\":null,\"course\":null,\"altitude\":null,"
			"\"accuracy\":null,\"battery\":null,\"attributes\":{\"result\":\"HBD\"}}",
			"2b5341434b3a47544842442c3032303130322c3131463024", "null") },
	{ "its end is put back: a line end", &protocol_t55, DECODE_TEXT, "1", RMC "\n",
		LINE("\"1\"", RMC_SAYS, "null", "", "null") },
	{ "no end is put back to hex", &protocol_gps103, DECODE_HEX, NULL, "23232c696d65693a312c41\n",
		NOTHING("null", "\"incomplete\"") },
	{ "an end that may not be missing", &protocol_h02, DECODE_TEXT, NULL, "*HQ,1,V1,060144\n",
		NOTHING("null", "\"incomplete\"") },
	{ "line ends inside a line", &protocol_t55, DECODE_TEXT, NULL, "$PGID,12345\\r\\n" RMC "\\x0D\\x0a\n",
		LINE("\"12345\"", RMC_SAYS, "null", "", "null") },
	{ "the session is kept after what closes a connection", &protocol_teltonika, DECODE_HEX, NULL,
		IMEI "\n" PACKET "00ff\nff\n",
		LINE("\"356307042441013\"", "", "null", "01", "null") LINE("\"356307042441013\"", "",
			"{\"time\":\"2019-06-10T10:04:46.000Z\",\"speed\":null,\"course\":null,\"altitude\":null,"
			"\"accuracy\":null,\"battery\":null,\"attributes\":{\"priority\":1,\"satellites\":0,\"event\":"
			"1,"
			"\"gsmSignal\":3,\"input1\":true,\"externalVoltage\":24.079,\"operator\":24602}}",
			"00000001", "\"bad_frame\"") NOTHING("\"356307042441013\"", "null") },
	{ "nothing is read behind what closes it", &protocol_teltonika, DECODE_HEX, NULL,
		"000f333536333037303432343431303a33" IMEI "\n", LINE("null", "", "null", "00", "\"bad_frame\"") },
	{ "an identifier that no device can have", &protocol_h02, DECODE_TEXT, NULL, "*HQ,a b\\xff,HTBT,90#\n",
		NOTHING("\"a b?\"", "\"unknown_device\"") },
	{ "a request", &protocol_osmand, DECODE_HTTP, NULL,
		"{\"uri\":\"/"
		"?id=cat&lat=50.1703&lon=-5.1138&timestamp=1767323045&altitude=8848.86&batt=90.5&x=%C3%A9\"}\n",
		LINE("\"cat\"",
			"{\"time\":\"2026-01-02T03:04:05.000Z\",\"valid\":true,\"lat\":50.1703,\"lon\":-5.1138,"
			"\"speed\":null,\"course\":null,\"altitude\":8848.86,\"accuracy\":null,\"battery\":90.5,"
			"\"attributes\":{\"x\":\"\xC3\xA9\"}}",
			"null", HTTP_OK, "null") },
	{ "no JSON", &protocol_osmand, DECODE_HTTP, NULL, "GET /\n", NOTHING("null", "\"bad_json\"") },
};

static struct decode_options options(const struct protocol *p, enum decode_form form)
{
	static const struct protocol_sizes sizes = { 8192, 8192, 65536 };

	return (struct decode_options){ .protocol = p,
		.limits = protocol_limits_of(p, &sizes),
		.form = form,
		.now_ms = NOW_S * INT64_C(1000),
		.line_max = 4096 };
}

/* What is printed for @n bytes. The caller's to free. */
static char *decoded(const struct decode_options *o, const char *input, size_t n)
{
	FILE *in = tmpfile();
	char *printed = NULL;
	size_t printed_n;
	FILE *out = open_memstream(&printed, &printed_n);

	fwrite(input, 1, n, in);
	rewind(in);
	ck_assert_int_eq(decode_stream(in, out, o), 0);
	fclose(in);
	fclose(out);
	return printed;
}

static void expect(const struct decode_options *o, const char *input, const char *want)
{
	char *printed = decoded(o, input, strlen(input));

	ck_assert_str_eq(printed, want);
	free(printed);
}

START_TEST(decodes)
{
	struct decode_options o = options(captures[_i].protocol, captures[_i].form);

	o.login = captures[_i].login;
	expect(&o, captures[_i].input, captures[_i].want);
}
END_TEST

#define DATAGRAM_SAYS                                                                                                  \
	LINE("\"352093086403655\"", "",                                                                                \
		"{\"time\":\"2019-06-13T06:23:26.000Z\",\"speed\":null,\"course\":null,\"altitude\":null,"             \
		"\"accuracy\":null,\"battery\":null,\"attributes\":{\"priority\":1,\"satellites\":0,\"event\":1,"      \
		"\"gsmSignal\":3,\"input1\":true,\"externalVoltage\":23.996}}",                                        \
		"0005cafe010501", "null")

START_TEST(datagrams)
{
	struct decode_options o = options(&protocol_teltonika_udp, DECODE_HEX);

	expect(&o, DATAGRAM "\n0005\n" DATAGRAM DATAGRAM "\n",
		DATAGRAM_SAYS NOTHING("null", "\"bad_frame\"") NOTHING("null", "\"bad_frame\""));
	o.limits.frame_max = sizeof DATAGRAM / 2 - 1;
	expect(&o, DATAGRAM, NOTHING("null", "\"too_large\""));
}
END_TEST

/* Among frames of a connection, whose session they leave alone. */
START_TEST(datagrams_in_between)
{
	struct decode_options o = options(&protocol_teltonika, DECODE_HEX);

	o.datagrams = &protocol_teltonika_udp;
	expect(&o, IMEI "\n" DATAGRAM "\nff\n4142\n",
		LINE("\"356307042441013\"", "", "null", "01", "null") DATAGRAM_SAYS NOTHING(
			"\"356307042441013\"", "null") NOTHING("\"356307042441013\"", "\"bad_frame\""));
}
END_TEST

START_TEST(a_line_that_is_too_long)
{
	struct decode_options o = options(&protocol_gt06, DECODE_HEX);

	o.line_max = strlen(LOGIN);
	expect(&o, LOGIN "0\n" LOGIN "\n",
		NOTHING("null", "\"line_too_long\"")
			LINE("\"123456789012345\"", "", "null", "787805010001d9dc0d0a", "null"));
}
END_TEST

START_TEST(limits)
{
	struct decode_options o = options(&protocol_gt06, DECODE_HEX);

	o.limits.frame_max = strlen(PLACE) / 2 - 1;
	expect(&o, LOGIN PLACE "\n", LINE("\"123456789012345\"", "", "null", "787805010001d9dc0d0a", "\"too_large\""));
}
END_TEST

/* What must hold of any line: JSON with all members, one for each that is not blank. */
static void check_lines(const char *printed, size_t lines)
{
	static const char *const members[] = { "device", "positions", "contact", "answer", "error" };

	for (; *printed; printed += strcspn(printed, "\n") + 1) {
		json_t *line = json_loadb(printed, strcspn(printed, "\n"), 0, NULL);
		ck_assert_uint_eq(json_object_size(line), COUNT(members));
		for (size_t i = 0; i < COUNT(members); i++)
			ck_assert_ptr_nonnull(json_object_get(line, members[i]));
		json_decref(line);
		lines--;
	}
	ck_assert_uint_eq(lines, 0);
}

/* Frames with one byte or two of them changed, as text. */
START_TEST(damaged_frames)
{
	static const char *const frames[] = { "[3G*1*0009*LK,0,0,90]", "##,imei:359586015829802,A;", RMC "\\r\\n",
		"*HQ,4106029800,HTBT,90#", "+ACK:GTHBD,020102,1,,20100214093254,11F0$", "\\x78\\x78\\x05\\x01",
		"{\"uri\":\"/?id=1&lat=1&lon=2\",\"headers\":{\"a\":\"b\"},\"body\":\"x\"}", "0000000000000003ff00" };
	enum { ROUNDS = 100 };
	const struct protocol *p = protocols[_i];
	struct decode_options o = options(p, p->http ? DECODE_HTTP : DECODE_TEXT);
	unsigned seed = (unsigned)_i;
	char input[COUNT(frames) * ROUNDS * 80], line[80];
	struct text t = text_in(input, sizeof input);

	for (size_t i = 0; i < COUNT(frames) * ROUNDS; i++) {
		size_t n = (size_t)snprintf(line, sizeof line, "%s", frames[i % COUNT(frames)]);
		for (int hit = rand_r(&seed) % 3; hit > 0; hit--)
			line[(size_t)rand_r(&seed) % n] = (char)(rand_r(&seed) % 200 + 33); /* no blank, no line end */
		text_puts(&t, line);
		text_putc(&t, '\n');
	}
	ck_assert(text_ok(&t));
	char *printed = decoded(&o, input, t.len);
	check_lines(printed, COUNT(frames) * ROUNDS);
	free(printed);
}
END_TEST

START_TEST(output_that_cannot_be_written)
{
	struct decode_options o = options(&protocol_gt06, DECODE_HEX);
	FILE *in = tmpfile(), *full = fopen("/dev/full", "w");

	fputs(LOGIN "\n", in);
	rewind(in);
	ck_assert_int_eq(decode_stream(in, full, &o), -EIO);
	fclose(in);
	fclose(full);
}
END_TEST

static size_t protocols_n(void)
{
	size_t n = 0;

	while (protocols[n])
		n++;
	return n;
}

static Suite *suite(void)
{
	Suite *s = suite_create("decode_stream");
	TCase *t = tcase_create("decode_stream");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, decodes, 0, COUNT(captures));
	tcase_add_test(t, datagrams);
	tcase_add_test(t, datagrams_in_between);
	tcase_add_test(t, a_line_that_is_too_long);
	tcase_add_test(t, limits);
	tcase_add_loop_test(t, damaged_frames, 0, (int)protocols_n());
	tcase_add_test(t, output_that_cannot_be_written);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
