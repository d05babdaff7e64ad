/*
 * binary - what binary protocols have in common: packed digits, dates, places, bytes as text
 */
#pragma once

#include "ingest/protocols/attributes.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/protocol.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	BINARY_DATE = 6, /* bytes: year since 2000, month, day, hour, minute, second */
	BINARY_MAC = 6,
	BINARY_HEX_MAX = ATTRIBUTE_TEXT_MAX / 2, /* bytes that fit an attribute as hex */
};

/* Whether a refused frame ends the connection: nobody knows whose it is, or it cannot be stored now. One that could not be read does
 * not, as its end was known. */
static inline bool binary_closes(enum protocol_reason refused)
{
	return refused == REASON_NO_DEVICE || refused == REASON_UNKNOWN_DEVICE || refused == REASON_WRONG_SECRET ||
	       refused == REASON_UNAVAILABLE;
}

/* CRC-ITU, also called X.25: polynomial 1021 reflected, from FFFF, inverted at the end. */
uint16_t binary_crc_itu(const uint8_t *bytes, size_t n);

/* Packed digits (BCD), two a byte, into 2 * @n characters and a NUL. False when a half byte is no digit. */
bool binary_digits(char *out, const uint8_t *bytes, size_t n);

/* The number that @n bytes (at most 9) of packed digits stand for, or -1. */
int64_t binary_packed(const uint8_t *bytes, size_t n);

/* BINARY_DATE bytes as they are, or as packed digits, to ms UTC. All zero is no date: 0. 0, or REASON_BAD_VALUE for a
 * date that is none. */
MUST_CHECK int binary_date(int64_t *ret_ms, const uint8_t *date);
MUST_CHECK int binary_date_packed(int64_t *ret_ms, const uint8_t *date);

/* Gives @p the place, unless there is no such place on the earth. */
void binary_place(struct position *p, int64_t lat_e7, int64_t lon_e7);
void binary_speed(struct position *p, double mps);
/* Nothing beyond a full circle. */
void binary_course(struct position *p, double degrees);
/* Nothing beyond 100. */
void binary_battery(struct position *p, double percent);

/* @name among the alarms, once. NULL: none. */
void binary_alarm(struct parts *p, const char *name);

/* An access point whose address is BINARY_MAC bytes; all zero is none. */
void binary_wifi(struct parts *p, const uint8_t *mac, int64_t rssi);

/* Attribute @name: the first BINARY_HEX_MAX of @n bytes as hex; none for n = 0. */
void binary_hex(struct attributes *a, struct arena *arena, const char *name, const uint8_t *bytes, size_t n);

/* Attribute @name: @n bytes as text without blanks and control characters at its ends, or as hex when they are no text (UTF-8 without
 * control characters) or too long for one. Blanks alone: none. */
void binary_text(struct attributes *a, struct arena *arena, const char *name, const uint8_t *bytes, size_t n);
