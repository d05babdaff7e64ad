/*
 * gl200_read - what a report of @Track says, whichever model sent it
 *
 * Every model has the same block for a place, as often as it reports several:
 *
 *   accuracy, km/h, degrees, altitude, longitude, latitude, yyyymmddhhmmss, mcc, mnc, lac, cid
 *
 * It is found by its coordinates, which always have six decimals, and the time behind them. accuracy is the HDOP from 1 to 50; 0 says that
 * there is no fix and the place is the last one known. What stands before the block is counted back from its accuracy, what stands
 * behind it read by its looks: one field has a point (km), one has colons (the hour meter), one is a status of six or ten hex
 * digits, with the battery before it. mcc and mnc are decimal, lac and cid hex.
 *
 * The newest block is the last; what is said of the whole report goes with it.
 */
#include "ingest/protocols/gl200.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"

enum {
	BEFORE = 6, /* fields of a block before its time */
	BEHIND = 4, /* and behind */
	STAMP_LEN = 14,
	VIN_LEN = 17,
	CELLS_MAX = 16,
};

static const double KMH_MPS = 1 / 3.6;

static struct slice field(const struct gl200 *g, size_t i)
{
	return i < g->n ? g->f[i] : slice_of("", 0);
}

static bool is_kind(const struct gl200 *g, const char *kinds)
{
	char kind[5] = { 0 };

	memcpy(kind, g->kind.s, g->kind.n < 3 ? g->kind.n : 3);
	return strstr(kinds, kind) != NULL;
}

/* ---- places ---- */

static bool has_six_decimals(struct slice text)
{
	const char *point = text.n > 0 ? memchr(text.s, '.', text.n) : NULL;

	return point && point + 6 <= text.s + text.n - 1;
}

/* Whether a block's time is field @t. */
static bool is_block(const struct gl200 *g, size_t t)
{
	return t > GL200_NAME + BEFORE && g->f[t].n == STAMP_LEN && has_six_decimals(g->f[t - 1]) &&
	       has_six_decimals(g->f[t - 2]);
}

static int read_block(struct report *r, const struct gl200 *g, size_t t)
{
	struct slice lat = g->f[t - 1], lon = g->f[t - 2], accuracy = g->f[t - BEFORE], stamp = g->f[t];
	int e = report_place(r, lat, lon);

	e = sentence_fix(&r->p, !slice_is(accuracy, "0"), e);
	if (e == 0)
		e = sentence_when(&r->p, SENTENCE_YMD, slice_of(stamp.s, 8), slice_of(stamp.s + 8, 6));
	if (e != 0)
		return e;
	report_altitude(r, g->f[t - 3]);
	report_course(r, g->f[t - 4]);
	report_speed(r, g->f[t - 5], KMH_MPS);
	if (!r->p.invalid)
		report_real(r, "hdop", accuracy);
	return 0;
}

/* ---- cells ---- */

/* Four fields from @at. */
static bool read_cell(struct parts_cell *c, const struct gl200 *g, size_t at)
{
	uint64_t lac, cid;

	*c = (struct parts_cell){ 0 };
	if (sentence_unsigned(&c->mcc, field(g, at)) != 0 || c->mcc < 200 || c->mcc > 799)
		return false;
	if (sentence_unsigned(&c->mnc, field(g, at + 1)) != 0 || c->mnc > 999)
		return false;
	if (sentence_hex(&lac, field(g, at + 2)) != 0 || sentence_hex(&cid, field(g, at + 3)) != 0 || lac > UINT16_MAX)
		return false;
	c->lac = (uint32_t)lac;
	c->cid = cid;
	return cid <= UINT32_MAX;
}

/* Where there is no place to find it by, a cell is found by the four digits of its country and its network. */
static bool is_cell(const struct gl200 *g, size_t at)
{
	struct parts_cell c;

	return field(g, at).n == 4 && field(g, at + 1).n == 4 && field(g, at + 2).n == 4 && read_cell(&c, g, at);
}

static size_t find_cell(const struct gl200 *g, size_t from)
{
	while (from < g->n && !is_cell(g, from))
		from++;
	return from;
}

static void put_cells(struct report *r, const struct parts *list)
{
	parts_end(list, "cells", &r->extra, r->arena);
}

static void put_cell(struct report *r, const struct gl200 *g, size_t at)
{
	struct parts_cell c;
	struct parts list;

	parts_begin(&list);
	if (read_cell(&c, g, at))
		parts_cell(&list, &c);
	put_cells(r, &list);
}

