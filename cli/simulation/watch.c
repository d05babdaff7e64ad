/*
 * watch - children's watches and pets' collars
 *
 *   [3G*ID*LENGTH*LK]                            says who it is: answered by [3G*ID*0002*LK]
 *   [3G*ID*LENGTH*UD2,...]                       a place from the memory: answered by nothing
 *   [3G*ID*LENGTH*UD,...]                        the newest place: the same
 *   [3G*ID*LENGTH*LK,steps,rolls,battery]        what lets the others be known as taken: answered as the first
 *
 *   UD and UD2: ddmmyy, hhmmss, A, latitude, N, longitude, E, km/h, course, altitude, satellites, GSM, battery, steps, rolls, status,
 *   cells 0, timing advance 0, access points 0[, accuracy]
 *
 * "GPS Watch Communication Protocol" (Beesure, 3G-ELEC). LENGTH is of what follows it, in four hex digits.
 */
#include "cli/simulation/phrase.h"

#include <math.h>

enum { RECORDS_MAX = 10, CONTENT_MAX = 256, SATELLITES = 9, GSM = 100 };

static void put_frame(struct text *t, const char *identifier, const struct text *content)
{
	text_printf(t, "[3G*%s*%04zX*", identifier, content->len);
	text_put(t, content->buf, content->len);
	text_putc(t, ']');
}

static void put_place(struct text *t, const char *identifier, const struct position *p, bool newest)
{
	char buf[CONTENT_MAX];
	struct text c = text_in(buf, sizeof buf);

	text_puts(&c, newest ? "UD," : "UD2,");
	phrase_time(&c, "DMY,hms", p->time_ms);
	text_printf(&c, ",A,%.7f,%c,%.7f,%c", fabs(p->lat_e7 / 1e7), p->lat_e7 < 0 ? 'S' : 'N', fabs(p->lon_e7 / 1e7),
		p->lon_e7 < 0 ? 'W' : 'E');
	text_printf(&c, ",%.2f,%.1f,%.1f", phrase_or_zero(p, POSITION_SPEED, p->speed_mps * PHRASE_KMH_PER_MPS),
		phrase_course(p, 1), phrase_or_zero(p, POSITION_ALTITUDE, p->altitude_m));
	text_printf(&c, ",%d,%d,", SATELLITES, GSM);
	phrase_known(&c, p, POSITION_BATTERY, p->battery_pct, 0);
	text_puts(&c, ",0,0,00000000,0,0,0");
	if (position_has(p, POSITION_ACCURACY))
		text_printf(&c, ",%.1f", (double)p->accuracy_m);
	put_frame(t, identifier, &c);
}

static void put_link(struct text *t, const char *identifier, const struct position *p)
{
	char buf[CONTENT_MAX];
	struct text c = text_in(buf, sizeof buf);

	text_puts(&c, "LK");
	if (position_has(p, POSITION_BATTERY))
		text_printf(&c, ",0,0,%.0f", (double)p->battery_pct);
	put_frame(t, identifier, &c);
}

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	struct text t = text_in((char *)out, size);

	put_link(&t, identifier, &(struct position){ 0 });
	return phrase_len(&t);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return phrase_frame(out, size, identifier, p, n, put_place, put_link);
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	return phrase_answer(bytes, len, "[3G*~*0002*LK]", greeting, sent);
}

const struct dialect dialect_watch = {
	.name = "watch",
	.protocol = "watch",
	.port = 5093,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.seconds = true,
	.login = login,
	.frame = frame,
	.read = read_answer,
};
