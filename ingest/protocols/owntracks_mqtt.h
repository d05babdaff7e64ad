/*
 * owntracks_mqtt - OwnTracks through an MQTT broker
 *
 *   a message as JSON (owntracks_json.h) on owntracks/USER/DEVICE, or below it: .../event, .../waypoint, .../status...
 *   nothing, which clears what the broker has retained, and says nothing
 *
 * Source: https://owntracks.org/booklet/guide/topics/. The device is named by the topic's DEVICE part; the broker decides who may publish
 * there, and no secret comes with a message.
 */
#pragma once

#include "ingest/protocols/protocol.h"
#include "ingest/protocols/slice.h"

/* No row of the table: it is not spoken on a port. */
extern const struct protocol protocol_owntracks_mqtt;

/* 0 or enum protocol_reason; *ret is set for 0. */
MUST_CHECK int owntracks_mqtt_decode(
	struct slice topic, struct slice message, struct protocol_scratch *scratch, struct protocol_result *ret);