/* GSM and LBS: as many as there are, the level behind each. */
static void put_neighbours(struct report *r, const struct gl200 *g)
{
	struct parts_cell c;
	struct parts list;

	parts_begin(&list);
	for (size_t at = find_cell(g, GL200_NAME); at < g->n; at = find_cell(g, at + BEHIND)) {
		if (!read_cell(&c, g, at))
			continue;
		c.has_rssi = sentence_int(&c.rssi, field(g, at + BEHIND)) == 0;
		parts_cell(&list, &c);
	}
	put_cells(r, &list);
}

/* ---- states ---- */

/* Of the ignition and of the motion sensor. */
static const struct {
	const char *code;
	bool has_ignition, ignition, motion;
} states[] = {
	{ "11", true, false, false },
	{ "12", true, false, true },
	{ "16", true, false, true }, /* towed */
	{ "1A", true, false, false }, /* maybe towed */
	{ "21", true, true, false },
	{ "22", true, true, true },
	{ "41", false, false, false },
	{ "42", false, false, true },
};

enum { STATES = sizeof states / sizeof *states };

static void put_state(struct report *r, struct slice code)
{
	for (size_t i = 0; i < STATES; i++) {
		if (!slice_is(code, states[i].code))
			continue;
		if (states[i].has_ignition)
			attribute_bool(&r->extra, "ignition", states[i].ignition);
		attribute_bool(&r->extra, "motion", states[i].motion);
	}
}

/* Two of them always, a third when it is set. */
static void put_bits(struct report *r, struct slice hex, uint8_t first, const char *const names[3])
{
	uint64_t bits;

	if (sentence_hex(&bits, hex) != 0)
		return;
	for (size_t i = 0; i < 3; i++)
		if (bits >> (first + i) & 1 || i < 2)
			attribute_bool(&r->extra, names[i], bits >> (first + i) & 1);
}

/* State, inputs and outputs in 2 or 4 digits each; of the inputs bit 0 is the ignition. */
static void put_status(struct report *r, struct slice status)
{
	static const char *const inputs[] = { "input1", "input2", "input3" };
	static const char *const outputs[] = { "output1", "output2", "output3" };
	size_t half = (status.n - 2) / 2;

	put_state(r, slice_of(status.s, 2));
	put_bits(r, slice_of(status.s + 2, half), 1, inputs);
	put_bits(r, slice_of(status.s + 2 + half, half), 0, outputs);
}

static bool is_status(struct slice text)
{
	uint64_t v;

	if ((text.n != 6 && text.n != 10) || sentence_hex(&v, text) != 0)
		return false;
	for (size_t i = 0; i < STATES; i++)
		if (memcmp(text.s, states[i].code, 2) == 0)
			return true;
	return false;
}

/* ---- what stands behind the cell ---- */

static void put_odometer(struct report *r, struct slice km)
{
	double v;

	if (text_to_real(&v, km.s, km.n) == 0 && v >= 0)
		attribute_real(&r->extra, "odometer", v * 1000);
}

/* hhhhh:mm:ss */
static void put_hours(struct report *r, struct slice text)
{
	struct slice hour = slice_cut(&text, ':'), minute = slice_cut(&text, ':');
	uint32_t h, m, s;

	if (sentence_unsigned(&h, hour) || sentence_unsigned(&m, minute) || sentence_unsigned(&s, text))
		return;
	if (m < 60 && s < 60)
		attribute_int(&r->extra, "hours", (int64_t)h * 3600 + m * 60 + s);
}

static size_t find_status(const struct gl200 *g, size_t from)
{
	while (from < g->n && !is_status(g->f[from]))
		from++;
	return from;
}

/* The first of what hangs on the 1-wire bus, where it is a thermometer: kind of UART, how many, id, 1, sixteenths of a degree. */
static void put_thermometer(struct report *r, const struct gl200 *g, size_t at)
{
	uint64_t v;

	if (field(g, at + 1).n > 0 && slice_is(field(g, at + 3), "1") && field(g, at + 4).n == 4 &&
		sentence_hex(&v, field(g, at + 4)) == 0)
		attribute_real(&r->extra, "temperature", (int16_t)(uint16_t)v / 16.0);
}

/* Of a vehicle's report: [mask of what follows, satellites...], km, hour meter, analog inputs, battery, status; behind it what the
 * mask of an ERI names, of which only the 1-wire bus (bit 1) is read, and only where nothing stands before it. */
