/*
 * gt06_status - what the device says of itself
 *
 *   13  status, as in gt06_packet.c; 14 or 16 bytes: state:1 signal:2 alarm:1 language:1 level:1 mode:1 volts:2 (0.01) and more
 *   23  state:1 volts:2 (0.01) gsm:1 language:2
 *   95  date:6 [lat:4 lon:4 flags:2] event:1 [detail:2 names of files], of cameras
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/gt06.h"

enum { LEVEL_MAX = 6, STATUS_MIN = 3 };

/* ---- states ---- */

void gt06_state(struct gt06 *g, uint8_t state)
{
	static const char *const alarms[8] = { NULL, "vibration", "powerCut", "lowBattery", "sos", NULL, NULL,
		"removed" };

	attribute_int(&g->a, "status", state);
	attribute_bool(&g->a, "ignition", state >> 1 & 1);
	attribute_bool(&g->a, "charging", state >> 2 & 1);
	binary_alarm(&g->alarms, alarms[state >> 3 & 7]);
}

void gt06_alarm(struct gt06 *g, uint8_t code)
{
	static const char *const alarms[] = {
		[0x01] = "sos",
		[0x02] = "powerCut",
		[0x03] = "vibration",
		[0x04] = "geofenceEnter",
		[0x05] = "geofenceExit",
		[0x06] = "overspeed",
		[0x09] = "movement",
		[0x0C] = "powerOn",
		[0x0E] = "lowPower", /* of the vehicle */
		[0x0F] = "lowPower",
		[0x11] = "powerOff",
		[0x13] = "tamper",
		[0x15] = "shutdown", /* the battery is empty */
		[0x17] = "jamming", /* a false base station */
		[0x18] = "tamper", /* the cover is open */
		[0x19] = "lowBattery",
		[0x23] = "fall",
		[0x25] = "tamper",
		[0x2C] = "accident",
	};

	if (code == 0)
		return;
	if (code >= 0xFE) {
		attribute_bool(&g->a, "ignition", code == 0xFE);
		return;
	}
	attribute_int(&g->a, "event", code);
	if (code < sizeof alarms / sizeof *alarms)
		binary_alarm(&g->alarms, alarms[code]);
}

/* Six steps in the vendor's documents; devices of others send per cent. */
static void put_level(struct gt06 *g, uint8_t level)
{
	if (level <= LEVEL_MAX)
		attribute_int(&g->a, "batteryLevel", level);
	else
		binary_battery(g->p, level);
}

void gt06_read_status(struct gt06 *g)
{
	if (g->w.left < GT06_STATUS_LEN)
		return;
	gt06_state(g, wire_u8(&g->w));
	put_level(g, wire_u8(&g->w));
	attribute_int(&g->a, "gsmSignal", wire_u8(&g->w));
	gt06_alarm(g, wire_u8(&g->w));
	wire_u8(&g->w); /* language */
}

/* ---- states alone ---- */

/* Of devices with a battery for years. */
static void read_long_status(struct gt06 *g)
{
	gt06_state(g, wire_u8(&g->w));
	wire_u16(&g->w);
	gt06_alarm(g, wire_u8(&g->w));
	wire_u8(&g->w);
	put_level(g, wire_u8(&g->w));
	wire_u8(&g->w);
	uint16_t volts = wire_u16(&g->w);
	if (volts > 0)
		attribute_real(&g->a, "batteryVoltage", volts / 100.0);
	gt06_rest(g);
}

int gt06_status(struct gt06 *g)
{
	enum { LONG_STATUS = 14, LONGER_STATUS = 16 };

	if (g->len == LONG_STATUS || g->len == LONGER_STATUS) {
		read_long_status(g);
		return 0;
	}
	if (g->len < STATUS_MIN) /* without alarm and language there are some */
		return REASON_BAD_FRAME;
	gt06_state(g, wire_u8(&g->w));
	put_level(g, wire_u8(&g->w));
	attribute_int(&g->a, "gsmSignal", wire_u8(&g->w));
	if (g->w.left >= 2) {
		gt06_alarm(g, wire_u8(&g->w));
		wire_u8(&g->w);
	}
	gt06_rest(g);
	return 0;
}

int gt06_heartbeat(struct gt06 *g)
{
	gt06_state(g, wire_u8(&g->w));
	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	if (g->w.left >= 2)
		gt06_volts(g, "batteryVoltage");
	if (g->w.left >= 1)
		attribute_int(&g->a, "gsmSignal", wire_u8(&g->w));
	return 0;
}

int gt06_event(struct gt06 *g)
{
	enum { SHORT_EVENT = 7 };
	int e = gt06_date(g);

	if (e == 0 && g->len > SHORT_EVENT) {
		uint32_t lat = wire_u32(&g->w), lon = wire_u32(&g->w);
		uint16_t flags = wire_u16(&g->w);
		if (wire_ok(&g->w))
			gt06_course(g, flags, lat, lon);
	}
	uint8_t event = wire_u8(&g->w);
	if (e != 0 || !wire_ok(&g->w))
		return e != 0 ? e : REASON_BAD_FRAME;
	attribute_int(&g->a, "event", event);
	binary_alarm(&g->alarms, event == 0x80   ? "vibration"
				 : event == 0x87 ? "overspeed"
				 : event == 0x93 ? "accident"
						 : NULL);
	if (g->w.left > 2) {
		wire_u16(&g->w);
		binary_text(&g->a, g->arena, "files", g->w.at, g->w.left);
	}
	return 0;
}
