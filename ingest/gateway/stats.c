/* stats - names and helps of the metrics. */
#include "ingest/gateway/stats.h"

#include <string.h>

/* The metrics themselves; all by protocol. */
static struct {
	struct metric *frames, *positions, *refused, *times, *filtered, *connections, *accepted, *turned_away, *ended,
		*dropped, *in, *out, *ack;
} m;

static void register_all(void)
{
	static const char *const by_protocol[] = { "protocol", NULL };
	static const char *const by_reason[] = { "protocol", "reason", NULL };
	static const char *const by_filter[] = { "protocol", "filter", NULL };
	static const double bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
		0 };

	m.frames = metric_counter("pettrack_gateway_frames_total", "Frames accepted and answered.", by_protocol);
	m.positions = metric_counter("pettrack_gateway_positions_total", "Positions in Kafka.", by_protocol);
	m.refused = metric_counter("pettrack_gateway_refused_total", "Frames refused.", by_reason);
	m.times = metric_counter("pettrack_gateway_times_replaced_total",
		"Positions that got the gateway's time (none, future), or whose receiver had lost 1024 weeks "
		"(rollover).",
		by_reason);
	m.filtered = metric_counter("pettrack_gateway_filtered_total", "Fixes that a filter refused.", by_filter);
	m.connections = metric_gauge("pettrack_gateway_connections", "Connections open.", by_protocol);
	m.accepted = metric_counter("pettrack_gateway_connections_total", "Connections accepted.", by_protocol);
	m.turned_away =
		metric_counter("pettrack_gateway_connections_refused_total", "Connections closed at once.", by_reason);
	m.ended = metric_counter("pettrack_gateway_connections_closed_total", "Connections that ended.", by_reason);
	m.dropped = metric_counter("pettrack_gateway_datagrams_dropped_total",
		"Datagrams, and answers to them, dropped: their trackers send again.", by_reason);
	m.in = metric_counter("pettrack_gateway_received_bytes_total", "Bytes of frames from trackers.", by_protocol);
	m.out = metric_counter("pettrack_gateway_sent_bytes_total", "Bytes of answers to trackers.", by_protocol);
	m.ack = metric_histogram(
		"pettrack_gateway_ack_seconds", "From a whole frame to its answer.", by_protocol, bounds);
}

static struct series *with(struct metric *metric, const struct protocol *p, const char *reason)
{
	return metric_series(metric, (const char *const[]){ p->name, reason, NULL });
}

static struct series *of(struct metric *metric, const struct protocol *p)
{
	return metric_series(metric, (const char *const[]){ p->name, NULL });
}

static void add_tcp(struct stats *s, const struct protocol *p)
{
	static const char *const ends[STREAM_END_ERROR + 1] = {
		[STREAM_END_PEER] = "peer",
		[STREAM_END_IDLE] = "idle",
		[STREAM_END_SLOW] = "slow",
		[STREAM_END_US] = "gateway",
		[STREAM_END_FRAME] = "too_large",
		[STREAM_END_ERROR] = "error",
	};

	s->connections = of(m.connections, p);
	s->accepted = of(m.accepted, p);
	s->refused_connections = with(m.turned_away, p, "connections");
	s->refused_address = with(m.turned_away, p, "address");
	s->refused_other = with(m.turned_away, p, "other");
	for (int e = 1; e <= STREAM_END_ERROR; e++)
		s->ended[e] = with(m.ended, p, ends[e]);
}

static void add_udp(struct stats *s, const struct protocol *p)
{
	static const char *const why[DATAGRAM_DROPS] = {
		[DATAGRAM_DROP_FULL] = "full",
		[DATAGRAM_DROP_ADDRESS] = "address",
		[DATAGRAM_DROP_KERNEL] = "kernel",
		[DATAGRAM_DROP_ANSWER] = "answer",
	};

	for (int d = 0; d < DATAGRAM_DROPS; d++)
		s->dropped[d] = with(m.dropped, p, why[d]);
}

struct stats stats_of(const struct protocol *p)
{
	if (!m.frames)
		register_all();
	struct stats s = {
		.frames = of(m.frames, p),
		.positions = of(m.positions, p),
		.times[DEVICE_CLOCK_NONE] = with(m.times, p, "none"),
		.times[DEVICE_CLOCK_AHEAD] = with(m.times, p, "future"),
		.times[DEVICE_CLOCK_ROLLED_OVER] = with(m.times, p, "rollover"),
		.bytes_in = of(m.in, p),
		.bytes_out = of(m.out, p),
		.ack_seconds = of(m.ack, p),
	};
	for (int r = 1; r < REASONS; r++)
		s.refused[r] = with(m.refused, p, protocol_reason_name((enum protocol_reason)r));
	for (int f = 1; f < FILTERS; f++)
		s.filtered[f] = with(m.filtered, p, filter_name((enum filter)f));
	if (p->transport == PROTOCOL_UDP)
		add_udp(&s, p);
	else
		add_tcp(&s, p);
	return s;
}

struct series *stats_refused(const struct stats *s, const char *why)
{
	if (!strcmp(why, "connections") || !strcmp(why, "owner")) /* the bound of a lane, and of all */
		return s->refused_connections;
	return !strcmp(why, "address") ? s->refused_address : s->refused_other;
}

struct series *stats_queued(const char *lane)
{
	static const char *const by_loop[] = { "loop", NULL };
	static struct metric *queued;

	if (!queued)
		queued = metric_gauge("pettrack_gateway_queued_positions", "Positions on their way to Kafka.", by_loop);
	return metric_series(queued, (const char *const[]){ lane, NULL });
}
