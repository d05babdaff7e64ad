/*
 * intake - what stands between a decoded frame and Kafka, whatever brought the frame: TCP, a datagram, a broker
 *
 * A flight is one frame on its way, and lies in its owner (a connection, say). intake_take() finds out whose the positions
 * are and when they were, and hands them over, all or none. What cannot go on now waits here, and its owner is told to
 * bring it again; nothing of its contents is kept. Once Kafka has reported on every position, the flight has landed.
 *
 * Thread: the lane's.
 */
#pragma once

#include "base/network.h"
#include "ingest/gateway/filter.h"
#include "ingest/gateway/lane.h"
#include "ingest/gateway/outgoing.h"

#include <sys/queue.h>

struct flight;

/* What its owner does about it. */
struct flight_events {
	/* Take it once more, from the start: the device was looked up, or there is room. */
	void (*again)(struct flight *f);
	/* Kafka has reported: it is durable, or refused as f->refused says. */
	void (*landed)(struct flight *f);
};

enum flight_state {
	FLIGHT_NONE, /* nothing under way: refused, landed, or nothing to store */
	FLIGHT_LOOKING, /* its device is being looked up */
	FLIGHT_STALLED, /* there is no room */
	FLIGHT_ALOFT, /* reports are to come */
};

struct flight {
	const struct flight_events *events; /* set by the owner, as is @port */
	struct port *port;
	struct address from; /* set by the owner; nobody's where it has none, which rules that name networks refuse */
	TAILQ_ENTRY(flight) wait;
	uint64_t ticket; /* of the look-up */
	int64_t stood_in_ms; /* the last time given to a position that had none to be trusted; kept from frame to frame */
	uint32_t pending; /* reports to come */
	uint8_t state;
	uint8_t refused; /* enum protocol_reason why it is; 0: not so far */
	struct uuid device; /* of the frame's first group, once it was taken; all zero: it names none */
	struct uuid owner; /* that device's; all zero: nobody */
};

TAILQ_HEAD(flights, flight);

/* What counts for the fixes of a group: of its device, as it was found. */
struct group_filters {
	struct filters filters;
	struct fix last;
};

/* One for each lane. */
struct intake {
	struct lane_options *o;
	struct bus_producer *producer; /* set by the lane */
	struct protocol_scratch scratch; /* for decode() of the frame that is taken next */
	struct group_filters *groups; /* of the frame that is taken, as are: */
	uint8_t *filtered; /* of each position, by which enum filter; 0: none */
	uint32_t clocks[DEVICE_CLOCK_FAULTS]; /* positions by enum device_clock_fault; 0: nothing wrong */
	struct outgoing outgoing;
	struct flights looking; /* for look-ups, in the order they came */
	struct flights stalled;
	size_t aloft; /* flights with reports to come */
	struct loop_timer *flush; /* does intake_flush() */
	struct loop_timer *reports; /* does intake_reports(); set off while there are some to come */
	bool reports_set;
	bool fatal; /* the producer is beyond mending */
};

/* 0 or -ENOMEM. @o is borrowed. */
MUST_CHECK int intake_open(struct intake *in, struct lane_options *o);
void intake_close(struct intake *in);

/* A step of a frame that is not over: again() comes. Beside enum protocol_reason. */
enum { INTAKE_LATER = -1 };

/* @frame: decoded into in->scratch; what filters refuse is taken out of its positions. 0: it is on its way when f->pending is
 * above 0, else there was nothing to store; enum protocol_reason; or INTAKE_LATER. May be called before again(), which then
 * does not come for the time before. */
MUST_CHECK int intake_take(struct intake *in, struct flight *f, struct protocol_result *frame);

/* What answer() is told of @refused: who may not speak here is not to learn that there is such a device. */
enum protocol_reason intake_told(enum protocol_reason refused);

/* What waits waits no more: no again() comes. What is aloft stays so, and lands. */
void intake_give_up(struct intake *in, struct flight *f);

/* ---- for the lane ---- */

/* Gives the producer what the turn has gathered. */
void intake_flush(struct intake *in);
/* Takes what reports there are; what has room now goes on. */
void intake_reports(struct intake *in);
/* The producer's delivery reports: @opaque of a record is its flight. */
void intake_delivered(void *intake, void *flight, int r);
/* At the end: what the producer never got is reported as failed. Returns how many records. */
size_t intake_end(struct intake *in);

/* Goes on with those whose look-up is settled. */
void intake_looked_up(struct intake *in, uint64_t ticket);
