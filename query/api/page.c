/* page - the text around positions. */
#include "query/api/page.h"

#include <string.h>

static bool put(struct page *p, const char *s)
{
	return web_write(p->request, s, strlen(s));
}

void page_begin(struct page *p, struct web_request *q, bool geojson)
{
	p->request = q;
	p->geojson = geojson;
	p->n = 0;
	web_begin(q, 200, geojson ? "application/geo+json" : "application/json");
	put(p, geojson ? "{\"type\":\"FeatureCollection\",\"features\":[" : "{\"positions\":[");
}

/* A Feature (RFC 7946): longitude first, and the altitude as the third coordinate where it is known. */
static void put_feature(struct text *t, const struct position *position)
{
	bool placed = position_has(position, POSITION_LOCATION);

	text_puts(t, "{\"type\":\"Feature\",\"geometry\":");
	if (placed) {
		text_puts(t, "{\"type\":\"Point\",\"coordinates\":[");
		text_e7(t, position->lon_e7);
		text_putc(t, ',');
		text_e7(t, position->lat_e7);
		if (position_has(position, POSITION_ALTITUDE)) {
			text_putc(t, ',');
			text_fixed(t, (double)position->altitude_m, 3);
		}
		text_puts(t, "]}");
	} else {
		text_puts(t, "null");
	}
	text_puts(t, ",\"properties\":");
	position_json(t, position, POSITION_JSON_PLACELESS, 0);
	text_putc(t, '}');
}

bool page_add(struct page *p, const struct position_document *d)
{
	struct text t = text_in(p->text, sizeof p->text);

	text_puts(&t, p->n++ ? "," : "");
	if (p->geojson)
		put_feature(&t, &d->position);
	else
		position_json(&t, &d->position, 0, d->contact_ms);
	return web_write(p->request, t.buf, t.len);
}

void page_end(struct page *p, const struct cursor *next)
{
	char text[CURSOR_TEXT_SIZE];

	if (next)
		cursor_format(text, next);
	put(p, next ? "],\"next\":\"" : "],\"next\":null");
	put(p, next ? text : "");
	put(p, next ? "\"}" : "}");
	web_end(p->request);
}
