/*
 * stats - the metrics of the role live
 *
 * Thread: stats_open() main's, before the others start; the series from any.
 */
#pragma once

#include "service/metrics.h"

struct stats {
	/* Of the reader. */
	struct series *records, *contacts, *poison, *strays;
	struct series *ring_records, *ring_bytes, *ring_devices;
	/* Of the clients. */
	struct series *clients, *subscriptions;
	struct series *deliveries, *frames, *bytes, *conflated;
	struct series *delivery_seconds; /* from the gateway's clock to the socket */
};

extern struct stats stats;

void stats_open(void);
/* A connection has ended or was refused; a subscription with a cursor has ended so. From small fixed sets. */
void stats_closed(const char *reason);
void stats_refused(const char *reason);
void stats_resumed(const char *result);
