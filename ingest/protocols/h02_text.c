/* h02_text - the kinds of text, a function each; see h02.c. */
#include "ingest/protocols/h02.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/sentence.h"

#include "base/text.h"

static const double KNOT_MPS = 1852.0 / 3600.0;

static struct slice field(const struct h02_line *l, size_t i)
{
	return i < l->n ? l->fields[i] : slice_of("", 0);
}

/* ---- what several kinds have ---- */

static void put_status(struct report *r, struct slice text)
{
	uint64_t status;

	if (text.n == 8 && sentence_hex(&status, text) == 0)
		h02_status(r, (uint32_t)status);
}

static bool is_mcc(uint64_t v)
{
	return v >= 200 && v <= 799;
}

/* Four fields, decimal or hex as the maker likes: the country says which. */
static void put_cell(struct report *r, const struct slice four[4])
{
	struct parts list;
	uint32_t decimal[4];
	uint64_t hex[4];
	bool is_decimal = true, is_hex = true;

	for (size_t i = 0; i < 4; i++) {
		struct slice text = slice_trim(four[i]);
		is_decimal = is_decimal && sentence_unsigned(&decimal[i], text) == 0;
		is_hex = is_hex && sentence_hex(&hex[i], text) == 0 && hex[i] <= UINT32_MAX;
	}
	parts_begin(&list);
	if (is_decimal && is_mcc(decimal[0]) && (decimal[2] || decimal[3]))
		parts_cell(&list, &(struct parts_cell){ decimal[0], decimal[1], decimal[2], decimal[3], 0, false });
	else if (is_hex && is_mcc(hex[0]) && (hex[2] || hex[3]))
		parts_cell(&list,
			&(struct parts_cell){ (uint32_t)hex[0], (uint32_t)hex[1], (uint32_t)hex[2], hex[3], 0, false });
	parts_end(&list, "cells", &r->extra, r->arena);
}

/* lac, cid and the level that is @rssi (may be empty) of one cell among several. */
static void add_cell(struct parts *list, struct parts_cell c, struct slice lac, struct slice cid, struct slice rssi)
{
	uint32_t wide;

	if (sentence_unsigned(&c.lac, lac) != 0 || sentence_unsigned(&wide, cid) != 0)
		return;
	c.cid = wide;
	c.has_rssi = sentence_int(&c.rssi, rssi) == 0;
	parts_cell(list, &c);
}

/* 1 to 6 steps. */
static void put_level(struct report *r, struct slice text)
{
	uint32_t level;

	if (sentence_unsigned(&level, text) == 0 && level <= 6)
		attribute_int(&r->extra, "batteryLevel", level);
}

/* ---- kinds: 0 or enum protocol_reason ---- */

/* The index of the N or S, 0 when the line has no place. */
static size_t find_place(const struct h02_line *l)
{
	for (size_t i = 2; i + 2 < l->n; i++) {
		struct slice ns = l->fields[i], ew = l->fields[i + 2];
		if ((slice_is_nocase(ns, "N") || slice_is_nocase(ns, "S")) &&
			(slice_is_nocase(ew, "E") || slice_is_nocase(ew, "W")))
			return i;
	}
	return 0;
}

/* "ddmm.mmmm"; some say "-dd-mm.mmmm" for the south and west, and some leave out the point. */
static struct slice degrees_of(struct slice text, struct arena *arena)
{
	text = slice_trim(text);
	if (text.n > 0 && *text.s == '-')
		text = slice_of(text.s + 1, text.n - 1);
	const char *dash = text.n > 0 ? memchr(text.s, '-', text.n) : NULL;
	const char *point = text.n > 0 ? memchr(text.s, '.', text.n) : NULL;
	if (!dash && (point || text.n < 7))
		return text;
	char *copy = arena_take(arena, text.n + 2);
	if (!copy)
		return text;
	struct text t = text_in(copy, text.n + 2);
	size_t head = dash ? (size_t)(dash - text.s) : text.n - 4;
	text_put(&t, text.s, head);
	if (dash) { /* minutes of one digit want a zero before them */
		if (point == dash + 2)
			text_putc(&t, '0');
		text_put(&t, dash + 1, text.n - head - 1);
	} else {
		text_putc(&t, '.');
		text_put(&t, text.s + head, 4);
	}
	return text_ok(&t) ? slice_of(t.buf, t.len) : text;
}

static void read_more(struct report *r, const struct h02_line *l, size_t at)
{
	struct slice fifth = field(l, at + 4);

	if (l->n >= at + 4)
		put_cell(r, &l->fields[at]);
	if (fifth.n >= 15)
		sentence_put_text(r, "iccid", fifth);
	else if (l->n == at + 5)
		put_level(r, fifth);
}

static int read_location(struct report *r, const struct h02_line *l)
{
	size_t at = find_place(l);
	bool day_only = slice_is(l->kind, "VP1"), log_in = slice_is(l->kind, "V19");

	if (at == 0 || (!day_only && at < 3))
		return REASON_BAD_FRAME;
	int e = sentence_place(&r->p, degrees_of(l->fields[at - 1], r->arena), l->fields[at],
		degrees_of(l->fields[at + 1], r->arena), l->fields[at + 2]);
	e = sentence_fix(&r->p, slice_is_nocase(l->fields[at - 2], "A"), e);
	if (e == 0 && !day_only)
		e = sentence_when(&r->p, SENTENCE_DMY, field(l, at + 5), l->fields[at - 3]);
	if (e != 0)
		return e;
	if (position_has(&r->p, POSITION_LOCATION)) {
		report_speed(r, slice_trim(field(l, at + 3)), KNOT_MPS);
		report_course(r, slice_trim(field(l, at + 4)));
	}
	if (slice_is(l->kind, "V4") && at > 3)
		sentence_put_text(r, "result",
			slice_of(l->fields->s, (size_t)(l->fields[at - 4].s - l->fields->s) + l->fields[at - 4].n));
	if (log_in) { /* phone, address of the server, ICCID, status */
		sentence_put_text(r, "iccid", field(l, at + 8));
		put_status(r, field(l, at + 9));
		return 0;
	}
	put_status(r, field(l, at + 6));
	read_more(r, l, at + 7);
	return 0;
}

