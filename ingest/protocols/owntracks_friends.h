/*
 * owntracks_friends - an owner's other pets as the friends that an OwnTracks app shows on its map
 *
 *     [{"_type":"card","tid":"MI","name":"Misty","topic":"owntracks/pettrack/7a0c9f0e-..."},
 *      {"_type":"location","tid":"MI","tst":1767323045,"lat":50.1703,"lon":-5.1138,"acc":8,"alt":31,"batt":82,"vel":4,
 *       "cog":271,"topic":"owntracks/pettrack/7a0c9f0e-..."}]
 *
 * Whole numbers of metres, percent, km/h and degrees; what is unknown is absent. An app puts a card and a location together by
 * the topic, or by the tid where it does not look at the topic, so both have the same. A tid has two characters: the first
 * letter of the name and another of it, or whatever no member before has.
 * Source: https://owntracks.org/booklet/tech/json/, https://owntracks.org/booklet/tech/http/
 *
 * Thread: any. Pure.
 */
#pragma once

#include "ingest/protocols/protocol.h"

/* The array into @out of @size bytes (3 at least), NUL-terminated. A member that does not fit is left out whole. */
void owntracks_friends(char *out, size_t size, const struct protocol_company *company);
