/*
 * decode_frames - the gateway's side of a connection, without a network, a database and a device's record
 *
 * Runs a protocol over what arrived, by the very functions and limits of the gateway. Every device is taken for known and its
 * secret for right, every frame for durable. What the gateway does after that is not done here: its own clock for a report without
 * a time, the owner's clock offset and filters.
 *
 * Thread: one at a time.
 */
#pragma once

#include "cli/decode_capture.h"
#include "cli/decode_report.h"
#include "ingest/protocols/protocol.h"

struct decode_frames {
	const struct protocol *protocol;
	const struct protocol
		*datagrams; /* what is spoken over UDP on the same port; NULL: nothing, or it is @protocol */
	struct protocol_limits limits;
	struct protocol_session
		session; /* stays from line to line, also where the gateway would close the connection */
	struct protocol_scratch scratch; /* set by the caller */
	int64_t now_ms; /* of the answers; 0: the clock's */
	bool mend; /* give a frame of text its end back that a capture has lost */
};

/* All frames in @bytes, one behind the other until one ends the connection, into @report. A capture does not say how its bytes
 * came: what is no frame, but a good datagram, is read as one. @bytes may get longer. */
void decode_frames_read(struct decode_frames *f, struct decode_bytes *bytes, struct decode_report *report);
