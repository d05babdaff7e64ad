/*
 * gt06_packet - places, single cells and states
 *
 *   gps     = date:6 [length and satellites:1, four bits each] lat:4 lon:4 speed:1 (km/h) flags:2
 *   flags   = bits 0-9 course, 10 north, 11 west, 12 positioned, 14 the next one counts, 15 ignition
 *   cell    = mcc:2 (bit 15: mnc has two bytes) mnc:1 lac:2 cid:3; of the 4G types (A0 on) lac:4 cid:8
 *   status  = state:1 level:1 (0 to 6) gsm:1 alarm:1 language:1
 *   mode    = ignition:1 mode:1 again:1
 *
 *   10  gps reserved:2                      22 2D  gps cell mode [odometer:4]
 *   11  date:6 cell, or gps                 A0 31  gps cell(4G) mode [odometer:4]
 *   12  gps cell, then by the length        37     gps cell mode modules (id:2 length:1)
 *   16 26 27  gps length:1 cell status, 27 also fence:1; A3 A4 the same in 4G
 *   19  cell status; A5 the same in 4G      1A 2A  gps phone:21 language:2; A7 cell(4G) phone:21 language:2
 *   17  gps cell card:9 (this length only)  34     alarm:4 gps and more
 *
 * The length before a cell counts itself or not, or is wrong altogether; what the frame has room for decides.
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/gt06.h"

#include <string.h>

enum {
	GPS_LEN = 18,
	MODE_LEN = 3,
	ODOMETER_LEN = 4,
	PHONE_LEN = 23, /* and language */
};

/* ---- fields ---- */

/* A cell in what is left but for the last @tail bytes. */
static void read_cell(struct gt06 *g, bool wide, size_t tail)
{
	size_t lac_size = wide ? 4 : 2, cid_size = wide ? 8 : 3;
	size_t size = 2 + (gt06_has_long_mnc(g) ? 2U : 1U) + lac_size + cid_size;
	size_t room = g->w.left < tail ? 0 : g->w.left - tail;

	if (room < size) {
		wire_bytes(&g->w, room);
	} else if (room == size + 1 && !gt06_has_long_mnc(g) && wide) { /* two bytes of mnc without saying so */
		struct parts_cell cell = { .mcc = wire_u16(&g->w) };
		cell.mnc = wire_u16(&g->w);
		cell.lac = wire_u32(&g->w);
		cell.cid = wire_u64(&g->w);
		gt06_put_cell(g, cell);
	} else {
		gt06_cell(g, lac_size, room == size + 1 && !gt06_has_long_mnc(g) ? cid_size + 1 : cid_size);
	}
}

static void read_mode(struct gt06 *g)
{
	if (g->w.left < MODE_LEN)
		return;
	attribute_bool(&g->a, "ignition", wire_u8(&g->w) != 0);
	attribute_int(&g->a, "event", wire_u8(&g->w)); /* why it reports: 0 interval, 1 distance, 2 turn... */
	if (wire_u8(&g->w) == 1)
		attribute_bool(&g->a, "stored", true);
}

static void read_odometer(struct gt06 *g)
{
	if (g->w.left >= ODOMETER_LEN)
		attribute_int(&g->a, "odometer", wire_u32(&g->w));
}

/* ---- what follows the cell of type 12, by its length ---- */

/* Benway: two flags, then a temperature or a voltage. */
static void read_mask(struct gt06 *g)
{
	uint16_t mask = wire_u16(&g->w);

	attribute_bool(&g->a, "ignition", mask >> 15 & 1);
	attribute_bool(&g->a, "input2", mask >> 14 & 1);
	if (mask >> 12 & 1)
		attribute_int(&g->a, "temperature", mask >> 9 & 1 ? -(mask & 0x1FF) : mask & 0x1FF);
	else
		attribute_real(&g->a, "analog1", (mask & 0x3FF) / 10.0);
}

