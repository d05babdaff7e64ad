/* metrics - what is counted of every request. */
#include "web/internal.h"
#include "base/clock.h"
#include "service/log.h"
#include "service/metrics.h"

#include <stdio.h>
#include <string.h>

static const double bounds_s[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 0 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct metric *requests, *seconds;

static void make_metrics(void)
{
	static const char *const by_status[] = { "route", "method", "status", NULL };
	static const char *const by_route[] = { "route", NULL };

	requests = metric_counter("pettrack_http_requests_total", "Requests answered.", by_status);
	seconds = metric_histogram("pettrack_http_request_seconds",
		"From a request's headers to the end of its answer.", by_route, bounds_s);
}

/* Clients choose the method: only those that mean something here become labels. */
static const char *method_label(const char *method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

	for (size_t i = 0; method && i < sizeof known / sizeof *known; i++)
		if (!strcmp(method, known[i]))
			return known[i];
	return "other";
}

void web_count(const struct web_request *q)
{
	int64_t ns = clock_mono_ns() - q->started_ns;
	const char *method = method_label(q->method);
	char status[12];

	pthread_once(&once, make_metrics);
	snprintf(status, sizeof status, "%d", q->status);
	metric_add(requests, (const char *const[]){ q->label, method, status }, 1);
	series_observe(metric_series(seconds, (const char *const[]){ q->label }), (double)ns / 1e9);
	if (log_enabled(LEVEL_DEBUG))
		log_debug("request", LOG_S("method", method), LOG_S("route", q->label), LOG_I("status", q->status),
			LOG_I("us", ns / 1000));
}