/* V, mcc, mnc, lac,cid,rssi Y lac,cid,rssi Y ... */
static int read_vp1(struct report *r, const struct h02_line *l)
{
	struct parts_cell c = { 0 };
	struct parts list;

	if (find_place(l))
		return read_location(r, l);
	if (!slice_is(field(l, 0), "V") || l->n < 6)
		return REASON_BAD_FRAME;
	if (sentence_unsigned(&c.mcc, l->fields[1]) != 0 || sentence_unsigned(&c.mnc, l->fields[2]) != 0)
		return REASON_BAD_VALUE;
	const struct slice *last = &l->fields[l->n - 1];
	struct sentence cells = sentence_over(l->fields[3].s, (size_t)(last->s - l->fields[3].s) + last->n);
	parts_begin(&list);
	while (cells.more) {
		struct slice one = sentence_field(&cells, 'Y'), lac = slice_cut(&one, ','), cid = slice_cut(&one, ',');
		add_cell(&list, c, lac, cid, one);
	}
	parts_end(&list, "cells", &r->extra, r->arena);
	return 0;
}

static int read_v3(struct report *r, const struct h02_line *l)
{
	struct parts_cell c = { 0 };
	struct parts list;
	uint32_t n;
	uint64_t battery;
	struct slice network = field(l, 1);

	if (sentence_unsigned(&n, field(l, 2)) != 0 || n > H02_FIELDS_MAX || l->n < 8 + 4 * (size_t)n || network.n < 4)
		return REASON_BAD_FRAME;
	if (sentence_unsigned(&c.mcc, slice_of(network.s, 3)) != 0 ||
		sentence_unsigned(&c.mnc, slice_of(network.s + 3, network.n - 3)) != 0)
		return REASON_BAD_VALUE;
	parts_begin(&list);
	for (size_t at = 3; at < 3 + 4 * (size_t)n; at += 4)
		add_cell(&list, c, l->fields[at], l->fields[at + 1], l->fields[at + 3]);
	parts_end(&list, "cells", &r->extra, r->arena);
	size_t at = 3 + 4 * (size_t)n;
	if (sentence_hex(&battery, l->fields[at]) == 0 && battery <= UINT16_MAX)
		attribute_int(&r->extra, "batteryLevel", (int64_t)battery);
	put_status(r, l->fields[at + 4]);
	return sentence_when(&r->p, SENTENCE_DMY, l->fields[at + 3], l->fields[0]);
}

static int read_nbr(struct report *r, const struct h02_line *l)
{
	struct parts_cell c = { 0 };
	struct parts list;
	uint32_t n;

	if (sentence_unsigned(&n, field(l, 4)) != 0 || n > H02_FIELDS_MAX || l->n < 7 + 3 * (size_t)n)
		return REASON_BAD_FRAME;
	if (sentence_unsigned(&c.mcc, l->fields[1]) != 0 || sentence_unsigned(&c.mnc, l->fields[2]) != 0)
		return REASON_BAD_VALUE;
	parts_begin(&list);
	for (size_t at = 5; at < 5 + 3 * (size_t)n; at += 3)
		add_cell(&list, c, l->fields[at], l->fields[at + 1], l->fields[at + 2]);
	parts_end(&list, "cells", &r->extra, r->arena);
	size_t at = 5 + 3 * (size_t)n;
	put_status(r, l->fields[at + 1]);
	put_level(r, field(l, at + 2));
	return sentence_when(&r->p, SENTENCE_DMY, l->fields[at], l->fields[0]);
}

static int read_link(struct report *r, const struct h02_line *l)
{
	if (l->n < 8)
		return REASON_BAD_FRAME;
	sentence_put_int(r, "gsmSignal", l->fields[1]);
	sentence_put_int(r, "satellites", l->fields[2]);
	report_battery(r, l->fields[3], 1);
	sentence_put_int(r, "steps", l->fields[4]);
	sentence_put_int(r, "turnovers", l->fields[5]);
	put_status(r, l->fields[7]);
	return sentence_when(&r->p, SENTENCE_DMY, l->fields[6], l->fields[0]);
}

static int read_heartbeat(struct report *r, const struct h02_line *l)
{
	report_battery(r, field(l, 0), 1);
	return 0;
}

/* Well formed, and of no kind that is known: the device spoke. */
static int read_other(struct report *r, const struct h02_line *l)
{
	if (find_place(l) >= 3)
		return read_location(r, l);
	sentence_put_text(r, "event", l->kind);
	return 0;
}

static const struct {
	const char *kind;
	int (*read)(struct report *r, const struct h02_line *l);
} kinds[] = {
	{ "V1", read_location },
	{ "VP1", read_vp1 },
	{ "V3", read_v3 },
	{ "NBR", read_nbr },
	{ "LINK", read_link },
	{ "HTBT", read_heartbeat },
};

int h02_kind(struct report *r, const struct h02_line *l)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (slice_is(l->kind, kinds[i].kind))
			return kinds[i].read(r, l);
	return read_other(r, l);
}
