/*
 * teltonika_io - what Teltonika's IO elements are called here
 *
 * Source: Teltonika wiki, "FMB AVL ID", "TMT250 AVL ID" (https://wiki.teltonika-gps.com). An element without a name here is kept
 * as "ioID" with its value as an unsigned integer.
 */
#pragma once

#include "ingest/protocols/attributes.h"

/* One element of 1, 2, 4 or 8 bytes, @value being their unsigned integer. Names not in the table are taken from @arena. */
void teltonika_io(
	struct position *p, struct attributes *a, struct arena *arena, uint16_t id, uint64_t value, size_t size);

/* The alarm that an element of this value raises, by its name in docs/PROTOCOLS.md; NULL: none. */
const char *teltonika_alarm(uint16_t id, uint64_t value);

/* One of variable length (codec 8 extended): as hex text. What is longer than ATTRIBUTE_TEXT_MAX / 2 bytes is dropped. */
void teltonika_io_bytes(struct attributes *a, struct arena *arena, uint16_t id, const uint8_t *bytes, size_t n);