/* state:1 volts:2 gsm:1 alarm:1, as the VT series has it. */
static void read_power(struct gt06 *g)
{
	gt06_state(g, wire_u8(&g->w));
	gt06_volts(g, "externalVoltage");
	attribute_int(&g->a, "gsmSignal", wire_u8(&g->w));
	gt06_alarm(g, wire_u8(&g->w));
}

/* S5: read_power(), then oil:2 temperature:1 (bit 7 is the sign) odometer:4 (10 m). */
static void read_s5(struct gt06 *g)
{
	read_power(g);
	attribute_int(&g->a, "fuel", wire_u16(&g->w));
	uint8_t t = wire_u8(&g->w);
	attribute_int(&g->a, "temperature", t & 0x80 ? -(t & 0x7F) : t);
	attribute_int(&g->a, "odometer", wire_u32(&g->w) * INT64_C(10));
}

/* GT06E with a card reader: odometer:4 length:1 card alarm:1 swiped:1. */
static void read_card(struct gt06 *g)
{
	read_odometer(g);
	size_t n = wire_u8(&g->w);
	const uint8_t *card = wire_bytes(&g->w, n);

	if (card)
		binary_text(&g->a, g->arena, "rfid", card, n);
}

static void read_rest_of_12(struct gt06 *g)
{
	enum { MASK = 2, POWER = 5, S5 = 12, CARD = 80 };

	switch (g->w.left) {
	case MASK:
		read_mask(g);
		break;
	case MODE_LEN:
	case MODE_LEN + ODOMETER_LEN:
		read_mode(g);
		read_odometer(g);
		break;
	case ODOMETER_LEN:
		read_odometer(g);
		break;
	case POWER:
		read_power(g);
		break;
	case S5:
		read_s5(g);
		break;
	default:
		if (g->w.left >= CARD)
			read_card(g);
		break;
	}
}

/* ---- what follows the mode of type 37 ---- */

static void read_modules(struct gt06 *g)
{
	while (g->w.left >= 3) {
		uint16_t id = wire_u16(&g->w);
		size_t n = wire_u8(&g->w);
		const uint8_t *bytes = wire_bytes(&g->w, n);
		if (!bytes)
			return;
		struct wire w = wire_over(bytes, n);
		if (id == 0x0027 && n == 2)
			attribute_real(&g->a, "externalVoltage", wire_u16(&w) / 100.0);
		else if (id == 0x002E && n == 4)
			attribute_int(&g->a, "odometer", wire_u32(&w));
		else if (id == 0x003B && n == 2 && position_has(g->p, POSITION_LOCATION)) {
			g->p->accuracy_m = (float)(wire_u16(&w) / 100.0);
			g->p->has |= POSITION_ACCURACY;
		}
	}
}

/* ---- whole packets ---- */

enum layout {
	GPS = 1 << 0,
	CELL = 1 << 1,
	LENGTH = 1 << 2, /* before the cell */
	WIDE = 1 << 3, /* the cell is of 4G */
	STATUS = 1 << 4,
	FENCE = 1 << 5,
	MODE = 1 << 6,
	PHONE = 1 << 7,
};

static const struct {
	uint8_t type, layout;
} layouts[] = {
	{ GT06_GPS, GPS },
	{ GT06_LBS, GPS },
	{ GT06_GPS_LBS, GPS | CELL },
	{ GT06_ALARM, GPS | CELL | LENGTH | STATUS },
	{ GT06_GPS_LBS_RFID, GPS | CELL },
	{ GT06_LBS_STATUS, CELL | STATUS },
	{ GT06_GPS_PHONE, GPS | PHONE },
	{ GT06_GPS_LBS_EXTENSION, GPS | CELL },
	{ GT06_GPS_LBS_2, GPS | CELL | MODE },
	{ GT06_ALARM_2, GPS | CELL | LENGTH | STATUS },
	{ GT06_ALARM_FENCE, GPS | CELL | LENGTH | STATUS | FENCE },
	{ GT06_ADDRESS, GPS | PHONE },
	{ GT06_GPS_LBS_4, GPS | CELL | MODE },
	{ GT06_GPS_LBS_5, GPS | CELL | WIDE | MODE },
	{ GT06_GPS_LBS_MODULES, GPS | CELL | MODE },
	{ GT06_GPS_4G, GPS | CELL | WIDE | MODE },
	{ GT06_FENCE_4G, GPS | CELL | LENGTH | WIDE | STATUS },
	{ GT06_FENCES_4G, GPS | CELL | LENGTH | WIDE | STATUS | FENCE },
	{ GT06_LBS_ALARM_4G, CELL | WIDE | STATUS },
	{ GT06_LBS_PHONE_4G, CELL | WIDE | PHONE },
};

