/*
 * metrics - counters, gauges and histograms in Prometheus' text format 0.0.4
 *
 *     static struct metric *refused;
 *     refused = metric_counter("pettrack_gateway_frames_refused_total", "Frames refused.",
 *                              (const char *const[]){ "protocol", "reason", NULL });
 *     metric_add(refused, (const char *const[]){ "osmand", "bad_frame" }, 1);
 *
 * Names follow Prometheus: base units (seconds, bytes), _total on counters. Label values come from small fixed sets,
 * never from a device or a user; a metric takes at most METRIC_SERIES_MAX label combinations, the rest count under "other".
 * Thread: registration from main before threads start; adding and rendering from any. Hot paths take a series once
 * (metric_series) and then add without a lock.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { METRIC_SERIES_MAX = 256 };

struct metric;
struct series;

/* @name, @help and @labels (NULL-terminated list or NULL) are borrowed for ever. Never NULL: a program that has no
 * memory at its start ends. */
struct metric *metric_counter(const char *name, const char *help, const char *const *labels);
struct metric *metric_gauge(const char *name, const char *help, const char *const *labels);
/* @bounds: upper bounds, ascending, ended by a value <= 0. */
struct metric *metric_histogram(const char *name, const char *help, const char *const *labels, const double *bounds);

/* The series of these label values (as many as the metric has labels; NULL for none), made when new. Lives for ever. */
struct series *metric_series(struct metric *m, const char *const *values);

void series_add(struct series *s, double v); /* counters: v >= 0; gauges: any */
void series_set(struct series *s, double v); /* gauges */
void series_observe(struct series *s, double v); /* histograms */
double series_value(const struct series *s); /* counters and gauges; for tests */

void metric_add(struct metric *m, const char *const *values, double v);

/* Everything registered plus the process's own (CPU seconds, resident memory, open fds, start time). The caller frees
 * the text. NULL when memory is out. */
char *metrics_render(size_t *ret_len);
