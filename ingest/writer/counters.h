/* counters - what the writer counts, for /metrics */
#pragma once

#include "service/metrics.h"

struct counters {
	struct series *positions, *duplicates, *contacts, *latest;
	struct metric *poison, *retries;
	struct series *batch_records, *batch_seconds, *latest_seconds, *age_seconds;
	struct series *lag, *partitions, *paused;
};

/* Registers them. Thread: main, before others exist. */
void counters_open(struct counters *c);

void counters_poison(const struct counters *c, const char *reason);
/* @step: "insert", "dead", "latest", "erased" or "commit". */
void counters_retry(const struct counters *c, const char *step);