static void read_vehicle(struct report *r, const struct gl200 *g, size_t at, size_t status)
{
	struct slice eri = field(g, at - 1 - BEHIND - BEFORE - 4);
	uint64_t mask;

	if (field(g, at).n == 2 && sentence_hex(&mask, g->f[at]) == 0 && mask & 1)
		sentence_put_int(r, "satellites", field(g, at + 1));
	report_battery(r, field(g, status - 1), 1);
	put_status(r, g->f[status]);
	if (is_kind(g, "ERI") && sentence_hex(&mask, eri) == 0 && (mask & 3) == 2)
		put_thermometer(r, g, status + 1);
}

/* Of a report without a status: what an asset tracker says last. */
static void read_asset(struct report *r, const struct gl200 *g, size_t at)
{
	struct slice last = field(g, g->n - 1);
	uint32_t percent;

	if (!is_kind(g, "FRI RTL SOS DOG PNL NMR GEO SPD") || g->n < at + 2)
		return;
	if (sentence_unsigned(&percent, last) == 0)
		report_battery(r, last, 1);
	else if (g->n == at + 7 && field(g, at + 2).n == 0) /* GL530: signal, 0, -, battery, charging, -, - */
		report_battery(r, field(g, at + 3), 1);
}

static void read_behind(struct report *r, const struct gl200 *g, size_t at)
{
	size_t status = find_status(g, at + 1);
	bool odometer = false;

	if (is_kind(g, "CAN OBD"))
		return;
	for (size_t i = at; i < g->n && i < status; i++) {
		struct slice text = g->f[i];
		if (text.n > 0 && memchr(text.s, ':', text.n))
			put_hours(r, text);
		else if (text.n > 0 && !odometer && memchr(text.s, '.', text.n)) {
			put_odometer(r, text);
			odometer = true;
		}
	}
	if (status < g->n)
		read_vehicle(r, g, at, status);
	else
		read_asset(r, g, at);
}

/* ---- what stands before the block; @accuracy is where that begins ---- */

/* Report id and type, in one field or two: the type. */
static char type_of(const struct gl200 *g, size_t accuracy)
{
	struct slice text = field(g, accuracy - 2);

	return text.n > 0 ? text.s[text.n - 1] : '\0';
}

static void put_voltage(struct report *r, struct slice mv)
{
	uint32_t v;

	if (sentence_unsigned(&v, mv) == 0 && v >= 1000)
		attribute_real(&r->extra, "externalVoltage", v / 1000.0);
}

/* Digital input: its number and its state. */
static void put_input(struct report *r, struct slice text)
{
	static const char *const names[] = { "input1", "input2", "input3", "input4" };

	if (text.n == 2 && text.s[0] >= '1' && text.s[0] <= '4')
		attribute_bool(&r->extra, names[text.s[0] - '1'], text.s[1] == '1');
}

static void read_before(struct report *r, const struct gl200 *g, size_t accuracy)
{
	struct slice last = field(g, accuracy - 1);

	if (is_kind(g, "FRI ERI"))
		put_voltage(r, field(g, accuracy - 3));
	else if (is_kind(g, "NMR"))
		attribute_bool(&r->extra, "motion", type_of(g, accuracy) == '1');
	else if (is_kind(g, "IGL"))
		attribute_bool(&r->extra, "ignition", type_of(g, accuracy) == '1');
	else if (is_kind(g, "DIS"))
		put_input(r, field(g, accuracy - 2));
	else if (is_kind(g, "LSW") && last.n == 1)
		attribute_bool(&r->extra, "light", *last.s == '1');
	else if (is_kind(g, "TEM"))
		report_real(r, "temperature", last);
	else if (is_kind(g, "STT"))
		put_state(r, last);
	else if (is_kind(g, "BPL"))
		report_real(r, "batteryVoltage", last);
	else if (is_kind(g, "CTN STR")) { /* ..., temperature, battery */
		report_battery(r, last, 1);
		report_real(r, "temperature", field(g, accuracy - 2));
	}
}

/* ---- kinds ---- */

static const struct {
	const char *kind, *alarm;
} alarms[] = {
	{ "SOS", "sos" },
	{ "BPL", "lowBattery" },
	{ "JDR", "jamming" },
	{ "JDS", "jamming" },
	{ "TOW", "towing" },
	{ "SPD", "overspeed" },
	{ "MPF", "powerCut" },
	{ "EPF", "powerCut" },
	{ "PNA", "powerOn" },
	{ "PFA", "powerOff" },
	{ "CRA", "accident" },
};

