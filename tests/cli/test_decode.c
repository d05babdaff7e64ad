/* Source: cli/decode.c */
#include "cli/command.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { ARGUMENTS = 8 };

static const char *out, *err;

/* Runs it with @input; its exit status. What it printed is in @out and @err. */
static int run(const char *const *arguments, const char *input)
{
	static char kept_out[4096];
	char *argv[ARGUMENTS + 2] = { (char *)(uintptr_t) "pettrack decode" };
	int argc = 1;
	FILE *in = tmpfile();

	for (; arguments[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
	fputs(input, in);
	rewind(in);
	ck_assert_int_ge(dup2(fileno(in), STDIN_FILENO), 0);
	clearerr(stdin); /* it may have come to its end before */
	capture_begin(1);
	capture_begin(2);
	int status = command_decode.run(argc, argv);
	snprintf(kept_out, sizeof kept_out, "%s", capture_end(1));
	err = capture_end(2);
	out = kept_out;
	return status;
}

#define RUN(input, ...) run((const char *const[]){ __VA_ARGS__, NULL }, input)

START_TEST(decodes)
{
	ck_assert_int_eq(RUN("*HQ,1,HTBT,90#\r\nhello", "h02", "--text"), 0);
	ck_assert_str_eq(out,
		"{\"device\":\"1\",\"positions\":[],\"contact\":{\"time\":null,\"speed\":null,\"course\":null,"
		"\"altitude\":null,\"accuracy\":null,\"battery\":90.0,\"attributes\":{}},"
		"\"answer\":\"2a48512c312c4854425423\",\"error\":null}\n"
		"{\"device\":null,\"positions\":[],\"contact\":null,\"answer\":\"\",\"error\":\"bad_frame\"}\n");
	ck_assert_str_eq(err, "");
}
END_TEST

/* "*HQ,1,V4,NBR,20260102030405#" */
START_TEST(a_clock_that_stands_still)
{
	ck_assert_int_eq(RUN("*HQ,1,NBR,060144,460,0,1,1,10342,4283,20,250526,FFFFFFFF,6#", "--text", "h02", "--now",
				 "2026-01-02T03:04:05Z"),
		0);
	ck_assert_ptr_nonnull(strstr(out, "\"answer\":\"2a48512c312c56342c4e42522c323032363031303230333034303523\""));
}
END_TEST

START_TEST(a_login_before)
{
	ck_assert_int_eq(RUN("$GPTXT,NET,1003,A1,-53,232 01", "t55", "--text", "--login", "12345"), 0);
	ck_assert_ptr_nonnull(strstr(out, "{\"device\":\"12345\""));
	ck_assert_ptr_nonnull(strstr(out, "\"error\":null}"));
}
END_TEST

static const struct {
	const char *called, *form, *line, *device;
} aliases[] = {
	{ "gl200-text", "--text", "+ACK:GTHBD,020102,1,,20100214093254,11F0$", "1" },
	{ "gl200-binary", "--text", "+ACK:GTHBD,020102,1,,20100214093254,11F0$", "1" },
	{ "nmea", "--text", "$PGID,12345", "12345" },
	{ "t55-nmea", "--text", "$PGID,12345", "12345" },
	{ "teltonika-tcp", "--hex", "000f333536333037303432343431303133", "356307042441013" },
	/* a datagram to the same port */
	{ "teltonika", "--hex",
		"003dcafe0105000f33353230393330383634303336353508010000016b4f815b30010000000000000000000000000000000103"
		"021503010101425dbc000001",
		"352093086403655" },
};

START_TEST(names_of_protocols)
{
	char want[64];

	ck_assert_int_eq(RUN(aliases[_i].line, aliases[_i].called, aliases[_i].form), 0);
	snprintf(want, sizeof want, "{\"device\":\"%s\"", aliases[_i].device);
	ck_assert_ptr_nonnull(strstr(out, want));
	ck_assert_ptr_nonnull(strstr(out, "\"error\":null}"));
}
END_TEST

START_TEST(the_gateways_limits)
{
	char line[300];

	memset(line, 'x', sizeof line - 1);
	memcpy(line, "*HQ,1,", 6);
	line[sizeof line - 1] = '\0';
	ck_assert_int_eq(RUN(line, "h02", "--text"), 0);
	ck_assert_ptr_nonnull(strstr(out, "\"incomplete\""));
	ck_assert_int_eq(RUN(line, "h02", "--text", "--frame-max", "256"), 0);
	ck_assert_ptr_nonnull(strstr(out, "\"too_large\""));
}
END_TEST

static const struct {
	const char *arguments[6], *said;
} wrong[] = {
	{ { "--hex" }, "which protocol? One of osmand, " },
	{ { "smoke", "--hex" }, "'smoke': there are osmand, " },
	{ { "gt06" }, "--hex, --text and --http" },
	{ { "gt06", "--hex", "--text" }, "--hex, --text and --http" },
	{ { "gt06", "--http" }, "gt06 is not spoken over HTTP" },
	{ { "gt06", "h02", "--hex" }, "h02" },
	{ { "gt06", "--hex", "--now", "noon" }, "must be a time" },
	{ { "gt06", "--hex", "--login", "a b" }, "must be 1 to 64" },
	{ { "gt06", "--hex", "--line-max", "10" }, "1k to 64M" },
};

START_TEST(used_wrongly)
{
	ck_assert_int_eq(run(wrong[_i].arguments, ""), 2);
	ck_assert_msg(strstr(err, wrong[_i].said), "%s", err);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(help)
{
	ck_assert_int_eq(RUN("", "--help"), 0);
	ck_assert_ptr_nonnull(strstr(out, "PROTOCOL is one of osmand, "));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("decode");

	tcase_add_test(t, decodes);
	tcase_add_test(t, a_clock_that_stands_still);
	tcase_add_test(t, a_login_before);
	tcase_add_loop_test(t, names_of_protocols, 0, COUNT(aliases));
	tcase_add_test(t, the_gateways_limits);
	tcase_add_loop_test(t, used_wrongly, 0, COUNT(wrong));
	tcase_add_test(t, help);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
