/* Source: ingest/protocols/gt06*.c. Vectors: the examples of Concox's documents, and frames made here from them. */
#include "bytes.h"
#include "decoding.h"
#include "frames.h"

#include "base/text.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

extern const struct protocol protocol_gt06;
static const struct protocol *const gt06 = &protocol_gt06;
static const struct protocol_session nobody, logged_in = { .identifier = "868120302971396" };

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- frames made here: contents get their start, length, serial number, checksum and end ---- */

static uint16_t crc_by_bits(const uint8_t *p, size_t n)
{
	uint16_t crc = 0xFFFF;

	while (n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
	}
	return (uint16_t)~crc;
}

/* @hex: the type and the contents; with "+" before them the frame is a long one. */
static const uint8_t *frame_of(const char *hex, size_t *ret_len)
{
	static uint8_t buf[8192];
	bool extended = *hex == '+';
	size_t n = strlen(hex += extended) / 2, head = extended ? 4 : 3;

	ck_assert_int_eq(text_unhex(buf + head, n, hex, 2 * n), 0);
	memset(buf, extended ? 0x79 : 0x78, 2);
	buf[2] = (uint8_t)((n + 4) >> (extended ? 8 : 0));
	buf[head - 1] = (uint8_t)(n + 4);
	n += head;
	buf[n++] = 0x01;
	buf[n++] = 0x02;
	uint16_t crc = crc_by_bits(buf + 2, n - 2);
	buf[n++] = (uint8_t)(crc >> 8);
	buf[n++] = (uint8_t)crc;
	memcpy(buf + n, "\r\n", 2);
	*ret_len = n + 2;
	return buf;
}

static const char *says(const char *hex)
{
	size_t len;
	const uint8_t *frame = frame_of(hex, &len);
	struct protocol_result r = frame_good(gt06, &logged_in, frame, len);

	if (r.positions_n == 0)
		return "nothing";
	ck_assert_uint_eq(r.positions_n, 1);
	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_uint_eq(r.groups[0].n, 1);
	return frame_summary(&r.positions[0]);
}

/* ---- what is read ---- */

#define DATE "1A0519060120" /* 2026-05-25 06:01:32 */
#define AT "2026-05-25T06:01:32.000Z "
#define NOWHEN "- "
/* 9 satellites, 50.1703, -5.1138 (north, west, positioned), 10 km/h, 90 degrees */
#define PLACE "C90561F7EC008C74680A1C5A"
#define TWENTY "2020202020202020202020202020202020202020"
#define SIX "000000000000000000000000000000000000000000000000000000000000000000000000"
#define GPS DATE PLACE
#define HERE AT "50.1703,-5.1138 speed=2.77778 course=90 satellites=9"
#define CELL "00EA0A10E2001EE8" /* 234, 10, 4322, 7912 */
#define CELL_SAYS "cells='234,10,4322,7912'"
#define CELL_4G "00EA0A000010E20000000000001EE8"
#define CELL_4G_LONG_MNC "80EA000A000010E20000000000001EE8"
#define STATUS "4405040002" /* charging, positioned; level 5, gsm 4, no alarm, English */
#define STATUS_SAYS "status=68 ignition=false charging=true batteryLevel=5 gsmSignal=4"

