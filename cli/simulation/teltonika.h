/*
 * teltonika - frames and datagrams of Teltonika's codecs 8, 8 Extended and 16, as a tracker writes them
 *
 * wiki.teltonika-gps.com, "Teltonika Data Sending Protocols". Thread: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum teltonika_codec { TELTONIKA_8 = 0x08, TELTONIKA_8E = 0x8e, TELTONIKA_16 = 0x10 };

/* One IO element: id and value, the value of 1, 2, 4 or 8 bytes. */
struct teltonika_io {
	uint16_t id; /* codec 8: up to 255 */
	uint8_t size;
	uint64_t value;
};

/* One AVL record. */
struct teltonika_record {
	int64_t time_ms;
	int32_t lat_e7, lon_e7;
	int16_t altitude_m;
	uint16_t course_deg, speed_kmh;
	uint8_t satellites; /* 0: no fix */
	uint8_t priority;
	uint16_t event; /* the IO element that caused the record, 0: none */
	uint8_t generation; /* codec 16: how it caused it (5: by a change, 7: periodically) */
	const struct teltonika_io *io;
	size_t io_n;
};

/* Length and digits that open a connection. How long it is, 0 when it does not fit. */
size_t teltonika_login(uint8_t *out, size_t size, const char *imei);

/* A whole frame, @n records (1 to 255) with their checksum. How long it is, 0 when it does not fit. */
size_t teltonika_frame(
	uint8_t *out, size_t size, enum teltonika_codec codec, const struct teltonika_record *records, size_t n);

/* The same records for UDP: with the IMEI, without a checksum. @number is that of the AVL packet, which its answer repeats. */
size_t teltonika_datagram(uint8_t *out, size_t size, const char *imei, uint8_t number, enum teltonika_codec codec,
	const struct teltonika_record *records, size_t n);

/* How many records an answer to the datagram of this @number says are taken. -1: it is no such answer. */
int teltonika_datagram_taken(const uint8_t *bytes, size_t len, uint8_t number);
