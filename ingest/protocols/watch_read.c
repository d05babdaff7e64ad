/* watch_read - what the kinds of frame say; see watch.c. */
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"
#include "ingest/protocols/watch.h"

#include "base/text.h"

static const double KMH_MPS = 1 / 3.6;

static struct slice field(const struct watch_line *l, size_t i)
{
	return i < l->n ? l->fields[i] : slice_of("", 0);
}

static const struct {
	uint32_t bits;
	const char *alarm;
} alarms[] = {
	{ 1u << 16, "sos" },
	{ 1u << 0 | 1u << 17, "lowBattery" },
	{ 1u << 18, "geofenceExit" },
	{ 1u << 19, "geofenceEnter" },
	{ 1u << 20, "removed" },
	{ 1u << 21 | 1u << 22, "fall" },
};

enum { STATUS_MOVING = 1 << 4 };

static void put_status(struct report *r, struct slice text)
{
	uint64_t status;
	struct parts list;

	if (sentence_hex(&status, text) != 0 || status > UINT32_MAX)
		return;
	attribute_int(&r->extra, "status", (int64_t)status);
	parts_begin(&list);
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (status & alarms[i].bits)
			parts_alarm(&list, alarms[i].alarm);
	parts_end(&list, "alarm", &r->extra, r->arena);
	if (status & STATUS_MOVING)
		attribute_bool(&r->extra, "motion", true);
}

/* Decimal degrees. A hemisphere that is missing leaves two places, and so none. */
static int read_place(struct position *p, struct slice lat, struct slice ns, struct slice lon, struct slice ew)
{
	int32_t lat_e7, lon_e7;

	lat = slice_trim(lat);
	lon = slice_trim(lon);
	if (!(slice_is(ns, "N") || slice_is(ns, "S")) || !(slice_is(ew, "E") || slice_is(ew, "W")))
		return REASON_BAD_VALUE;
	if (text_to_e7(&lat_e7, lat.s, lat.n, 90) != 0 || text_to_e7(&lon_e7, lon.s, lon.n, 180) != 0)
		return REASON_BAD_VALUE;
	p->lat_e7 = slice_is(ns, "S") ? -lat_e7 : lat_e7;
	p->lon_e7 = slice_is(ew, "W") ? -lon_e7 : lon_e7;
	p->has |= POSITION_LOCATION;
	return 0;
}

/* From the number of cells at @at. Returns where the number of access points is. */
static size_t read_cells(struct report *r, const struct watch_line *l, size_t at)
{
	struct parts_cell c = { 0 };
	struct parts list;
	uint32_t n, wide;

	if (sentence_unsigned(&n, field(l, at)) != 0 || n > WATCH_FIELDS_MAX)
		return l->n;
	if (n == 0) /* what belongs to the cells may be there all the same, empty, or not be there */
		return field(l, at + 2).n == 0 ? at + 5 : at + 1;
	bool network =
		sentence_unsigned(&c.mcc, field(l, at + 2)) == 0 && sentence_unsigned(&c.mnc, field(l, at + 3)) == 0;
	parts_begin(&list);
	for (at += 4; n > 0; n--, at += 3) {
		if (!network || sentence_unsigned(&c.lac, field(l, at)) || sentence_unsigned(&wide, field(l, at + 1)))
			continue;
		c.cid = wide;
		c.has_rssi = sentence_int(&c.rssi, field(l, at + 2)) == 0;
		parts_cell(&list, &c);
	}
	parts_end(&list, "cells", &r->extra, r->arena);
	return at;
}

/* Names may hold commas: an access point is found by its address. */
static void read_wifi(struct report *r, const struct watch_line *l, size_t at)
{
	struct parts list;

	parts_begin(&list);
	for (; at + 1 < l->n; at++) {
		int64_t rssi;
		bool has = sentence_int(&rssi, l->fields[at + 1]) == 0;
		parts_wifi(&list, l->fields[at], has ? &rssi : NULL);
	}
	parts_end(&list, "wifi", &r->extra, r->arena);
}

static void read_network(struct report *r, const struct watch_line *l, size_t at)
{
	struct slice last = field(l, l->n - 1);

	at = read_cells(r, l, at);
	read_wifi(r, l, at + 1);
	if (l->n > at + 1 && memchr(last.s, '.', last.n)) /* nothing else there has a point */
		report_accuracy(r, last);
}

static int read_location(struct report *r, const struct watch_line *l)
{
	int e;

	if (l->n < 9)
		return REASON_BAD_FRAME;
	e = read_place(&r->p, l->fields[3], l->fields[4], l->fields[5], l->fields[6]);
	if (l->fields[4].n == 0 || l->fields[6].n == 0)
		e = 0;
	e = sentence_fix(&r->p, slice_is(l->fields[2], "A"), e);
	if (e == 0)
		e = sentence_when(&r->p, SENTENCE_DMY, l->fields[0], l->fields[1]);
	if (e != 0)
		return e;
	if (position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, l->fields[7], KMH_MPS);
		report_course(r, l->fields[8]);
		report_altitude(r, field(l, 9));
	}
	sentence_put_int(r, "satellites", field(l, 10));
	sentence_put_int(r, "gsmSignal", field(l, 11));
	report_battery(r, field(l, 12), 1);
	sentence_put_int(r, "steps", field(l, 13));
	sentence_put_int(r, "rolls", field(l, 14));
	put_status(r, field(l, 15));
	if (slice_is(watch_plain_kind(l->kind), "UD2"))
		attribute_bool(&r->extra, "stored", true);
	if (l->n > 16)
		read_network(r, l, 16);
	return 0;
}

static int read_link(struct report *r, const struct watch_line *l)
{
	sentence_put_int(r, "steps", field(l, 0));
	sentence_put_int(r, "rolls", field(l, 1));
	report_battery(r, field(l, 2), 1);
	return 0;
}

/* ---- measures: a table of which field is what ---- */

static const struct {
	const char *kind;
	uint8_t field;
	bool real;
	const char *name;
} measures[] = {
	{ "heart", 0, false, "heartRate" },
	{ "pulse", 0, false, "heartRate" },
	{ "blood", 0, false, "systolic" },
	{ "blood", 1, false, "diastolic" },
	{ "bphrt", 0, false, "systolic" },
	{ "bphrt", 1, false, "diastolic" },
	{ "bphrt", 2, false, "heartRate" },
	{ "oxygen", 1, false, "bloodOxygen" },
	{ "temp", 0, true, "temperature" },
	{ "btemp2", 1, true, "temperature" },
};

/* 0 is what they say when nothing was measured. */
static bool read_measures(struct report *r, const struct watch_line *l)
{
	bool any = false;

	for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
		double v;
		struct slice text = field(l, measures[i].field);
		if (!slice_is_nocase(l->kind, measures[i].kind))
			continue;
		any = true;
		if (text_to_real(&v, text.s, text.n) != 0 || v <= 0)
			continue;
		if (measures[i].real)
			attribute_real(&r->extra, measures[i].name, v);
		else
			sentence_put_int(r, measures[i].name, text);
	}
	return any;
}

int watch_read(struct report *r, const struct watch_line *l)
{
	struct slice kind = watch_plain_kind(l->kind);

	if (slice_is(kind, "UD") || slice_is(kind, "UD2") || slice_is(kind, "UD3") || slice_is(kind, "AL") ||
		slice_is(kind, "WT"))
		return read_location(r, l);
	if (slice_is(kind, "LK"))
		return read_link(r, l);
	if (!read_measures(r, l))
		sentence_put_text(r, "event", l->kind);
	return 0;
}