static const struct {
	const char *why, *frame, *want;
} good[] = {
	{ "place alone", "10" GPS "0001", HERE },
	{ "place and cell", "12" GPS CELL, HERE " " CELL_SAYS },
	{ "place, cell, odometer", "12" GPS CELL "00010203", HERE " odometer=66051 " CELL_SAYS },
	{ "place, cell, mode", "12" GPS CELL "010201", HERE " ignition=true event=2 stored=true " CELL_SAYS },
	{ "a mask: a temperature", "12" GPS CELL "9205", HERE " ignition=true input2=false temperature=-5 " CELL_SAYS },
	{ "a mask: a voltage", "12" GPS CELL "4079", HERE " ignition=false input2=true analog1=12.1 " CELL_SAYS },
	{ "state and power", "12" GPS CELL "4004D20306",
		HERE " status=64 ignition=false charging=false externalVoltage=12.34 gsmSignal=3 event=6 "
		     "alarm='overspeed' " CELL_SAYS },
	{ "S5", "12" GPS CELL "4004D203000011850000000A",
		HERE " status=64 ignition=false charging=false externalVoltage=12.34 gsmSignal=3 fuel=17 "
		     "temperature=-5 odometer=100 " CELL_SAYS },
	{ "a card",
		"12" GPS CELL "0000000A4A313233343536" TWENTY TWENTY TWENTY "2020202020202020"
		"0001",
		HERE " odometer=10 rfid='123456' data='0001' " CELL_SAYS },
	{ "something longer", "12" GPS CELL "010203040506", HERE " data='010203040506' " CELL_SAYS },
	{ "no cell", "12" GPS "0000000000000000", HERE },
	{ "22", "22" GPS CELL "010E00", HERE " ignition=true event=14 " CELL_SAYS },
	{ "22 with odometer", "22" GPS CELL "010E00000F4240",
		HERE " ignition=true event=14 odometer=1000000 " CELL_SAYS },
	{ "22, mnc of two bytes",
		"22" GPS "80EA000A10E2001EE8"
		"000001",
		HERE " ignition=false event=0 stored=true " CELL_SAYS },
	{ "22 with climate",
		"22" GPS "00EA0A10E200001EE8"
		"010E00"
		"000F4240"
		"00000E10"
		"09C4"
		"1388",
		HERE " ignition=true event=14 odometer=1000000 data='00000e1009c41388' " CELL_SAYS },
	{ "2D", "2D" GPS CELL "010E00", HERE " ignition=true event=14 " CELL_SAYS },
	{ "37 with modules",
		"37" GPS CELL "010E00"
		"00270204D2"
		"002E0400000064"
		"003B0200FA"
		"00990101",
		AT "50.1703,-5.1138 speed=2.77778 course=90 accuracy=2.5 satellites=9 ignition=true event=14 "
		   "externalVoltage=12.34 odometer=100 " CELL_SAYS },
	{ "1E", "1E" GPS CELL, HERE " " CELL_SAYS },
	{ "1A, with a telephone number",
		"1A" GPS "313233343536373839303000000000000000000000"
		"0002",
		HERE },
	{ "17, with a card", "17" GPS CELL "000102030405060708", HERE " rfid='000102030405060708' " CELL_SAYS },
	{ "11 with a place", "11" GPS, HERE },
	{ "11 without", "11" DATE CELL, AT "- " CELL_SAYS },
	{ "not positioned: the last place", "12" DATE "C00561F7EC008C7468000C5A" CELL,
		AT "50.1703,-5.1138 invalid speed=0 course=90 satellites=0 " CELL_SAYS },
	{ "not positioned, and nowhere", "12" DATE "C0000000000000000000045A" CELL, AT "- satellites=0 " CELL_SAYS },
	{ "positioned at 0, 0", "12" DATE "C400000000000000000014B4" CELL,
		AT "0,0 speed=0 course=180 satellites=4 " CELL_SAYS },
	{ "south and east", "12" DATE "C90561F7EC008C74680A105A" CELL,
		AT "-50.1703,5.1138 speed=2.77778 course=90 satellites=9 " CELL_SAYS },
	{ "a full circle", "10" DATE "C90561F7EC008C74680A1D680000",
		AT "50.1703,-5.1138 speed=2.77778 course=0 satellites=9" },
	{ "no such course", "10" DATE "C90561F7EC008C74680A1FFF0000", AT "50.1703,-5.1138 speed=2.77778 satellites=9" },
	{ "no such latitude", "10" DATE "C909A7EC81008C74680A1C5A0000", AT "- course=90 satellites=9" },
	{ "the pole, and the date line", "10" DATE "C909A7EC80134FD9000A1C5A0000",
		AT "90,-180 speed=2.77778 course=90 satellites=9" },
	{ "no such longitude", "10" DATE "C90561F7EC134FD9010A1C5A0000", AT "- course=90 satellites=9" },
	{ "ignition in the flags", "10" DATE "C90561F7EC008C74680ADC5A0000", HERE " ignition=true" },
	{ "no date",
		"10"
		"000000000000" PLACE "0000",
		NOWHEN "50.1703,-5.1138 speed=2.77778 course=90 satellites=9" },
	/* alarms */
	{ "16", "16" GPS "09" CELL STATUS, HERE " " STATUS_SAYS " " CELL_SAYS },
	{ "16, an alarm", "16" GPS "09" CELL "6404040102",
		HERE
		" status=100 ignition=false charging=true batteryLevel=4 gsmSignal=4 event=1 alarm='sos' " CELL_SAYS },
	{ "26, two alarms", "26" GPS "09" CELL "5004040302",
		HERE " status=80 ignition=false charging=false batteryLevel=4 gsmSignal=4 event=3 "
		     "alarm='powerCut,vibration' " CELL_SAYS },
	{ "16 with per cent, and a long cell",
		"16" GPS "0900EA0A10E200001EE8"
		"445D4B1902",
		AT "50.1703,-5.1138 speed=2.77778 course=90 battery=93 satellites=9 status=68 ignition=false "
		   "charging=true gsmSignal=75 event=25 alarm='lowBattery' " CELL_SAYS },
	{ "16 without length", "16" GPS CELL STATUS, HERE " " STATUS_SAYS " " CELL_SAYS },
	{ "16 without a cell", "16" GPS "00" STATUS, HERE " " STATUS_SAYS },
	{ "16 with odometer", "16" GPS "09" CELL STATUS "00000064", HERE " " STATUS_SAYS " odometer=100 " CELL_SAYS },
	{ "27, a fence", "27" GPS "09" CELL "440504040203",
		HERE " status=68 ignition=false charging=true batteryLevel=5 gsmSignal=4 event=4 fence=3 "
		     "alarm='geofenceEnter' " CELL_SAYS },
	{ "27 without a fence", "27" GPS "09" CELL STATUS, HERE " " STATUS_SAYS " " CELL_SAYS },
	{ "the ignition as an alarm", "16" GPS "09" CELL "440504FE02",
		HERE " status=68 ignition=true charging=true batteryLevel=5 gsmSignal=4 " CELL_SAYS },
	{ "an alarm without a name", "16" GPS "09" CELL "4405041402", HERE " " STATUS_SAYS " event=20 " CELL_SAYS },
	{ "19", "19" CELL STATUS, NOWHEN "- " STATUS_SAYS " " CELL_SAYS },
	{ "19 of another length", "19" CELL STATUS "0000000000",
		NOWHEN "- type=25 data='00ea0a10e2001ee844050400020000000000'" },
	/* 4G */
	{ "A0", "A0" GPS CELL_4G "010E00", HERE " ignition=true event=14 " CELL_SAYS },
	{ "A0, mnc of two bytes", "A0" GPS CELL_4G_LONG_MNC "010E00", HERE " ignition=true event=14 " CELL_SAYS },
	{ "A0 with odometer", "A0" GPS CELL_4G "010E0000000064",
		HERE " ignition=true event=14 odometer=100 " CELL_SAYS },
	{ "31, mnc of two bytes without saying so",
		"31" GPS "00EA000A000010E20000000000001EE8"
		"010E00",
		HERE " ignition=true event=14 " CELL_SAYS },
	{ "A3", "A3" GPS "39" CELL_4G STATUS, HERE " " STATUS_SAYS " " CELL_SAYS },
	{ "A3, short", "A344000106640C01", NOWHEN "- status=68 ignition=false charging=true data='000106640c01'" },
	{ "A4", "A4" GPS "11" CELL_4G_LONG_MNC "4405040502FF",
		HERE " status=68 ignition=false charging=true batteryLevel=5 gsmSignal=4 event=5 fence=255 "
		     "alarm='geofenceExit' " CELL_SAYS },
	{ "A5", "A5" CELL_4G "4405042302",
		NOWHEN "- status=68 ignition=false charging=true batteryLevel=5 gsmSignal=4 event=35 "
		       "alarm='fall' " CELL_SAYS },
	{ "A7",
		"A7" CELL_4G "313233343536373839303000000000000000000000"
		"0002",
		NOWHEN "- " CELL_SAYS },
	/* who names itself */
	{ "22 that names its device",
		"22"
		"010868120302971396" DATE GPS "09" CELL "4604D2284C0002000000640171",
		HERE " status=70 ignition=true charging=true externalVoltage=12.34 batteryVoltage=4 gsmSignal=76 "
		     "odometer=100 hours=22140 " CELL_SAYS },
	{ "25 that names its device, with a card",
		"25"
		"010868120302971396" DATE GPS "0A00EA0A10E200001EE8"
		"04"
		"4604D2284C0002000000640171"
		"080102313233343503",
		HERE
		" event=4 status=70 ignition=true charging=true externalVoltage=12.34 batteryVoltage=4 gsmSignal=76 "
		"odometer=100 hours=22140 rfid='12345' " CELL_SAYS },
	{ "34, a driver",
		"34"
		"00000005" GPS "0001"
		"00000064"
		"00EA0A10E200001EE8"
		"0000002A"
		"019A"
		"04D2"
		"00000000"
		"0102"
		"0001",
		HERE
		" event=5 status=1 odometer=100 rfid=42 batteryVoltage=4.1 externalVoltage=12.34 inputs=1 outputs=2 "
		"data='0001' " CELL_SAYS },
	/* states */
	{ "status", "13" STATUS, NOWHEN "- " STATUS_SAYS },
	{ "status, an alarm", "134C06030302",
		NOWHEN
		"- status=76 ignition=false charging=true batteryLevel=6 gsmSignal=3 event=3 alarm='vibration'" },
	{ "status, short", "13440504", NOWHEN "- " STATUS_SAYS },
	{ "status of per cent", "134464040002",
		NOWHEN "- battery=100 status=68 ignition=false charging=true gsmSignal=4" },
	{ "status, long",
		"1340B2FA00020104"
		"019A"
		"000000011C",
		NOWHEN
		"- status=64 ignition=false charging=false batteryLevel=1 batteryVoltage=4.1 data='000000011c'" },
	{ "status, longer",
		"1330802B000006420000000872"
		"0000802B",
		NOWHEN "- status=48 ignition=false charging=false batteryLevel=6 data='000872"
		       "0000802b'" },
	{ "heartbeat", "2346019A040002",
		NOWHEN "- status=70 ignition=true charging=true batteryVoltage=4.1 gsmSignal=4" },
	{ "heartbeat, short", "2346", NOWHEN "- status=70 ignition=true charging=true" },
	{ "an event", "95" DATE "93", AT "- event=147 alarm='accident'" },
	{ "an event with a place",
		"95" DATE "0561F7EC008C74681C5A"
		"80"
		"0001"
		"612E6D7034",
		AT "50.1703,-5.1138 course=90 event=128 files='a.mp4' alarm='vibration'" },
	{ "a sign of life", "13", "nothing" },
	{ "not known", "4201020304", NOWHEN "- type=66 data='01020304'" },
	{ "not known, long", "+4201020304", NOWHEN "- type=66 data='01020304'" },
	/* cells and access points */
	{ "28",
		"28" DATE "00EA0A"
		"10E2001EE850"
		"10E2001EE94F"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"FF0002",
		AT "- cells='234,10,4322,7912,80;234,10,4322,7913,79'" },
	{ "2C",
		"2C" DATE "00EA0A"
		"10E2001EE850"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"FF"
		"02"
		"001801EB40393E"
		"001801EB403A3F",
		AT "- cells='234,10,4322,7912,80' wifi='00:18:01:eb:40:39,62;00:18:01:eb:40:3a,63'" },
	{ "2C that claims more than it has",
		"2C" DATE "00EA0A"
		"10E2001EE850"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"FF"
		"FF"
		"001801EB40393E",
		AT "- cells='234,10,4322,7912,80' wifi='00:18:01:eb:40:39,62'" },
	{ "18 of fewer cells",
		"18" DATE "00EA0A"
		"10E2001EE850"
		"FF",
		AT "- type=24 data='1a051906012000ea0a10e2001ee850ff'" },
	{ "24 with a count",
		"24" DATE "FF"
		"00EA0A"
		"02"
		"10E2001EE850"
		"10E2001EE94F"
		"02"
		"001801EB40393E"
		"001801EB403A3F"
		"000000000000",
		AT
		"- cells='234,10,4322,7912,80;234,10,4322,7913,79' wifi='00:18:01:eb:40:39,62;00:18:01:eb:40:3a,63'" },
	{ "A1",
		"A1" DATE "80EA000A"
		"000010E20000000000001EE850"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"FF0002",
		AT "- cells='234,10,4322,7912,80'" },
	{ "A2",
		"A2" DATE "00EA0A"
		"000010E20000000000001EE850"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"00000000000000000000000000"
		"FF"
		"01"
		"001801EB4039D1",
		AT "- cells='234,10,4322,7912,80' wifi='00:18:01:eb:40:39,209'" },
	{ "long 32 with a place",
		"+32" DATE "0C" PLACE "09" CELL "20"
		"06"
		"10E2001EE94F"
		"07"
		"001801EB40393E"
		"00"
		"00",
		HERE
		" gsmSignal=32 status=0 cells='234,10,4322,7912,32;234,10,4322,7913,79' wifi='00:18:01:eb:40:39,62'" },
	{ "long 33 without",
		"+33" DATE "00"
		"00"
		"00"
		"00"
		"A2"
		"00",
		AT "- event=162 alarm='lowBattery'" },
	/* texts and information */
	{ "a reply", "150E00000000537563636573732121210002", NOWHEN "- result='Success!!!'" },
	{ "an ICCID",
		"151900000000"
		"3C49434349443A3839333130343130313036353433"
		"3E0002",
		NOWHEN "- iccid='8931041010654"
		       "3'" },
	{ "a long reply",
		"+21"
		"00000001"
		"01"
		"4F4B2100",
		NOWHEN "- result='OK!'" },
	{ "a long reply in UTF-16",
		"+21"
		"00000001"
		"02"
		"00E4006F540D00210D0A",
		NOWHEN "- result='\xc3\xa4o\xe5\x90\x8d!\xe0\xb4\x8a'" },
	{ "half a pair",
		"+21"
		"00000001"
		"02"
		"D83D0041",
		NOWHEN "- result='\xef\xbf\xbd"
		       "A'" },
	{ "WHERE",
		"+21"
		"00000001"
		"01"
		"43757272656E7420706F736974696F6E214C61743A5335302E3137303330302C4C6F6E3A5730352E3131333830302C436F7572"
		"73"
		"653A39302E30302C53706565643A33362E302C4461746554696D653A323032362D30352D32352020"
		"30363A30313A3332",
		AT "-50.1703,-5.1138 speed=10 course=90" },
	{ "WHERE that is none",
		"+21"
		"00000001"
		"01"
		"43757272656E7420706F736974696F6E214C61743A5335302E31373033",
		NOWHEN "- result='Current position!Lat:S50.1703'" },
	{ "a voltage", "9404D2", NOWHEN "- externalVoltage=12.34" },
	{ "a voltage, long", "+940004D2", NOWHEN "- externalVoltage=12.34" },
	{ "states",
		"+9404"
		"414C4D313D37353B",
		NOWHEN "- result='ALM1=75;'" },
	{ "a door", "+940501", NOWHEN "- door=true input1=false" },
	{ "a door with a date", "+9405" DATE "04", NOWHEN "- door=false input1=true" },
	{ "card ids",
		"+940A"
		"0868120302971396"
		"0460040278895030"
		"8944501311217563382F",
		NOWHEN "- iccid='8944501311217563382'" },
	{ "2G", "+940B00", NOWHEN "- networkType='2G'" },
	{ "fuel",
		"+940D" DATE
		"2141494F494C2C30322C3030382E3239302C3032392E3630302C3531394A2C303430302C3030382E3433302C30",
		NOWHEN "- temperature=29.6 fuel=8.43" },
	{ "fuel that is none", "+940D0102", NOWHEN "- type=148 data='0d0102'" },
	{ "a card", "+941B02084277EFEF3503", NOWHEN "- rfid='4277efef'" },
	{ "a serial port's text", "+941B41424344", NOWHEN "- result='ABCD'" },
	{ "information not known", "+94990102", NOWHEN "- type=148 data='990102'" },
	{ "the serial port",
		"+9B03"
		"31320D0A00",
		NOWHEN "- result='12'" },
	{ "the serial port, no text",
		"+9B03"
		"80D600",
		NOWHEN "- result='80d600'" },
	{ "modules",
		"+70"
		"00330012"
		"6A13E5BC"
		"09"
		"FFF6"
		"0561F7EC"
		"008C7468"
		"0A"
		"1C5A"
		"00180002019A"
		"0028000112"
		"0009000108"
		"000A00010C"
		"0029000400000007"
		"002A000111"
		"002B000112"
		"002E000464000000"
		"0003000A8944501311217563382F"
		"0011000A"
		"00EA000A10E2001EE850"
		"00340006"
		"0E0000000000"
		"00420002ABCD"
		"00020008"
		"0868120302971396",
		AT "50.1703,-5.1138 speed=2.77778 course=90 altitude=-10 satellites=8 batteryVoltage=4.1 hdop=1.8 "
		   "satellitesVisible=12 sequence=7 door=true event=14 odometer=100 iccid='8944501311217563382' "
		   "module66='abcd' alarm='tamper,lowPower' cells='234,10,4322,7912,80'" },
	{ "modules without a fix",
		"+70"
		"002C0004"
		"6A13E5BC"
		"007F000E"
		"C4A82841074A"
		"7FFF"
		"64"
		"FFF6"
		"01DC"
		"07",
		AT "- tag1='c4a82841074a' tagBattery1=100 bleTemperature1=-1 bleHumidity1=47.6" },
	{ "no cell: no area", "12" GPS "00EA0A0000001EE8", HERE },
	{ "no cell: no number", "12" GPS "00EA0A10E2000000", HERE },
	{ "37, modules of other lengths",
		"37" GPS CELL "010E00"
		"0027010A"
		"002E020064"
		"003B01FA"
		"00990400000001"
		"009902FFFF",
		HERE " ignition=true event=14 " CELL_SAYS },
	{ "long ago",
		"22"
		"010519060120" PLACE CELL "010E00",
		"2001-05-25T06:01:32.000Z 50.1703,-5.1138 speed=2.77778 course=90 satellites=9 ignition=true "
		"event=14 " CELL_SAYS },
	{ "22 that names its device, no cell",
		"22"
		"010868120302971396" DATE GPS "00"
		"4604D2284C0002000000640171",
		HERE " status=70 ignition=true charging=true externalVoltage=12.34 batteryVoltage=4 gsmSignal=76 "
		     "odometer=100 hours=22140" },
	{ "22 that names its device, half a cell, half a card",
		"22"
		"010868120302971396" DATE GPS "08"
		"00EA0A10E2001E"
		"4604D2284C0002000000640171"
		"0001",
		HERE " status=70 ignition=true charging=true externalVoltage=12.34 batteryVoltage=4 gsmSignal=76 "
		     "odometer=100 hours=22140" },
	{ "22 that names its device, something else",
		"22"
		"010868120302971396" DATE GPS "00"
		"4604D2284C0002000000640171"
		"0402313233",
		HERE " status=70 ignition=true charging=true externalVoltage=12.34 batteryVoltage=4 gsmSignal=76 "
		     "odometer=100 hours=22140" },
	{ "22 that names its device, a card",
		"22"
		"010868120302971396" DATE GPS "00"
		"4604D2284C0002000000640171"
		"0401313233",
		HERE " status=70 ignition=true charging=true externalVoltage=12.34 batteryVoltage=4 gsmSignal=76 "
		     "odometer=100 hours=22140 rfid='123'" },
	{ "an alarm beyond those with names", "16" GPS "09" CELL "4405042D02",
		HERE " " STATUS_SAYS " event=45 " CELL_SAYS },
	{ "heartbeat, volts", "2346019A", NOWHEN "- status=70 ignition=true charging=true batteryVoltage=4.1" },
	{ "heartbeat, gsm", "2346019A04",
		NOWHEN "- status=70 ignition=true charging=true batteryVoltage=4.1 gsmSignal=4" },
	{ "28 without language",
		"28" DATE "00EA0A"
		"10E2001EE850" SIX "FF",
		AT "- cells='234,10,4322,7912,80'" },
	{ "2C without access points",
		"2C" DATE "00EA0A"
		"10E2001EE850" SIX "FF",
		AT "- cells='234,10,4322,7912,80'" },
	{ "24 of seven",
		"24" DATE "00EA0A"
		"10E2001EE850" SIX "FF"
		"01"
		"001801EB40393E",
		AT "- cells='234,10,4322,7912,80' wifi='00:18:01:eb:40:39,62'" },
	{ "2C as long as a 24 with a count",
		"2C" DATE "00EA0A"
		"10E2001EE850"
		"000000000000"
		"000000000000"
		"000000000000"
		"000000000000"
		"0000000000",
		AT "- type=44 data='1a051906012000ea0a10e2001ee850000000000000000000000000000000000000000000000000"
		   "0000000000'" },
	{ "long 32 without a cell",
		"+32" DATE "00"
		"09"
		"00EA0A0000001EE8"
		"20"
		"00"
		"00"
		"A2"
		"00",
		AT "- gsmSignal=32 status=162" },
	{ "long 33, another low battery",
		"+33" DATE "00"
		"00"
		"00"
		"00"
		"A3"
		"00",
		AT "- event=163 alarm='lowBattery'" },
	{ "long 33, armed",
		"+33" DATE "00"
		"00"
		"00"
		"00"
		"A0"
		"00",
		AT "- event=160" },
	{ "WHERE, north and east, at rest",
		"+21"
		"00000001"
		"01"
		"43757272656E7420706F736974696F6E214C61743A4E35302E313730332C4C6F6E3A45352E313133382C436F757273653A3930"
		"2E30302C53706565643A302C4461746554696D653A323032362D30352D32352030363A30313A3332",
		AT "50.1703,5.1138 speed=0 course=90" },
	{ "WHERE that is something else",
		"+21"
		"00000001"
		"01"
		"43757272656E7420706F736974696F6E3F4C61743A4E35302E313730332C4C6F6E3A45352E31313338",
		NOWHEN "- result='Current position?Lat:N50.1703,Lon:E5.1138'" },
	{ "an empty reply",
		"1504"
		"00000000"
		"0002",
		NOWHEN "-" },
	{ "the ends of UTF-8's lengths",
		"+21"
		"00000001"
		"02"
		"0080"
		"0800"
		"D800"
		"E000"
		"0041",
		NOWHEN "- result='\xc2\x80\xe0\xa0\x80\xef\xbf\xbd\xee\x80\x80"
		       "A'" },
	{ "a serial port's text, as long as a card", "+941B4142434445464748", NOWHEN "- result='ABCDEFGH'" },
	{ "a serial port's bytes", "+941B0203", NOWHEN "- result='0203'" },
	{ "modules: alarms",
		"+70"
		"002B000111"
		"0011000A"
		"00EA000A10E200000050",
		NOWHEN "- event=17 alarm='lowBattery'" },
	{ "modules: the last alarm",
		"+70"
		"002B000114",
		NOWHEN "- event=20 alarm='removed'" },
	{ "modules: no alarm",
		"+70"
		"002B000115",
		NOWHEN "- event=21" },
	{ "modules: no alarm either",
		"+70"
		"002B000110",
		NOWHEN "- event=16" },
	{ "a peripheral",
		"+F2"
		"6A13E5BC"
		"000C"
		"0A47",
		AT "- peripheral=12 data='0a47'" },
};

