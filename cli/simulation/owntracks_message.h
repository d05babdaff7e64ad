/*
 * owntracks_message - a place as OwnTracks says it, the same over HTTP and MQTT
 *
 * All numbers but the place are whole: speed in km/h, time in seconds. https://owntracks.org/booklet/tech/json/.
 */
#pragma once

#include "base/position.h"
#include "base/text.h"

enum { OWNTRACKS_MESSAGE_SIZE = 512 };

void owntracks_put_message(struct text *t, const char *identifier, const struct position *p);
