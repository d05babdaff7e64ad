/*
 * gpslogger - the requests of GPSLogger for Android, "log to custom URL", one position each, on a kept connection
 *
 * The app fills in a template of the person's, here
 *
 *   /?id=...&lat=%LAT&lon=%LON&sat=%SAT&alt=%ALT&acc=%ACC&dir=%DIR&prov=%PROV&spd=%SPD&time=%TIME&batt=%BATT&ischarging=%ISCHARGING
 *
 * and says 0 where Android knows no altitude, accuracy, course or speed. Speed is in m/s. The secret is the password of "basic
 * authentication". https://gpslogger.app/#howtosendtocustomurl.
 */
#include "base/time.h"
#include "cli/simulation/http.h"

#include <string.h>

static void put_value(struct text *t, const char *name, bool known, double v, int decimals)
{
	text_printf(t, "&%s=", name);
	text_fixed(t, known ? v : 0, decimals);
}

/* Its colons are escaped. */
static void put_time(struct text *t, int64_t time_ms)
{
	char time[TIME_TEXT_SIZE];

	time_format(time, time_ms);
	text_puts(t, "&time=");
	for (const char *c = time; *c; c++)
		if (*c == ':')
			text_puts(t, "%3A");
		else
			text_putc(t, *c);
}

static void put_query(struct text *t, const char *identifier, const struct position *p)
{
	/* What an identifier may hold needs no escape. */
	text_printf(t, "id=%s&lat=", identifier);
	text_e7(t, p->lat_e7);
	text_puts(t, "&lon=");
	text_e7(t, p->lon_e7);
	text_puts(t, "&sat=9");
	put_value(t, "alt", position_has(p, POSITION_ALTITUDE), p->altitude_m, 4);
	put_value(t, "acc", position_has(p, POSITION_ACCURACY), p->accuracy_m, 4);
	put_value(t, "dir", position_has(p, POSITION_COURSE), p->course_deg, 4);
	text_puts(t, "&prov=gps");
	put_value(t, "spd", position_has(p, POSITION_SPEED), p->speed_mps, 4);
	put_time(t, p->time_ms);
	if (position_has(p, POSITION_BATTERY))
		put_value(t, "batt", true, p->battery_pct, 1);
	text_puts(t, "&ischarging=false");
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	struct text t = text_in((char *)out, size);

	(void)n;
	text_puts(&t, "GET /?");
	put_query(&t, identifier, p);
	text_puts(&t, " HTTP/1.1\r\nHost: gateway\r\n");
	http_put_basic(&t, "pettrack", secret);
	text_puts(&t, "\r\n");
	return text_ok(&t) ? t.len : 0;
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	(void)greeting;
	return http_reply(bytes, len, sent, NULL);
}

const struct dialect dialect_gpslogger = {
	.name = "gpslogger",
	.protocol = "gpslogger",
	.port = 5146,
	.records_max = 1,
	.frame = frame,
	.read = read_answer,
};