START_TEST(reads)
{
	const char *got = says(good[_i].frame);

	ck_assert_msg(!strcmp(got, good[_i].want), "%s:\n  %s\nnot\n  %s", good[_i].why, got, good[_i].want);
}
END_TEST

START_TEST(no_prefix_is_a_frame)
{
	size_t len;
	const uint8_t *frame = frame_of(good[_i].frame, &len);

	frame_prefixes(gt06, &logged_in, frame, len, 0);
}
END_TEST

/* Contents cut short, checksum and length made right again: refused, or less is read; never past the end. */
START_TEST(no_contents_are_read_past_their_end)
{
	char hex[1024];
	size_t len, skip = *good[_i].frame == '+', whole = strlen(good[_i].frame);

	for (size_t cut = skip + 2; cut < whole; cut += 2) {
		struct protocol_result result = { 0 };
		snprintf(hex, sizeof hex, "%.*s", (int)cut, good[_i].frame);
		const uint8_t *frame = frame_of(hex, &len);
		int r = gt06->decode(&logged_in, bytes_at_guard(frame, len), len, decoding_scratch(), &result);
		ck_assert(r == 0 || r == REASON_BAD_FRAME || r == REASON_BAD_VALUE);
		for (size_t i = 0; r == 0 && i < result.positions_n; i++)
			ck_assert_ptr_null(position_fault(&result.positions[i]));
	}
}
END_TEST

