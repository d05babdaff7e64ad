/*
 * check_report - what `pettrack check` says of each step: a line as it ends, or all of them as JSON
 *
 * Thread: one.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct check_report {
	bool json; /* print nothing before the end */
	json_t *steps;
	unsigned failed;
	int64_t begun_ms; /* monotonic */
};

struct check_report check_report_begin(bool json);

/* @reason: why it failed; NULL: it did not. */
void check_report_step(struct check_report *r, const char *step, int64_t took_ms, const char *reason);
void check_report_skipped(struct check_report *r, const char *step);

/* Says the whole result and returns the exit status: 0, or 1 when a step failed. */
int check_report_end(struct check_report *r);
