/*
 * owntracks_json - one message of an OwnTracks app, the same over HTTP and MQTT
 *
 *   location    a position: tst (s) lat lon acc alt vac vel (km/h) cog batt bs conn t m p inregions BSSID SSID ...
 *   transition  a position: where it was when it crossed a fence (event: enter, leave; desc: which)
 *   steps       a contact: tst, steps
 *   waypoint waypoints status beacon encrypted
 *               a contact; the place in a waypoint is a fence's, and what is encrypted cannot be read
 *   lwt         nothing: the broker says it, when the app is gone
 *   card cmd configuration dump request, and what is not known
 *               nothing
 *
 * Source: https://owntracks.org/booklet/tech/json/
 */
#pragma once

#include "ingest/protocols/protocol.h"
#include "ingest/protocols/slice.h"

/* What a message says of its sender. Empty: nothing; in the scratch's arena. */
struct owntracks_sender {
	struct slice topic; /* "owntracks/USER/DEVICE" */
	struct slice tracker; /* tid: two characters, what the map shows */
};

/* Adds what @message says to the result. 0 or enum protocol_reason. */
MUST_CHECK int owntracks_json(struct slice message, struct protocol_scratch *scratch, struct protocol_result *result,
	struct owntracks_sender *ret);

/* Takes "owntracks/USER/DEVICE", or that with more after it, apart. False when it is none. */
bool owntracks_topic(struct slice topic, struct slice *ret_user, struct slice *ret_device);
