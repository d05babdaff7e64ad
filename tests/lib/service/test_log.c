#include "service/log.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The line without its time, which is the only part that varies. */
static const char *line(void)
{
	static char out[8192];
	const char *text = capture_end(2), *time = strstr(text, "\"time\":\"");

	snprintf(out, sizeof out, "%s", time ? time + strlen("\"time\":\"2026-01-02T03:04:05.000Z\",") : text);
	return out;
}

START_TEST(json)
{
	log_open("pettrack-x", LEVEL_INFO, true);
	capture_begin(2);
	errno = ERANGE;
	log_info("topic created", LOG_S("topic", "a \"b\"\n"), LOG_I("partitions", -12),
		LOG_S("none", (const char *)NULL));
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_str_eq(line(), "\"level\":\"info\",\"program\":\"pettrack-x\",\"event\":\"topic created\","
				 "\"topic\":\"a \\\"b\\\"\\n\",\"partitions\":-12,\"none\":\"\"}\n");
}
END_TEST

START_TEST(plain)
{
	log_open("pettrack-x", LEVEL_INFO, false);
	capture_begin(2);
	log_warn("topic created", LOG_S("topic", "positions"), LOG_S("why", "a b"), LOG_S("q", "\""), LOG_S("e", ""),
		LOG_S("eq", "a=b"), LOG_S("u", "\xc3\xa9"), LOG_I("n", 7));
	ck_assert_str_eq(line() + strlen("03:04:05.000Z "),
		"warn  topic created topic=positions why=\"a b\" q=\"\\\"\" e=\"\" eq=\"a=b\" u=\"\xc3\xa9\" n=7\n");
}
END_TEST

START_TEST(levels)
{
	log_open("p", LEVEL_WARN, true);
	ck_assert(log_enabled(LEVEL_ERROR));
	ck_assert(log_enabled(LEVEL_WARN));
	ck_assert(!log_enabled(LEVEL_INFO));
	capture_begin(2);
	log_info("no");
	log_debug("no");
	log_error("yes");
	ck_assert_str_eq(line(), "\"level\":\"error\",\"program\":\"p\",\"event\":\"yes\"}\n");
}
END_TEST

START_TEST(what_is_too_long_is_left_out_and_said)
{
	char big[2000], end[200];

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	log_open("p", LEVEL_INFO, true);
	capture_begin(2);
	log_info("e", LOG_S("a", big), LOG_S("b", big), LOG_S("c", big), LOG_S("d", big), LOG_I("last", 1));
	const char *text = line();
	ck_assert_uint_le(strlen(text), PIPE_BUF);
	snprintf(end, sizeof end, ",\"last\":1,\"fieldsCut\":1}\n");
	ck_assert_str_eq(text + strlen(text) - strlen(end), end);
	ck_assert_ptr_nonnull(strstr(text, "\"c\":\"xxx"));
	ck_assert_ptr_null(strstr(text, "\"d\":"));
}
END_TEST

static void *chatter(void *arg)
{
	for (int i = 0; i < 200; i++)
		log_info("event", LOG_S("who", (const char *)arg), LOG_I("i", i));
	return NULL;
}

START_TEST(lines_stay_whole)
{
	pthread_t threads[4];
	static const char *const names[] = { "a", "b", "c", "d" };
	size_t lines = 0;

	log_open("p", LEVEL_INFO, true);
	capture_begin(2);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, chatter, (void *)(uintptr_t)names[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	/* 64 KiB of it are enough to see. */
	const char *text = capture_end(2);
	for (const char *end; (end = strchr(text, '\n')); text = end + 1, lines++) {
		ck_assert(!strncmp(text, "{\"time\":\"", 9));
		ck_assert_int_eq(end[-1], '}');
	}
	ck_assert_uint_gt(lines, 300);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("log");

	tcase_add_test(c, json);
	tcase_add_test(c, plain);
	tcase_add_test(c, levels);
	tcase_add_test(c, what_is_too_long_is_left_out_and_said);
	tcase_add_test(c, lines_stay_whole);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
