/* check_report - lines with the times in a column, and the same facts as an object. */
#include "cli/check_report.h"
#include "base/clock.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>

struct check_report check_report_begin(bool json)
{
	return (struct check_report){ .json = json, .steps = json_array(), .begun_ms = clock_mono_ms() };
}

static void keep(struct check_report *r, const char *step, const char *result, json_t *seconds, const char *reason)
{
	json_array_append_new(r->steps, json_pack("{s:s, s:s, s:o*, s:s*}", "step", step, "result", result, "seconds",
						seconds, "reason", reason));
}

static json_t *seconds_of(int64_t ms)
{
	return json_real((double)ms / 1000);
}

void check_report_step(struct check_report *r, const char *step, int64_t took_ms, const char *reason)
{
	const char *result = reason ? "failed" : "ok";

	r->failed += reason != NULL;
	keep(r, step, result, seconds_of(took_ms), reason);
	if (r->json)
		return;
	printf("%-8s%8.3f s  %s%s%s\n", result, (double)took_ms / 1000, step, reason ? ": " : "", reason ? reason : "");
	fflush(stdout);
}

void check_report_skipped(struct check_report *r, const char *step)
{
	keep(r, step, "skipped", NULL, NULL);
	if (r->json)
		return;
	printf("%-8s%8s    %s\n", "skipped", "", step);
	fflush(stdout);
}

int check_report_end(struct check_report *r)
{
	int64_t took = clock_mono_ms() - r->begun_ms;
	bool good = r->failed == 0;

	if (r->json) {
		json_t *all = json_pack("{s:b, s:o, s:O}", "ok", good, "seconds", seconds_of(took), "steps", r->steps);
		json_dumpf(all, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
		putchar('\n');
		json_decref(all);
	}
	json_decref(r->steps);
	return good ? EXIT_SUCCESS : complain("%u of the steps failed", r->failed);
}
