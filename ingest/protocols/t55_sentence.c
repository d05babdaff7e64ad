/* t55_sentence - the kinds of sentence, a function each; see t55.c. */
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"
#include "ingest/protocols/t55.h"

enum {
	UNIT_MS = 600000, /* of time, in which an RMC counts as recent */
	UNITS = T55_DAY_MS / UNIT_MS,
};

static const double KNOT_MPS = 1852.0 / 3600.0, KMH_MPS = 1 / 3.6;

static struct slice field(const struct t55_line *l, size_t i)
{
	return i < l->n ? l->f[i] : slice_of("", 0);
}

/* Milliseconds of the day, or -1. */
static int64_t clock_of(struct slice time)
{
	int64_t ms;

	return sentence_time(&ms, SENTENCE_DMY, slice_of("010170", 6), time) == 0 ? ms % T55_DAY_MS : -1;
}

static bool is_recent(const struct t55_memory *m, int64_t clock_ms)
{
	int apart = (int)(clock_ms / UNIT_MS) - m->unit;

	if (apart < 0)
		apart += UNITS;
	return m->day > 0 && (apart <= 2 || apart >= UNITS - 2);
}

/* The time of a sentence without a date. */
static void stamp(struct t55_line *l, int64_t clock_ms)
{
	bool next_day = clock_ms / UNIT_MS + UNITS / 2 < l->memory.unit;

	if (l->memory.day > 0)
		l->report.p.time_ms = (l->memory.day + (int64_t)next_day) * T55_DAY_MS + clock_ms;
}

static int read_rmc(struct t55_line *l)
{
	struct position *p = &l->report.p;
	struct t55_memory *m = &l->memory;
	int e = sentence_fix(
		p, slice_is(field(l, 2), "A"), sentence_place(p, field(l, 3), field(l, 4), field(l, 5), field(l, 6)));

	if (e == 0)
		e = sentence_when(p, SENTENCE_DMY, field(l, 9), field(l, 1));
	l->speaks = true;
	if (e != 0)
		return e;
	if (position_has(p, POSITION_LOCATION)) {
		report_speed(&l->report, field(l, 7), KNOT_MPS);
		report_course(&l->report, field(l, 8));
	}
	if (p->time_ms == 0 || p->time_ms / T55_DAY_MS > UINT16_MAX || !l->remembers)
		return 0;
	int64_t clock_ms = p->time_ms % T55_DAY_MS;
	if (m->satellites > 0 && m->lent == clock_ms / 2000 && position_has(p, POSITION_LOCATION)) {
		p->altitude_m = m->altitude_m;
		p->has |= POSITION_ALTITUDE;
		attribute_int(&l->report.extra, "satellites", m->satellites);
	}
	*m = (struct t55_memory){ .day = (uint16_t)(p->time_ms / T55_DAY_MS), .unit = (uint8_t)(clock_ms / UNIT_MS) };
	l->remembered = true;
	return 0;
}

static void lend(struct t55_line *l, int64_t clock_ms)
{
	int64_t altitude;
	uint32_t satellites;

	if (sentence_decimal(&altitude, field(l, 9), 0) != 0 || sentence_unsigned(&satellites, field(l, 7)) != 0)
		return;
	if (altitude < INT16_MIN || altitude > INT16_MAX || satellites > UINT8_MAX)
		return;
	l->memory.altitude_m = (int16_t)altitude;
	l->memory.satellites = (uint8_t)satellites;
	l->memory.lent = (uint16_t)(clock_ms / 2000);
	l->remembered = true;
}

static int read_gga(struct t55_line *l)
{
	struct position *p = &l->report.p;
	bool valid = field(l, 6).n > 0 && !slice_is(field(l, 6), "0");
	int64_t clock_ms = clock_of(field(l, 1));
	int e = sentence_fix(p, valid, sentence_place(p, field(l, 2), field(l, 3), field(l, 4), field(l, 5)));

	if (e == 0 && valid && clock_ms < 0)
		e = REASON_BAD_VALUE;
	if (e != 0)
		return e;
	if (clock_ms >= 0 && is_recent(&l->memory, clock_ms)) {
		if (valid)
			lend(l, clock_ms);
		return 0;
	}
	l->speaks = true;
	if (clock_ms >= 0)
		stamp(l, clock_ms);
	sentence_put_int(&l->report, "satellites", field(l, 7));
	if (position_has(p, POSITION_LOCATION)) {
		report_altitude(&l->report, field(l, 9));
		report_real(&l->report, "hdop", field(l, 8));
	}
	return 0;
}

static int read_gll(struct t55_line *l)
{
	struct position *p = &l->report.p;
	bool valid = slice_is(field(l, 6), "A");
	int64_t clock_ms = clock_of(field(l, 5));
	int e = sentence_fix(p, valid, sentence_place(p, field(l, 1), field(l, 2), field(l, 3), field(l, 4)));

	if (e == 0 && valid && clock_ms < 0)
		e = REASON_BAD_VALUE;
	if (e != 0)
		return e;
	l->speaks = clock_ms < 0 || !is_recent(&l->memory, clock_ms);
	if (clock_ms >= 0)
		stamp(l, clock_ms);
	return 0;
}

