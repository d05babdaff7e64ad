/*
 * datagram - trackers that speak UDP: receive, decode, put, answer
 *
 * A datagram is a frame and stands alone. While it is on its way to Kafka it is a parcel; one that must wait (its device is being
 * looked up, the queue is full) is kept as a copy. A lane has at most datagrams_max parcels, and of one address at most
 * datagrams_per_address; what comes beyond is dropped and counted, for the tracker sends it again.
 *
 * Nobody knows whether a datagram is from whom it says. So that the gateway does not speak to a victim, only what is accepted
 * is answered, and never with more bytes than came.
 *
 * Thread: the lane's.
 */
#pragma once

#include "ingest/gateway/intake.h"
#include "socket/address.h"

struct parcel;
struct datagram_door;
TAILQ_HEAD(parcel_list, parcel);
SLIST_HEAD(datagram_doors, datagram_door);

/* Those of a lane. */
struct parcels {
	struct intake *intake; /* borrowed */
	struct parcel_list all;
	size_t n;
	struct address_counts *addresses; /* of @all; NULL: not bounded */
	struct datagram_doors doors; /* the ports that receive them */
	int64_t stood_in_ms; /* as a flight's, from parcel to parcel */
};

/* 0 or -ENOMEM. */
MUST_CHECK int parcels_open(struct parcels *all, struct intake *intake);
/* Frees. After the loop and the producer are closed. */
void parcels_close(struct parcels *all);

/* Receives at @port, and sets its number. 0 or -errno. */
MUST_CHECK int parcels_receive(struct parcels *all, struct loop *l, struct port *port);

/* Counts what the kernel has dropped. To be called now and then. */
void parcels_count_missed(struct parcels *all);

/* Receives nothing more and drops what waits. What is aloft is still answered. */
void parcels_drain(struct parcels *all);
