/*
 * teltonika
 *
 *   login     length:2 imei:length                      answered by one byte: 01 welcome, 00 not
 *   frame     zero:4 length:4 | packet | crc:4          answered by how many records were taken:4
 *   datagram  length:2 id:2 01 number:1 | login | packet         answered by length:2 id:2 01 number:1 taken:1
 *   packet    codec:1 n:1 record[n] n:1
 *   record    time_ms:8 priority:1 lon:4 lat:4 altitude:2 course:2 satellites:1 speed:2 io
 *   io        event [generation:1] total, then for values of 1, 2, 4 and 8 bytes: count (id value)[count]; 8E only: count of longer ones
 *
 * Codec 16 alone has a generation. How many bytes event, id, total and counts take is in `layouts`. `length` and `crc` (CRC-16/ARC) of a
 * frame are of the packet; `length` of a datagram is of what follows it.
 */
#include "cli/simulation/teltonika.h"
#include "base/wire.h"
#include "cli/simulation/crc16.h"
#include "cli/simulation/writer.h"

enum {
	DATAGRAM_ID = 0xcafe,
	USABLE = 1, /* the vendor's documents: "not usable byte" */
};

struct layout {
	enum teltonika_codec codec;
	size_t id, count; /* bytes */
};

static const struct layout layouts[] = {
	{ TELTONIKA_8, 1, 1 },
	{ TELTONIKA_8E, 2, 2 },
	{ TELTONIKA_16, 2, 1 },
};

static const struct layout *layout_of(enum teltonika_codec codec)
{
	const struct layout *l = layouts;

	while (l->codec != codec)
		l++;
	return l;
}

static void put_io_of_size(struct writer *w, const struct teltonika_record *r, size_t size, const struct layout *l)
{
	size_t count = 0;

	for (size_t i = 0; i < r->io_n; i++)
		count += r->io[i].size == size;
	writer_be(w, count, l->count);
	for (size_t i = 0; i < r->io_n; i++) {
		if (r->io[i].size != size)
			continue;
		writer_be(w, r->io[i].id, l->id);
		writer_be(w, r->io[i].value, size);
	}
}

static void put_io(struct writer *w, const struct teltonika_record *r, const struct layout *l)
{
	writer_be(w, r->event, l->id);
	if (l->codec == TELTONIKA_16)
		writer_be(w, r->generation, 1);
	writer_be(w, r->io_n, l->count);
	for (size_t size = 1; size <= 8; size *= 2)
		put_io_of_size(w, r, size, l);
	if (l->codec == TELTONIKA_8E)
		writer_be(w, 0, l->count); /* none of variable length */
}

static void put_record(struct writer *w, const struct teltonika_record *r, const struct layout *l)
{
	writer_be(w, (uint64_t)r->time_ms, 8);
	writer_be(w, r->priority, 1);
	writer_be(w, (uint32_t)r->lon_e7, 4);
	writer_be(w, (uint32_t)r->lat_e7, 4);
	writer_be(w, (uint16_t)r->altitude_m, 2);
	writer_be(w, r->course_deg, 2);
	writer_be(w, r->satellites, 1);
	writer_be(w, r->speed_kmh, 2);
	put_io(w, r, l);
}

static void put_packet(struct writer *w, enum teltonika_codec codec, const struct teltonika_record *records, size_t n)
{
	writer_be(w, codec, 1);
	writer_be(w, n, 1);
	for (size_t i = 0; i < n; i++)
		put_record(w, &records[i], layout_of(codec));
	writer_be(w, n, 1);
}

static void put_login(struct writer *w, const char *imei)
{
	size_t n = strlen(imei);

	writer_be(w, n, 2);
	writer_put(w, imei, n);
}

/* Writes at the place @at, where there are bytes already. */
static void overwrite(struct writer *w, size_t at, uint64_t v, size_t n)
{
	struct writer over = writer_in(w->out + at, n);

	if (!w->full)
		writer_be(&over, v, n);
}

size_t teltonika_login(uint8_t *out, size_t size, const char *imei)
{
	struct writer w = writer_in(out, size);

	put_login(&w, imei);
	return writer_len(&w);
}

size_t teltonika_frame(
	uint8_t *out, size_t size, enum teltonika_codec codec, const struct teltonika_record *records, size_t n)
{
	enum { ZERO = 4, HEAD = ZERO + 4 };
	struct writer w = writer_in(out, size);

	writer_be(&w, 0, HEAD);
	put_packet(&w, codec, records, n);
	if (w.full)
		return 0;
	size_t length = w.n - HEAD;
	overwrite(&w, ZERO, length, HEAD - ZERO);
	writer_be(&w, crc16_reflected(out + HEAD, length, 0xa001, 0), 4);
	return writer_len(&w);
}

size_t teltonika_datagram(uint8_t *out, size_t size, const char *imei, uint8_t number, enum teltonika_codec codec,
	const struct teltonika_record *records, size_t n)
{
	enum { LENGTH = 2 };
	struct writer w = writer_in(out, size);

	writer_be(&w, 0, LENGTH);
	writer_be(&w, DATAGRAM_ID, 2);
	writer_be(&w, USABLE, 1);
	writer_be(&w, number, 1);
	put_login(&w, imei);
	put_packet(&w, codec, records, n);
	overwrite(&w, 0, w.n - LENGTH, LENGTH);
	return writer_len(&w);
}

int teltonika_datagram_taken(const uint8_t *bytes, size_t len, uint8_t number)
{
	struct wire w = wire_over(bytes, len);
	bool ours = wire_u16(&w) == len - 2 && wire_u16(&w) == DATAGRAM_ID && wire_u8(&w) == USABLE &&
		    wire_u8(&w) == number;
	int taken = wire_u8(&w);

	return ours && wire_ok(&w) && w.left == 0 ? taken : -1;
}