static void put_alarm(struct report *r, const struct gl200 *g, size_t accuracy)
{
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (is_kind(g, alarms[i].kind))
			attribute_text(&r->extra, "alarm", alarms[i].alarm);
	if (is_kind(g, "GEO") && accuracy > 0)
		attribute_text(&r->extra, "alarm", type_of(g, accuracy) == '1' ? "geofenceEnter" : "geofenceExit");
}

static void put_switches(struct report *r, const struct gl200 *g)
{
	if (is_kind(g, "IGN VGN"))
		attribute_bool(&r->extra, "ignition", true);
	else if (is_kind(g, "IGF VGF"))
		attribute_bool(&r->extra, "ignition", false);
	else if (is_kind(g, "BTC"))
		attribute_bool(&r->extra, "charging", true);
	else if (is_kind(g, "STC"))
		attribute_bool(&r->extra, "charging", false);
}

/* State, ICCID, signal, -, external power, km or mV, -, battery V, charging, LED, -, -, -, last fix[, battery, -, temperature]. */
static void read_info(struct report *r, const struct gl200 *g)
{
	struct slice fifth = field(g, GL200_NAME + 6), charging = field(g, GL200_NAME + 9);
	int64_t fix_ms;
	bool asset = sentence_stamp(&fix_ms, field(g, GL200_NAME + 14)) == 0;

	put_state(r, field(g, GL200_NAME + 1));
	sentence_put_text(r, "iccid", field(g, GL200_NAME + 2));
	sentence_put_int(r, "gsmSignal", field(g, GL200_NAME + 3));
	if (fifth.n > 0 && memchr(fifth.s, '.', fifth.n))
		put_odometer(r, fifth);
	else
		put_voltage(r, fifth);
	report_real(r, "batteryVoltage", field(g, GL200_NAME + 8));
	if (slice_is(charging, "0") || slice_is(charging, "1"))
		attribute_bool(&r->extra, "charging", *charging.s == '1');
	if (asset) {
		report_battery(r, field(g, GL200_NAME + 15), 1);
		report_real(r, "temperature", field(g, GL200_NAME + 17));
	}
}

static void read_whole(struct report *r, const struct gl200 *g, size_t time)
{
	size_t accuracy = time > 0 ? time - BEFORE : 0;
	size_t cell = time > 0 ? time + 1 : find_cell(g, GL200_NAME);

	if (is_kind(g, "GSM LBS")) {
		put_neighbours(r, g);
		if (is_kind(g, "LBS"))
			report_battery(r, field(g, GL200_NAME + 3), 1);
	} else {
		put_cell(r, g, cell);
	}
	put_alarm(r, g, accuracy);
	put_switches(r, g);
	if (is_kind(g, "INF"))
		read_info(r, g);
	else if (accuracy > 0)
		read_before(r, g, accuracy);
	else if (is_kind(g, "CTN STR") && cell > GL200_NAME + BEFORE + 1 && cell < g->n)
		read_before(r, g, cell - 1 - BEFORE);
	if (cell < g->n && !is_kind(g, "GSM LBS INF"))
		read_behind(r, g, cell + BEHIND);
	if (field(g, GL200_NAME).n == VIN_LEN)
		sentence_put_text(r, "vin", g->f[GL200_NAME]);
}

static int read_one(
	const struct gl200 *g, size_t time, bool last, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct report r;
	int e = 0;

	report_begin(&r, &scratch->arena);
	if (time > 0)
		e = read_block(&r, g, time);
	else
		r.p.time_ms = g->sent_ms;
	if (e != 0)
		return e;
	sentence_put_text(&r, g->command ? "result" : "event", g->kind);
	if (g->stored)
		attribute_bool(&r.extra, "stored", true);
	if (last && !g->command)
		read_whole(&r, g, time);
	else if (time > 0)
		put_cell(&r, g, time + 1);
	return report_end(&r, scratch, result);
}

int gl200_read(const struct gl200 *g, struct protocol_scratch *scratch, struct protocol_result *result)
{
	size_t previous = 0;
	int e = 0;

	for (size_t t = 0; e == 0 && t < g->n; t++) {
		if (!is_block(g, t))
			continue;
		if (previous > 0)
			e = read_one(g, previous, false, scratch, result);
		previous = t;
	}
	return e == 0 ? read_one(g, previous, true, scratch, result) : e;
}
