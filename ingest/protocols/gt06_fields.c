/* gt06_fields - dates, places, cells. */
#include "ingest/protocols/binary.h"
#include "ingest/protocols/gt06.h"

static const double KMH_MPS = 1 / 3.6;

/* ---- places ---- */

/* Not positioned, and at 0, 0: the device never had a fix. */
void gt06_course(struct gt06 *g, uint16_t flags, int64_t lat, int64_t lon)
{
	bool positioned = flags >> 12 & 1;

	if (!positioned && lat == 0 && lon == 0)
		return;
	lat = (lat * 50 + 4) / 9; /* degrees x 1,800,000 to x 10,000,000 */
	lon = (lon * 50 + 4) / 9;
	binary_place(g->p, flags >> 10 & 1 ? lat : -lat, flags >> 11 & 1 ? -lon : lon);
	binary_course(g->p, flags & 0x3FF);
	g->p->invalid = !positioned && position_has(g->p, POSITION_LOCATION);
	if (flags >> 14 & 1)
		attribute_bool(&g->a, "ignition", flags >> 15);
}

int gt06_place(struct gt06 *g)
{
	attribute_int(&g->a, "satellites", wire_u8(&g->w) & 15);
	uint32_t lat = wire_u32(&g->w), lon = wire_u32(&g->w);
	uint8_t speed = wire_u8(&g->w);
	uint16_t flags = wire_u16(&g->w);

	if (!wire_ok(&g->w))
		return REASON_BAD_FRAME;
	gt06_course(g, flags, lat, lon);
	if (position_has(g->p, POSITION_LOCATION))
		binary_speed(g->p, speed * KMH_MPS);
	return 0;
}

int gt06_date(struct gt06 *g)
{
	const uint8_t *date = wire_bytes(&g->w, BINARY_DATE);

	return date ? binary_date(&g->p->time_ms, date) : REASON_BAD_FRAME;
}

int gt06_gps(struct gt06 *g)
{
	int e = gt06_date(g);

	return e != 0 ? e : gt06_place(g);
}

/* ---- cells ---- */

bool gt06_has_long_mnc(const struct gt06 *g)
{
	return g->w.left > 0 && *g->w.at >> 7;
}

void gt06_ids(struct gt06 *g, uint32_t *ret_mcc, uint32_t *ret_mnc)
{
	size_t mnc_size = gt06_has_long_mnc(g) ? 2 : 1;

	*ret_mcc = wire_u16(&g->w) & 0x7FFF;
	*ret_mnc = (uint32_t)wire_be(&g->w, mnc_size);
}

void gt06_put_cell(struct gt06 *g, struct parts_cell cell)
{
	if (wire_ok(&g->w) && cell.lac != 0 && cell.cid != 0)
		parts_cell(&g->cells, &cell);
}

void gt06_cell(struct gt06 *g, size_t lac_size, size_t cid_size)
{
	struct parts_cell cell = { 0 };

	gt06_ids(g, &cell.mcc, &cell.mnc);
	cell.lac = (uint32_t)wire_be(&g->w, lac_size);
	cell.cid = wire_be(&g->w, cid_size);
	gt06_put_cell(g, cell);
}

/* ---- other ---- */

void gt06_volts(struct gt06 *g, const char *name)
{
	attribute_real(&g->a, name, wire_u16(&g->w) / 100.0);
}

void gt06_rest(struct gt06 *g)
{
	binary_hex(&g->a, g->arena, "data", g->w.at, g->w.left);
	wire_bytes(&g->w, g->w.left);
}
