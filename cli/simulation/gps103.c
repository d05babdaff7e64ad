/*
 * gps103 - Coban's trackers
 *
 *   ##,imei:ID,A;                                                                                        answered by LOAD
 *   imei:ID,tracker,yymmddhhmmss,,F,hhmmss.sss,A,ddmm.mmmmm,N,dddmm.mmmmm,E,knots,course,altitude,;         by nothing
 *   ID;                                                                                    by ON, for what came before as well
 *
 * Coban "GPS103 GPRS protocol". The date and the first time are the tracker's own, which is UTC here. There is no field for its battery.
 */
#include "cli/simulation/phrase.h"

enum { RECORDS_MAX = 10 };

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	struct text t = text_in((char *)out, size);

	text_printf(&t, "##,imei:%s,A;", identifier);
	return phrase_len(&t);
}

static void put_place(struct text *t, const char *identifier, const struct position *p, bool newest)
{
	(void)newest;
	text_printf(t, "imei:%s,tracker,", identifier);
	phrase_time(t, "YMDhms,,F,", p->time_ms);
	phrase_clock(t, p->time_ms);
	text_puts(t, ",A,");
	phrase_place(t, p, 5, ",");
	text_putc(t, ',');
	phrase_known(t, p, POSITION_SPEED, p->speed_mps * PHRASE_KNOTS_PER_MPS, 2);
	text_putc(t, ',');
	phrase_known(t, p, POSITION_COURSE, phrase_course(p, 2), 2);
	text_putc(t, ',');
	phrase_known(t, p, POSITION_ALTITUDE, p->altitude_m, 1);
	text_puts(t, ",;");
}

static void put_heartbeat(struct text *t, const char *identifier, const struct position *newest)
{
	(void)newest;
	text_printf(t, "%s;", identifier);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return phrase_frame(out, size, identifier, p, n, put_place, put_heartbeat);
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	return phrase_answer(bytes, len, greeting ? "LOAD" : "ON", greeting, sent);
}

const struct dialect dialect_gps103 = {
	.name = "gps103",
	.protocol = "gps103",
	.port = 5001,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.login = login,
	.frame = frame,
	.read = read_answer,
};
