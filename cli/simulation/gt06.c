/*
 * gt06 - the frames of Concox's GT06 and its successors, as a tracker writes them
 *
 *   frame     7878 length:1 type:1 contents serial:2 crc:2 0D0A    answered by a frame of the same type and serial without contents
 *   login 01  imei:8, packed digits after a 0
 *   place 22  date:6 size and satellites:1 lat:4 lon:4 (1/1,800,000 degrees) speed:1 (km/h) flags:2 mcc:2 mnc:1 lac:2 cell:3
 *             ignition:1 mode:1 stored:1
 *   state 13  flags:1 voltage:1 (0 to 6) signal:1 (0 to 4) alarm:1 language:1
 *   flags     of a place: bits 0-9 course, 10 north, 11 west, 12 positioned
 *
 * `length` is from the type to the crc, `crc` (CRC-16/X-25) from the length to the serial. Frames are numbered from the login on, which is
 * 1. A place says nothing of the battery, so that the state follows the places of a write.
 *
 * Concox, "GT06 GPS Tracker Communication Protocol" 1.8.1; type 22 as in that of the GT06N.
 */
#include "base/text.h"
#include "cli/simulation/crc16.h"
#include "cli/simulation/dialect.h"
#include "cli/simulation/whole.h"
#include "cli/simulation/writer.h"

#include <math.h>

enum {
	LOGIN = 0x01,
	PLACE = 0x22,
	STATE = 0x13,
};

enum {
	RECORDS_MAX = 255,
	FRAME = 10, /* without contents */
	IMEI_DIGITS = 15,
	SATELLITES = 9,
	GPS_BYTES = 12, /* what a place calls the size of its first part */
	VOLTAGE_FULL = 6,
	SIGNAL_STRONG = 4,
	ENGLISH = 2,
	CELL_MCC = 1, /* ITU's test network */
	CELL_MNC = 1,
	CELL_LAC = 1,
	CELL_ID = 1,
};

enum {
	NORTH = 1 << 10,
	WEST = 1 << 11,
	POSITIONED = 1 << 12,
};

/* What is numbered first: the login, then each frame of a write. */
enum { SERIAL_LOGIN = 1, SERIAL_FIRST };

static void put_frame(struct writer *w, uint8_t type, const void *contents, size_t n, unsigned serial)
{
	enum { TYPE = 1, SERIAL = 2, CRC = 2 };
	size_t begin = w->n;

	writer_be(w, 0x7878, 2);
	writer_be(w, TYPE + n + SERIAL + CRC, 1);
	writer_be(w, type, TYPE);
	writer_put(w, contents, n);
	writer_be(w, serial, SERIAL);
	if (!w->full)
		writer_be(w, (uint16_t)~crc16_reflected(w->out + begin + 2, w->n - begin - 2, 0x8408, 0xffff), CRC);
	writer_be(w, 0x0d0a, 2);
}

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	uint8_t imei[(IMEI_DIGITS + 1) / 2];
	char digits[IMEI_DIGITS + 2] = "0";
	struct writer w = writer_in(out, size);

	if (strspn(identifier, "0123456789") != IMEI_DIGITS || identifier[IMEI_DIGITS] != '\0')
		return 0;
	memcpy(digits + 1, identifier, IMEI_DIGITS);
	if (text_unhex(imei, sizeof imei, digits, IMEI_DIGITS + 1))
		return 0;
	put_frame(&w, LOGIN, imei, sizeof imei, SERIAL_LOGIN);
	return writer_len(&w);
}

static unsigned flags_of(const struct position *p)
{
	return whole_course_deg(p) | (p->lat_e7 >= 0 ? NORTH : 0) | (p->lon_e7 < 0 ? WEST : 0) |
	       (p->invalid ? 0 : POSITIONED);
}

static void put_place(struct writer *w, const struct position *p, bool stored, unsigned serial)
{
	uint8_t bytes[64], date[WHOLE_DATE];
	struct writer c = writer_in(bytes, sizeof bytes);

	whole_date(date, p->time_ms);
	writer_put(&c, date, sizeof date);
	writer_be(&c, GPS_BYTES << 4 | SATELLITES, 1);
	writer_be(&c, whole_degrees(p->lat_e7, 18, 100), 4);
	writer_be(&c, whole_degrees(p->lon_e7, 18, 100), 4);
	writer_be(&c, whole_speed(p, 3.6f, UINT8_MAX), 1);
	writer_be(&c, flags_of(p), 2);
	writer_be(&c, CELL_MCC, 2);
	writer_be(&c, CELL_MNC, 1);
	writer_be(&c, CELL_LAC, 2);
	writer_be(&c, CELL_ID, 3);
	writer_be(&c, 0, 1); /* ignition */
	writer_be(&c, 0, 1); /* by interval */
	writer_be(&c, stored, 1);
	put_frame(w, PLACE, c.out, c.n, serial);
}

static unsigned voltage_of(const struct position *p)
{
	if (!position_has(p, POSITION_BATTERY))
		return VOLTAGE_FULL;
	return (unsigned)lroundf(p->battery_pct * VOLTAGE_FULL / 100);
}

static void put_state(struct writer *w, const struct position *p, unsigned serial)
{
	const uint8_t contents[] = { 0, (uint8_t)voltage_of(p), SIGNAL_STRONG, 0, ENGLISH };

	put_frame(w, STATE, contents, sizeof contents, serial);
}

/* All but the last come from the tracker's memory. */
static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	struct writer w = writer_in(out, size);
	unsigned serial = SERIAL_FIRST;

	(void)identifier;
	(void)secret;
	for (size_t i = 0; i < n; i++)
		put_place(&w, &p[i], i + 1 < n, serial++);
	put_state(&w, &p[n - 1], serial);
	return writer_len(&w);
}

/* ---- answers ---- */

/* The frames that are answered to what was sent: one to the login, one to each place and to the state. */
static size_t put_answers(struct writer *w, bool greeting, size_t sent)
{
	unsigned serial = SERIAL_FIRST;

	if (greeting) {
		put_frame(w, LOGIN, "", 0, SERIAL_LOGIN);
		return writer_len(w);
	}
	for (size_t i = 0; i < sent; i++)
		put_frame(w, PLACE, "", 0, serial++);
	put_frame(w, STATE, "", 0, serial);
	return writer_len(w);
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	uint8_t wanted[(RECORDS_MAX + 1) * FRAME];
	struct writer w = writer_in(wanted, sizeof wanted);
	size_t n = put_answers(&w, greeting, sent);

	if (memcmp(bytes, wanted, len < n ? len : n) != 0)
		return (struct reply){ .kind = REPLY_GARBAGE };
	if (len < n)
		return (struct reply){ .kind = REPLY_MORE };
	return (struct reply){
		.kind = greeting ? REPLY_WELCOME : REPLY_TAKEN, .used = n, .taken = greeting ? 0 : sent
	};
}

const struct dialect dialect_gt06 = {
	.name = "gt06",
	.protocol = "gt06",
	.port = 5023,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.seconds = true,
	.login = login,
	.frame = frame,
	.read = read_answer,
};
