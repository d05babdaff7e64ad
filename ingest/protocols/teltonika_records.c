/*
 * teltonika_records - the body of a packet in codec 8, 8 extended and 16, the same on TCP and UDP
 *
 *   body    = codec:1 count:1 record[count] count:1
 *   record  = time_ms:8 priority:1 lon:4 lat:4 altitude:2 angle:2 satellites:1 speed:2 io
 *   io      = event:I [generation:1, codec 16] total:N  then, for values of 1, 2, 4, 8 bytes: n:N (id:I value)*n,
 *             then, codec 8 extended: n:2 (id:2 length:2 value)*n
 *             I = 1 for codec 8, else 2; N = 2 for codec 8 extended, else 1
 *
 * Source: Teltonika wiki, "Teltonika Data Sending Protocols". Coordinates in degrees x 1e7, speed in km/h.
 *
 * Without a fix "longitude, latitude and altitude values are last valid fix, and angle, satellites and speed are 0"
 * (the same page), all zero when there never was one. So a record with no satellites keeps its place as invalid, or is a contact
 * where the place is 0, 0; its speed, course and altitude are unknown.
 */
#include "ingest/protocols/attributes.h"
#include "ingest/protocols/binary.h"
#include "ingest/protocols/teltonika.h"
#include "ingest/protocols/teltonika_io.h"

enum {
	CODEC_8 = 0x08,
	CODEC_8E = 0x8E,
	CODEC_16 = 0x10,
	SPEED_UNKNOWN = 0xFFFF,
};

static const double KMH_MPS = 1 / 3.6;

struct packet {
	struct wire w;
	uint8_t codec;
	size_t id_size, count_size; /* I and N above */
	struct parts alarms; /* of the present record */
	struct protocol_scratch *scratch;
};

static void read_fixed_elements(struct packet *k, struct position *p, struct attributes *a)
{
	for (size_t size = 1; size <= 8; size *= 2) {
		uint64_t n = wire_be(&k->w, k->count_size);
		for (; n > 0 && wire_ok(&k->w); n--) {
			uint16_t id = (uint16_t)wire_be(&k->w, k->id_size);
			uint64_t value = wire_be(&k->w, size);
			if (!wire_ok(&k->w))
				return;
			teltonika_io(p, a, &k->scratch->arena, id, value, size);
			binary_alarm(&k->alarms, teltonika_alarm(id, value));
		}
	}
}

static void read_variable_elements(struct packet *k, struct attributes *a)
{
	for (uint64_t n = wire_u16(&k->w); n > 0 && wire_ok(&k->w); n--) {
		uint16_t id = wire_u16(&k->w), size = wire_u16(&k->w);
		const uint8_t *bytes = wire_bytes(&k->w, size);
		if (bytes)
			teltonika_io_bytes(a, &k->scratch->arena, id, bytes, size);
	}
}

static void read_elements(struct packet *k, struct position *p, struct attributes *a)
{
	uint16_t event = (uint16_t)wire_be(&k->w, k->id_size);

	if (event != 0)
		attribute_int(a, "event", event);
	if (k->codec == CODEC_16)
		wire_u8(&k->w); /* generation: why the record was made, 5 being "on change" */
	wire_be(&k->w, k->count_size); /* the total; the counts below say the same */
	read_fixed_elements(k, p, a);
	if (k->codec == CODEC_8E)
		read_variable_elements(k, a);
}

static void read_place(struct wire *w, struct position *p, struct attributes *a)
{
	int32_t lon = wire_i32(w), lat = wire_i32(w);
	int16_t altitude = wire_i16(w);
	uint16_t angle = wire_u16(w);
	uint8_t satellites = wire_u8(w);
	uint16_t speed = wire_u16(w);
	bool possible = lat >= -900000000 && lat <= 900000000 && lon >= -1800000000 && lon <= 1800000000;

	attribute_int(a, "satellites", satellites);
	if (!possible || (satellites == 0 && lat == 0 && lon == 0))
		return;
	p->lat_e7 = lat;
	p->lon_e7 = lon;
	p->has |= POSITION_LOCATION;
	p->invalid = satellites == 0;
	if (p->invalid)
		return;
	p->altitude_m = altitude;
	p->has |= POSITION_ALTITUDE;
	if (angle <= 360) {
		p->course_deg = (float)(angle % 360);
		p->has |= POSITION_COURSE;
	}
	if (speed != SPEED_UNKNOWN) {
		p->speed_mps = (float)(speed * KMH_MPS);
		p->has |= POSITION_SPEED;
	}
}

static int read_record(struct packet *k, struct position *p)
{
	struct attributes a;
	uint64_t time_ms = wire_u64(&k->w);

	attributes_begin(&a);
	parts_begin(&k->alarms);
	*p = (struct position){ .time_ms = time_ms <= INT64_MAX ? (int64_t)time_ms : 0 };
	uint8_t priority = wire_u8(&k->w);
	if (priority != 0)
		attribute_int(&a, "priority", priority); /* 1 high, 2 panic */
	read_place(&k->w, p, &a);
	read_elements(k, p, &a);
	parts_end(&k->alarms, "alarm", &a, &k->scratch->arena);
	return attributes_end(&a, p, &k->scratch->arena) ? 0 : REASON_TOO_MANY;
}

int teltonika_records(struct wire *body, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct packet k = { .codec = wire_u8(body), .scratch = scratch };
	uint8_t count = wire_u8(body);

	if (k.codec != CODEC_8 && k.codec != CODEC_8E && k.codec != CODEC_16)
		return wire_ok(body) ? REASON_UNSUPPORTED : REASON_BAD_FRAME;
	k.w = *body;
	k.id_size = k.codec == CODEC_8 ? 1 : 2;
	k.count_size = k.codec == CODEC_8E ? 2 : 1;
	if (count > scratch->positions_max)
		return REASON_TOO_MANY;
	for (size_t i = 0; i < count && wire_ok(&k.w); i++) {
		int e = read_record(&k, &scratch->positions[i]);
		if (e != 0)
			return e;
	}
	if (wire_u8(&k.w) != count || !wire_ok(&k.w) || k.w.left != 0)
		return REASON_BAD_FRAME;
	result->positions_n = result->note.records = count;
	return 0;
}
