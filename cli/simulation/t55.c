/*
 * t55 - NMEA 0183 over TCP: who it is, and then a sentence for each place. Nothing is answered.
 *
 *   $PGID,ID*hh
 *   $GPRMC,hhmmss.sss,A,ddmm.mmmmm,N,dddmm.mmmmm,E,knots,course,ddmmyy,,,A*hh
 *
 * hh is the exclusive or of what is between dollar and asterisk. RMC has neither altitude nor battery; GGA, which has the altitude,
 * has no date, and is a fix of its own where it comes first.
 */
#include "cli/simulation/phrase.h"

enum { RECORDS_MAX = 10, SENTENCE_MAX = 160 };

static void put_sentence(struct text *t, const struct text *s)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < s->len; i++)
		sum ^= (uint8_t)s->buf[i];
	text_putc(t, '$');
	text_put(t, s->buf, s->len);
	text_printf(t, "*%02X\r\n", sum);
}

static void put_rmc(struct text *t, const char *identifier, const struct position *p, bool newest)
{
	char buf[SENTENCE_MAX];
	struct text s = text_in(buf, sizeof buf);

	(void)identifier;
	(void)newest;
	text_puts(&s, "GPRMC,");
	phrase_clock(&s, p->time_ms);
	text_puts(&s, ",A,");
	phrase_place(&s, p, 5, ",");
	text_putc(&s, ',');
	phrase_known(&s, p, POSITION_SPEED, p->speed_mps * PHRASE_KNOTS_PER_MPS, 2);
	text_putc(&s, ',');
	phrase_known(&s, p, POSITION_COURSE, phrase_course(p, 2), 2);
	text_putc(&s, ',');
	phrase_time(&s, "DMY,,,A", p->time_ms);
	put_sentence(t, &s);
}

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	struct text t = text_in((char *)out, size);
	char buf[SENTENCE_MAX];
	struct text s = text_in(buf, sizeof buf);

	text_printf(&s, "PGID,%s", identifier);
	put_sentence(&t, &s);
	return phrase_len(&t);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	(void)secret;
	return phrase_frame(out, size, identifier, p, n, put_rmc, NULL);
}

const struct dialect dialect_t55 = {
	.name = "t55",
	.protocol = "t55",
	.port = 5005,
	.records_max = RECORDS_MAX,
	.imei = true,
	.silent = true,
	.login = login,
	.frame = frame,
};
