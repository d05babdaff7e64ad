/*
 * gl200 - Queclink's @Track in ASCII, as a GL200 writes it: a report of up to fifteen places
 *
 *   +RESP:GTFRI,020102,ID,NAME,report,type,n,place[n],battery,SENT,COUNT$           answered by +SACK:COUNT$
 *   place   HDOP,km/h,course,altitude,longitude,latitude,yyyymmddhhmmss,mcc,mnc,lac,cid,reserved
 *
 * Queclink "GL200 @Track Air Interface Protocol" 1.02. Where the network is nobody knows here: those fields are empty. COUNT,
 * four hex digits, follows from the time, so that the same report has the same.
 */
#include "cli/simulation/phrase.h"

enum {
	RECORDS_MAX = 15,
	HDOP = 1, /* the best there is; 0 would say that there is no fix */
};

static void put_place(struct text *t, const struct position *p)
{
	text_printf(t, "%d,", HDOP);
	phrase_known(t, p, POSITION_SPEED, p->speed_mps * PHRASE_KMH_PER_MPS, 1);
	text_putc(t, ',');
	phrase_known(t, p, POSITION_COURSE, phrase_course(p, 0), 0);
	text_putc(t, ',');
	phrase_known(t, p, POSITION_ALTITUDE, p->altitude_m, 1);
	text_printf(t, ",%.6f,%.6f,", p->lon_e7 / 1e7, p->lat_e7 / 1e7);
	phrase_time(t, "20YMDhms", p->time_ms);
	text_puts(t, ",,,,,,");
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	struct text t = text_in((char *)out, size);
	const struct position *last = &p[n - 1];

	(void)secret;
	text_printf(&t, "+RESP:GTFRI,020102,%s,,0,0,%zu,", identifier, n);
	for (size_t i = 0; i < n; i++)
		put_place(&t, &p[i]);
	phrase_known(&t, last, POSITION_BATTERY, last->battery_pct, 0);
	text_putc(&t, ',');
	phrase_time(&t, "20YMDhms", last->time_ms);
	text_printf(&t, ",%04X$", (unsigned)(last->time_ms / 1000 & 0xFFFF));
	return phrase_len(&t);
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	return phrase_answer(bytes, len, "+SACK:^^^^$", greeting, sent);
}

const struct dialect dialect_gl200 = {
	.name = "gl200",
	.protocol = "gl200",
	.port = 5004,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.seconds = true,
	.frame = frame,
	.read = read_answer,
};
