#include "service/dependency.h"
#include "service/health.h"
#include "service/metrics.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The linker puts this in place of clock_mono_ms(), so that a minute passes at once. */
static int64_t passed_ms;
int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + passed_ms;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* Whether /metrics has @line. */
static bool shows(const char *line)
{
	size_t len;
	char *all = metrics_render(&len);

	ck_assert_ptr_nonnull(all);
	bool there = strstr(all, line) != NULL;
	free(all);
	return there;
}

static bool is_ready(void)
{
	char out[1024];

	return health_ready(out, sizeof out);
}

START_TEST(a_change_is_said_once)
{
	struct dependency *kafka = dependency_new("kafka", "10.0.0.1:9092", DEPENDENCY_ALWAYS);

	capture_begin(2);
	dependency_up(kafka);
	dependency_up(kafka);
	for (int i = 0; i < 100; i++)
		dependency_down(kafka, i ? "still refused" : "connection refused");
	dependency_up(kafka);
	const char *log = capture_end(2);
	ck_assert_int_eq(count(log, "\n"), 3);
	ck_assert_int_eq(count(log, "\"level\":\"info\""), 2);
	ck_assert_int_eq(
		count(log, "\"event\":\"dependency up\",\"server\":\"kafka\",\"address\":\"10.0.0.1:9092\""), 2);
	ck_assert_int_eq(count(log, "\"level\":\"warn\""), 1);
	ck_assert_ptr_nonnull(
		strstr(log, "\"event\":\"dependency down\",\"server\":\"kafka\",\"address\":\"10.0.0.1:9092\","
			    "\"why\":\"connection refused\",\"since\":\"2"));
	ck_assert_ptr_nonnull(strstr(log, "\"effect\":\"not ready\""));
}
END_TEST

START_TEST(metrics_show_it)
{
	capture_begin(2);
	struct dependency *kafka = dependency_new("kafka", "", DEPENDENCY_ALWAYS);
	ck_assert(shows("pettrack_dependency_up{dependency=\"kafka\"} 0\n"));
	ck_assert(shows("pettrack_dependency_outages_total{dependency=\"kafka\"} 0\n"));
	ck_assert(shows("pettrack_ready 0\n"));
	dependency_up(kafka);
	ck_assert(shows("pettrack_dependency_up{dependency=\"kafka\"} 1\n"));
	ck_assert(shows("pettrack_ready 1\n"));
	dependency_down(kafka, "");
	dependency_down(kafka, "");
	ck_assert(shows("pettrack_dependency_up{dependency=\"kafka\"} 0\n"));
	ck_assert(shows("pettrack_dependency_outages_total{dependency=\"kafka\"} 1\n"));
	ck_assert(shows("pettrack_dependency_changed_timestamp_seconds{dependency=\"kafka\"} "));
	ck_assert(shows("pettrack_ready 0\n"));
	capture_end(2);
}
END_TEST

/* What being away means, by need: before it was there, while it is, and when it has gone. */
START_TEST(needs)
{
	static const struct {
		enum dependency_need need;
		bool before, after;
	} rows[] = { { DEPENDENCY_ALWAYS, false, false }, { DEPENDENCY_AT_START, false, true },
		{ DEPENDENCY_NEVER, true, true } };
	struct dependency *d = dependency_new("auth", "http://auth", rows[_i].need);

	capture_begin(2);
	ck_assert_int_eq(is_ready(), rows[_i].before);
	dependency_down(d, "refused");
	ck_assert_int_eq(is_ready(), rows[_i].before);
	dependency_up(d);
	ck_assert(is_ready());
	dependency_down(d, "refused");
	ck_assert_int_eq(is_ready(), rows[_i].after);
	const char *log = capture_end(2);
	ck_assert_int_eq(count(log, "\"effect\":\"not ready\""), !rows[_i].before + !rows[_i].after);
	ck_assert_int_eq(count(log, "\"effect\":\"ready all the same\""), rows[_i].before + rows[_i].after);
}
END_TEST

/* Two parts of a program watch one server: one outage, one line, however they notice. */
START_TEST(watchers_speak_with_one_voice)
{
	struct dependency *a = dependency_new("kafka", "k:1", DEPENDENCY_ALWAYS),
			  *b = dependency_new("kafka", "ignored", DEPENDENCY_AT_START);

	capture_begin(2);
	dependency_up(a);
	ck_assert(!is_ready()); /* the other one has not looked yet */
	ck_assert(shows("pettrack_dependency_up{dependency=\"kafka\"} 0\n"));
	dependency_up(b);
	ck_assert(is_ready());
	dependency_down(b, "b sees it");
	ck_assert(!is_ready()); /* b could do without, but a cannot, and will see it too */
	dependency_down(a, "a sees it");
	ck_assert(!is_ready());
	dependency_up(b);
	ck_assert(!is_ready());
	ck_assert(shows("pettrack_dependency_up{dependency=\"kafka\"} 0\n"));
	dependency_up(a);
	ck_assert(is_ready());
	const char *log = capture_end(2);
	ck_assert_int_eq(count(log, "dependency up"), 2);
	ck_assert_int_eq(count(log, "dependency down"), 1);
	ck_assert_int_eq(count(log, "\"address\":\"k:1\""), 3);
	ck_assert(shows("pettrack_dependency_outages_total{dependency=\"kafka\"} 1\n"));
}
END_TEST

START_TEST(an_outage_is_said_again_every_minute)
{
	struct dependency *d = dependency_new("kafka", "k:1", DEPENDENCY_ALWAYS);

	capture_begin(2);
	dependency_down(d, "refused");
	for (int minutes = 0; minutes < 3; minutes++) {
		passed_ms += 50000;
		dependency_down(d, "refused");
		passed_ms += 10000;
		dependency_down(d, "a new reason");
	}
	const char *log = capture_end(2);
	ck_assert_int_eq(count(log, "\"event\":\"dependency down\""), 1);
	ck_assert_int_eq(count(log, "\"event\":\"dependency still down\""), 3);
	ck_assert_int_eq(count(log, "a new reason"), 3);
	ck_assert_int_eq(count(log, "\n"), 4);
}
END_TEST

START_TEST(what_is_long_is_cut)
{
	static char text[2000];
	struct dependency *d = dependency_new("kafka", memset(text, 'x', sizeof text - 1), DEPENDENCY_ALWAYS);

	capture_begin(2);
	dependency_down(d, text);
	const char *log = capture_end(2);
	ck_assert_int_eq(count(log, "\n"), 1);
	ck_assert_uint_lt(strlen(log), 1000);
	ck_assert(!is_ready());
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dependency");
	TCase *c = tcase_create("dependency");

	tcase_add_test(c, a_change_is_said_once);
	tcase_add_test(c, metrics_show_it);
	tcase_add_loop_test(c, needs, 0, 3);
	tcase_add_test(c, watchers_speak_with_one_voice);
	tcase_add_test(c, an_outage_is_said_again_every_minute);
	tcase_add_test(c, what_is_long_is_cut);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