static unsigned layout_of(uint8_t type)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].type == type)
			return layouts[i].layout;
	return 0;
}

static size_t cell_min(unsigned layout)
{
	return layout & WIDE ? 15 : 8;
}

/* How many bytes follow the cell. The fence is there only if there is room for it. */
static size_t tail_of(const struct gt06 *g, unsigned layout)
{
	size_t tail = layout & STATUS ? GT06_STATUS_LEN : layout & MODE ? MODE_LEN : layout & PHONE ? PHONE_LEN : 0;

	return layout & FENCE && g->w.left > cell_min(layout) + tail ? tail + 1 : tail;
}

static void read_cell_of(struct gt06 *g, unsigned layout)
{
	enum { WITH_CLIMATE = 24 }; /* cell with cid:4, mode, odometer, travel time:4, climate:4 */

	if (layout & LENGTH && g->w.left != cell_min(layout) + GT06_STATUS_LEN)
		wire_u8(&g->w);
	if (g->type == GT06_GPS_LBS_2 && g->w.left == WITH_CLIMATE)
		gt06_cell(g, 2, 4);
	else if (layout & (STATUS | MODE | PHONE))
		read_cell(g, layout & WIDE, tail_of(g, layout));
	else if (g->w.left >= cell_min(layout))
		gt06_cell(g, 2, 3);
}

static void read_end(struct gt06 *g, unsigned layout)
{
	if (layout & STATUS)
		gt06_read_status(g);
	if (layout & FENCE && g->w.left > 0)
		attribute_int(&g->a, "fence", wire_u8(&g->w));
	if (layout & MODE)
		read_mode(g);
	switch (g->type) {
	case GT06_GPS_LBS:
		read_rest_of_12(g);
		break;
	case GT06_GPS_LBS_RFID:
		binary_hex(&g->a, g->arena, "rfid", g->w.at, g->w.left);
		wire_bytes(&g->w, g->w.left);
		break;
	case GT06_GPS_LBS_MODULES:
		read_modules(g);
		break;
	case GT06_GPS:
	case GT06_LBS:
		wire_bytes(&g->w, g->w.left); /* reserved */
		break;
	default:
		if (layout & PHONE)
			wire_bytes(&g->w, g->w.left); /* whom to tell by text message */
		else
			read_odometer(g);
		break;
	}
	gt06_rest(g);
}

/* GPS for those that have no cell, the cell for those that have no GPS. */
static int read_lbs(struct gt06 *g)
{
	int e = gt06_date(g);

	if (e != 0)
		return e;
	if (g->w.left < 8)
		return REASON_BAD_FRAME;
	gt06_cell(g, 2, 3);
	gt06_rest(g);
	return 0;
}

/*
 * Types 22 and 25 of devices that say who they are:
 *   01 imei:8 sent:6 gps, then length:1 cell, of 25: event:1, state:1 volts:2 (0.01) battery:1 (0.1 V) gsm:1 language:2
 *   odometer:4 running:2 (min) [length:1 kind:1 bytes]
 */
