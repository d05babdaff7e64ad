/*
 * gt06_around - reports without a fix: the cells and access points around the device
 *
 *   many = date:6 mcc:2 mnc:1 (2) (lac:2 cid:3 rssi:1)*7 advance:1 then language:2, or n:1 (mac:6 rssi:1)*n
 *          of 4G (A1 A2): lac:4 cid:8
 *   24 of 44 bytes: date:6 advance:1 mcc:2 mnc:1 n:1 (lac:2 cid:3 rssi:1)*n m:1 (mac:6 rssi:1)*m
 *   long 32, 33 = date:6 length:1 [satellites and place] length:1 cell rssi:1 length:1 (lac:2 cid:3 rssi:1)*
 *                 length:1 (mac:6 rssi:1)* state:1 length:1 reserved
 */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/gt06.h"

enum {
	CELLS = 7,
	ACCESS_POINT = BINARY_MAC + 1,
	NEIGHBOUR = 6, /* lac:2 cid:3 rssi:1 */
};

static void read_cells(struct gt06 *g, struct wire *w, struct parts_cell cell, size_t n, bool wide)
{
	for (; n > 0; n--) {
		cell.lac = (uint32_t)wire_be(w, wide ? 4 : 2);
		cell.cid = wire_be(w, wide ? 8 : 3);
		cell.rssi = wire_u8(w);
		cell.has_rssi = true;
		if (wire_ok(w) && cell.lac != 0)
			parts_cell(&g->cells, &cell);
	}
}

static void read_access_points(struct gt06 *g, struct wire *w, size_t n)
{
	for (; n > 0 && w->left >= ACCESS_POINT; n--) {
		const uint8_t *mac = wire_bytes(w, BINARY_MAC);
		binary_wifi(&g->wifi, mac, wire_u8(w));
	}
}

static bool has_wifi(uint8_t type)
{
	return type != GT06_LBS_MANY && type != GT06_LBS_MANY_2 && type != GT06_LBS_4G;
}

static int read_counted(struct gt06 *g)
{
	struct parts_cell ids = { 0 };

	wire_u8(&g->w); /* timing advance */
	gt06_ids(g, &ids.mcc, &ids.mnc);
	size_t n = wire_u8(&g->w);
	read_cells(g, &g->w, ids, n, false);
	n = wire_u8(&g->w);
	read_access_points(g, &g->w, n);
	return wire_ok(&g->w) ? 0 : REASON_BAD_FRAME;
}

int gt06_around(struct gt06 *g)
{
	enum { COUNTED_LEN = 44 };
	bool wide = g->type == GT06_LBS_4G || g->type == GT06_WIFI_4G;
	size_t cells = CELLS * (size_t)(wide ? 13 : NEIGHBOUR);
	struct parts_cell ids = { 0 };
	int e = gt06_date(g);

	if (e != 0)
		return e;
	if (g->type == GT06_LBS_MANY_3 && g->len == COUNTED_LEN)
		return read_counted(g);
	if (g->w.left < 3 + cells + 1) { /* fewer cells: a layout that is not known */
		gt06_keep_raw(g);
		return 0;
	}
	gt06_ids(g, &ids.mcc, &ids.mnc);
	read_cells(g, &g->w, ids, CELLS, wide);
	wire_u8(&g->w); /* timing advance */
	if (has_wifi(g->type) && g->w.left > 0) {
		size_t n = wire_u8(&g->w);
		read_access_points(g, &g->w, n);
	}
	return wire_ok(&g->w) ? 0 : REASON_BAD_FRAME;
}

/* ---- long frames ---- */

/* The bytes that their length stands before. */
static struct wire read_part(struct gt06 *g)
{
	size_t n = wire_u8(&g->w);
	const uint8_t *bytes = wire_bytes(&g->w, n);

	return wire_over(bytes, bytes ? n : 0);
}

/* The cell and its rssi; gives its network for the neighbours. */
static struct parts_cell read_serving(struct gt06 *g)
{
	struct parts_cell cell = { 0 };

	if (wire_u8(&g->w) == 0)
		return cell;
	gt06_ids(g, &cell.mcc, &cell.mnc);
	struct parts_cell network = cell;
	cell.lac = wire_u16(&g->w);
	cell.cid = wire_be(&g->w, 3);
	cell.rssi = wire_u8(&g->w);
	cell.has_rssi = true;
	if (wire_ok(&g->w) && cell.lac != 0)
		parts_cell(&g->cells, &cell);
	attribute_int(&g->a, "gsmSignal", cell.rssi);
	return network;
}

static void read_alarm_state(struct gt06 *g, uint8_t state)
{
	attribute_int(&g->a, g->type == GT06_EXTENDED_ALARM ? "event" : "status", state);
	if (g->type == GT06_EXTENDED_ALARM && (state == 0xA2 || state == 0xA3))
		parts_alarm(&g->alarms, "lowBattery");
}

int gt06_extended_gps(struct gt06 *g)
{
	int e = gt06_date(g);

	if (e == 0 && wire_u8(&g->w) != 0)
		e = gt06_place(g);
	if (e != 0)
		return e;
	struct parts_cell network = read_serving(g);
	struct wire neighbours = read_part(g), access_points = read_part(g);
	read_cells(g, &neighbours, network, neighbours.left / NEIGHBOUR, false);
	read_access_points(g, &access_points, access_points.left / ACCESS_POINT);
	read_alarm_state(g, wire_u8(&g->w));
	return wire_ok(&g->w) ? 0 : REASON_BAD_FRAME;
}
