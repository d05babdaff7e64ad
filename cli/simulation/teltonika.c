/*
 * teltonika
 *
 *   login   length:2 imei:length                     answered by one byte: 01 welcome, 00 not
 *   frame   zero:4 length:4 | codec:1 n:1 record[n] n:1 | crc:4    answered by how many records were taken:4
 *   record  time_ms:8 priority:1 lon:4 lat:4 altitude:2 course:2 satellites:1 speed:2 io
 *   io      event total, then for values of 1, 2, 4 and 8 bytes: count (id value)[count]; 8E only: count of longer ones
 *
 * Event, total, counts and ids of io take one byte in codec 8 and two in 8E. `length` and `crc` (CRC-16/ARC) are of the
 * middle part.
 */
#include "cli/simulation/teltonika.h"
#include "cli/simulation/dialect.h"

#include <math.h>
#include <string.h>

/* Bytes under construction; too many stick. */
struct writer {
	uint8_t *out;
	size_t n, size;
	bool full;
};

static void put(struct writer *w, uint64_t v, size_t bytes)
{
	if (w->full || bytes > w->size - w->n) {
		w->full = true;
		return;
	}
	for (size_t i = bytes; i > 0; i--, v >>= 8)
		w->out[w->n + i - 1] = (uint8_t)v;
	w->n += bytes;
}

static uint16_t crc16_arc(const uint8_t *bytes, size_t n)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
	}
	return crc;
}

static void put_io(struct writer *w, const struct teltonika_record *r, size_t wide)
{
	put(w, r->event, wide);
	put(w, r->io_n, wide);
	for (size_t size = 1; size <= 8; size *= 2) {
		size_t count = 0;
		for (size_t i = 0; i < r->io_n; i++)
			count += r->io[i].size == size;
		put(w, count, wide);
		for (size_t i = 0; i < r->io_n; i++) {
			if (r->io[i].size != size)
				continue;
			put(w, r->io[i].id, wide);
			put(w, r->io[i].value, size);
		}
	}
	if (wide == 2)
		put(w, 0, 2); /* none of variable length */
}

static void put_record(struct writer *w, const struct teltonika_record *r, size_t wide)
{
	put(w, (uint64_t)r->time_ms, 8);
	put(w, r->priority, 1);
	put(w, (uint32_t)r->lon_e7, 4);
	put(w, (uint32_t)r->lat_e7, 4);
	put(w, (uint16_t)r->altitude_m, 2);
	put(w, r->course_deg, 2);
	put(w, r->satellites, 1);
	put(w, r->speed_kmh, 2);
	put_io(w, r, wide);
}

size_t teltonika_login(uint8_t *out, size_t size, const char *imei)
{
	size_t n = strlen(imei);
	struct writer w = { .out = out, .size = size };

	put(&w, n, 2);
	if (w.full || n > size - w.n)
		return 0;
	memcpy(out + w.n, imei, n);
	return w.n + n;
}

size_t teltonika_frame(
	uint8_t *out, size_t size, enum teltonika_codec codec, const struct teltonika_record *records, size_t n)
{
	enum { HEAD = 8 };
	struct writer w = { .out = out, .size = size };

	put(&w, 0, HEAD);
	put(&w, codec, 1);
	put(&w, n, 1);
	for (size_t i = 0; i < n; i++)
		put_record(&w, &records[i], codec == TELTONIKA_8E ? 2 : 1);
	put(&w, n, 1);
	if (w.full)
		return 0;
	size_t length = w.n - HEAD;
	put(&w, crc16_arc(out + HEAD, length), 4);
	put(&(struct writer){ .out = out + 4, .size = 4 }, length, 4);
	return w.full ? 0 : w.n;
}

/* ---- as a dialect ---- */

enum { PORT = 5027, RECORDS_MAX = 255, IO_BATTERY_LEVEL = 113, SATELLITES = 9 };

static struct teltonika_record record_of(const struct position *p, struct teltonika_io *io)
{
	struct teltonika_record r = {
		.time_ms = p->time_ms,
		.lat_e7 = p->lat_e7,
		.lon_e7 = p->lon_e7,
		.satellites = SATELLITES,
	};

	if (position_has(p, POSITION_ALTITUDE))
		r.altitude_m = (int16_t)lroundf(fmaxf(INT16_MIN, fminf(p->altitude_m, INT16_MAX)));
	if (position_has(p, POSITION_COURSE))
		r.course_deg = (uint16_t)(lroundf(p->course_deg) % 360);
	if (position_has(p, POSITION_SPEED))
		r.speed_kmh = (uint16_t)lroundf(fminf(p->speed_mps * 3.6f, UINT16_MAX));
	if (position_has(p, POSITION_BATTERY)) {
		*io = (struct teltonika_io){ IO_BATTERY_LEVEL, 1, (uint64_t)lroundf(p->battery_pct) };
		r.io = io;
		r.io_n = 1;
	}
	return r;
}

static size_t frame_of(uint8_t *out, size_t size, enum teltonika_codec codec, const struct position *p, size_t n)
{
	struct teltonika_record records[RECORDS_MAX];
	struct teltonika_io io[RECORDS_MAX];

	for (size_t i = 0; i < n; i++)
		records[i] = record_of(&p[i], &io[i]);
	return teltonika_frame(out, size, codec, records, n);
}

static size_t frame_8(
	uint8_t *out, size_t size, const char *imei, const char *secret, const struct position *p, size_t n)
{
	(void)imei;
	(void)secret;
	return frame_of(out, size, TELTONIKA_8, p, n);
}

static size_t frame_8e(
	uint8_t *out, size_t size, const char *imei, const char *secret, const struct position *p, size_t n)
{
	(void)imei;
	(void)secret;
	return frame_of(out, size, TELTONIKA_8E, p, n);
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	if (len == 0 || (!greeting && len < 4))
		return (struct reply){ .kind = REPLY_MORE };
	if (greeting)
		return (struct reply){
			.kind = bytes[0] == 1   ? REPLY_WELCOME
				: bytes[0] == 0 ? REPLY_DENIED
						: REPLY_GARBAGE,
			.used = 1,
		};
	uint32_t taken = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	if (taken > sent)
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = taken ? REPLY_TAKEN : REPLY_LATER, .used = 4, .taken = taken };
}

const struct dialect dialect_teltonika_8 = {
	.name = "teltonika-8",
	.protocol = "teltonika",
	.codec = "8",
	.port = PORT,
	.records_max = RECORDS_MAX,
	.imei = true,
	.login = teltonika_login,
	.frame = frame_8,
	.read = read_answer,
};

const struct dialect dialect_teltonika_8e = {
	.name = "teltonika-8e",
	.protocol = "teltonika",
	.codec = "8e",
	.port = PORT,
	.records_max = RECORDS_MAX,
	.imei = true,
	.login = teltonika_login,
	.frame = frame_8e,
	.read = read_answer,
};
