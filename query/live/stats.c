#include "query/live/stats.h"

struct stats stats;
static struct metric *closes, *refused, *resumes;

static struct series *counter(const char *name, const char *help)
{
	return metric_series(metric_counter(name, help, NULL), NULL);
}

static struct series *gauge(const char *name, const char *help)
{
	return metric_series(metric_gauge(name, help, NULL), NULL);
}

static void open_reader_stats(void)
{
	static const char *const result[] = { "result", NULL };
	struct metric *read = metric_counter("pettrack_live_records_total", "Records read from the topic.", result);

	stats.records = metric_series(read, (const char *const[]){ "position" });
	stats.contacts = metric_series(read, (const char *const[]){ "contact" });
	stats.poison = metric_series(read, (const char *const[]){ "poison" });
	stats.strays = counter("pettrack_live_strays_total", "Records in another partition than their device's.");
	stats.ring_records = gauge("pettrack_live_ring_records", "Records in the ring.");
	stats.ring_bytes = gauge("pettrack_live_ring_bytes", "Bytes of the records in the ring.");
	stats.ring_devices = gauge("pettrack_live_ring_devices", "Devices whose newest fix is remembered.");
}

static void open_client_stats(void)
{
	static const char *const reason[] = { "reason", NULL }, *const result[] = { "result", NULL };
	static const double seconds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 0 };

	stats.clients = gauge("pettrack_live_clients", "Open connections.");
	stats.subscriptions = gauge("pettrack_live_subscriptions", "Devices watched, once for each client.");
	stats.deliveries = counter("pettrack_live_deliveries_total", "Positions sent to clients.");
	stats.frames = counter("pettrack_live_frames_total", "Frames of positions sent to clients.");
	stats.bytes = counter("pettrack_live_bytes_total", "Bytes of text sent to clients.");
	stats.conflated = counter("pettrack_live_conflated_total", "Positions that slow clients did not get.");
	stats.delivery_seconds =
		metric_series(metric_histogram("pettrack_live_delivery_seconds",
				      "From a position's arrival at the gateway to its frame.", NULL, seconds),
			NULL);
	closes = metric_counter("pettrack_live_closes_total", "Connections that ended.", reason);
	refused = metric_counter("pettrack_live_refused_total", "Connections refused before they began.", reason);
	resumes = metric_counter("pettrack_live_resumes_total", "Subscriptions with a cursor.", result);
}

void stats_open(void)
{
	if (stats.records) /* a second one in this process */
		return;
	open_reader_stats();
	open_client_stats();
}

void stats_closed(const char *reason)
{
	metric_add(closes, (const char *const[]){ reason }, 1);
}

void stats_refused(const char *reason)
{
	metric_add(refused, (const char *const[]){ reason }, 1);
}

void stats_resumed(const char *result)
{
	metric_add(resumes, (const char *const[]){ result }, 1);
}
