/* counters - what the writer counts, for /metrics. */
#include "counters.h"

static const double sizes[] = { 1, 10, 50, 100, 250, 500, 1000, 2000, 5000, 10000, 0 };
static const double seconds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 0 };
static const double ages[] = { 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 0 };

static struct series *counter(const char *name, const char *help)
{
	return metric_series(metric_counter(name, help, NULL), NULL);
}

static struct series *gauge(const char *name, const char *help)
{
	return metric_series(metric_gauge(name, help, NULL), NULL);
}

static struct series *histogram(const char *name, const char *help, const double *bounds)
{
	return metric_series(metric_histogram(name, help, NULL, bounds), NULL);
}

void counters_open(struct counters *c)
{
	static const char *const reason[] = { "reason", NULL }, *const step[] = { "step", NULL };

	c->positions = counter("pettrack_writer_positions_total", "Positions stored.");
	c->duplicates = counter("pettrack_writer_duplicates_total", "Positions that were stored already.");
	c->contacts = counter("pettrack_writer_contacts_total", "Reports without a fix.");
	c->latest = counter("pettrack_writer_latest_updates_total", "Updates of the newest position of a device.");
	c->poison = metric_counter("pettrack_writer_poison_total", "Records sent to positions.dead.", reason);
	c->retries = metric_counter("pettrack_writer_retries_total", "Steps that are to be tried again.", step);
	c->batch_records = histogram("pettrack_writer_batch_records", "Records of a batch.", sizes);
	c->batch_seconds = histogram("pettrack_writer_batch_seconds", "Time to store a batch.", seconds);
	c->latest_seconds =
		histogram("pettrack_writer_latest_seconds", "Time to update the newest positions.", seconds);
	c->age_seconds = histogram(
		"pettrack_writer_age_seconds", "From received by a gateway to stored, newest of a batch.", ages);
	c->lag = gauge(
		"pettrack_writer_lag", "Records not committed yet in the partitions of this writer; -1: not known.");
	c->partitions = gauge("pettrack_writer_partitions", "Partitions of this writer.");
	c->paused = gauge("pettrack_writer_paused", "1 while a batch is tried again.");
	series_set(c->lag, -1);
}

void counters_poison(const struct counters *c, const char *reason)
{
	metric_add(c->poison, (const char *const[]){ reason, NULL }, 1);
}

void counters_retry(const struct counters *c, const char *step)
{
	metric_add(c->retries, (const char *const[]){ step, NULL }, 1);
}
