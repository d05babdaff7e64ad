/* export - GET /v1/export: all that is held of whoever asks, as a ZIP that is made while it is sent. */
#include "query/api/internal.h"
#include "query/export/archive.h"
#include "query/export/slots.h"
#include "service/log.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct metric *exports;

static void make_metrics(void)
{
	static const char *const labels[] = { "result", NULL };

	exports = metric_counter(
		"pettrack_api_exports_total", "Exports by result: done, broken off, failed, or busy.", labels);
}

static void count(const char *result)
{
	pthread_once(&once, make_metrics);
	metric_add(exports, (const char *const[]){ result }, 1);
}

static bool write_some(void *owner, const void *bytes, size_t n)
{
	return web_write(owner, bytes, n);
}

static void answer_archive(struct web_request *q, struct archive *a)
{
	web_add_header(q, "Cache-Control", "no-store");
	web_add_header(q, "Content-Disposition", "attachment; filename=\"pettrack-export.zip\"");
	web_begin(q, 200, "application/zip");
	int r = archive_run(a);
	if (r == 0)
		web_end(q);
	else
		web_abort(q); /* part of it may have left: the client must not take it for all */
	count(r == 0 ? "done" : r == -EPIPE || r == -ECANCELED ? "broken" : "failed");
	if (r && r != -EPIPE && r != -ECANCELED)
		log_error("export failed", LOG_S("error", r < 0 ? strerror(-r) : "a server that is needed is away"));
}

static void export_user(struct web_request *q, struct api *a, const struct uuid *user)
{
	const struct archive_options o = {
		.auth = a->auth,
		.store = a->o.store,
		.user = *user,
		.address = web_remote(q),
		.sink = write_some,
		.owner = q,
	};
	struct archive *archive = NULL;
	int r = archive_open(&archive, &o);

	if (r == 0) {
		answer_archive(q, archive);
		archive_close(archive);
		return;
	}
	count("failed");
	if (r == ARCHIVE_E_GONE)
		web_problem(q, 404, "not_found", "There is no such account any more.");
	else
		api_fail(q, "asking for an account", r);
}

static void answer_busy(struct web_request *q, int r)
{
	count("busy");
	web_add_header(q, "Retry-After", "30");
	if (r == SLOTS_E_TWICE)
		web_problem(q, 429, "export_running", "An export of yours is under way. Wait until it has ended.");
	else
		web_problem(q, 503, "busy", "Too many exports are under way. Try again in a while.");
}

void api_export(struct web_request *q, void *owner)
{
	struct api *a = owner;
	const struct uuid user = web_claims(q)->subject;
	int r = slots_take(a->exports, &user);

	if (r) {
		answer_busy(q, r);
		return;
	}
	export_user(q, a, &user);
	slots_give_back(a->exports, &user);
}
