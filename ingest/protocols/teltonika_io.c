/* teltonika_io - the table of elements, and how each kind is read. */
#include "ingest/protocols/teltonika_io.h"

#include "base/text.h"

#include <string.h>

enum kind {
	FLAG, /* 0 or 1 */
	NUMBER, /* unsigned */
	SIGNED,
	SCALED, /* unsigned, divided by per */
	SIGNED_SCALED,
	CODE, /* bytes that are no number, as hex text; all zero: absent */
	BATTERY,
};

/* In the order of the ids. */
static const struct element {
	uint16_t id;
	enum kind kind;
	const char *name;
	double per; /* of the value, one of the attribute's unit */
} elements[] = {
	{ 1, FLAG, "input1", 0 },
	{ 2, FLAG, "input2", 0 },
	{ 3, FLAG, "input3", 0 },
	{ 9, SCALED, "analog1", 1000 },
	{ 11, NUMBER, "iccid1", 0 },
	{ 14, NUMBER, "iccid2", 0 },
	{ 16, NUMBER, "odometer", 0 },
	{ 17, SIGNED, "axisX", 0 },
	{ 18, SIGNED, "axisY", 0 },
	{ 19, SIGNED, "axisZ", 0 },
	{ 21, NUMBER, "gsmSignal", 0 },
	{ 25, SIGNED_SCALED, "bleTemperature1", 100 },
	{ 26, SIGNED_SCALED, "bleTemperature2", 100 },
	{ 27, SIGNED_SCALED, "bleTemperature3", 100 },
	{ 28, SIGNED_SCALED, "bleTemperature4", 100 },
	{ 66, SCALED, "externalVoltage", 1000 },
	{ 67, SCALED, "batteryVoltage", 1000 },
	{ 68, SCALED, "batteryCurrent", 1000 },
	{ 69, NUMBER, "gnssStatus", 0 },
	{ 72, SIGNED_SCALED, "temperature", 10 },
	{ 73, SIGNED_SCALED, "temperature2", 10 },
	{ 74, SIGNED_SCALED, "temperature3", 10 },
	{ 75, SIGNED_SCALED, "temperature4", 10 },
	{ 78, CODE, "iButton", 0 },
	{ 80, NUMBER, "dataMode", 0 },
	{ 113, BATTERY, NULL, 0 },
	{ 116, FLAG, "charging", 0 },
	{ 179, FLAG, "output1", 0 },
	{ 180, FLAG, "output2", 0 },
	{ 181, SCALED, "pdop", 10 },
	{ 182, SCALED, "hdop", 10 },
	{ 199, NUMBER, "tripOdometer", 0 },
	{ 200, NUMBER, "sleepMode", 0 },
	{ 205, NUMBER, "cellId", 0 },
	{ 206, NUMBER, "areaCode", 0 },
	{ 236, FLAG, "alarmButton", 0 },
	{ 237, NUMBER, "networkType", 0 },
	{ 239, FLAG, "ignition", 0 },
	{ 240, FLAG, "motion", 0 },
	{ 241, NUMBER, "operator", 0 },
	{ 242, FLAG, "manDown", 0 },
	{ 246, FLAG, "towing", 0 },
	{ 247, NUMBER, "crash", 0 },
	{ 249, FLAG, "jamming", 0 },
	{ 250, FLAG, "trip", 0 },
	{ 251, FLAG, "idling", 0 },
	{ 252, FLAG, "unplugged", 0 },
};

enum { ELEMENTS = sizeof elements / sizeof *elements };

static const struct element *find(uint16_t id)
{
	size_t low = 0, high = ELEMENTS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (elements[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ELEMENTS && elements[low].id == id ? &elements[low] : NULL;
}

static int64_t as_signed(uint64_t v, size_t size)
{
	uint64_t sign = (uint64_t)1 << (size * 8 - 1);

	return (int64_t)((v ^ sign) - sign);
}

static const char *io_name(struct arena *arena, uint16_t id)
{
	char buf[8];
	struct text t = text_in(buf, sizeof buf);

	text_puts(&t, "io");
	text_int(&t, id);
	return arena_text(arena, t.buf, t.len);
}

static void put_hex(struct attributes *a, struct arena *arena, const char *name, const uint8_t *bytes, size_t n)
{
	char *hex = name ? arena_take(arena, 2 * n + 1) : NULL;

	if (!hex)
		return;
	text_hex(hex, bytes, n);
	attribute_text(a, name, hex);
}

static void put_code(struct attributes *a, struct arena *arena, const char *name, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	put_hex(a, arena, name, bytes, size);
}

static void put_unknown(struct attributes *a, struct arena *arena, uint16_t id, uint64_t value, size_t size)
{
	const char *name = io_name(arena, id);

	if (name && value <= INT64_MAX)
		attribute_int(a, name, (int64_t)value);
	else if (name)
		put_code(a, arena, name, value, size);
}

void teltonika_io(
	struct position *p, struct attributes *a, struct arena *arena, uint16_t id, uint64_t value, size_t size)
{
	const struct element *e = find(id);

	if (!e) {
		put_unknown(a, arena, id, value, size);
		return;
	}
	switch (e->kind) {
	case FLAG:
		if (value <= 1)
			attribute_bool(a, e->name, value == 1);
		else
			put_unknown(a, arena, id, value, size);
		break;
	case NUMBER:
		if (value <= INT64_MAX)
			attribute_int(a, e->name, (int64_t)value);
		break;
	case SIGNED:
		attribute_int(a, e->name, as_signed(value, size));
		break;
	case SCALED:
		attribute_real(a, e->name, (double)value / e->per);
		break;
	case SIGNED_SCALED:
		attribute_real(a, e->name, (double)as_signed(value, size) / e->per);
		break;
	case CODE:
		if (value != 0)
			put_code(a, arena, e->name, value, size);
		break;
	case BATTERY:
		if (value <= 100) {
			p->battery_pct = (float)value;
			p->has |= POSITION_BATTERY;
		}
		break;
	}
}

const char *teltonika_alarm(uint16_t id, uint64_t value)
{
	static const struct {
		uint16_t id;
		const char *name;
	} alarms[] = {
		{ 236, "sos" },
		{ 242, "fall" },
		{ 246, "towing" },
		{ 247, "accident" }, /* its values say how sure that is */
		{ 249, "jamming" },
		{ 252, "powerCut" },
	};

	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (alarms[i].id == id && value != 0)
			return alarms[i].name;
	return NULL;
}

void teltonika_io_bytes(struct attributes *a, struct arena *arena, uint16_t id, const uint8_t *bytes, size_t n)
{
	if (n > 0 && n <= ATTRIBUTE_TEXT_MAX / 2)
		put_hex(a, arena, io_name(arena, id), bytes, n);
}
