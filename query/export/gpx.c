/* gpx - text. */
#include "query/export/gpx.h"
#include "base/time.h"

#include <math.h>
#include <string.h>

enum { GAP_MS = 3600 * 1000, LON_END_E7 = 1800000000 };

/* @s as character data. What XML 1.0 has no place for becomes '?': control characters, and U+FFFE and U+FFFF. */
static void put_escaped(struct text *t, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '&')
			text_puts(t, "&amp;");
		else if (c == '<')
			text_puts(t, "&lt;");
		else if (c == '>')
			text_puts(t, "&gt;");
		else if (c == 0xEF && !strncmp(s, "\xEF\xBF", 2) && (unsigned char)s[2] >= 0xBE) {
			text_putc(t, '?');
			s += 2;
		} else {
			text_putc(t, c < ' ' ? '?' : *s);
		}
	}
}

void gpx_begin(struct gpx *g, struct text *t, const char *name)
{
	*g = (struct gpx){ 0 };
	text_puts(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		     "<gpx version=\"1.1\" creator=\"Pettrack\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n"
		     "<trk><name>");
	put_escaped(t, name);
	text_puts(t, "</name>\n");
}

static void end_segment(struct gpx *g, struct text *t)
{
	if (g->segment)
		text_puts(t, "</trkseg>\n");
	g->segment = false;
}

void gpx_point(struct gpx *g, struct text *t, const struct position *p)
{
	char time[TIME_TEXT_SIZE];

	if (p->invalid)
		return;
	if (g->segment && p->time_ms - g->last_ms > GAP_MS)
		end_segment(g, t);
	if (!g->segment)
		text_puts(t, "<trkseg>\n");
	g->segment = true;
	g->last_ms = p->time_ms;
	text_puts(t, "<trkpt lat=\"");
	text_e7(t, p->lat_e7);
	text_puts(t, "\" lon=\"");
	text_e7(t, p->lon_e7 == LON_END_E7 ? -LON_END_E7 : p->lon_e7); /* its longitudes end before 180 */
	text_puts(t, "\">");
	if (position_has(p, POSITION_ALTITUDE) && isfinite(p->altitude_m)) {
		text_puts(t, "<ele>");
		text_fixed(t, (double)p->altitude_m, 3);
		text_puts(t, "</ele>");
	}
	time_format(time, p->time_ms);
	text_printf(t, "<time>%s</time></trkpt>\n", time);
}

void gpx_end(struct gpx *g, struct text *t)
{
	end_segment(g, t);
	text_puts(t, "</trk>\n</gpx>\n");
}