/* u-blox's own, message 00. */
static int read_pubx(struct t55_line *l)
{
	struct position *p = &l->report.p;
	bool valid = field(l, 8).n > 0 && !slice_is(field(l, 8), "NF");
	int64_t clock_ms = clock_of(field(l, 2));

	if (!slice_is(field(l, 1), "00"))
		return 0;
	int e = sentence_fix(p, valid, sentence_place(p, field(l, 3), field(l, 4), field(l, 5), field(l, 6)));
	if (e == 0 && valid && clock_ms < 0)
		e = REASON_BAD_VALUE;
	if (e != 0)
		return e;
	l->speaks = true;
	if (clock_ms >= 0)
		stamp(l, clock_ms);
	sentence_put_int(&l->report, "satellites", field(l, 18));
	if (!position_has(p, POSITION_LOCATION))
		return 0;
	report_altitude(&l->report, field(l, 7));
	report_accuracy(&l->report, field(l, 9));
	report_speed(&l->report, field(l, 11), KMH_MPS);
	report_course(&l->report, field(l, 12));
	report_real(&l->report, "hdop", field(l, 15));
	return 0;
}

static int read_inputs(struct t55_line *l)
{
	static const char *const analog[] = { "analog1", "analog2", "analog3", "analog4" };

	for (size_t i = 0; i < 4; i++)
		report_real(&l->report, analog[i], field(l, 3 + i));
	report_real(&l->report, "externalVoltage", field(l, 7));
	report_real(&l->report, "batteryVoltage", field(l, 8));
	l->speaks = true;
	return 0;
}

/* Its number stands for an identifier where there was none. */
static int read_network(struct t55_line *l)
{
	if (!slice_is(field(l, 1), "NET"))
		return 0;
	if (l->id.n == 0)
		l->id = field(l, 2);
	sentence_put_text(&l->report, "operator", field(l, 3));
	sentence_put_int(&l->report, "gsmSignal", field(l, 4));
	l->speaks = true;
	return 0;
}

/* The field behind the one called @name. */
static struct slice tagged(const struct t55_line *l, const char *name, size_t behind)
{
	for (size_t i = 2; i + behind < l->n; i++)
		if (slice_is(l->f[i], name))
			return l->f[i + behind];
	return slice_of("", 0);
}

static int name_oneself(struct t55_line *l)
{
	l->id = l->login = field(l, 1);
	l->speaks = true;
	return 0;
}

static int read_tags(struct t55_line *l)
{
	struct position *p = &l->report.p;
	struct slice seen = tagged(l, "S", 1), south = tagged(l, "La", 2), west = tagged(l, "Lo", 2);
	int e = report_place(&l->report, tagged(l, "La", 1), tagged(l, "Lo", 1));

	if (e == 0 && slice_is(south, "S"))
		p->lat_e7 = -p->lat_e7;
	if (e == 0 && slice_is(west, "W"))
		p->lon_e7 = -p->lon_e7;
	e = sentence_fix(p, slice_is(tagged(l, "GPSEX", 1), "A"), e);
	if (e == 0)
		e = sentence_when(p, SENTENCE_DMY, tagged(l, "D", 1), tagged(l, "T", 1));
	slice_cut(&seen, ':');
	sentence_put_int(&l->report, "satellites", seen);
	return e == 0 ? name_oneself(l) : e;
}

static int read_connect(struct t55_line *l)
{
	struct parts_cell c = { 0 };
	struct parts list;
	uint64_t lac;

	parts_begin(&list);
	if (sentence_hex(&lac, tagged(l, "LAC", 1)) == 0 && lac <= UINT32_MAX &&
		sentence_hex(&c.cid, tagged(l, "CID", 1)) == 0) {
		c.lac = (uint32_t)lac;
		parts_cell(&list, &c);
	}
	parts_end(&list, "cells", &l->report.extra, l->report.arena);
	return name_oneself(l);
}

static int read_login(struct t55_line *l)
{
	l->id = l->login = field(l, 1);
	return l->id.n > 0 ? 0 : REASON_NO_DEVICE;
}

static const struct {
	const char *name; /* ??: any talker */
	int (*read)(struct t55_line *l);
} sentences[] = {
	{ "??RMC", read_rmc },
	{ "??GGA", read_gga },
	{ "??GLL", read_gll },
	{ "PUBX", read_pubx },
	{ "GPIOP", read_inputs },
	{ "GPTXT", read_network },
	{ "ID", read_tags },
	{ "CONNECT", read_connect },
	{ "PGID", read_login },
	{ "DEVID", read_login },
	{ "PCPTI", read_login },
	{ "GPFID", read_login },
	{ "IMEI", read_login },
};

static bool is_named(struct slice name, const char *pattern)
{
	if (pattern[0] != '?')
		return slice_is(name, pattern);
	return name.n == 5 && memcmp(name.s + 2, pattern + 2, 3) == 0;
}

int t55_sentence(struct t55_line *l, struct slice text)
{
	const char *star = text.n > 0 ? memchr(text.s, '*', text.n) : NULL;
	uint64_t want;
	uint8_t sum = 0;

	if (star) {
		size_t n = (size_t)(star - text.s);
		struct slice digits = slice_trim(slice_of(star + 1, text.n - n - 1));
		text.n = n;
		for (size_t i = 0; i < n; i++)
			sum ^= (uint8_t)text.s[i];
		if (digits.n != 2 || sentence_hex(&want, digits) != 0 || want != sum)
			return REASON_BAD_CHECKSUM;
	}
	struct sentence s = sentence_over(text.s, text.n);
	l->n = sentence_split(&s, ',', l->f, T55_FIELDS_MAX);
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
		if (is_named(l->f[0], sentences[i].name))
			return sentences[i].read(l);
	return 0;
}
