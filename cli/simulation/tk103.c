/*
 * tk103 - text in brackets, with neither blanks nor commas
 *
 *   (ID BP00 IMEI HSO)                                                          answered by (ID AP01HSO)
 *   (ID BR00 yymmdd A ddmm.mmmm N dddmm.mmmm E km/h hhmmss course state L mileage)    by nothing
 *
 * "GPS Vehicle Tracker (TK103) communication protocol" v1.44. Numbers have a fixed width: km/h five characters, course six, state eight
 * digits, mileage eight hex digits. The handshake opens the connection, and behind places its answer says that they are
 * taken. ID is twelve characters, or an IMEI. There is no field for the battery.
 */
#include "cli/simulation/phrase.h"

#include <math.h>

enum { RECORDS_MAX = 10 };

static const double KMH_MAX = 999.9;

static const char STATE[] = "10000000"; /* no mains, ignition off */

static void put_handshake(struct text *t, const char *identifier, const struct position *newest)
{
	(void)newest;
	text_printf(t, "(%sBP00%sHSO)", identifier, identifier);
}

static void put_place(struct text *t, const char *identifier, const struct position *p, bool newest)
{
	double kmh = phrase_or_zero(p, POSITION_SPEED, p->speed_mps * PHRASE_KMH_PER_MPS);

	(void)newest;
	text_printf(t, "(%sBR00", identifier);
	phrase_time(t, "YMD", p->time_ms);
	text_putc(t, 'A');
	phrase_place(t, p, 4, "");
	text_printf(t, "%05.1f", fmin(kmh, KMH_MAX));
	phrase_time(t, "hms", p->time_ms);
	text_printf(t, "%06.2f%sL00000000)", phrase_course(p, 2), STATE);
}

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	struct text t = text_in((char *)out, size);

	put_handshake(&t, identifier, NULL);
	return phrase_len(&t);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return phrase_frame(out, size, identifier, p, n, put_place, put_handshake);
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	return phrase_answer(bytes, len, "(~AP01HSO)", greeting, sent);
}

const struct dialect dialect_tk103 = {
	.name = "tk103",
	.protocol = "tk103",
	.port = 5002,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.seconds = true,
	.login = login,
	.frame = frame,
	.read = read_answer,
};