/* ---- refusals ---- */

static const struct {
	const char *why, *hex;
	ssize_t frame; /* PROTOCOL_MORE or -reason */
} bad_frames[] = {
	{ "nothing yet", "", PROTOCOL_MORE },
	{ "first byte", "77", -REASON_BAD_FRAME },
	{ "second byte", "7879", -REASON_BAD_FRAME },
	{ "second byte of a long one", "7978", -REASON_BAD_FRAME },
	{ "too short", "787804", -REASON_BAD_FRAME },
	{ "too short, long", "79790004", -REASON_BAD_FRAME },
	{ "no length yet", "797900", PROTOCOL_MORE },
	{ "too long", "79791FFB", -REASON_TOO_LARGE },
	{ "the longest", "79791FFA", PROTOCOL_MORE },
	{ "another end",
		"7878051300000000"
		"0D0B",
		-REASON_BAD_FRAME },
	{ "an end too early",
		"7878061300000000"
		"0D0A00",
		-REASON_BAD_FRAME },
};

START_TEST(frame_refuses)
{
	size_t len;
	const uint8_t *buf = hex_at_guard(bad_frames[_i].hex, &len);

	ck_assert_msg(gt06->frame(buf, len, &decoding_limits) == bad_frames[_i].frame, "%s", bad_frames[_i].why);
}
END_TEST

