/*
 * gt06 - what the readers of GT06 frames share
 *
 * A reader gets the contents of one frame and fills in its position. 0 or enum protocol_reason.
 */
#pragma once

#include "ingest/protocols/attributes.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/protocol.h"

#include "base/wire.h"

enum { GT06_IMEI_MAX = 16, GT06_STATUS_LEN = 5 };

/* Kinds of frame, by their second or third byte. */
enum gt06_type {
	GT06_LOGIN = 0x01,
	GT06_GPS = 0x10,
	GT06_LBS = 0x11, /* of some devices: with GPS */
	GT06_GPS_LBS = 0x12,
	GT06_STATUS = 0x13,
	GT06_STRING = 0x15,
	GT06_ALARM = 0x16,
	GT06_GPS_LBS_RFID = 0x17,
	GT06_LBS_EXTENSION = 0x18,
	GT06_LBS_STATUS = 0x19,
	GT06_GPS_PHONE = 0x1A,
	GT06_GPS_LBS_EXTENSION = 0x1E,
	GT06_ONLINE_STRING = 0x21,
	GT06_GPS_LBS_2 = 0x22,
	GT06_HEARTBEAT = 0x23,
	GT06_LBS_MANY_3 = 0x24,
	GT06_ALARM_NAMED = 0x25, /* names the device; as GT06_GPS_LBS_2 of the same devices */
	GT06_ALARM_2 = 0x26,
	GT06_ALARM_FENCE = 0x27,
	GT06_LBS_MANY = 0x28,
	GT06_ADDRESS = 0x2A,
	GT06_WIFI = 0x2C,
	GT06_GPS_LBS_4 = 0x2D,
	GT06_LBS_MANY_2 = 0x2E,
	GT06_GPS_LBS_5 = 0x31,
	GT06_EXTENDED_GPS = 0x32, /* long frames only, as the next */
	GT06_EXTENDED_ALARM = 0x33,
	GT06_GPS_DRIVER = 0x34,
	GT06_GPS_LBS_MODULES = 0x37,
	GT06_MODULES = 0x70,
	GT06_COMMAND = 0x80, /* to 0x82: the gateway's own, should one come back */
	GT06_TIME = 0x8A,
	GT06_INFO = 0x94,
	GT06_EVENT = 0x95,
	GT06_ADDRESS_ANSWER = 0x97,
	GT06_SERIAL = 0x9B,
	GT06_GPS_4G = 0xA0,
	GT06_LBS_4G = 0xA1,
	GT06_WIFI_4G = 0xA2,
	GT06_FENCE_4G = 0xA3,
	GT06_FENCES_4G = 0xA4,
	GT06_LBS_ALARM_4G = 0xA5,
	GT06_LBS_PHONE_4G = 0xA7,
	GT06_PERIPHERAL = 0xF2,
};

struct gt06 {
	uint8_t type;
	bool extended; /* the length has two bytes: 7979 */
	struct wire w; /* contents: what is between the type and the serial number */
	size_t len; /* of them */
	struct position *p;
	struct attributes a;
	struct parts cells, wifi, alarms;
	struct arena *arena;
	char imei[GT06_IMEI_MAX + 1]; /* where the frame names its device; else empty */
};

/* Eight bytes of packed digits, the first of which is 0 and left out. False when they are no digits. */
bool gt06_imei(char out[static GT06_IMEI_MAX + 1], const uint8_t *packed);

/* What @g could not tell apart goes to the attributes "type" and "data", the contents as hex. */
void gt06_keep_raw(struct gt06 *g);

/* gt06_fields.c: dates, places, cells */
int gt06_date(struct gt06 *g);
int gt06_place(struct gt06 *g); /* satellites, place, speed, flags */
int gt06_gps(struct gt06 *g); /* both */
/* The place, in 1/1,800,000 degrees, and the course, as @flags have it. */
void gt06_course(struct gt06 *g, uint16_t flags, int64_t lat, int64_t lon);
bool gt06_has_long_mnc(const struct gt06 *g);
void gt06_ids(struct gt06 *g, uint32_t *ret_mcc, uint32_t *ret_mnc);
void gt06_cell(struct gt06 *g, size_t lac_size, size_t cid_size); /* mcc, mnc, lac, cid */
void gt06_put_cell(struct gt06 *g, struct parts_cell cell); /* unless it is none */
void gt06_volts(struct gt06 *g, const char *name); /* two bytes, hundredths */
void gt06_rest(struct gt06 *g); /* what is left goes to the attribute "data", as hex */

/* gt06_status.c */
void gt06_alarm(struct gt06 *g, uint8_t code);
void gt06_state(struct gt06 *g, uint8_t state); /* the terminal's flags */
void gt06_read_status(struct gt06 *g); /* GT06_STATUS_LEN bytes of a packet, if there are as many */
int gt06_status(struct gt06 *g);
int gt06_heartbeat(struct gt06 *g);
int gt06_event(struct gt06 *g);

/* gt06_packet.c: places with a cell, a state or both */
int gt06_packet(struct gt06 *g);

/* gt06_around.c: many cells, access points */
int gt06_around(struct gt06 *g);
int gt06_extended_gps(struct gt06 *g);

/* gt06_info.c: texts, information, modules */
int gt06_string(struct gt06 *g);
int gt06_online_string(struct gt06 *g);
int gt06_info(struct gt06 *g);
int gt06_modules(struct gt06 *g);
int gt06_serial(struct gt06 *g);
int gt06_peripheral(struct gt06 *g);
