#include "service/metrics.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const two_labels[] = { "protocol", "reason", NULL };

static const char *rendered(void)
{
	static char copy[256 * 1024];
	size_t len;
	char *text = metrics_render(&len);

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(strlen(text), len);
	ck_assert_uint_lt(len, sizeof copy);
	strcpy(copy, text);
	free(text);
	return copy;
}

#define ck_assert_renders(line) ck_assert_msg(strstr(rendered(), line "\n") != NULL, "not in: %s", rendered())

START_TEST(counters)
{
	struct metric *m = metric_counter("a_total", "Of \\ and\nlines.", two_labels);
	const char *const v[] = { "osmand", "bad \"frame\"\\\n" };

	metric_add(m, v, 1);
	metric_add(m, v, 2.5);
	ck_assert_ptr_eq(metric_series(m, v), metric_series(m, v));
	ck_assert_double_eq(series_value(metric_series(m, v)), 3.5);
	ck_assert_renders("# HELP a_total Of \\\\ and\\nlines.");
	ck_assert_renders("# TYPE a_total counter");
	ck_assert_renders("a_total{protocol=\"osmand\",reason=\"bad \\\"frame\\\"\\\\\\n\"} 3.5");
}
END_TEST

START_TEST(one_without_labels_is_there_from_the_start)
{
	struct metric *m = metric_counter("b_total", "B.", NULL);

	ck_assert_renders("b_total 0");
	metric_add(m, NULL, 9007199254740991.0);
	ck_assert_renders("b_total 9007199254740991");
}
END_TEST

START_TEST(gauges)
{
	struct series *s = metric_series(metric_gauge("g", "G.", NULL), NULL);

	series_set(s, 2);
	series_add(s, -5);
	ck_assert_renders("# TYPE g gauge");
	ck_assert_renders("g -3");
	series_set(s, INFINITY);
	ck_assert_renders("g +Inf");
	series_set(s, -INFINITY);
	ck_assert_renders("g -Inf");
	series_set(s, NAN);
	ck_assert_renders("g NaN");
}
END_TEST

START_TEST(histograms)
{
	static const double bounds[] = { 0.1, 1, 0 };
	static const char *const labels[] = { "route", NULL };
	struct series *s =
		metric_series(metric_histogram("h_seconds", "H.", labels, bounds), (const char *const[]){ "/v1" });

	series_observe(s, 0.1); /* a bound belongs to its bucket */
	series_observe(s, 0.5);
	series_observe(s, 7);
	ck_assert_renders("# TYPE h_seconds histogram");
	ck_assert_renders("h_seconds_bucket{route=\"/v1\",le=\"0.1\"} 1");
	ck_assert_renders("h_seconds_bucket{route=\"/v1\",le=\"1\"} 2");
	ck_assert_renders("h_seconds_bucket{route=\"/v1\",le=\"+Inf\"} 3");
	ck_assert_renders("h_seconds_sum{route=\"/v1\"} 7.6");
	ck_assert_renders("h_seconds_count{route=\"/v1\"} 3");
}
END_TEST

START_TEST(a_metric_is_bounded)
{
	struct metric *m = metric_counter("c_total", "C.", two_labels);
	char value[16];

	for (int i = 0; i < METRIC_SERIES_MAX + 100; i++) {
		snprintf(value, sizeof value, "%d", i);
		metric_add(m, (const char *const[]){ "p", value }, 1);
	}
	ck_assert_renders("c_total{protocol=\"p\",reason=\"255\"} 1");
	ck_assert_ptr_null(strstr(rendered(), "reason=\"256\""));
	ck_assert_renders("c_total{protocol=\"other\",reason=\"other\"} 100");
}
END_TEST

START_TEST(without_memory_it_counts_as_other)
{
	struct metric *m = metric_counter("d_total", "D.", two_labels);

	for (int i = 0; i < 3; i++) {
		failing_alloc_at(1);
		metric_add(m, (const char *const[]){ "osmand", "x" }, 1);
		ck_assert(failing_alloc_happened());
	}
	ck_assert_renders("d_total{protocol=\"other\",reason=\"other\"} 3");
	metric_add(m, (const char *const[]){ "osmand", "x" }, 1);
	ck_assert_renders("d_total{protocol=\"osmand\",reason=\"x\"} 1");
}
END_TEST

START_TEST(no_memory_at_the_start_ends_the_program)
{
	failing_alloc_at((size_t)_i);
	metric_counter("e_total", "E.", two_labels);
}
END_TEST

static struct series *shared;
static struct metric *shared_metric;

static void *adder(void *arg)
{
	char value[8];

	(void)arg;
	for (int i = 0; i < 20000; i++) {
		series_add(shared, 1);
		snprintf(value, sizeof value, "%d", i % 50);
		metric_add(shared_metric, (const char *const[]){ "p", value }, 1);
	}
	return NULL;
}

START_TEST(nothing_is_lost_between_threads)
{
	pthread_t threads[4];
	double sum = 0;
	char value[8];

	shared = metric_series(metric_counter("f_total", "F.", NULL), NULL);
	shared_metric = metric_counter("g_total", "G.", two_labels);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, adder, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_double_eq(series_value(shared), 80000);
	for (int i = 0; i < 50; i++) {
		snprintf(value, sizeof value, "%d", i);
		sum += series_value(metric_series(shared_metric, (const char *const[]){ "p", value }));
	}
	ck_assert_double_eq(sum, 80000);
}
END_TEST

START_TEST(the_process_itself)
{
	double v = 0;

	ck_assert_renders("# TYPE process_cpu_seconds_total counter");
	ck_assert_renders("pettrack_build_info{version=\"" PETTRACK_VERSION "\"} 1");
	ck_assert_int_eq(sscanf(strstr(rendered(), "\nprocess_resident_memory_bytes "), " %*s %lf", &v), 1);
	ck_assert_double_gt(v, 1e5);
	ck_assert_int_eq(sscanf(strstr(rendered(), "\nprocess_open_fds "), " %*s %lf", &v), 1);
	ck_assert_double_ge(v, 3);
	ck_assert_int_eq(sscanf(strstr(rendered(), "\nprocess_start_time_seconds "), " %*s %lf", &v), 1);
	ck_assert_double_gt(v, 1.7e9);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("metrics");
	TCase *c = tcase_create("metrics");

	tcase_set_timeout(c, 30);
	tcase_add_test(c, counters);
	tcase_add_test(c, one_without_labels_is_there_from_the_start);
	tcase_add_test(c, gauges);
	tcase_add_test(c, histograms);
	tcase_add_test(c, a_metric_is_bounded);
	tcase_add_test(c, without_memory_it_counts_as_other);
	tcase_add_loop_test_raise_signal(c, no_memory_at_the_start_ends_the_program, SIGABRT, 1, 3);
	tcase_add_test(c, nothing_is_lost_between_threads);
	tcase_add_test(c, the_process_itself);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