static const struct {
	const char *why, *frame;
	int reason;
} bad[] = {
	{ "a place cut short", "12" DATE "C90561F7EC008C74680A1C", REASON_BAD_FRAME },
	{ "a date cut short",
		"10"
		"1A05190601",
		REASON_BAD_FRAME },
	{ "no such month",
		"10"
		"1A0D19060120" PLACE "0000",
		REASON_BAD_VALUE },
	{ "no such day",
		"12"
		"1A021D060120" PLACE CELL,
		REASON_BAD_VALUE },
	{ "no such hour",
		"16"
		"1A0519180120" PLACE "09" CELL STATUS,
		REASON_BAD_VALUE },
	{ "no such date of cells",
		"28"
		"1A0D19060120"
		"00EA0A",
		REASON_BAD_VALUE },
	{ "a cell and date cut short", "11" DATE "00EA0A10E2001E", REASON_BAD_FRAME },
	{ "a status cut short", "134405", REASON_BAD_FRAME },
	{ "an IMEI that is none",
		"22"
		"01086812030297139A" DATE GPS "09" CELL "4604D2284C0002000000640171",
		REASON_BAD_FRAME },
	{ "a text longer than its frame", "1506000000004F", REASON_BAD_FRAME },
	{ "a text shorter than its flag", "15030000000041", REASON_BAD_FRAME },
	{ "a module longer than its frame",
		"+70"
		"001800FF01",
		REASON_BAD_FRAME },
	{ "neighbours longer than their frame",
		"+32" DATE "00"
		"00"
		"FF"
		"10E2",
		REASON_BAD_FRAME },
	{ "a long reply without encoding",
		"+21"
		"00000001",
		REASON_BAD_FRAME },
	{ "information that says nothing", "+940B", REASON_BAD_FRAME },
	{ "an event cut short", "95" DATE, REASON_BAD_FRAME },
};

