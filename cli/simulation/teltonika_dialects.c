/*
 * teltonika_dialects - positions as Teltonika's records, over TCP and UDP
 *
 * A datagram and its answer have the same number. It follows from the positions' count, so that an answer to a datagram of another
 * length is not taken for this one's; what comes late is not seen anyway, since who waits no longer takes another port.
 */
#include "base/wire.h"
#include "cli/simulation/dialect.h"
#include "cli/simulation/teltonika.h"
#include "cli/simulation/whole.h"

enum {
	PORT = 5027,
	RECORDS_MAX = 190, /* of below 8 KiB, which gateways take unless set otherwise */
	DATAGRAM_RECORDS_MAX = 32, /* so that it is not cut on its way: 1500 bytes with the headers of IP and UDP */
	IO_BATTERY_LEVEL = 113,
	SATELLITES = 9,
	PERIODICAL = 7,
};

/* @io: room for one. */
static struct teltonika_record record_of(const struct position *p, struct teltonika_io *io)
{
	bool has_battery = position_has(p, POSITION_BATTERY);

	*io = (struct teltonika_io){ IO_BATTERY_LEVEL, 1, whole_battery_pct(p) };
	return (struct teltonika_record){
		.time_ms = p->time_ms,
		.lat_e7 = p->lat_e7,
		.lon_e7 = p->lon_e7,
		.altitude_m = whole_altitude_m(p),
		.course_deg = (uint16_t)whole_course_deg(p),
		.speed_kmh = (uint16_t)whole_speed(p, 3.6f, UINT16_MAX),
		.satellites = SATELLITES,
		.generation = PERIODICAL,
		.io = io,
		.io_n = has_battery,
	};
}

/* ---- TCP ---- */

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

static size_t frame_16(
	uint8_t *out, size_t size, const char *imei, const char *secret, const struct position *p, size_t n)
{
	(void)imei;
	(void)secret;
	return frame_of(out, size, TELTONIKA_16, p, n);
}

static struct reply read_greeting(const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return (struct reply){ .kind = REPLY_MORE };
	if (bytes[0] > 1)
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = bytes[0] ? REPLY_WELCOME : REPLY_DENIED, .used = 1 };
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	struct wire w = wire_over(bytes, len);

	if (greeting)
		return read_greeting(bytes, len);
	uint32_t taken = wire_u32(&w);
	if (!wire_ok(&w))
		return (struct reply){ .kind = REPLY_MORE };
	if (taken > sent)
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = taken ? REPLY_TAKEN : REPLY_LATER, .used = 4, .taken = taken };
}

/* ---- UDP ---- */

static size_t datagram_of(
	uint8_t *out, size_t size, const char *imei, enum teltonika_codec codec, const struct position *p, size_t n)
{
	struct teltonika_record records[DATAGRAM_RECORDS_MAX];
	struct teltonika_io io[DATAGRAM_RECORDS_MAX];

	for (size_t i = 0; i < n; i++)
		records[i] = record_of(&p[i], &io[i]);
	return teltonika_datagram(out, size, imei, (uint8_t)n, codec, records, n);
}

static size_t datagram_8(
	uint8_t *out, size_t size, const char *imei, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return datagram_of(out, size, imei, TELTONIKA_8, p, n);
}

static size_t datagram_8e(
	uint8_t *out, size_t size, const char *imei, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return datagram_of(out, size, imei, TELTONIKA_8E, p, n);
}

static size_t datagram_16(
	uint8_t *out, size_t size, const char *imei, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return datagram_of(out, size, imei, TELTONIKA_16, p, n);
}

/* A datagram is whole, or garbage. */
static struct reply read_datagram(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	int taken = teltonika_datagram_taken(bytes, len, (uint8_t)sent);

	(void)greeting;
	if (taken < 0 || (size_t)taken > sent)
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = taken ? REPLY_TAKEN : REPLY_LATER, .used = len, .taken = (size_t)taken };
}

/* ---- the table ---- */

#define OVER_TCP                                                                                                       \
	.protocol = "teltonika", .port = PORT, .records_max = RECORDS_MAX, .imei = true, .login = teltonika_login,     \
	.read = read_answer

#define OVER_UDP                                                                                                       \
	.protocol = "teltonika-udp", .port = PORT, .records_max = DATAGRAM_RECORDS_MAX, .imei = true, .curt = true,    \
	.udp = true, .read = read_datagram

const struct dialect dialect_teltonika_8 = { OVER_TCP, .name = "teltonika-8", .codec = "8", .frame = frame_8 };
const struct dialect dialect_teltonika_8e = { OVER_TCP, .name = "teltonika-8e", .codec = "8e", .frame = frame_8e };
const struct dialect dialect_teltonika_16 = { OVER_TCP, .name = "teltonika-16", .codec = "16", .frame = frame_16 };

const struct dialect dialect_teltonika_udp_8 = {
	OVER_UDP,
	.name = "teltonika-udp-8",
	.codec = "8",
	.frame = datagram_8,
};
const struct dialect dialect_teltonika_udp_8e = {
	OVER_UDP,
	.name = "teltonika-udp-8e",
	.codec = "8e",
	.frame = datagram_8e,
};
const struct dialect dialect_teltonika_udp_16 = {
	OVER_UDP,
	.name = "teltonika-udp-16",
	.codec = "16",
	.frame = datagram_16,
};
