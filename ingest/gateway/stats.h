/*
 * stats - the gateway's metrics, a set of series for each protocol
 *
 * Thread: stats_of() from main before threads start; the series from any.
 */
#pragma once

#include "ingest/gateway/device_clock.h"
#include "ingest/gateway/filter.h"
#include "ingest/protocols/protocol.h"
#include "service/metrics.h"
#include "socket/loop.h"

/* Why a datagram, or the answer to it, is dropped. */
enum datagram_drop {
	DATAGRAM_DROP_FULL, /* too many are on their way, or memory is out */
	DATAGRAM_DROP_ADDRESS, /* too many of its address are */
	DATAGRAM_DROP_KERNEL, /* it was not read in time */
	DATAGRAM_DROP_ANSWER, /* the answer could not be sent */
	DATAGRAM_DROPS,
};

struct stats {
	struct series *frames, *positions;
	struct series *refused[REASONS]; /* by enum protocol_reason */
	struct series
		*times[DEVICE_CLOCK_FAULTS]; /* by enum device_clock_fault: positions whose time the gateway set */
	struct series *filtered[FILTERS]; /* fixes, by enum filter */
	/* TCP's; else NULL, as UDP's are for TCP. */
	struct series *connections, *accepted;
	struct series *refused_connections, *refused_address, *refused_other;
	struct series *ended[STREAM_END_ERROR + 1]; /* by enum stream_end */
	/* UDP's */
	struct series *dropped[DATAGRAM_DROPS];
	struct series *bytes_in, *bytes_out;
	struct series *ack_seconds;
};

/* Registers on the first call. */
struct stats stats_of(const struct protocol *p);

/* The series of a reason that listener_options.refused names. */
struct series *stats_refused(const struct stats *s, const char *why);

/* How many positions the lane called @lane has on their way to Kafka: a gauge. */
struct series *stats_queued(const char *lane);