START_TEST(decode_refuses)
{
	size_t len;
	const uint8_t *frame = frame_of(bad[_i].frame, &len);
	int r = frame_refused(gt06, &logged_in, frame, len);

	ck_assert_msg(r == bad[_i].reason, "%s: %s", bad[_i].why, protocol_reason_name((enum protocol_reason)r));
}
END_TEST

START_TEST(decode_refuses_what_is_no_frame)
{
	static const char *const cases[] = { "", "78", "7878", "787805", "7979", "797900", "7878040000000D0A",
		"787806000000000D0A", "797805130000000D0A", "7878051300000000" };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct protocol_result result = { 0 };
		size_t len;
		const uint8_t *frame = hex_at_guard(cases[i], &len);
		ck_assert_int_eq(gt06->decode(&logged_in, frame, len, decoding_scratch(), &result), REASON_BAD_FRAME);
	}
}
END_TEST

START_TEST(every_byte_is_covered_by_the_checksum)
{
	uint8_t spoilt[64];
	size_t len;

	memcpy(spoilt, frame_of("12" GPS CELL, &len), sizeof spoilt);
	for (size_t i = 3; i < len - 2; i++) {
		spoilt[i] ^= 0x10;
		ck_assert_int_eq(frame_refused(gt06, &logged_in, spoilt, len), REASON_BAD_CHECKSUM);
		spoilt[i] ^= 0x10;
	}
}
END_TEST

