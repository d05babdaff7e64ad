/*
 * osmand - the HTTP requests of OsmAnd and Traccar Client, one position each, on a kept connection
 *
 * Speed is in knots. The secret goes into the header Authorization, where no log of URLs sees it.
 */
#include "cli/simulation/http.h"

static const double knots_per_mps = 3600.0 / 1852.0;

static void put_parameter(struct text *t, const char *name, double v, int decimals)
{
	text_putc(t, '&');
	text_puts(t, name);
	text_putc(t, '=');
	text_fixed(t, v, decimals);
}

static void put_query(struct text *t, const char *identifier, const struct position *p)
{
	/* What an identifier may hold needs no escape. */
	text_puts(t, "id=");
	text_puts(t, identifier);
	text_puts(t, "&timestamp=");
	text_int(t, p->time_ms);
	text_puts(t, "&lat=");
	text_e7(t, p->lat_e7);
	text_puts(t, "&lon=");
	text_e7(t, p->lon_e7);
	if (position_has(p, POSITION_SPEED))
		put_parameter(t, "speed", p->speed_mps * knots_per_mps, 4);
	if (position_has(p, POSITION_COURSE))
		put_parameter(t, "bearing", p->course_deg, 1);
	if (position_has(p, POSITION_ALTITUDE))
		put_parameter(t, "altitude", p->altitude_m, 1);
	if (position_has(p, POSITION_ACCURACY))
		put_parameter(t, "accuracy", p->accuracy_m, 1);
	if (position_has(p, POSITION_BATTERY))
		put_parameter(t, "batt", p->battery_pct, 0);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	struct text t = text_in((char *)out, size);

	(void)n;
	text_puts(&t, "POST /?");
	put_query(&t, identifier, p);
	text_puts(&t, " HTTP/1.1\r\nHost: gateway\r\n");
	http_put_bearer(&t, secret);
	text_puts(&t, "Content-Length: 0\r\n\r\n");
	return text_ok(&t) ? t.len : 0;
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	(void)greeting;
	return http_reply(bytes, len, sent, NULL);
}

const struct dialect dialect_osmand = {
	.name = "osmand",
	.protocol = "osmand",
	.port = 5055,
	.records_max = 1,
	.frame = frame,
	.read = read_answer,
};