static int read_named(struct gt06 *g)
{
	enum { CARD = 1 };
	const uint8_t *imei;

	wire_u8(&g->w);
	imei = wire_bytes(&g->w, 8);
	wire_bytes(&g->w, BINARY_DATE); /* when it was sent */
	if (!imei || !gt06_imei(g->imei, imei))
		return REASON_BAD_FRAME;
	int e = gt06_gps(g);
	if (e != 0)
		return e;
	size_t length = wire_u8(&g->w);
	const uint8_t *bytes = wire_bytes(&g->w, length > 0 ? length - 1 : 0);
	if (bytes && length > 8) {
		struct gt06 cell = { .w = wire_over(bytes, length - 1) };
		parts_begin(&cell.cells);
		gt06_cell(&cell, 2, length - 6 - gt06_has_long_mnc(&cell));
		g->cells = cell.cells;
	}
	if (g->type == GT06_ALARM_NAMED)
		attribute_int(&g->a, "event", wire_u8(&g->w));
	gt06_state(g, wire_u8(&g->w));
	gt06_volts(g, "externalVoltage");
	attribute_real(&g->a, "batteryVoltage", wire_u8(&g->w) / 10.0);
	attribute_int(&g->a, "gsmSignal", wire_u8(&g->w));
	wire_u16(&g->w);
	attribute_int(&g->a, "odometer", wire_u32(&g->w));
	attribute_int(&g->a, "hours", wire_u16(&g->w) * INT64_C(60));
	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	if (g->w.left >= 2) {
		size_t n = wire_u8(&g->w);
		uint8_t kind = wire_u8(&g->w);
		const uint8_t *card = wire_bytes(&g->w, n > 0 ? n - 1 : 0);
		if (card && kind == CARD && n > 1)
			binary_text(&g->a, g->arena, "rfid", card, n - 1);
	}
	return 0;
}

/* 34: alarm:4 gps state:2 odometer:4 mcc:2 mnc:1 lac:2 cid:4 driver:4 battery:2 power:2 (0.01 V) ports:4 in:1 out:1 analog:2... */
static int read_driver(struct gt06 *g)
{
	uint32_t alarm = wire_u32(&g->w);
	int e = gt06_gps(g);

	if (e != 0)
		return e;
	attribute_int(&g->a, "event", alarm);
	attribute_int(&g->a, "status", wire_u16(&g->w));
	attribute_int(&g->a, "odometer", wire_u32(&g->w));
	gt06_cell(g, 2, 4);
	uint32_t driver = wire_u32(&g->w);
	if (driver != 0)
		attribute_int(&g->a, "rfid", driver);
	gt06_volts(g, "batteryVoltage");
	gt06_volts(g, "externalVoltage");
	wire_u32(&g->w);
	attribute_int(&g->a, "inputs", wire_u8(&g->w));
	attribute_int(&g->a, "outputs", wire_u8(&g->w));
	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	gt06_rest(g);
	return 0;
}

/* 01 where others have the year. */
static bool is_named(const struct gt06 *g)
{
	enum { NAMED_MIN = 46 };

	return (g->type == GT06_GPS_LBS_2 || g->type == GT06_ALARM_NAMED) && g->len >= NAMED_MIN && *g->w.at == 1;
}

int gt06_packet(struct gt06 *g)
{
	enum { RFID_LEN = 35, LBS_STATUS_LEN = 13, CELLS_LEN = 50 };
	unsigned layout = layout_of(g->type);
	int e = 0;

	if (is_named(g))
		return read_named(g);
	if (g->type == GT06_LBS && g->len < GPS_LEN)
		return read_lbs(g);
	if (g->type == GT06_FENCE_4G && g->len < GPS_LEN) {
		gt06_state(g, wire_u8(&g->w));
		gt06_rest(g);
		return 0;
	}
	if (g->type == GT06_GPS_DRIVER && g->len > CELLS_LEN)
		return read_driver(g);
	if ((g->type == GT06_GPS_LBS_RFID && g->len != RFID_LEN) ||
		(g->type == GT06_LBS_STATUS && g->len != LBS_STATUS_LEN) || layout == 0) {
		gt06_keep_raw(g);
		return 0;
	}
	if (layout & GPS)
		e = gt06_gps(g);
	if (e != 0)
		return e;
	if (layout & CELL)
		read_cell_of(g, layout);
	read_end(g, layout);
	return wire_ok(&g->w) ? 0 : REASON_BAD_FRAME;
}