START_TEST(decode_refuses_what_the_session_or_the_scratch_does_not_allow)
{
	struct protocol_result result = { 0 };
	struct protocol_scratch *scratch = decoding_scratch();
	size_t len;
	const uint8_t *frame = frame_of("12" GPS CELL, &len);

	ck_assert_int_eq(frame_refused(gt06, &nobody, frame, len), REASON_NO_DEVICE);
	scratch->positions_max = 0;
	ck_assert_int_eq(gt06->decode(&logged_in, frame, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->groups_max = 0;
	ck_assert_int_eq(gt06->decode(&logged_in, frame, len, scratch, &result), REASON_TOO_MANY);
	scratch = decoding_scratch();
	scratch->arena.size = 16;
	ck_assert_int_eq(gt06->decode(&logged_in, frame, len, scratch, &result), REASON_TOO_MANY);
}
END_TEST

/* ---- sessions ---- */

static struct protocol_note note_of(const struct protocol_session *s, const char *hex)
{
	size_t len;
	const uint8_t *frame = frame_of(hex, &len);

	return frame_good(gt06, s, frame, len).note;
}

static void expect_answer(struct protocol_session *s, const struct protocol_note *note, enum protocol_reason refused,
	const char *hex, bool close)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	char got[2 * PROTOCOL_ANSWER_MAX + 1];
	struct protocol_answer a = gt06->answer(s, note, refused, FRAME_NOW_S * INT64_C(1000), out);

	text_hex(got, out, a.len);
	ck_assert_str_eq(got, hex);
	ck_assert_int_eq(a.close, close);
}

/* The answer to @hex is a frame of @contents (type, contents), with what serial number @hex had. */
static void expect_answered(const char *hex, const char *contents)
{
	struct protocol_session s = logged_in;
	struct protocol_note note = note_of(&s, hex);
	char want[128] = "";
	size_t len = 0;

	if (*contents)
		text_hex(want, frame_of(contents, &len), 0);
	if (*contents)
		text_hex(want, frame_of(contents, &len), len);
	expect_answer(&s, &note, 0, want, false);
}

#define LOGIN                                                                                                          \
	"01"                                                                                                           \
	"0868120302971396"

START_TEST(a_session)
{
	struct protocol_session s = { 0 };
	size_t len;
	const uint8_t *frame = frame_of(LOGIN "10013201", &len);
	struct protocol_result r = frame_good(gt06, &s, frame, len);

	ck_assert_uint_eq(r.groups_n, 1);
	ck_assert_uint_eq(r.groups[0].n, 0);
	ck_assert_str_eq(r.groups[0].identifier, "868120302971396");
	expect_answer(&s, &r.note, REASON_UNKNOWN_DEVICE, "", true);
	expect_answer(&s, &r.note, REASON_UNAVAILABLE, "", true);
	ck_assert_str_eq(s.identifier, "");
	expect_answer(&s, &r.note, 0, "787805010102f29f0d0a", false);
	ck_assert_str_eq(s.identifier, "868120302971396");

	struct protocol_note place = note_of(&s, "12" GPS CELL);
	expect_answer(&s, &place, REASON_UNAVAILABLE, "", true);
	expect_answer(&s, &place, REASON_BAD_CHECKSUM, "", false);
	expect_answer(&s, &place, REASON_BAD_VALUE, "", false);
	expect_answer(&s, &place, REASON_NO_DEVICE, "", true);
	ck_assert_str_eq(s.identifier, "868120302971396");
}
END_TEST

START_TEST(logins)
{
	size_t len;
	const uint8_t *frame = frame_of(LOGIN, &len); /* the first document's */

	ck_assert_str_eq(frame_good(gt06, &nobody, frame, len).groups[0].identifier, "868120302971396");
	frame = frame_of("01"
			 "1868120302971396",
		&len);
	ck_assert_str_eq(frame_good(gt06, &nobody, frame, len).groups[0].identifier, "1868120302971396");
	frame = frame_of("01"
			 "08681203029713",
		&len);
	ck_assert_int_eq(frame_refused(gt06, &nobody, frame, len), REASON_BAD_FRAME);
	frame = frame_of("01"
			 "086812030297139F",
		&len);
	ck_assert_int_eq(frame_refused(gt06, &nobody, frame, len), REASON_BAD_FRAME);
	/* who names itself needs no login, and is believed before it */
	frame = frame_of("22"
			 "010357789648774484" DATE GPS "09" CELL "4604D2284C0002000000640171",
		&len);
	ck_assert_str_eq(frame_good(gt06, &nobody, frame, len).groups[0].identifier, "357789648774484");
	ck_assert_str_eq(frame_good(gt06, &logged_in, frame, len).groups[0].identifier, "357789648774484");
}
END_TEST

START_TEST(answers)
{
	expect_answered("12" GPS CELL, "12");
	expect_answered("13" STATUS, "13");
	expect_answered("16" GPS "09" CELL STATUS, "16");
	expect_answered("4201", "42");
	expect_answered("13", "13");
	expect_answered("+32" DATE "00"
			"00"
			"00"
			"00"
			"00"
			"00",
		"+32");
	expect_answered("+70"
			"0009000108",
		"70");
	expect_answered("+4201", "");
	expect_answered("+940B01", "");
	expect_answered("9404D2", "");
	expect_answered("+9B0331", "");
	expect_answered("+21"
			"00000001"
			"01"
			"4F4B",
		"");
	expect_answered("8000", "");
	expect_answered("8201", "");
	expect_answered("8301", "83");
	expect_answered("8A", "8A1A0102030405");
}
END_TEST

START_TEST(the_documents_examples)
{
	struct protocol_session s = { 0 };
	size_t len;
	/* X3: login, position, the check of the time (with our clock) */
	const uint8_t *frame = hex_at_guard("78780D01012345678901234500018CDD0D0A", &len);
	struct protocol_note note = frame_good(gt06, &s, frame, len).note;

	expect_answer(&s, &note, 0, "787805010001d9dc0d0a", false);
	ck_assert_str_eq(s.identifier, "123456789012345");
	frame = hex_at_guard("787822220F0C1D023305C9027AC8180C46586000140001CC00287D001F71000001000820860D0A", &len);
	ck_assert_str_eq(frame_summary(&frame_good(gt06, &s, frame, len).positions[0]),
		"2015-12-29T02:51:05.000Z 23.1116933,114.4092978 speed=0 course=0 satellites=9 ignition=false event=0 "
		"stored=true cells='460,0,10365,8049'");
	frame = hex_at_guard("7878058A000688290D0A", &len);
	note = frame_good(gt06, &nobody, frame, len).note;
	expect_answer(&s, &note, 0, "78780b8a1a01020304050006875c0d0a", false);
	/* an address is asked for */
	frame = hex_at_guard(
		"78782E2A0F0C1D071139CA027AC8000C4658000014D83132353230313335333231373730373900000000000001002A"
		"6ECE0D0A",
		&len);
	note = frame_good(gt06, &s, frame, len).note;
	expect_answer(&s, &note, 0, "79790015970b000000004e4126264e4126263023230000e61e0d0a", false);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gt06");
	TCase *t = tcase_create("gt06");

	tcase_add_loop_test(t, reads, 0, COUNT(good));
	tcase_add_loop_test(t, no_prefix_is_a_frame, 0, COUNT(good));
	tcase_add_loop_test(t, no_contents_are_read_past_their_end, 0, COUNT(good));
	tcase_add_loop_test(t, frame_refuses, 0, COUNT(bad_frames));
	tcase_add_loop_test(t, decode_refuses, 0, COUNT(bad));
	tcase_add_test(t, decode_refuses_what_is_no_frame);
	tcase_add_test(t, every_byte_is_covered_by_the_checksum);
	tcase_add_test(t, decode_refuses_what_the_session_or_the_scratch_does_not_allow);
	tcase_add_test(t, a_session);
	tcase_add_test(t, logins);
	tcase_add_test(t, answers);
	tcase_add_test(t, the_documents_examples);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
